"""The licence gate: what a build may publish. `release: {allow: [MIT, Apache-2.0]}` in a manifest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.decision import KEEP, Decision
from curation.core.errors import BuildError
from curation.core.plugins import Options
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run
from curation.core.words import counted
from curation.release.licence_names import licence_name

LICENCE = "license_not_allowed"
"""The reason of a drop."""


class Release(Options):
    """The licences that rows of the set may have; `unknown` counts only where it is listed."""

    renamed: ClassVar[dict[str, str]] = {"otherwise": "on_violation"}

    allow: tuple[str, ...] = Field(min_length=1)
    """SPDX identifiers, compared as a whole, however they are spelled (`apache 2.0` is `Apache-2.0`); a row without one is `unknown`."""
    on_violation: Literal["fail", "drop"] = "fail"
    """What a row with another licence does: `fail` ends the build before anything is sampled and names sources, licences and counts, `drop`
    drops the row as `license_not_allowed`, with the filters."""

    def allows(self, license: str) -> bool:
        return licence_name(license).casefold() in {licence_name(name).casefold() for name in self.allow}

    def check(self, config: str, counts: Mapping[tuple[str, str], int]) -> None:
        """Make sure that no row may not be published; `counts` is (source, licence) -> rows.

        Raises:
            BuildError: which sources, which licences, how many rows.
        """
        if refused := refused_rows(counts, self.allows):
            raise BuildError(
                f"{config}: {refused}; the manifest allows"
                f" {', '.join(self.allow)}. Leave the sources out, or say `release.on_violation: drop`"
            )


def refused_rows(counts: Mapping[tuple[str, str], int], may: Callable[[str], bool]) -> str:
    """How many rows of which sources may not be published by their licences, in one line; empty where all may.

    `counts` is (source, licence) -> rows.
    """
    refused = {key: n for key, n in sorted(counts.items()) if not may(key[1])}
    each = ", ".join(
        f"{n:,} of {source} ({' '.join(licence.split()) or 'unknown'})" for (source, licence), n in refused.items()
    )
    return f"{counted(sum(refused.values()), 'row')} may not be published by licence: {each}" if refused else ""


class CheckLicences(DecideStage):
    """Keeps every row, or ends the build before anything is sampled."""

    kind: Literal["licences"] = "licences"
    release: Release

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        licensed = rows.records(["source", "license"])
        self.release.check(run.config, Counter((row["source"], row["license"]) for row in licensed))
        yield from repeat(KEEP, len(rows))
