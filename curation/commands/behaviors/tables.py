"""The figures of `ovr-curate behaviors` for the screen."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from curation.commands.console import render
from curation.core.schema import BEHAVIORS
from curation.core.words import counted

Models = Mapping[str, Mapping[str, Any]]


def tables(summary: Mapping[str, Any]) -> str:
    """Rates by model, transfer by pair, what goes with correct responses, and how cues and judge agree."""
    return "\n".join([*_figures(summary["models"], "cues"), *_judge(summary.get("judge")), *summary["notes"]])


def percent(value: float | None) -> str:
    """One digit behind the point, as in the paper; "n/a" where there is no figure.

    >>> percent(0.173), percent(None)
    ('17.3 %', 'n/a')
    """
    return "n/a" if value is None else f"{100 * value:.1f} %"


def between(value: float | None, low: float | None, high: float | None) -> str:
    """A figure with its interval, as far as there is one."""
    if value is None or low is None:
        return percent(value)
    return f"{percent(value)} ({100 * low:.1f} to {'∞' if high is None else f'{100 * high:.1f}'})"


def _figures(models: Models, by: str) -> Iterator[str]:
    yield _rates(models, by)
    yield _transfer(models, by)
    for name, model in models.items():
        if model["correctness"]:
            yield _correctness(name, model, by)
        if model["difficulty"]:
            yield _difficulty(name, model["difficulty"])


def _table(title: str, *columns: str) -> Table:
    table = Table(title=escape(title))
    for number, heading in enumerate(columns):
        table.add_column(escape(heading), justify="right" if number else "left", overflow="fold")
    return table


def _name(behavior: str) -> str:
    return behavior.replace("_", " ")


def _rates(models: Models, by: str) -> str:
    table = _table(f"responses with at least one instance (CBR, by {by}, 95 %)", "behavior", *models)
    for behavior in BEHAVIORS:
        rates = (model["cbr"][behavior] for model in models.values())
        table.add_row(_name(behavior), *(between(rate["cbr"], rate["low"], rate["high"]) for rate in rates))
    table.add_section()
    table.add_row("responses", *(f"{model['responses']:,}" for model in models.values()))
    table.add_row("prompts", *(f"{model['prompts']:,}" for model in models.values()))
    table.add_row("correct", *(percent(model["correct"]) for model in models.values()))
    return render(table)


def _transfer(models: Models, by: str) -> str:
    table = _table(f"transfer: visual over linguistic (BTR, by {by}, 95 %)", "pair", *models)
    for visual, first in next(iter(models.values()))["btr"].items():
        rates = (model["btr"][visual] for model in models.values())
        pair = f"{_name(first['of'])} → {_name(visual)}"
        table.add_row(pair, *(between(rate["btr"], rate["low"], rate["high"]) for rate in rates))
    return render(table)


def _correctness(name: str, model: Mapping[str, Any], by: str) -> str:
    columns = ("behavior", "among correct", "among wrong", "difference", "within prompts", "")
    table = _table(f"{name}: behaviors and being right (by {by}; points, 95 %)", *columns)
    lines = model["correctness"].items()
    for behavior, line in sorted(
        lines, key=lambda one: -(one[1]["within_prompts"]["value"] or one[1]["difference"]["value"] or 0)
    ):
        within = line["within_prompts"]
        telling = within if within["value"] is not None else line["difference"]
        table.add_row(
            _name(behavior),
            percent(line["among_correct"]),
            percent(line["among_wrong"]),
            between(line["difference"]["value"], line["difference"]["low"], line["difference"]["high"]),
            between(within["value"], within["low"], within["high"]),
            _utility(telling),
        )
    prompts = next(iter(model["correctness"].values()))["within_prompts"]["prompts"]
    table.caption = (
        f"{model['judged']:,} judged; within prompts: {counted(prompts, 'prompt')} with right and wrong responses"
    )
    return render(table)


def _utility(difference: Mapping[str, float | None]) -> str:
    """What the whole interval says."""
    low, high = difference["low"], difference["high"]
    if low is None or high is None:
        return ""
    return "with right ones" if low > 0 else "with wrong ones" if high < 0 else ""


def _difficulty(name: str, strata: Mapping[str, Any]) -> str:
    table = _table(f"{name}: by the pass rate of the prompt", "behavior", *strata)
    for behavior in BEHAVIORS:
        table.add_row(_name(behavior), *(percent(stratum[behavior]) for stratum in strata.values()))
    table.add_row("prompts", *(f"{stratum['prompts']:,}" for stratum in strata.values()))
    return render(table)


def _judge(judge: Mapping[str, Any] | None) -> Iterator[str]:
    if judge is None:
        return
    if judge["models"]:
        yield from _figures(judge["models"], f"the judge {judge['model']}")
    table = _table("cues and judge", "behavior", "n", "cues", "judge", "kappa", "equal counts")
    for behavior, found in judge["agreement"].items():
        kappa = "n/a" if found["kappa"] is None else f"{found['kappa']:.2f}"
        shares = (percent(found["cues"]), percent(found["judge"]))
        table.add_row(_name(behavior), f"{found['n']:,}", *shares, kappa, percent(found["equal_counts"]))
    yield render(table)
    yield "answers of the judge: " + (", ".join(f"{n:,} {what}" for what, n in judge["answers"].items()) or "none")
