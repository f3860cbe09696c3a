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
from curation.release.export.layouts import held_back
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

    def launch(self, sets: list[ExportSet], name: str) -> str:
        """What to install and the commands that train on the files, as Markdown. Without a split `train` nothing is trained on."""
        return "".join(self._of_set(one, name) for one in sets)

    def _of_set(self, one: ExportSet, name: str) -> str:
        if "train" not in one.shards:
            splits = ", ".join(one.shards)
            return f"\nOf {one.config} there is no split `train`: {splits} is to evaluate with, and no command here trains on it.\n"
        test = held_back(one.shards)
        note = (
            ""
            if test != "train"
            else f"\nOf {one.config} there is no split beside `train`: what validates is trained on.\n"
        )
        return self.command(one, name, "train", test) + note

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        """The commands of one set, as Markdown; `train` and `test` are the splits to train on and to validate with."""
        raise NotImplementedError(f"exporter {self.kind!r} has no `command`")

    def unfit(self, row: ExportRow) -> str | None:
        """Why the trainer cannot take a row, as a short code; None where it can.

        A row that is unfit is left out, counted and named in `left_out.jsonl`; the trainer itself would drop it without a word.
        """
        return None
