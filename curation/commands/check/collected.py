"""The images with which a build read its records, from its first stage: they tell a source that has changed since from rows that have."""

from functools import cached_property

import numpy as np

from curation.commands.check.subject import Subject
from curation.core.row import Config
from curation.core.rows import Rows
from curation.core.steps import written_rows


class Collected:
    """The rows that the stage `collect` of a config left; none where it is gone or is not as the build left it."""

    def __init__(self, subject: Subject, config: Config) -> None:
        self.subject, self.config = subject, config

    def images(self, source: str, source_id: str) -> tuple[bytes, ...] | None:
        """The images of one record; None where they are not known."""
        number = self._numbers.get((source, source_id))
        if number is None:
            return None
        return next(tuple(record["images"] or ()) for _, record in self._rows.at(np.array([number]), ["images"]))

    @cached_property
    def _rows(self) -> Rows:
        folder = next(self.subject.path.glob(f"stages/[0-9][0-9]-{self.config}-collect/rows"), None)
        spoilt = {path.parent for path in self.subject.broken | self.subject.changed}
        return Rows([]) if folder is None or folder in spoilt else written_rows(folder)

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        records = self._rows.records(["source", "source_id"])
        return {(record["source"], record["source_id"]): number for number, record in enumerate(records)}
