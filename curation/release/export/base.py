"""What a trainer reads: one file for each in this folder, found by its kind.

    class Verl(Exporter):
        kind: Literal["verl"] = "verl"
        configs = ("rl", "cold_start")

        def write(self, sets: list[ExportSet], folder: Folder) -> None: ...

A row is the same in all of them (`rows.ExportRow`): messages in which `<image>` is at every image's place, images that every reader
decodes to the same pixels, and the gold with its kind and options for our verifier. A trainer's file is its layout, its reward glue and
how it is launched.
"""

from abc import abstractmethod
from typing import ClassVar

from curation.core.plugins import Plugin
from curation.core.row import Config
from curation.release.export.folder import Folder
from curation.release.export.rows import ExportRow, ExportSet, Markup


class Exporter(Plugin):
    """A layout of rows that a trainer, or a library of environments, reads."""

    configs: ClassVar[tuple[Config, ...]] = ("rl",)
    """The configs that it takes."""
    release: ClassVar[str] = ""
    """Package and version that the layout was checked against."""
    markup: ClassVar[Markup] = Markup()
    """What it takes for more than text in a message."""

    @abstractmethod
    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        """Write the rows of every set and the reward's glue."""

    @abstractmethod
    def launch(self, sets: list[ExportSet], name: str) -> str:
        """What to install and the commands that train on the files, as Markdown."""

    def unfit(self, row: ExportRow) -> str | None:
        """Why the trainer cannot take a row, as a short code; None where it can.

        A row that is unfit is left out, counted and named in `left_out.jsonl`; the trainer itself would drop it without a word.
        """
        return None
