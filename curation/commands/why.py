"""`ovr-curate why DIR ID`: what became of a row, and what was measured of it: its pass rate, its samples and their verdicts.

The ledger says how a row ended. Of a kept row its shard says the rest, of one that ended behind the sampling the stages' files; the
samples come from the rollout store. Nothing is locked, and of every file only the columns and row groups that are asked for are read.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from curation.commands.why_samples import Row, sample_lines, short
from curation.core.errors import BuildError
from curation.core.row import Message
from curation.core.rows import Rows, decided
from curation.core.schema import RELEASED
from curation.core.steps import written, written_rows
from curation.difficulty.wording import ESTIMATORS
from curation.release.dataset import open_dataset
from curation.sampling.template import apply_to_messages
from rewards.extract import extract_answer

_SHOWN = ("verified", "stratum", "weight")
_INSIDE = ("measured",)
"""Columns that a build keeps to itself and that its words say already."""


def why(build: Path, wanted: str) -> str:
    """One row's life: by id, or by SOURCE/SOURCE_ID.

    Raises:
        BuildError: no such row.
    """
    open_dataset(build)
    found = _ledger_lines(build / "ledger.parquet", wanted)
    if not found:
        raise BuildError(f"{build}/ledger.parquet: no row has id or SOURCE/SOURCE_ID {wanted!r}")
    manifest = yaml.safe_load((build / "manifest.lock.yaml").read_text())["manifest"]
    return "\n".join(text for line in found for text in (_end(line), *_told(build, manifest, line)))


def _ledger_lines(ledger: Path, wanted: str) -> list[dict[str, Any]]:
    """The lines of a row, and of those that were made of it."""
    table = pq.read_table(ledger)
    named = pc.binary_join_element_wise(table["source"], table["source_id"], "/")
    of_id = pc.or_(pc.equal(table["id"], wanted), pc.starts_with(table["id"], f"{wanted}."))
    of_name = pc.or_(pc.equal(named, wanted), pc.starts_with(named, f"{wanted}#trace"))
    return list(table.filter(pc.or_(of_id, of_name)).to_pylist())


def _end(line: dict[str, Any]) -> str:
    where = f"{line['config']} {line['source']}/{line['source_id']} {line['id']}"
    if line["action"] == "out":
        return f"{where}: kept, in split {line['reason']}"
    detail = f" ({line['detail']})" if line["detail"] else ""
    return f"{where}: {line['action']} in {line['stage']}: {line['reason']}{detail}"


def _told(build: Path, manifest: dict[str, Any], line: dict[str, Any]) -> Iterator[str]:
    """What else is known of a row that was kept, or measured before it ended."""
    kept = line["action"] == "out"
    record = _shard_record(build, line) if kept else _ended_record(build, line)
    if record is None or not (kept or record.get("difficulty")):
        return
    difficulty = record.get("difficulty")
    measurement = _measurement(manifest, line["config"])
    if difficulty:
        yield from (f"  {text}" for text in _measured(difficulty, measurement["truncated"]))
        yield f"  gold: {short(record['answer'])} ({record['answer_kind']})"
    added = [name for name in record if name not in RELEASED[line["config"]] and name not in _INSIDE] if kept else []
    for name in (*_SHOWN, *added):
        if record.get(name) not in (None, ""):
            yield f"  {name}: {record[name]}"
    if kept and record.get("verified") and (box := extract_answer(record["completion"][0]["content"])):
        yield f"  read in its box: {short(box)}"
    for stage, note in json.loads(record["provenance"]):
        yield f"  noted by {stage}: {note}"
    if difficulty:
        messages = tuple(Message(**message) for message in record["prompt"])
        prompt = messages if kept else apply_to_messages(measurement["template"], messages)
        images = tuple(image["bytes"] if kept else image for image in record["images"] or ())
        gold = {name: record[name] for name in ("answer", "answer_kind", "answer_options")}
        row = Row(line["id"], prompt, images, gold, difficulty)
        yield from (f"  {text}" for text in sample_lines(build / "rollouts", row, measurement))


def _measurement(manifest: dict[str, Any], config: str) -> dict[str, Any]:
    """How rows of a config were sampled: for pass rates, or for the traces of a teacher."""
    options = (manifest[config] or {}).get("difficulty" if config == "rl" else "distil") or {}
    template = options.get("template") or manifest["prompt_template"]
    return {"truncated": "unjudged", "samplers": (), **options, "template": template}


def _measured(difficulty: dict[str, Any], truncated: str) -> Iterator[str]:
    n = difficulty
    if n["n_judged"]:
        # A build of an earlier version says neither its share nor its estimator.
        share, estimator = n.get("share", n["n_correct"] / n["n_judged"]), ESTIMATORS.get(n.get("estimator", ""), "")
        yield f"pass rate: {n['pass_rate']:.3f}{estimator and f', the {estimator}'}; 95 % interval {n['ci_low']:.3f} to {n['ci_high']:.3f}"
        yield f"share of the judged samples: {share:.3f} ({n['n_correct']} of {n['n_judged']} correct)"
    else:
        yield "pass rate: unknown, no sample was judged"
    cut_is_wrong = truncated == "wrong"
    outcomes = {
        "correct": n["n_correct"],
        "wrong": n["n_judged"] - n["n_correct"] - n["n_no_answer"] - (n["n_truncated"] if cut_is_wrong else 0),
        "without an answer": n["n_no_answer"],
        "cut off" + (" (counted as wrong)" if cut_is_wrong else ""): n["n_truncated"],
        "timed out": n["n_timeout"],
        "lost by the engine": n["n_infrastructure"],
        "refused": n.get("n_refused", 0),
        "not judged": n["n_unjudged"] - n["n_timeout"] - n["n_infrastructure"] - n.get("n_refused", 0),
    }
    yield f"outcomes: {', '.join(f'{count} {name}' for name, count in outcomes.items() if count) or 'none'}"
    yield f"sampling stopped: {n['stop_reason'] or 'not sampled'}"
    sampler = n["sampler"]
    settings = (
        f"temperature {sampler['temperature']:g}, top-p {sampler['top_p']:g}, at most {sampler['max_tokens']:,} tokens"
    )
    yield f"sampler: {sampler['model']} @ {sampler['revision'][:12]}, template {sampler['template_hash'][:8]}, {settings}"


def _shard_record(build: Path, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row in the shards of its split; one row group is read whole."""
    for shard in sorted((build / "data" / line["config"]).glob(f"{line['reason']}-*.parquet")):
        with pq.ParquetFile(shard) as file:
            start = 0
            ids = file.read(columns=["id"])["id"]
            place = pc.index(ids, pa.scalar(line["id"])).as_py()
            for group in range(file.num_row_groups if place >= 0 else 0):
                end = start + file.metadata.row_group(group).num_rows
                if place < end:
                    found: dict[str, Any] = file.read_row_group(group).slice(place - start, 1).to_pylist()[0]
                    return found
                start = end
    return None


def _ended_record(build: Path, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row as it came into the stage in which it ended; None where the stages' files are gone."""
    rows = Rows([])
    try:
        for stage in sorted((build / "stages").glob(f"[0-9][0-9]-{line['config']}-*")):
            if stage.name == line["stage"]:
                break
            if (stage / "rows").is_dir():
                rows = written_rows(stage / "rows")
            elif (stage / "decisions").is_dir():
                rows = decided(rows, stage / "decisions", written(stage / "decisions"))
        for number, file in enumerate(rows.files):
            if (
                "difficulty" in file.columns
                and (place := pc.index(file.column("id"), pa.scalar(line["id"])).as_py()) >= 0
            ):
                return next(record for _, record in rows.at(np.array([rows.starts[number] + place])))
    except (OSError, KeyError):
        return None
    return None
