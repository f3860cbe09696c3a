"""The samples of one row and the verdicts on them, read from a rollout store that another process may be writing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.difficulty.outcomes import n_counted
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.rollout import Rollout, Setting, from_line, prompt_hash, response_limit, rollout_id
from curation.sampling.rollouts.segments import list_segments, read_groups
from curation.sampling.rollouts.store import under_limit

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
        rollouts = _counted(store, prompt, row.difficulty, options)
        judged = _verdicts(store / "verdicts", prompt, row.gold)
    except SamplingError as error:
        yield f"samples: {error}"
        return
    counted = n_counted(row.difficulty, options["truncated"])
    yield f"samples: {len(rollouts)} of the {counted} that were counted are in {store}"
    if rollouts:
        yield f"  {'number':>6}  {'outcome':<15}  {'tokens':>7}  {'finish':<6}  extracted answer"
    for one in rollouts:
        sample, verdict = one.sample, judged.get(rollout_id(one), {})
        outcome = "truncated" if sample.finish_reason == "length" else verdict.get("outcome", "no verdict")
        answer = short(verdict.get("extracted") or "")
        yield f"  {sample.number:>6}  {outcome:<15}  {sample.n_tokens:>7,}  {sample.finish_reason:<6}  {answer}".rstrip()


def short(text: str) -> str:
    """An answer on one line."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 3]}..."


def _counted(store: Path, prompt: str, difficulty: dict[str, Any], options: dict[str, Any]) -> list[Rollout]:
    """The samples under the row's sampler and its limit, by number."""
    sampler = dict(difficulty["sampler"])
    max_tokens = sampler.pop("max_tokens")
    setting, context = Setting(**sampler), _context(sampler["model"], options)
    found: dict[int, Rollout] = {}
    for line in _lines(store, rollout.SCHEMA, prompt):
        one = from_line(line)
        limit = response_limit(max_tokens, context, one.prompt_tokens)
        if one.setting == setting and (usable := under_limit(one, limit)) is not None:
            found.setdefault(usable.sample.number, usable)
    return [found[number] for number in sorted(found) if number < n_counted(difficulty, options["truncated"])]


def _context(model: str, options: dict[str, Any]) -> int | None:
    """The context that the manifest leaves a model. A model in a folder is called by the folder's name."""
    for engine in options["samplers"] or [options["sampler"]]:
        if model in (engine["model"], Path(engine["model"]).name):
            context: int | None = engine["max_model_len"]
            return context
    return None


def _verdicts(folder: Path, prompt: str, gold: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Rollout -> its verdict by this gold; where several versions of the reward judged it, that of the last."""
    names = {"gold": gold["answer"], **{name: gold[name] for name in ("answer_kind", "answer_options")}}
    lines = _lines(folder, verdicts.SCHEMA, prompt)
    return {line["rollout"]: line for line in lines if all(line[name] == value for name, value in names.items())}


def _lines(folder: Path, schema: pa.Schema, prompt: str) -> Iterator[dict[str, Any]]:
    """The lines of a prompt, oldest first; of the other row groups one column is read."""
    for path in list_segments(folder):
        for number, keys in enumerate(read_groups(path, schema, ["prompt"])):
            if pc.index(keys["prompt"], pa.scalar(prompt)).as_py() >= 0:
                (group,) = read_groups(path, schema, only=[number])
                yield from group.filter(pc.equal(group["prompt"], prompt)).to_pylist()
