"""The rows of a build's stages, found by their folders: what reads a finished build needs neither its plan nor its plugins.

for stage in stages_of(Path("build/quickstart"), "rl"):
    stage.name, len(stage.rows_in), len(stage.rows)      # 07-rl-filter, 240, 198
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from curation.core.rows import Rows, decided
from curation.core.stage import DECISIONS, ROWS
from curation.core.steps import written, written_rows


class StageRows(NamedTuple):
    """A stage by the name of its folder, the rows that came into it, and those that it left."""

    name: str
    rows_in: Rows
    rows: Rows

    @property
    def decides(self) -> bool:
        """Whether it wrote rows or decisions; where not, the rows are those that came in."""
        return self.rows is not self.rows_in


def stages_of(build: Path, config: str) -> Iterator[StageRows]:
    """Every stage of a config, in order.

    Raises:
        OSError, KeyError: a stage's files are gone.
    """
    rows = Rows([])
    for folder in sorted((build / "stages").glob(f"[0-9][0-9]-{config}-*")):
        stage = StageRows(folder.name, rows, _left(folder, rows))
        yield stage
        rows = stage.rows


def _left(folder: Path, rows_in: Rows) -> Rows:
    if (folder / ROWS).is_dir():
        return written_rows(folder / ROWS)
    decisions = folder / DECISIONS
    return decided(rows_in, decisions, written(decisions)) if decisions.is_dir() else rows_in


def rows_before_shards(build: Path, config: str) -> Rows:
    """The rows that came into the stage that writes the shards.

    Raises:
        OSError, KeyError: files of the stages are gone.
    """
    rows = Rows([])
    for stage in stages_of(build, config):
        rows = stage.rows
    if not rows.files:
        raise FileNotFoundError(f"stages of {config} have no rows")
    return rows
