"""The config `rollouts`: every sampled response to a released question and what the verifier made of it, as flat Parquet that viewers show.

A line is one sample of a row. `id` and `config` say of which; a sample of a question that is in both sets has a line for each, judged by
that row's gold. `same_prompt` says whether it answers exactly the released prompt, and not one with another template or without its image.
Memory holds one group of the store, the verdicts on it and about 400 bytes for each row.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curation.core.errors import PushError, SamplingError
from curation.core.parquet import AtomicParquetWriter
from curation.core.row import Config, Message
from curation.core.schema import SAMPLER
from curation.release.dataset import Dataset
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout as stored
from curation.sampling.rollouts import verdicts as judged
from curation.sampling.rollouts.rollout import prompt_hash
from curation.sampling.rollouts.scan import scan
from curation.sampling.rollouts.segment_log import SegmentLog
from curation.sampling.rollouts.segments import list_segments

ROLLOUTS = "rollouts"
LINES_PER_SHARD = 200_000
SCHEMA = pa.schema(
    [
        ("config", pa.string()),
        ("id", pa.string()),
        ("prompt", pa.string()),
        ("same_prompt", pa.bool_()),
        ("number", pa.int32()),
        ("response", pa.string()),
        ("outcome", pa.string()),
        ("reward", pa.float32()),
        ("extracted", pa.string()),
        ("finish_reason", pa.string()),
        ("n_tokens", pa.int32()),
        ("prompt_tokens", pa.int32()),
        ("seed", pa.int64()),
        *((field.name, field.type) for field in SAMPLER),
        ("rollout", pa.string()),
    ]
)


class Released(NamedTuple):
    """What a response to a row is compared with: the hash of the released prompt (16 bytes), and the gold."""

    prompt: bytes
    gold: tuple[str, str, str]


Rows = Mapping[Config, Mapping[str, Released]]


def write_rollouts(dataset: Dataset, folder: Path) -> list[Path]:
    """Write the shards of the config; returns them.

    Raises:
        PushError: there are no rollouts, or none of a released row; a segment is damaged.
    """
    store = dataset.path / "rollouts"
    if not list_segments(store):
        raise PushError(f"{store}: no rollouts; push without --rollouts, or build a set whose pass rates are measured")
    rows = {config: dict(_rows(dataset, config)) for config in dataset.configs}
    try:
        made = _write_parts(store, rows, folder)
    except SamplingError as error:
        raise PushError(f"rollouts: {error}") from error
    if not made:
        raise PushError(f"{store}: no response to a released row; push without --rollouts")
    named = [folder / f"train-{number:05d}-of-{len(made):05d}.parquet" for number in range(len(made))]
    return [path.rename(name) for path, name in zip(made, named, strict=True)]


def _write_parts(store: Path, rows: Rows, folder: Path) -> list[Path]:
    for old in folder.glob("*.parquet"):
        old.unlink()
    made: list[Path] = []
    lines = _lines(store, rows)
    while line := next(lines, None):
        path = folder / f"part-{len(made):05d}.parquet"
        with AtomicParquetWriter(path, SCHEMA, row_group_rows=1_000, content_defined=True) as writer:
            while line:
                writer.write(line, len(line["response"]))
                line = next(lines, None) if writer.n_rows < LINES_PER_SHARD else None
        made.append(path)
    return made


def _rows(dataset: Dataset, config: Config) -> Iterator[tuple[str, Released]]:
    columns = ["id", "prompt", "answer", "answer_kind", "answer_options"]
    columns += ["images"] if config == "rl" else []
    for record in dataset.records(config, columns):
        messages = tuple(Message(**message) for message in record["prompt"])
        images = tuple(image["bytes"] for image in record.get("images") or ())
        prompt = prompt_hash(Request(record["id"], messages, images, (), 0))
        gold = record["answer"], sys.intern(record["answer_kind"]), sys.intern(record["answer_options"])
        yield record["id"], Released(bytes.fromhex(prompt), gold)


def _lines(store: Path, rows: Rows) -> Iterator[dict[str, Any]]:
    verdicts = SegmentLog(store / "verdicts", replace(judged.LAYOUT, key=("prompt",)))
    for group in scan(store, stored.LAYOUT):
        lines = [
            (line, config, row)
            for line in group.to_pylist()
            for config, of in rows.items()
            if (row := of.get(line["prompt_id"]))
        ]
        known = _verdicts(verdicts, {line["prompt"] for line, _, _ in lines})
        for line, config, row in lines:
            yield _line(line, config, row, known.get((line["rollout"], row.gold)))


def _line(
    line: dict[str, Any], config: Config, row: Released, verdict: tuple[str, str | None] | None
) -> dict[str, Any]:
    outcome, extracted = verdict or ("truncated" if line["finish_reason"] == "length" else "no_verdict", None)
    known = {name: line.get(name) for name in SCHEMA.names}
    return known | {
        "config": config,
        "id": line["prompt_id"],
        "same_prompt": line["prompt"] == row.prompt.hex(),
        "response": line["text"],
        "outcome": outcome,
        "reward": {"correct": 1.0, "wrong": 0.0, "no_answer": 0.0}.get(outcome),
        "extracted": extracted,
    }


def _verdicts(log: SegmentLog, prompts: set[str]) -> dict[tuple[str, tuple[str, str, str]], tuple[str, str | None]]:
    """(rollout, gold) -> outcome and what was extracted; of many versions of the reward, that of this one (see `age_order`)."""
    groups = log.find_lines((prompt,) for prompt in sorted(prompts))
    lines = sorted((line for group in groups for line in group.to_pylist()), key=judged.age_order, reverse=True)
    gold = itemgetter("gold", "answer_kind", "answer_options")
    return {(line["rollout"], gold(line)): (line["outcome"], line["extracted"]) for line in lines}
