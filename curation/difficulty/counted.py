"""The samples that a measured row counts, and the verdicts on them, out of the lines of a rollout store.

    how = measurement(manifest, "rl")
    lines = lines_of(store, rollout.SCHEMA, {prompt})[prompt]
    counted(lines, row["difficulty"], how)            # those of its sampler, within its limit, as many as it counts

A store has more than one measurement: of another model, of a longer limit, of more samples. Who shows a row's samples shows those that its
pass rate is the share of, or says another thing than the row.
"""

from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.difficulty.outcomes import n_counted
from curation.sampling.rollouts.rollout import Rollout, Setting, from_line, response_limit
from curation.sampling.rollouts.segments import list_segments, read_groups
from curation.sampling.rollouts.store import under_limit

Lines = list[dict[str, Any]]


def measurement(manifest: Mapping[str, Any], config: str) -> dict[str, Any]:
    """How rows of a config were sampled, by the manifest of a lock: for pass rates, or for the traces of a teacher."""
    options = (manifest.get(config) or {}).get("difficulty" if config == "rl" else "distil") or {}
    template = options.get("template") or manifest["prompt_template"]
    return {"truncated": "unjudged", "samplers": (), **options, "template": template}


def lines_of(folder: Path, schema: pa.Schema, prompts: Set[str]) -> dict[str, Lines]:
    """Prompt -> its lines in a store of rollouts or of verdicts, oldest first; of row groups without any one column is read.

    Raises:
        SamplingError: the store is damaged, or of another version.
    """
    wanted, found = pa.array(sorted(prompts), pa.string()), dict[str, Lines]()
    for path in list_segments(folder):
        for number, keys in enumerate(read_groups(path, schema, ["prompt"])):
            here = pc.is_in(keys["prompt"], value_set=wanted)
            if pc.any(here).as_py():
                (group,) = read_groups(path, schema, only=[number])
                for line in group.filter(here).to_pylist():
                    found.setdefault(line["prompt"], []).append(line)
    return found


def counted(lines: Iterable[dict[str, Any]], difficulty: Mapping[str, Any], how: Mapping[str, Any]) -> list[Rollout]:
    """The samples under the row's sampler and its limit, by number; `how` is the `measurement`."""
    sampler = dict(difficulty["sampler"])
    max_tokens = sampler.pop("max_tokens")
    setting, context = Setting(**sampler), _context(sampler["model"], how)
    found: dict[int, Rollout] = {}
    for line in lines:
        one = from_line(line)
        limit = response_limit(max_tokens, context, one.prompt_tokens)
        if one.setting == setting and (usable := under_limit(one, limit)) is not None:
            found.setdefault(usable.sample.number, usable)
    return [found[number] for number in sorted(found) if number < n_counted(difficulty, how["truncated"])]


def verdicts_by(lines: Iterable[dict[str, Any]], gold: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Rollout -> its verdict by this gold; where several versions of the reward judged it, that of the last."""
    names = {"gold": gold["answer"], **{name: gold[name] for name in ("answer_kind", "answer_options")}}
    return {line["rollout"]: line for line in lines if all(line[name] == value for name, value in names.items())}


def outcome_of(one: Rollout, verdict: Mapping[str, Any] | None) -> str:
    """A verdict's outcome; `truncated` where the response was cut off, `no verdict` where there is none."""
    return "truncated" if one.sample.finish_reason == "length" else str((verdict or {}).get("outcome", "no verdict"))


def _context(model: str, how: Mapping[str, Any]) -> int | None:
    """The context that the manifest leaves a model. A model in a folder is called by the folder's name."""
    for engine in how["samplers"] or [how["sampler"]]:
        if model in (engine["model"], Path(engine["model"]).name):
            context: int | None = engine["max_model_len"]
            return context
    return None
