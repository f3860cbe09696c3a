"""The stage that ends a build whose rows may not be published, before anything is sampled."""

from collections import Counter
from collections.abc import Iterator
from itertools import repeat
from typing import Literal

from curation.core.decision import KEEP, Decision
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run
from curation.release.licences import Release


class CheckLicences(DecideStage):
    """Keeps every row, or ends the build."""

    kind: Literal["licences"] = "licences"
    release: Release

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        """A decision for every row.

        Raises:
            BuildError: a row has a licence that the manifest does not allow.
        """
        self.release.check(
            run.config, Counter((r["source"], r["license"]) for r in rows.records(["source", "license"]))
        )
        yield from repeat(KEEP, len(rows))
