"""The pass rate of a row: numbers that are possible, and that agree with each other (see `core.row.Difficulty`)."""

from collections.abc import Iterator
from math import isfinite
from typing import Any, ClassVar, Literal

from curation.commands.check.base import Finding, RowCheck, Said
from curation.commands.check.subject import Frame

EPS = 1e-6
_COUNTS = (
    "n_correct", "n_judged", "n_no_answer", "n_truncated", "n_unjudged", "n_timeout", "n_infrastructure", "n_refused",
)  # fmt: skip


class PassRates(RowCheck):
    """The struct `difficulty`: counts, share, pass rate and interval."""

    kind: Literal["pass_rates"] = "pass_rates"
    place: ClassVar[int] = 80
    needs: ClassVar[tuple[str, ...]] = ("difficulty",)

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        if record["difficulty"] is not None:
            template = (record["difficulty"]["sampler"] or {}).get("template_hash")
            if template not in frame.templates and "difficulty" in frame.fixed:
                told = ", ".join(sorted(frame.templates))
                todo = "the pass rate is of other prompts than the row's; build the set again"
                yield Finding(
                    "", f"difficulty: sampled with the template {template}, and the manifest has {told}", todo
                )
            for what in _contradictions(record["difficulty"], frame.truncated):
                yield Finding(
                    "", f"difficulty: {what}", "build the set again; the rollouts are kept, so nothing is sampled"
                )


def _contradictions(d: dict[str, Any], truncated: str) -> Iterator[str]:
    counts = {name: d.get(name) or 0 for name in _COUNTS}
    yield from (f"{name} is {n}" for name, n in counts.items() if n < 0)
    judged, correct = counts["n_judged"], counts["n_correct"]
    if correct + counts["n_no_answer"] > judged:
        yield f"{correct} correct and {counts['n_no_answer']} without an answer of {judged} judged"
    if counts["n_timeout"] + counts["n_infrastructure"] + counts["n_refused"] > counts["n_unjudged"]:
        yield f"n_timeout, n_infrastructure and n_refused are more than the {counts['n_unjudged']} not judged"
    if truncated == "wrong" and correct + counts["n_no_answer"] + counts["n_truncated"] > judged:
        yield f"{counts['n_truncated']} cut off, which count as wrong, are not among the {judged} judged"
    if not judged:
        return
    rate, low, high = d["pass_rate"], d["ci_low"], d["ci_high"]
    for name, value in {"pass_rate": rate, "ci_low": low, "ci_high": high}.items():
        if value is None or not isfinite(value) or not 0 <= value <= 1:
            yield f"{name} is {value}, expected a number from 0 to 1"
            return
    if not low - EPS <= rate <= high + EPS:
        yield f"the pass rate {rate:.4f} is outside its interval, {low:.4f} to {high:.4f}"
    share = d.get("share", correct / judged)
    if share is None or not isfinite(share) or abs(share - correct / judged) > EPS:
        yield f"share is {share}, and {correct} of {judged} are {correct / judged:.4f}"
    elif d.get("estimator") == "share" and abs(rate - share) > EPS:
        yield f"the pass rate {rate:.4f} is said to be the share, which is {share:.4f}"
    if not (d["sampler"] or {}).get("model"):
        yield "no sampler: nobody knows of which model this is the pass rate"
