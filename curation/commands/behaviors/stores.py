"""The responses of a build, a rollout store or a training run; see `responses` for a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.cold_start.behaviors import prompt as behaviors
from curation.commands.behaviors.responses import Response, is_correct, named, read_lines, response_of
from curation.core.errors import CurationError
from curation.core.parquet import read_records
from curation.judging.answers import prompt as answers
from curation.judging.questions import prompt as questions
from curation.release.dataset import Dataset
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.segments import list_segments, read_groups, visit
from curation.sampling.rollouts.verdicts import rewards_version
from curation.sampling.template import template_hash

_LINE = (
    "rollout", "prompt", "model", "revision", "template_hash", "temperature", "top_p", "number", "max_tokens", "text", "finish_reason",
)  # fmt: skip
_VERIFIED = {"correct": True, "correct_without_box": True, "wrong": False}
LOCK = "manifest.lock.yaml"
_JUDGES = {template_hash(prompt) for prompt in (behaviors.PROMPT, questions.PROMPT, answers.PROMPT)}
"""What is asked under these is no response to a prompt."""


def read_input(given: str) -> Iterator[Response]:
    """The responses of one input of the command, `NAME=PATH` or a path.

    Raises:
        CurationError: nothing there, or not what was expected.
    """
    name, path = named(given)
    if path.is_file():
        yield from read_parquet(path, name) if path.suffix == ".parquet" else read_lines(path, name)
        return
    parts = [part for part in (path, path / "rollouts") if list_segments(part)]
    shards, completions = sorted(path.glob("data/cold_start/*.parquet")), sorted(path.glob("completions/*.parquet"))
    if not parts and not shards and not completions:
        what = "no such file or folder" if not path.exists() else "a folder without responses"
        raise CurationError(f"{path}: {what}; expected a build, a rollout store, a run's output_dir, or JSON Lines")
    for shard in shards:
        yield from read_traces(shard, name)
    for part in parts:
        yield from read_rollouts(part, name, _templates(path))
    for file in completions:
        yield from read_parquet(file, name or path.resolve().name)


def read_traces(shard: Path, name: str) -> Iterator[Response]:
    """The traces of a cold-start shard; a trace's model is its teacher."""
    wanted = ["id", "prompt", "completion", "verified", "teacher"]
    for row in read_records(shard, wanted):
        yield Response(
            model=name or row["teacher"] or "cold_start",
            prompt=row["id"],
            text="\n".join(one["content"] for one in row["completion"]),
            question=next((one["content"] for one in reversed(row["prompt"]) if one["role"] == "user"), ""),
            correct=_VERIFIED.get(row["verified"]),
        )


def _templates(build: Path) -> set[str] | None:
    """The templates whose rollouts are responses to the build's prompts, the teacher's among them; None where nothing says so."""
    if not (build / LOCK).is_file():
        return None
    manifest = Dataset(build).manifest
    distil = (manifest.get("cold_start") or {}).get("distil") or {}
    return {template_hash(template) for template in (manifest["prompt_template"], distil.get("template")) if template}


def read_rollouts(folder: Path, name: str, templates: set[str] | None) -> Iterator[Response]:
    """The rollouts of a store; of one that was cut off and drawn again the longer. Nothing is locked or written."""
    outcomes = _outcomes(folder / "verdicts")
    for line in _longest(folder):
        hashed = line["template_hash"]
        if hashed in _JUDGES if templates is None else hashed not in templates:
            continue
        cut = line["finish_reason"] == "length"
        correct = False if cut and outcomes else outcomes.get(line["rollout"])
        yield Response(name or line["model"], line["prompt"], line["text"], "", correct)


def _draw(line: dict[str, Any]) -> tuple[Any, ...]:
    drawn = ("prompt", "model", "revision", "template_hash", "temperature", "top_p", "number")
    return tuple(line[column] for column in drawn)


def _longest(folder: Path) -> Iterator[dict[str, Any]]:
    """One line of every draw: of several that of the longest limit, and of several of those that with the smallest `rollout`."""
    chosen: dict[tuple[Any, ...], tuple[int, str]] = {}
    for line in _lines(folder, rollout.SCHEMA, [column for column in _LINE if column != "text"]):
        order = (-line["max_tokens"], line["rollout"])
        chosen[_draw(line)] = min(order, chosen.get(_draw(line), order))
    for line in _lines(folder, rollout.SCHEMA, list(_LINE)):
        if chosen.get(_draw(line)) == (-line["max_tokens"], line["rollout"]):
            del chosen[_draw(line)]
            yield line


def _lines(folder: Path, schema: pa.Schema, columns: list[str]) -> Iterator[dict[str, Any]]:
    for group in visit(folder, lambda path: read_groups(path, schema, columns)):
        yield from group.to_pylist()


def _outcomes(folder: Path) -> dict[str, bool | None]:
    """Rollout -> whether it is correct, by the verifier that is installed; by any where that has judged none."""
    found: dict[str, tuple[bool, str, str]] = {}
    for line in _lines(folder, verdicts.SCHEMA, ["rollout", "rewards", "verifier", "outcome"]):
        order = (line["rewards"] != rewards_version(), line["verifier"], line["outcome"])
        found[line["rollout"]] = min(order, found.get(line["rollout"], order))
    return {rollout: is_correct(outcome) for rollout, (_, _, outcome) in found.items()}


def read_parquet(path: Path, name: str) -> Iterator[Response]:
    """The responses of a Parquet file with the columns of a JSON line, such as TRL's completions; a reward of 1 or 0 is a verdict."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1_000):
                for number, record in enumerate(batch.to_pylist()):
                    yield _row(path, record, number, name)
    except (pa.ArrowException, OSError) as error:
        raise CurationError(f"{path}: not a whole Parquet file: {str(error).splitlines()[0]}") from error


def _row(path: Path, record: dict[str, Any], number: int, name: str) -> Response:
    if "correct" not in record and record.get("reward") in (0, 1):
        record["correct"] = record["reward"] == 1
    try:
        return response_of(record, name or path.stem)
    except ValueError as error:
        raise CurationError(f"{path}: row {number}: {error}") from error
