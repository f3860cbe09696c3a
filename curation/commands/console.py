"""Tables for the screen."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def summary_table(summary: dict[str, Any]) -> str:
    """A line for every config and source: rows in, out, merged, dropped and why."""
    table = Table(
        title=f"{summary['name']}  {summary['build'][:12]}  {'balanced' if summary['balanced'] else 'NOT BALANCED'}"
    )
    for heading in ("config", "source", "in", "out", "merged", "dropped", "reasons"):
        table.add_column(
            heading, justify="right" if heading in ("in", "out", "merged", "dropped") else "left", overflow="fold"
        )
    for config, told in summary["configs"].items():
        for source, counts in told["sources"].items():
            reasons = ", ".join(f"{reason.partition(': ')[2]} {n}" for reason, n in counts["reasons"].items())
            numbers = [f"{counts[column]:,}" for column in ("in", "out", "merged", "dropped")]
            table.add_row(config, source, *numbers, reasons)
    return render(table)


def kind_table(kinds: Mapping[str, type[BaseModel]]) -> str:
    """Every kind of a plugin with its idea, its options (name and default) and, for a reward kind, a gold and a correct answer."""
    table = Table(show_lines=True)
    for heading in ("kind", "what", "options"):
        table.add_column(heading, overflow="fold")
    for kind, plugin in kinds.items():
        options = []
        for name, field in plugin.model_fields.items():
            default = field.get_default(call_default_factory=True)
            shown = "required" if default is PydanticUndefined else repr(default)
            options += [] if name == "kind" else [escape(f"{name} = {shown}")]
        what = " ".join((plugin.__doc__ or "").strip().split("\n\n")[0].split())
        gold, correct = getattr(plugin, "example", ("", ""))
        example = f"\nexample: {correct} for the gold {gold}" if gold else ""
        table.add_row(kind, escape(what + example), "\n".join(options))
    return render(table)


def render(table: Table) -> str:
    """The table as text, as wide as the terminal (100 columns where there is none)."""
    console = Console(file=StringIO(), width=None if Console().is_terminal else 100)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.rstrip()
