"""The rows of a data set as exports have them, whatever the trainer: one at a time, places marked, images plain, the gold beside them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from curation.core.errors import BuildError
from curation.core.parquet import read_records
from curation.core.row import PLACE, Config
from curation.release.dataset import Dataset
from curation.release.export.images import plain_image
from curation.release.shards import split_of_shard

Message = dict[str, str]
COLUMNS = (
    "id", "prompt", "images", "completion", "answer", "answer_kind", "answer_options", "difficulty", "source", "source_id", "license",
    "domain", "format", "language", "stratum", "weight",
)  # fmt: skip
META = ("id", "source", "source_id", "license", "domain", "format", "language", "stratum")
"""Columns of text that go into every export beside the gold."""


class Markup(NamedTuple):
    """What a trainer takes for more than text in a message."""

    places: bool = True
    """`<image>` is a place; else an export has parts."""
    others: tuple[str, ...] = ()
    """Further marks, which no row of ours means so."""


@dataclass(frozen=True)
class ExportRow:
    """One row. `messages` has `<image>` as often as there are images, in their order; `completion` is "" in an rl set."""

    messages: list[Message]
    images: list[bytes]
    completion: str
    gold: dict[str, str]
    """answer, answer_kind and answer_options (JSON)."""
    meta: dict[str, str]
    """The columns of `META`."""
    weight: float
    pass_rate: float | None

    @property
    def id(self) -> str:
        return self.meta["id"]


@dataclass
class Tally:
    """What was done to the rows on the way, for the README, `export.json` and the command line."""

    rows: Counter[str] = field(default_factory=Counter)
    """SET-SPLIT -> rows."""
    images: int = 0
    images_reencoded: int = 0
    """Turned upright or freed of transparency, as they were when pass rates were measured: trainers differ in what they make of either."""
    rows_escaped: int = 0
    """Rows of text that the trainer would take for an image, a video or a box: a space keeps it text."""
    left_out: list[dict[str, str]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    """The reward kinds of the rows."""


class ExportSet:
    """The rows of a config by split, a batch in memory at a time."""

    def __init__(self, dataset: Dataset, config: Config, exporter: Any, tally: Tally) -> None:
        self.config: Config = config
        self._dataset, self._exporter, self._tally = dataset, exporter, tally

    @cached_property
    def shards(self) -> dict[str, list[Path]]:
        """Split -> its shards."""
        found: dict[str, list[Path]] = {}
        for shard in self._dataset.shards(self.config):
            found.setdefault(split_of_shard(shard), []).append(shard)
        return dict(sorted(found.items(), key=lambda item: (item[0] != "train", item[0])))

    @cached_property
    def has_images(self) -> bool:
        """Whether the config has a column of images, be it empty in all rows."""
        return any("images" in pq.read_schema(shard).names for shards in self.shards.values() for shard in shards)

    def rows(self, split: str) -> Iterator[ExportRow]:
        """The rows of a split in order, without those that the trainer cannot take."""
        for shard in self.shards[split]:
            names = pq.read_schema(shard).names
            for record in read_records(shard, [name for name in COLUMNS if name in names]):
                row = self._row(record, shard)
                if reason := self._exporter.unfit(row):
                    self._tally.left_out.append({"config": self.config, "split": split, "id": row.id, "reason": reason})
                    continue
                self._tally.rows[f"{self.config}-{split}"] += 1
                self._tally.kinds.add(row.gold["answer_kind"])
                yield row

    def _row(self, record: dict[str, Any], shard: Path) -> ExportRow:
        """Raises BuildError: a row without a prompt or with an image that cannot be decoded."""
        try:
            images = [plain_image(image["bytes"]) for image in record.get("images") or ()]
        except (ValueError, TypeError, KeyError) as error:
            raise BuildError(f"{shard}: row {record.get('id')}: {error}; say ovr-curate check on the build") from error
        if not record.get("prompt") or any(message["content"] is None for message in record["prompt"]):
            raise BuildError(f"{shard}: row {record.get('id')} has no prompt, or a message without text")
        self._tally.images += len(images)
        self._tally.images_reencoded += sum(image.reencoded for image in images)
        completion = "".join(message["content"] for message in record.get("completion") or ())
        prompt, answered = self._marked(record["prompt"], completion, len(images))
        return ExportRow(
            messages=prompt,
            images=[image.data for image in images],
            completion=answered,
            gold={
                "answer": record.get("answer") or "",
                "answer_kind": record.get("answer_kind") or "math",
                "answer_options": record.get("answer_options") or "{}",
            },
            meta={name: record.get(name) or "" for name in META},
            weight=record["weight"] if record.get("weight") is not None else 1.0,
            pass_rate=(record.get("difficulty") or {}).get("pass_rate"),
        )

    def _marked(self, prompt: list[Message], completion: str, n_images: int) -> tuple[list[Message], str]:
        """The messages with a mark for each image and no other marks; a row whose marks are not as many as its images has them first, as
        it was sampled.
        """
        markup: Markup = self._exporter.markup
        placed = bool(n_images) and sum(message["content"].count(PLACE) for message in prompt) == n_images
        foreign = _pattern(markup, with_place=markup.places and not placed)
        in_text = _pattern(markup, with_place=markup.places)
        texts = [_escaped(message["content"], foreign) for message in prompt]
        answered = _escaped(completion, in_text)
        before = [*(message["content"] for message in prompt), completion]
        self._tally.rows_escaped += [*texts, answered] != before
        messages = [{"role": message["role"], "content": text} for message, text in zip(prompt, texts, strict=True)]
        if n_images and not placed and markup.places:
            first = next((message for message in messages if message["role"] == "user"), messages[0])
            first["content"] = PLACE * n_images + first["content"]
        return messages, answered


def _pattern(markup: Markup, *, with_place: bool) -> re.Pattern[str] | None:
    marks = [*markup.others, *([PLACE] if with_place else [])]
    return re.compile("|".join(map(re.escape, marks))) if marks else None


def _escaped(text: str, marks: re.Pattern[str] | None) -> str:
    return marks.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text) if marks else text
