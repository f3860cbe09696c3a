"""The samples of one row and the verdicts on them, read from a rollout store that another process may be writing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.difficulty.counted import counted, lines_of, outcome_of, verdicts_by
from curation.difficulty.outcomes import n_counted
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.rollout import prompt_hash, rollout_id
from curation.sampling.rollouts.segments import list_segments

MAX_CHARS = 60
"""Of a gold or an extracted answer, on the screen."""


class Row(NamedTuple):
    """What was sampled, `prompt` as the sampler saw it, and how it was judged and measured."""

    id: str
    prompt: tuple[Message, ...]
    images: tuple[bytes, ...]
    gold: dict[str, str]
    difficulty: dict[str, Any]


def sample_lines(store: Path, row: Row, options: dict[str, Any]) -> Iterator[str]:
    """A heading and a line for every sample that the row's difficulty counts, or why there are none. `options` are those of the
    manifest's `rl.difficulty`."""
    if not list_segments(store):
        yield f"samples: no rollouts in {store}; they were moved or removed"
        return
    prompt = prompt_hash(Request(row.id, row.prompt, row.images, (), 0))
    try:
        lines = lines_of(store, rollout.LAYOUT, {prompt}).get(prompt, [])
        rollouts = counted(lines, row.difficulty, options)
        judged = verdicts_by(lines_of(store / "verdicts", verdicts.LAYOUT, {prompt}).get(prompt, []), row.gold)
    except SamplingError as error:
        yield f"samples: {error}"
        return
    n = n_counted(row.difficulty, options["truncated"])
    yield f"samples: {len(rollouts)} of the {n} that were counted are in {store}"
    if rollouts:
        yield f"  {'number':>6}  {'outcome':<15}  {'tokens':>7}  {'finish':<6}  extracted answer"
    for one in rollouts:
        sample, verdict = one.sample, judged.get(rollout_id(one), {})
        outcome = outcome_of(one, verdict)
        answer = short(verdict.get("extracted") or "")
        yield f"  {sample.number:>6}  {outcome:<15}  {sample.n_tokens:>7,}  {sample.finish_reason:<6}  {answer}".rstrip()


def short(text: str) -> str:
    """An answer on one line."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 3]}..."
