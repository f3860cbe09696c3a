"""What was measured of a row: its pass rate, its samples and their verdicts, its loss, its behaviors.

Of a kept row its shard says so, of one that ended behind the sampling the stages' files; the samples come from the rollout store.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.commands.why.samples import Row, sample_lines, short
from curation.core.row import Message
from curation.core.schema import RELEASED
from curation.difficulty.counted import measurement
from curation.difficulty.wording import ESTIMATORS
from curation.sampling.template import apply_to_messages
from rewards.extract import extract_answer

_SHOWN = ("verified", "stratum", "weight")
_INSIDE = ("measured",)
"""Columns that a build keeps to itself and that its words say already."""


def measured(
    build: Path, manifest: dict[str, Any], line: dict[str, Any], record: dict[str, Any] | None
) -> Iterator[str]:
    """What else is known of a row that was kept, or measured before it ended."""
    kept = line["action"] == "out"
    if record is None or not (kept or record.get("difficulty")):
        return
    difficulty = record.get("difficulty")
    how = measurement(manifest, line["config"])
    if difficulty:
        yield from (f"  {text}" for text in _pass_rate(difficulty, how["truncated"]))
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
        prompt = messages if kept else apply_to_messages(how["template"], messages)
        images = tuple(image["bytes"] if kept else image for image in record["images"] or ())
        gold = {name: record[name] for name in ("answer", "answer_kind", "answer_options")}
        row = Row(line["id"], prompt, images, gold, difficulty)
        yield from (f"  {text}" for text in sample_lines(build / "rollouts", row, how))


def _pass_rate(difficulty: dict[str, Any], truncated: str) -> Iterator[str]:
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
