"""What a stranger reads first: written behind every build, and again when something is known that was not (a certificate).

    finish(Path("build/quickstart"))    # error_budget.json, README.md (the card), croissant.json, report.html

It reads the folder alone, so a set that was downloaded gets its report in the same way.
"""

from pathlib import Path

from curation.release.dataset import open_dataset
from curation.release.report.page import write_report


def finish(path: Path) -> list[Path]:
    """Write the error budget, the card with its metadata, and the report, in the order in which one reads the other.

    Returns the files.

    Raises:
        BuildError: no finished build and no released set.
    """
    dataset = open_dataset(path)
    return [write_report(dataset, again=False)]
