"""`ovr-curate export [DIR --to NAME --out FOLDER]`: a set for a trainer, or the list of those that there are."""

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from curation.commands.console import render
from curation.commands.model_options import first_paragraph
from curation.core.plugins import known_plugins
from curation.core.row import Config
from curation.release.export.base import Exporter
from curation.release.export.export import export, summary


def run_export(path: Path, to: str, out: Path, config: Config | None) -> str:
    """Export a set; returns what was written.

    Raises:
        CurationError: see `export`.
    """
    return summary(export(path, to, out, config))


def list_exporters() -> str:
    """A table of what there is to export to."""
    table = Table(show_lines=True)
    for heading in ("--to", "what", "sets", "layout of"):
        table.add_column(heading, overflow="fold")
    for kind, exporter in known_plugins(Exporter).items():
        table.add_row(kind, escape("".join(first_paragraph(exporter))), ", ".join(exporter.configs), exporter.release)
    return render(table)
