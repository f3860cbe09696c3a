"""`ovr-curate audit DIR`: a sample of a set's golds for a person to label; with `--labels` the error budget takes in what a person said."""

from pathlib import Path

from curation.core.errors import BuildError
from curation.core.parquet import write_text
from curation.core.words import counted
from curation.release.budget.audit_file import AUDIT_FILE, LABELS, read_audit, write_audit
from curation.release.budget.budget import read_budget
from curation.release.budget.table import budget_table
from curation.release.dataset import open_dataset
from curation.release.finish import finish


def draw_audit(folder: Path, n: int, out: Path | None) -> str:
    """Write the sample; returns what to do with it.

    Raises:
        BuildError: no finished build or released set; the file has labels already.
    """
    dataset, path = open_dataset(folder), out or folder / AUDIT_FILE
    drawn = write_audit(dataset, n, int(dataset.manifest.get("seed", 0)), path)
    names = ", ".join(f'"{label}"' for label in LABELS)
    rows = ", ".join(f"{counts.total()} of {config}" for config, counts in drawn.items())
    lines = [f"{path}: rows to label ({rows}): put {names} for null, then ovr-curate audit {folder} --labels {path}"]
    lines += [
        f"{config}: {counted(counts.total(), 'row')} instead of {n}: one of each source, for of a source without a label nothing is known"
        for config, counts in drawn.items()
        if counts.total() > n
    ]
    return "\n".join(lines)


def take_labels(folder: Path, labels: Path) -> str:
    """Check the labels, keep them in the folder, and reckon the budget again; returns its table.

    Raises:
        BuildError: a label that says nothing, or none at all.
    """
    dataset = open_dataset(folder)
    if not labels.is_file():
        raise BuildError(f"--labels {labels}: no such file; ovr-curate audit {folder} writes one")
    if not read_audit(labels, dataset):
        raise BuildError(f"{labels}: got no label, expected some of {', '.join(LABELS)} instead of null")
    if not dataset.is_build:
        raise BuildError(
            f"{folder}: got a released set, expected a build: what else is known of its golds is in its stages"
        )
    text = labels.read_text(encoding="utf-8")
    write_text(folder / AUDIT_FILE, text)
    finish(folder)
    budget = read_budget(folder)
    return budget_table(budget) if budget else ""
