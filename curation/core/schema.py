"""The Arrow schemas: of the rows between stages, of the two released configs, of the ledger.

The released schemas carry the `huggingface` features, so that `datasets.load_dataset` and the Hub's viewer decode the pictures, and
`ovr.schema_version`, by which the trainer knows what it reads.
"""

from typing import Any

import pyarrow as pa

from curation.core.row import Row, to_record

SCHEMA_VERSION = "1"

_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SAMPLER = pa.struct(
    [
        ("model", pa.string()),
        ("revision", pa.string()),
        ("template_hash", pa.string()),
        ("temperature", pa.float64()),
        ("top_p", pa.float64()),
        ("max_tokens", pa.int32()),
    ]
)
"""What a response was a draw of: in `difficulty` as in the rollout store."""
DIFFICULTY = pa.struct(
    [
        ("pass_rate", pa.float64()),
        ("n_correct", pa.int32()),
        ("n_judged", pa.int32()),
        ("n_no_answer", pa.int32()),
        ("n_truncated", pa.int32()),
        ("n_unjudged", pa.int32()),
        ("n_timeout", pa.int32()),
        ("n_infrastructure", pa.int32()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("stop_reason", pa.string()),
        ("sampler", SAMPLER),
    ]
)

_SHARED = [
    ("domain", pa.string()),
    ("format", pa.string()),
    ("language", pa.string()),
    ("stratum", pa.string()),
    ("source", pa.string()),
    ("source_id", pa.string()),
    ("license", pa.string()),
    ("weight", pa.float32()),
    ("provenance", pa.string()),
]

STAGE = pa.schema(
    [
        ("id", pa.string()),
        ("prompt", _MESSAGES),
        ("images", pa.list_(pa.binary())),
        ("answer", pa.string()),
        ("answer_kind", pa.string()),
        ("answer_options", pa.string()),
        ("completion", pa.string()),
        ("teacher", pa.string()),
        ("verified", pa.string()),
        ("difficulty", DIFFICULTY),
        ("cluster", pa.string()),
        *_SHARED,
    ]
)

LEDGER = pa.schema(
    [(name, pa.string()) for name in ("config", "id", "source", "source_id", "stage", "action", "reason", "detail")]
)

DECISION = pa.schema(
    [
        ("action", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("note", pa.string()),
        ("cluster", pa.string()),
        ("stratum", pa.string()),
        ("weight", pa.float32()),
        ("difficulty", DIFFICULTY),
    ]
)
"""One line for every row of the stage before, in its order; action is keep, dropped or merged, with a reason and a detail for the ledger.
Of a kept row, what is not null is set: `note` in the provenance, the others as the row's fields."""

_RL = [
    ("id", pa.string()),
    ("prompt", _MESSAGES),
    ("images", "images"),
    ("answer", pa.string()),
    ("answer_kind", pa.string()),
    ("answer_options", pa.string()),
    ("difficulty", DIFFICULTY),
    *_SHARED,
]

BEHAVIORS = ("backtracking", "subgoal_setting", "verification", "backward_chaining")

_COLD_START = [
    ("id", pa.string()),
    ("prompt", _MESSAGES),
    ("completion", _MESSAGES),
    ("answer", pa.string()),
    ("answer_kind", pa.string()),
    ("answer_options", pa.string()),
    ("verified", pa.string()),
    ("loss", pa.float32()),
    ("n_tokens", pa.int32()),
    ("behaviors", pa.struct([(name, pa.int32()) for name in BEHAVIORS])),
    ("teacher", pa.string()),
    *_SHARED,
]

_COLUMNS: dict[str, list[tuple[str, Any]]] = {"rl": _RL, "cold_start": _COLD_START}


def released_schema(config: str, metadata: dict[str, str]) -> pa.Schema:
    """The schema of a released config, `rl` or `cold_start`; `metadata` says which manifest, template and seed made it."""
    from datasets import Features, Image, List
    from datasets.features.features import generate_from_arrow_type

    features = {
        name: List(Image()) if kind == "images" else generate_from_arrow_type(kind) for name, kind in _COLUMNS[config]
    }
    schema: pa.Schema = Features(features).arrow_schema
    ours = {"ovr.schema_version": SCHEMA_VERSION, "ovr.config": config, **{f"ovr.{k}": v for k, v in metadata.items()}}
    return schema.with_metadata({**(schema.metadata or {}), **{k.encode(): v.encode() for k, v in ours.items()}})


def released_record(config: str, row: Row, question_text: str) -> dict[str, Any]:
    """A row as the record of a released config. `question_text` is the last user message after the prompt template."""
    record = to_record(row)
    last_user = max(i for i, message in enumerate(row.prompt) if message.role == "user")
    record["prompt"][last_user]["content"] = question_text
    record["images"] = [{"bytes": image, "path": None} for image in row.images]
    record["completion"] = [{"role": "assistant", "content": row.completion}]
    record.update(loss=None, n_tokens=None, behaviors=None)
    return {name: record[name] for name, _ in _COLUMNS[config]}
