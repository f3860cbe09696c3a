"""The row: one prompt with its images, its gold answer and where it came from, from the reader to the shard.

`Row` is frozen and typed, and the Arrow schema of the stages' files is derived from it (`core.schema`); `dict[str, Any]` ends at the
readers. A row rides through datatrove inside a `Document`, and only this file knows how.
"""

import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal, TypedDict, Unpack, get_args

import pyarrow as pa
from datatrove.data import Document
from PIL import Image

Config = Literal["cold_start", "rl"]
Role = Literal["system", "user", "assistant"]
Stratum = Literal["easy", "intermediate", "challenging"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)
Format = Literal["open", "choice", "number"]
Estimator = Literal["share", "posterior_mean"]
Verified = Literal["", "correct", "correct_without_box", "wrong", "cannot_judge", "no_gold"]
"""The verdict on a trace; empty where none was asked for."""
PLACE = "<image>"
"""In the text of a prompt, where an image stands. There are as many as the row has images, or none: then the images come first."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; the places of images in its text are marked by `PLACE`."""

    role: Role
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

    `share` is n_correct / n_judged, nan where none was judged. `estimator` says what `pass_rate` is: that share, after a fixed number of
    samples, or, after another stopping rule, under which the share is biased, the mean of the posterior (see `difficulty.stopping.prior`).
    The interval is the 95 % interval for the true pass rate.
    """

    pass_rate: float
    share: float
    estimator: Estimator
    n_correct: int
    n_judged: int
    n_no_answer: int
    n_truncated: int
    n_unjudged: int
    n_timeout: int
    n_infrastructure: int
    n_refused: int
    ci_low: float
    ci_high: float
    stop_reason: str
    sampler: Sampler


class _SourceFields(TypedDict, total=False):
    answer: str
    answer_kind: str
    completion: str
    teacher: str
    domain: str
    format: Format
    language: str
    stratum: Stratum | Literal[""]
    license: str
    weight: float


class NewRowFields(_SourceFields, total=False):
    """What a new row may have beyond the arguments of `make_row`."""

    provenance: tuple[tuple[str, str], ...]


class RowFields(_SourceFields, total=False):
    """What a stage may set of a `Row`, by keyword (a test holds the two together)."""

    id: str
    source: str
    source_id: str
    prompt: tuple[Message, ...]
    images: tuple[bytes, ...]
    answer_options: str
    verified: Verified
    difficulty: Difficulty | None
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a build. Images are encoded bytes; `answer_options` is JSON; `provenance` says what was changed, by which stage."""

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
    verified: Verified = ""
    domain: str = ""
    format: Format = "open"
    language: str = ""
    stratum: Stratum | Literal[""] = ""
    license: str = "unknown"
    weight: Annotated[float, pa.float32()] = 1.0
    difficulty: Difficulty | None = None
    provenance: Annotated[tuple[tuple[str, str], ...], pa.string()] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The columns that stages add to those above (see `stage.Column`), by name."""

    @property
    def question(self) -> str:
        """The text of the last user message."""
        return question_of(self.prompt)

    def changed(self, stage: str, what: str, **fields: Unpack[RowFields]) -> "Row":
        """A copy with `fields` replaced and the change noted in `provenance`; the id stays what it was when the row came in."""
        return replace(self, **fields, provenance=(*self.provenance, (stage, what)))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that came in and cannot be used. `reason` is a short code (`picture_missing`), `detail` says what was got."""

    source: str
    source_id: str
    reason: str
    detail: str = ""


_FIELDS = frozenset(one.name for one in fields(Row))
_COLUMNS = tuple(one.name for one in fields(Row) if one.name not in ("provenance", "extra"))


def make_row(
    *,
    source: str,
    source_id: str,
    question: str,
    turns: Iterable[Message] = (),
    images: Iterable[bytes] = (),
    answer_options: Mapping[str, Any] | None = None,
    **fields: Unpack[NewRowFields],
) -> Row:
    """A row from a user's question and the turns before it; computes the id.

    Raises:
        PIL.UnidentifiedImageError, OSError, Image.DecompressionBombError: a picture that cannot be decoded.
    """
    pictures = tuple(images)
    prompt = (*turns, Message("user", question))
    return Row(
        id=prompt_id(prompt, pictures),
        source=source,
        source_id=source_id,
        prompt=prompt,
        images=pictures,
        answer_options=json.dumps(answer_options, sort_keys=True, ensure_ascii=False) if answer_options else "{}",
        **fields,
    )


def question_of(prompt: Iterable[Message]) -> str:
    """The content of the last user message, empty where there is none."""
    for message in reversed(tuple(prompt)):
        if message.role == "user":
            return message.content
    return ""


def asked_in(prompt: Iterable[Message]) -> str:
    """What the user says in all turns: the problem where an earlier turn states a part of it."""
    return "\n".join(message.content for message in prompt if message.role == "user")


def format_of(answer_kind: str) -> Format:
    """The format of a question by the kind of its answer."""
    formats: dict[str, Format] = {"choice": "choice", "choices": "choice", "number": "number"}
    return formats.get(answer_kind, "open")


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


def prompt_id(prompt: Iterable[Message], images: Iterable[bytes] = ()) -> str:
    """The identity of a row by all of its turns; of a single user question it is `row_id` of that."""
    turns = [(message.role, message.content) for message in prompt]
    alone = len(turns) == 1 and turns[0][0] == "user"
    return row_id(turns[0][1] if alone else "\0".join(f"{role}\0{content}" for role, content in turns), images)


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
    """A row as the plain record that a stage's Parquet file holds: the fields, then the columns that stages added."""
    record = {name: getattr(row, name) for name in _COLUMNS}
    record["prompt"] = [{"role": message.role, "content": message.content} for message in row.prompt]
    record["images"] = list(row.images)
    record["difficulty"] = plain(row.difficulty)
    provenance = json.dumps(row.provenance, ensure_ascii=False) if row.provenance else "[]"
    return {**record, "provenance": provenance, **row.extra}


def plain(value: Any) -> Any:
    """The value of a field as Arrow takes it: dataclasses as mappings, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [plain(member) for member in value] if isinstance(value, tuple) else value


def from_record(record: Mapping[str, Any]) -> Row:
    """The inverse of `to_record`; what is no field of a row is an added column."""
    values = {name: record[name] for name in _COLUMNS if name in record}
    values["prompt"] = tuple([Message(message["role"], message["content"]) for message in record["prompt"]])
    values["images"] = tuple(values["images"])
    if (difficulty := values["difficulty"]) is not None:
        values["difficulty"] = Difficulty(**{**difficulty, "sampler": Sampler(**difficulty["sampler"])})
    noted = record["provenance"]
    values["provenance"] = tuple([(stage, what) for stage, what in json.loads(noted)]) if noted != "[]" else ()
    return Row(**values, extra={name: value for name, value in record.items() if name not in _FIELDS})
