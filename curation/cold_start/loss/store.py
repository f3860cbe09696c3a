"""The store of scores: sums of every text that a model has read, once. It is in the rollout store's folder and grows as that does.

A text is found by the hash of its messages, its response and how it is cut, and by the model that read it. `SELECT * FROM
'rollouts/losses/*.parquet'` reads it in DuckDB.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa

from curation.cold_start.loss.encode import PAIRING_TOKENS
from curation.cold_start.loss.options import LossOptions
from curation.cold_start.loss.scores import EARLY_TOKENS, MAX_RANK, Sums
from curation.core.row import Message
from curation.core.schema import columns_of
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segment_log import SegmentLog

FOLDER = "losses"
"""In the folder of the rollout store."""
_VERSION = f"1 {EARLY_TOKENS} {MAX_RANK} {PAIRING_TOKENS}"
Part = Literal["whole", "alone"]


class Reader(NamedTuple):
    """What reads a text: the model, how it runs, the template around the question and the tokens at which it stops."""

    model: str
    revision: str
    how: str
    template: str
    max_length: int


_OF_READER = [name for name, _ in columns_of(Reader) if name != "template"]
_SUMS = [(name, pa.float64() if kind == pa.float64() else pa.int64()) for name, kind in columns_of(Sums)]
SCHEMA = pa.schema(
    [("text", pa.string()), *((name, kind) for name, kind in columns_of(Reader) if name != "template"), *_SUMS],
    metadata={"ovr.losses_version": "1"},
)
_KEY = ("text", *_OF_READER)
LAYOUT = Layout(SCHEMA, _KEY, _KEY, Sums._fields)


def reader_of(options: LossOptions, template: str) -> Reader:
    """Raises:
    SamplingError: the model cannot be identified.
    """
    model, revision = options.scorer.identity()
    return Reader(model, revision, f"{options.scorer.kind} {options.scorer.dtype}", template, options.max_length)


def text_hash(reader: Reader, messages: Sequence[Message], response: str, part: Part) -> str:
    """32 hex digits of everything that the tokens are made of, but for the tokenizer."""
    turns = [(message.role, message.content) for message in messages]
    content = json.dumps([_VERSION, part, reader.template, turns, response], ensure_ascii=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


class LossStore(SegmentLog):
    """The sums in `folder`.

    Raises:
        SamplingError: a segment is damaged.
    """

    def __init__(self, folder: Path, reader: Reader) -> None:
        super().__init__(folder, LAYOUT)
        self._reader = tuple(getattr(reader, name) for name in _OF_READER)

    def load(self, texts: Iterable[str]) -> dict[str, Sums]:
        """Text -> its sums, of those that are held."""
        lines = self.find_unique(((text, *self._reader) for text in texts), Sums._fields).to_pylist()
        mine = (line for line in lines if tuple(line[name] for name in _OF_READER) == self._reader)
        return {line["text"]: Sums(*(line[name] for name in Sums._fields)) for line in mine}

    def append(self, scored: Mapping[str, Sums]) -> None:
        """Add sums that are not held; when this returns they are on disk."""
        reader = dict(zip(_OF_READER, self._reader, strict=True))
        self.append_lines([{"text": text, **reader, **one._asdict()} for text, one in scored.items()])
