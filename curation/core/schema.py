"""The Arrow schemas, derived from the types of the row: of the rows between stages, of the two released configs, of the ledger.

The released schemas carry the `huggingface` features, so that `datasets.load_dataset` and the Hub's viewer decode the images, and
`ovr.schema_version`, by which the trainer knows what it reads.
"""

import types
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from curation.core.row import Config, Format, Message, Row, Sampler, Stratum, Verified, to_record

SCHEMA_VERSION = "2"
"""Rises with every change of a released column: one that comes, goes, has another type or another meaning. The columns of each version are
recorded in `core/released_columns.json`; a test holds the two together."""
READABLE = ("1", "2")
"""The versions that are read: this one and the last."""

_SCALARS = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}


def readable(version: str) -> bool:
    """Whether shards of a version are read.

    >>> readable("1"), readable("3"), readable("none")
    (True, False, False)
    """
    return version in READABLE


def version_fault(version: str) -> str:
    """Why shards of a version are not read, and what to do; empty where they are.

    >>> version_fault("3")
    'ovr.schema_version 3, expected 1 or 2; read it with the release that wrote it, or a later one'
    """
    if readable(version):
        return ""
    later = version.isdecimal() and int(version) > int(SCHEMA_VERSION)
    earlier = version.isdecimal() and int(version) > 0 and not later
    todo = "was it made by ovr-curate?"
    if later or earlier:
        todo = f"read it with the release that wrote it{', or a later one' if later else ', or build it again'}"
    return f"ovr.schema_version {version}, expected {' or '.join(READABLE)}; {todo}"


def version_of(schema: pa.Schema) -> str:
    """The version that a shard's metadata states, `none` where they state none."""
    return str((schema.metadata or {}).get(b"ovr.schema_version", b"none").decode(errors="replace"))


def arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a field by its annotation; `Annotated[..., pa.float32()]` says another than the usual one.

    >>> arrow_type(tuple[int, ...]), arrow_type(Annotated[float, pa.float32()])
    (ListType(list<item: int32>), DataType(float))

    Raises:
        TypeError: an annotation that no column can have.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if is_dataclass(annotation):
        return pa.struct(columns_of(annotation))
    if origin is Annotated and isinstance(arguments[1], pa.DataType):
        return arguments[1]
    if origin is Literal:
        return arrow_type(type(arguments[0]))
    if origin is tuple:
        return pa.list_(arrow_type(arguments[0]))
    if origin in (Union, types.UnionType):
        return arrow_type(next(argument for argument in arguments if argument is not type(None)))
    raise TypeError(f"got the annotation {annotation!r}, expected one that has an Arrow type")


def columns_of(record: Any) -> list[tuple[str, pa.DataType]]:
    """Name and type of every field of a dataclass or named tuple, in order."""
    hints = get_type_hints(record, include_extras=True)
    names = [one.name for one in fields(record)] if is_dataclass(record) else list(record._fields)
    return [(name, arrow_type(hints[name])) for name in names if name != "extra"]


class Column(NamedTuple):
    """A column that a stage adds to the rows; what is not `released` stays inside the build."""

    name: str
    type: pa.DataType
    released: bool = True


ROW = dict(columns_of(Row))
"""Column -> its type."""
LITERALS = {
    "stratum": {"", *get_args(Stratum)}, "format": {*get_args(Format)}, "verified": {*get_args(Verified)}
}  # fmt: skip
"""Column of a row -> the values that it may have."""
SAMPLER = arrow_type(Sampler)
"""What a response was a draw of: in `difficulty` as in the rollout store."""
_MESSAGES = pa.list_(arrow_type(Message))
_SHARED = ("domain", "format", "language", "stratum", "source", "source_id", "license", "weight", "provenance")
_GOLD = ("answer", "answer_kind", "answer_options")
_OF_TRACES = ("loss", "n_tokens", "rsr", "behaviors")
BEHAVIORS = (
    "backtracking", "subgoal_setting", "verification", "backward_chaining", "visual_reflection", "visual_divide_and_conquer",
    "visual_verification", "goal_driven_visual_tracing", "mental_imagery",
)  # fmt: skip
"""Counts of a trace (arXiv 2507.05255, section 2): the four linguistic behaviors, their visual counterparts, mental imagery."""
RELEASED: dict[Config, tuple[str, ...]] = {
    "rl": ("id", "prompt", "images", *_GOLD, "difficulty", *_SHARED),
    "cold_start": ("id", "prompt", "completion", *_GOLD, "verified", *_OF_TRACES, "teacher", *_SHARED),
}
"""Config -> its columns in order; what stages add follows."""
_RELEASED_AS = {
    "completion": _MESSAGES,
    "loss": pa.float32(),
    "n_tokens": pa.int32(),
    "rsr": pa.float32(),
    "behaviors": pa.struct([(name, pa.int32()) for name in BEHAVIORS]),
}


def stage_schema(added: Iterable[Column] = ()) -> pa.Schema:
    """The schema of the rows between stages, with the columns that earlier stages added."""
    return pa.schema([*ROW.items(), *((column.name, column.type) for column in added)])


def released_columns(config: Config, added: Iterable[Column] = ()) -> list[str]:
    """The columns of a released config."""
    names = list(RELEASED[config])
    return [*names, *(column.name for column in added if column.released and column.name not in names)]


def released_schema(config: Config, metadata: dict[str, str], added: Iterable[Column] = ()) -> pa.Schema:
    """The schema of a released config; `metadata` says which manifest, template and seed made it."""
    from datasets import Features, Image, List
    from datasets.features.features import generate_from_arrow_type

    types = {**ROW, **_RELEASED_AS, **{column.name: column.type for column in added}}
    features = {
        name: List(Image()) if name == "images" else generate_from_arrow_type(types[name])
        for name in released_columns(config, added)
    }
    schema: pa.Schema = Features(features).arrow_schema
    ours = {"ovr.schema_version": SCHEMA_VERSION, "ovr.config": config, **{f"ovr.{k}": v for k, v in metadata.items()}}
    return schema.with_metadata({**(schema.metadata or {}), **{k.encode(): v.encode() for k, v in ours.items()}})


def released_record(config: Config, row: Row, question_text: str, added: Iterable[Column] = ()) -> dict[str, Any]:
    """A row as the record of a released config. `question_text` is the last user message after the prompt template."""
    record = to_record(row)
    last_user = max(i for i, message in enumerate(row.prompt) if message.role == "user")
    record["prompt"][last_user]["content"] = question_text
    record["images"] = [{"bytes": image, "path": None} for image in row.images]
    record["completion"] = [{"role": "assistant", "content": row.completion}]
    return {name: record.get(name) for name in released_columns(config, added)}
