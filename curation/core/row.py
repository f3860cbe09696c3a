"""The row: one prompt with its pictures, its gold answer and where it came from, from the reader to the shard.

`Row` is frozen and typed; `dict[str, Any]` ends at the readers. It rides through datatrove inside a `Document`, and only
this file knows how.
"""

import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from datatrove.data import Document
from PIL import Image

Stratum = Literal["easy", "intermediate", "challenging"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. Picture placeholders are the processor's business, not the content's."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampler:
    """What measured a pass rate: without it the number means nothing."""

    model: str
    revision: str
    template_hash: str
    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Outcomes of the sampled responses. `n_judged` = correct + wrong + no answer, and truncated where the manifest counts those as wrong;
    `n_unjudged` = timeouts of the verifier, samples that the infrastructure lost, unreadable golds and refused prompts.

    The pass rate is n_correct / n_judged after a fixed number of samples. After another stopping rule, under which that fraction is biased,
    it is the mean of the posterior (see `sampling.stopping.prior`). The interval is the 95 % interval for the true pass rate.
    """

    pass_rate: float
    n_correct: int
    n_judged: int
    n_no_answer: int
    n_truncated: int
    n_unjudged: int
    n_timeout: int
    n_infrastructure: int
    ci_low: float
    ci_high: float
    stop_reason: str
    sampler: Sampler


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a build. Pictures are encoded bytes; `answer_options` is JSON; `provenance` says what was changed, by which stage."""

    id: str
    source: str
    source_id: str
    prompt: tuple[Message, ...]
    images: tuple[bytes, ...] = ()
    answer: str = ""
    answer_kind: str = "math"
    answer_options: str = "{}"
    completion: str = ""
    teacher: str = ""
    verified: str = ""
    domain: str = ""
    format: str = "open"
    language: str = ""
    stratum: str = ""
    license: str = "unknown"
    weight: float = 1.0
    difficulty: Difficulty | None = None
    provenance: tuple[tuple[str, str], ...] = ()
    cluster: str = ""
    """The name of the near duplicates that this row is one of (see `dedup.cluster_name`); only inside a build."""

    @property
    def question(self) -> str:
        """The text of the last user message."""
        return next((m.content for m in reversed(self.prompt) if m.role == "user"), "")

    def changed(self, stage: str, what: str, **fields: Any) -> "Row":
        """A copy with `fields` replaced and the change noted in `provenance`; the id stays what it was when the row came in."""
        return replace(self, **fields, provenance=(*self.provenance, (stage, what)))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that came in and cannot be used. `reason` is a short code (`picture_missing`), `detail` says what was got."""

    source: str
    source_id: str
    reason: str
    detail: str = ""


def make_row(
    *,
    source: str,
    source_id: str,
    question: str,
    images: Iterable[bytes] = (),
    answer_options: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Row:
    """A row from a single user question; computes the id.

    Raises:
        PIL.UnidentifiedImageError, OSError, Image.DecompressionBombError: a picture that cannot be decoded.
    """
    pictures = tuple(images)
    return Row(
        id=row_id(question, pictures),
        source=source,
        source_id=source_id,
        prompt=(Message("user", question),),
        images=pictures,
        answer_options=json.dumps(answer_options or {}, sort_keys=True, ensure_ascii=False),
        **fields,
    )


def normalise_prompt(text: str) -> str:
    """The text that the identity of a row is computed from: NFKC, white space folded; letters, digits and signs kept."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


_BAND = 256
"""Lines of a picture converted at a time: as RGBA, twice, the largest that are let in would take 512 MB more."""


def row_id(question: str, images: Iterable[bytes] = ()) -> str:
    """Content identity, 32 hex digits: the normalised prompt text and the pictures' sizes and RGBA pixels, in order."""
    digest = hashlib.blake2b(normalise_prompt(question).encode(), digest_size=16)
    for image in images:
        with Image.open(io.BytesIO(image)) as picture:
            picture.load()
            width, height = picture.size
            digest.update(f"|{width}x{height}|".encode())
            for top in range(0, height, _BAND):
                band = picture.crop((0, top, width, min(top + _BAND, height)))
                digest.update(band.convert("RGBA").tobytes())
    return digest.hexdigest()


def to_document(row: Row) -> Document:
    """Wrap a row for datatrove."""
    return Document(text=row.question, id=row.id, metadata={"row": row})


def from_document(document: Document) -> Row:
    """The row inside a datatrove document.

    Raises:
        TypeError: the document was not made by `to_document`.
    """
    row = document.metadata.get("row")
    if not isinstance(row, Row):
        raise TypeError(f"document {document.id!r} carries {type(row).__name__}, expected a Row")
    return row


def to_record(row: Row) -> dict[str, Any]:
    """A row as the plain record that a stage's Parquet file holds (see `schema.STAGE`)."""
    record = {name: getattr(row, name) for name in row.__slots__}
    record["prompt"] = [asdict(m) for m in row.prompt]
    record["images"] = list(row.images)
    record["difficulty"] = asdict(row.difficulty) if row.difficulty else None
    record["provenance"] = json.dumps(row.provenance, ensure_ascii=False)
    return record


def from_record(record: Mapping[str, Any]) -> Row:
    """The inverse of `to_record`."""
    fields = dict(record)
    fields["prompt"] = tuple(Message(**m) for m in fields["prompt"])
    fields["images"] = tuple(fields["images"])
    if (difficulty := fields["difficulty"]) is not None:
        fields["difficulty"] = Difficulty(**{**difficulty, "sampler": Sampler(**difficulty["sampler"])})
    fields["provenance"] = tuple((stage, what) for stage, what in json.loads(fields["provenance"]))
    return Row(**fields)
