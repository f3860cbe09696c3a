"""What a stranger reads first: written behind every build, and again when something is known that was not (a certificate).

    finish(Path("build/quickstart"))    # error_budget.json, README.md (the card), croissant.json, report.html

It reads the folder alone, so a set that was downloaded gets its report in the same way.
"""

from pathlib import Path

from curation.release.budget.budget import write_budget
from curation.release.budget.reckon import error_budget
from curation.release.card.card import write_card
from curation.release.card.croissant import write_croissant
from curation.release.card.removed import write_removed
from curation.release.dataset import open_dataset
from curation.release.report.page import write_report


def finish(path: Path) -> list[Path]:
    """Write the error budget, the card with its metadata, and the report, in the order in which one reads the other.

    Returns the files.

    Raises:
        BuildError: no finished build and no released set.
    """
    dataset = open_dataset(path)
    written = []
    if dataset.is_build:  # of a released set the evidence is not there, and what was reckoned from it is
        written += [write_budget(path, error_budget(dataset)), write_removed(path)]
    return [*written, write_card(dataset), write_croissant(dataset), write_report(dataset, again=False)]
