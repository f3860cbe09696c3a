"""What a build did to its rows, stage by stage in the plan's order: the options that decided, and what ended there for which reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

OPTIONS = {
    "collect": (), "normalise": ("normalise", "pictures"), "contamination": ("decontaminate",), "filter": ("filters",),
    "questions": ("questions",), "verify_traces": ("keep_verified", "verify"), "duplicates": ("dedup",), "distil": ("distil",),
    "filter_distilled": ("filters",), "difficulty": ("difficulty",), "triage": ("triage", "difficulty"),
    "judge_answers": ("judge_answers",),
    "loss": ("loss",), "behaviors": ("behaviors",), "judge_behaviors": ("behaviors",), "cap_unjudged": ("verify",),
    "mixture": ("mixture", "splits"),
}  # fmt: skip
"""Stage -> the keys of the manifest's section that it goes by."""
PLACES = ("path", "root", "model", "lora", "certificate")
NOT_THRESHOLDS = ("benchmarks", "sources", "sampler", "samplers", "judge")
"""What the card says elsewhere, or in the lock alone: how an engine runs decides no row."""


class Step(NamedTuple):
    """A stage: what ended in it, by reason, and its options as `key = value`."""

    name: str
    reasons: dict[str, int]
    options: list[str]

    @property
    def ended(self) -> int:
        return sum(self.reasons.values())


def steps_of(described: Mapping[str, Any], section: Mapping[str, Any]) -> list[Step]:
    """The stages of a config that have options or ended rows; `described` is its part of the summary, `section` that of the lock."""
    reasons: dict[str, Counter[str]] = {folder: Counter() for folder in described.get("seconds", {})}
    for counts in described["sources"].values():
        for reason, n in counts["reasons"].items():
            folder, _, code = reason.partition(": ")
            reasons.setdefault(folder, Counter())[code] += n
    own = {stage["kind"]: stage for stage in section.get("stages") or ()}
    steps = []
    for folder, counts in sorted(reasons.items()):
        name = folder.split("-", 2)[-1]
        options = [line for key in OPTIONS.get(name, ()) for line in _flat(key, section.get(key))]
        step = Step(name, dict(sorted(counts.items())), [*options, *_flat(name, own.get(name))])
        if step.ended or step.options:
            steps.append(step)
    return steps


def _flat(key: str, value: Any) -> Iterator[str]:
    """`key.inner = value` of every option that is set; of what says where something lies, the last part alone."""
    if isinstance(value, Mapping):
        inner = {name: item for name, item in value.items() if name not in NOT_THRESHOLDS}
        for name, item in inner.items():
            yield from _flat(f"{key}.{name}", item)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            name = item.get("kind", number) if isinstance(item, Mapping) else number
            yield from _flat(f"{key}.{name}", item)
    elif value not in (None, [], {}, "") and not key.endswith(".kind"):
        yield f"{key} = {_shown(key, value)}"


def _shown(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(key, item) for item in value)
    is_place = key.rpartition(".")[2] in PLACES or (isinstance(value, str) and PurePath(value).is_absolute())
    if isinstance(value, bool | float):
        return str(value).lower() if isinstance(value, bool) else f"{value:.6g}"
    return PurePath(str(value)).name if is_place else str(value)
