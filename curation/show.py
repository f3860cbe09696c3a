"""Tables for the screen."""

from io import StringIO
from typing import Any

from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.table import Table

from curation.plugins import Plugin, known_plugins


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


def plugin_table(base: type[Plugin]) -> str:
    """Every kind with its idea and its options: name, type and default."""
    table = Table(show_lines=True)
    for heading in ("kind", "what", "options"):
        table.add_column(heading, overflow="fold")
    for kind, plugin in known_plugins(base).items():
        options = []
        for name, field in plugin.model_fields.items():
            default = field.get_default(call_default_factory=True)
            shown = "required" if default is PydanticUndefined else repr(default)
            options += [] if name == "kind" else [f"{name} = {shown}"]
        table.add_row(kind, (plugin.__doc__ or "").strip().split("\n\n")[0].replace("\n", " "), "\n".join(options))
    return render(table)


def render(table: Table) -> str:
    """The table as text, as wide as the terminal (100 columns where there is none)."""
    console = Console(file=StringIO(), width=None if Console().is_terminal else 100)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.rstrip()
