"""The samples that a measured row counts, and the verdicts on them, out of the lines of a rollout store.

    how = measurement(manifest, "rl")
    lines = lines_of(store, rollout.LAYOUT, {prompt})[prompt]
    counted(lines, row["difficulty"], how)            # those of its sampler, within its limit, as many as it counts

A store has more than one measurement: of another model, of a longer limit, of more samples. Who shows a row's samples shows those that its
pass rate is the share of, or says another thing than the row.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.difficulty.outcomes import n_counted
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.rollout import Rollout, Setting, draw_order, from_line, response_limit
from curation.sampling.rollouts.segment_log import SegmentLog
from curation.sampling.rollouts.store import under_limit
from curation.sampling.rollouts.verdicts import age_order

Lines = list[dict[str, Any]]


def measurement(manifest: Mapping[str, Any], config: str) -> dict[str, Any]:
    """How rows of a config were sampled, by the manifest of a lock: for pass rates, or for the traces of a teacher."""
    options = (manifest.get(config) or {}).get("difficulty" if config == "rl" else "distil") or {}
    template = options.get("template") or manifest["prompt_template"]
    return {"truncated": "unjudged", "samplers": (), **options, "template": template}


def lines_of(folder: Path, layout: Layout, prompts: Set[str]) -> dict[str, Lines]:
    """Prompt -> its lines in a store of rollouts or of verdicts, perhaps twice; of row groups without any one column is read.

    Raises:
        SamplingError: the store is damaged, or of another version.
    """
    found: dict[str, Lines] = {}
    with SegmentLog(folder, replace(layout, key=("prompt",))) as log:
        for group in log.find_lines((prompt,) for prompt in sorted(prompts)):
            for line in group.to_pylist():
                found.setdefault(line["prompt"], []).append(line)
    return found


def counted(lines: Iterable[dict[str, Any]], difficulty: Mapping[str, Any], how: Mapping[str, Any]) -> list[Rollout]:
    """The samples under the row's sampler and its limit, by number; `how` is the `measurement`."""
    sampler = dict(difficulty["sampler"])
    max_tokens = sampler.pop("max_tokens")
    setting, context = Setting(**sampler), _context(sampler["model"], how)
    found: dict[int, Rollout] = {}
    for line in sorted(lines, key=draw_order):
        one = from_line(line)
        limit = response_limit(max_tokens, context, one.prompt_tokens)
        if one.setting == setting and (usable := under_limit(one, limit)) is not None:
            found.setdefault(usable.sample.number, usable)
    return [found[number] for number in sorted(found) if number < n_counted(difficulty, how["truncated"])]


def verdicts_by(lines: Iterable[dict[str, Any]], gold: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Rollout -> its verdict by this gold; where several versions of the reward judged it, that of this one (see `age_order`)."""
    names = {"gold": gold["answer"], **{name: gold[name] for name in ("answer_kind", "answer_options")}}
    by_gold = [line for line in lines if all(line[name] == value for name, value in names.items())]
    return {line["rollout"]: line for line in sorted(by_gold, key=age_order, reverse=True)}


def outcome_of(one: Rollout, verdict: Mapping[str, Any] | None) -> str:
    """A verdict's outcome; `truncated` where the response was cut off, `no verdict` where there is none."""
    return "truncated" if one.sample.finish_reason == "length" else str((verdict or {}).get("outcome", "no verdict"))


def _context(model: str, how: Mapping[str, Any]) -> int | None:
    """The context that the manifest leaves a model."""
    for engine in how["samplers"] or [how["sampler"]]:
        if model in _names(engine):
            context: int | None = engine["max_model_len"]
            return context
    return None


def _names(engine: Mapping[str, Any]) -> set[str]:
    """What the model of an engine may be called: by a name on the Hub or a server, or by its folder's, with its adapter's behind it."""
    names = {engine["model"], *_folder_names(engine["model"])}
    if (adapter := engine.get("lora")) is None:
        return names
    return {f"{name}+{folder}" for name in names for folder in _folder_names(adapter)}


def _folder_names(path: str) -> set[str]:
    """The name that a path ends in, and where it is a link or ends in dots, that of the folder itself."""
    return {Path(path).name, Path(path).resolve().name}
