"""Tables for the screen."""

from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table


def summary_table(summary: dict[str, Any]) -> str:
    """A line for every config and source: rows in, out, merged, dropped and why."""
    balanced, counted = "balanced" if summary["balanced"] else "NOT BALANCED", ("in", "out", "merged", "dropped")
    table = Table(title=f"{summary['name']}  {summary['build'][:12]}  {balanced}")
    for heading in ("config", "source", *counted, "reasons"):
        table.add_column(heading, justify="right" if heading in counted else "left", overflow="fold")
    for config, described in summary["configs"].items():
        for source, counts in described["sources"].items():
            reasons = ", ".join(f"{reason.partition(': ')[2]} {n}" for reason, n in counts["reasons"].items())
            numbers = [f"{counts[column]:,}" for column in counted]
            table.add_row(config, source, *numbers, reasons)
    return render(table)


def render(table: Table) -> str:
    """The table as text, as wide as the terminal (100 columns where there is none)."""
    console = Console(file=StringIO(), width=None if Console().is_terminal else 100)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.rstrip()
