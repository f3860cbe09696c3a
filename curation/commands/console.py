"""Tables for the screen."""

from io import StringIO
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def summary_table(summary: dict[str, Any]) -> str:
    """A line for every config and source: rows in, added where a stage adds some, out, merged, dropped and why."""
    every = [counts for described in summary["configs"].values() for counts in described["sources"].values()]
    added = ("added",) if any("added" in counts for counts in every) else ()
    balanced, counted = (
        "balanced" if summary["balanced"] else "NOT BALANCED",
        ("in", *added, "out", "merged", "dropped"),
    )
    table = Table(title=f"{summary['name']}  {summary['build'][:12]}  {balanced}")
    for heading in ("config", "source", *counted, "reasons"):
        table.add_column(heading, justify="right" if heading in counted else "left", overflow="fold")
    for config, described in summary["configs"].items():
        for source, counts in described["sources"].items():
            reasons = ", ".join(f"{reason.partition(': ')[2]} {n}" for reason, n in counts["reasons"].items())
            numbers = [f"{counts.get(column, 0):,}" for column in counted]
            table.add_row(config, source, *numbers, reasons)
    return render(table)


def nothing_left(summary: dict[str, Any]) -> str:
    """A line for every source of which no row is in its set, and why; empty where each has one."""
    return "\n".join(
        f"nothing is left of {config}.{source}: {reasons}"
        for config, described in summary["configs"].items()
        for source, reasons in described.get("nothing_left", {}).items()
    )


def overlap_table(summary: dict[str, Any]) -> str:
    """A line for every config and source that has rows of an evaluation set: how many, and of which; empty where none has."""
    table = Table(title="rows that are in evaluation sets")
    for heading in ("config", "source", "in", "contaminated", "benchmarks"):
        table.add_column(heading, justify="right" if heading in ("in", "contaminated") else "left", overflow="fold")
    for config, described in summary["configs"].items():
        for source, overlap in described.get("overlap", {}).items():
            if overlap["all"]["rows"]:
                hit = {name: counts for name, counts in overlap["benchmarks"].items() if counts["rows"]}
                benchmarks = ", ".join(f"{name} {_rows_and_share(counts)}" for name, counts in hit.items())
                table.add_row(config, source, f"{overlap['rows']:,}", _rows_and_share(overlap["all"]), benchmarks)
    return render(table) if table.row_count else ""


def reading_table(summary: dict[str, Any]) -> str:
    """A line for every red flag that a source accepts; empty where none is raised."""
    table = Table(title="red flags that the manifest accepts")
    for heading in ("config", "source", "flag", "rows", "of", "what"):
        table.add_column(heading, justify="right" if heading in ("rows", "of") else "left", overflow="fold")
    for config, described in summary["configs"].items():
        for source, report in described["reading"].items():
            for flag, found in report["flags"].items():
                if found["raised"]:
                    rows, of, quote = f"{found['count']:,}", f"{found['of']:,}", escape(found["quote"][:80])
                    table.add_row(config, source, flag, rows, of, quote)
    return render(table) if table.row_count else ""


def control_table(summary: dict[str, Any]) -> str:
    """A line for every control: its rows, of how many they were drawn, how many the set has too; empty where there is none."""
    table = Table(title="control sets")
    for heading in ("config", "set", "rows", "drawn of", "in the set", "copies"):
        table.add_column(heading, justify="left" if heading in ("config", "set") else "right", overflow="fold")
    for config, described in summary["configs"].items():
        for name, control in described.get("control", {"sets": {}})["sets"].items():
            numbers = sum(control["rows"].values()), control["drawn_of"], control["in_the_set"], control["copies"]
            table.add_row(config, f"control/{name}", *(f"{number:,}" for number in numbers))
    return render(table) if table.row_count else ""


def _rows_and_share(counts: dict[str, Any]) -> str:
    return f"{counts['rows']:,} ({counts['share']:.2%})"


def render(table: Table) -> str:
    """The table as text, as wide as the terminal (100 columns where there is none)."""
    console = Console(file=StringIO(), width=None if Console().is_terminal else 100)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.rstrip()
