"""The config `rollouts`: every sampled response to a released question and what the verifier made of it, as flat Parquet that viewers show.

A line is one sample. `id` and `config` say of which row; `same_prompt` whether it answers exactly the released prompt, and not one with
another template or without its image. Memory holds one group of the store, the verdicts on it and a few bytes for each row, however many
there are.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from curation.core.errors import PushError, SamplingError
from curation.core.parquet import AtomicParquetWriter
from curation.core.row import Config, Message
from curation.core.schema import SAMPLER
from curation.release.dataset import Dataset
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout as stored
from curation.sampling.rollouts import verdicts as judged
from curation.sampling.rollouts.key_index import KeyIndex
from curation.sampling.rollouts.rollout import prompt_hash
from curation.sampling.rollouts.segments import list_segments, read_groups

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
    """What a response to a row is compared with: the hash of the released prompt, and the gold."""

    config: Config
    prompt: str
    gold: tuple[str, str, str]


def write_rollouts(dataset: Dataset, folder: Path) -> list[Path]:
    """Write the shards of the config; returns them.

    Raises:
        PushError: there are no rollouts, or none of a released row; a segment is damaged.
    """
    store = dataset.path / "rollouts"
    if not list_segments(store):
        raise PushError(f"{store}: no rollouts; push without --rollouts, or build a set whose pass rates are measured")
    rows = {row_id: released for config in dataset.configs for row_id, released in _rows(dataset, config)}
    for old in folder.glob("*.parquet"):
        old.unlink()
    made: list[Path] = []
    try:
        lines = _lines(store, rows)
        while line := next(lines, None):
            path = folder / f"part-{len(made):05d}.parquet"
            with AtomicParquetWriter(path, SCHEMA, row_group_rows=1_000, content_defined=True) as writer:
                while line:
                    writer.write(line, len(line["response"]))
                    line = next(lines, None) if writer.n_rows < LINES_PER_SHARD else None
            made.append(path)
    except SamplingError as error:
        raise PushError(f"rollouts: {error}") from error
    if not made:
        raise PushError(f"{store}: no response to a released row; push without --rollouts")
    named = [folder / f"train-{number:05d}-of-{len(made):05d}.parquet" for number in range(len(made))]
    return [path.rename(name) for path, name in zip(made, named, strict=True)]


def _rows(dataset: Dataset, config: Config) -> Iterator[tuple[str, Released]]:
    columns = ["id", "prompt", "answer", "answer_kind", "answer_options"]
    columns += ["images"] if config == "rl" else []
    for record in dataset.records(config, columns):
        messages = tuple(Message(**message) for message in record["prompt"])
        images = tuple(image["bytes"] for image in record.get("images") or ())
        prompt = prompt_hash(Request(record["id"], messages, images, (), 0))
        yield record["id"], Released(config, prompt, tuple(record[name] for name in columns[2:5]))


def _lines(store: Path, rows: dict[str, Released]) -> Iterator[dict[str, Any]]:
    verdicts = _Verdicts(store / "verdicts")
    for path in list_segments(store):
        for number in range(len(read_groups(path, stored.SCHEMA, ["prompt_id"]))):
            (group,) = read_groups(path, stored.SCHEMA, only=[number])
            lines = [line for line in group.to_pylist() if line["prompt_id"] in rows]
            known = verdicts.of({line["prompt"] for line in lines})
            for line in lines:
                row = rows[line["prompt_id"]]
                yield _line(line, row, known.get((line["rollout"], row.gold)))


def _line(line: dict[str, Any], row: Released, verdict: tuple[str, str | None] | None) -> dict[str, Any]:
    outcome, extracted = verdict or ("truncated" if line["finish_reason"] == "length" else "no_verdict", None)
    known = {name: line.get(name) for name in SCHEMA.names}
    return known | {
        "config": row.config,
        "id": line["prompt_id"],
        "same_prompt": line["prompt"] == row.prompt,
        "response": line["text"],
        "outcome": outcome,
        "reward": {"correct": 1.0, "wrong": 0.0, "no_answer": 0.0}.get(outcome),
        "extracted": extracted,
    }


class _Verdicts:
    """The verdicts of a store by prompt; of many versions of the reward, that of the last."""

    def __init__(self, folder: Path) -> None:
        self.groups: list[tuple[Path, int]] = []
        self.index = KeyIndex()
        for path in list_segments(folder):
            for number, group in enumerate(read_groups(path, judged.SCHEMA, ["prompt"])):
                self.index.add(_keys(set(group["prompt"].to_pylist())), len(self.groups))
                self.groups.append((path, number))
        self._read = lru_cache(maxsize=8)(self._group)

    def of(self, prompts: set[str]) -> dict[tuple[str, tuple[str, str, str]], tuple[str, str | None]]:
        """(rollout, gold) -> outcome and what was extracted."""
        found: dict[tuple[str, tuple[str, str, str]], tuple[str, str | None]] = {}
        for location in self.index.find(_keys(prompts)):
            found |= self._read(location)
        return found

    def _group(self, location: int) -> dict[tuple[str, tuple[str, str, str]], tuple[str, str | None]]:
        path, number = self.groups[location]
        (group,) = read_groups(path, judged.SCHEMA, only=[number])
        return {
            (line["rollout"], (line["gold"], line["answer_kind"], line["answer_options"])): (
                line["outcome"],
                line["extracted"],
            )
            for line in group.to_pylist()
        }


def _keys(prompts: set[str]) -> Any:
    return np.array(sorted(int(prompt[:16], 16) for prompt in prompts), np.uint64)
