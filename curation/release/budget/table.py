"""The error budget as lines of text, for the console and the card."""

from collections.abc import Iterator

from curation.core.words import counted, listed
from curation.release.budget.budget import Budget, ConfigBudget, Range

NOTHING = Range(None, 0.0, 1.0)


def percent(span: Range) -> str:
    """A share and its interval.

    >>> percent(Range(0.0123, 0.004, 0.031)), percent(Range(None, 0.0, 0.031)), percent(Range(None, 0.0, 1.0))
    ('1.2 % (0.40 to 3.1 %)', 'up to 3.1 %', 'not known')
    """
    if span.share is None:
        return "not known" if span.high >= 1 else f"up to {_two(span.high)} %"
    return f"{_two(span.share)} % ({_two(span.low)} to {_two(span.high)} %)"


def _two(share: float) -> str:
    """Two digits of a share in per cent; ends of intervals that are almost 0 or 100 as these."""
    if share < 5e-5:
        return "0"
    return f"{100 * share:.2f}" if share < 0.01 else f"{100 * share:.1f}" if share < 0.995 else f"{100 * share:.0f}"


def table_rows(budget: Budget) -> Iterator[tuple[str, str, str, str]]:
    """(config, cause, share of rows that may be wrong, how it was reckoned)."""
    for name, config in budget.configs.items():
        for cause in config.causes:
            label = cause.cause if cause.in_total else f"{cause.cause} (not in the total)"
            yield name, label, percent(cause), cause.how
        yield name, "all that is measured", percent(config.measured), f"of {counted(config.rows, 'row')}"
        yield name, "all", percent(config.whole), config.note


def budget_lines(budget: Budget) -> Iterator[str]:
    """One line for each config."""
    for name, config in budget.configs.items():
        share = percent(config.measured)
        if config.unmeasured:
            rest = "" if share == percent(NOTHING) else f"; by the rest {share}"
            share = f"not known, for {nothing_measures(config)}{rest}"
        yield f"{name}: rows that may be wrong: {share} (error_budget.json)"


def nothing_measures(config: ConfigBudget) -> str:
    """Which causes nobody looked at; there is one."""
    return f"nothing measures the {listed(config.unmeasured)}"


def budget_table(budget: Budget) -> str:
    """A line for every cause, and the total of each config."""
    rows = list(table_rows(budget))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(text.ljust(w) for text, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in rows
    )
