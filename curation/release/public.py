"""What a stranger may have of a build: `DIR/release`, the released set itself, in which links lead to the shards.

    write_public(open_dataset(out), out / FOLDER)    # {README.md, summary.json, report.html, ...}

Rows that went, evaluation items and folders of the machine are in none of it: the lock has places as the manifest wrote them, the summary
no quotes, and the report is made of the released set alone, as anyone can make it again.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from curation.core.errors import BuildError
from curation.core.lock import public_lock
from curation.core.parquet import whole_file, write_text
from curation.release.dataset import Dataset, open_dataset
from curation.release.published import published
from curation.release.report.page import REPORT, write_report

FOLDER = "release"
AS_THEY_ARE = (
    "README.md", "croissant.json", "error_budget.json", "removed.parquet", "contaminated_items.parquet", "loss.json", "loss.png",
)  # fmt: skip
"""Files of a build that have no text of a row that went."""
OF_STAGES = frozenset(("contaminated_items.parquet", "loss.json", "loss.png"))
"""Those of them that a stage publishes, where the build has it; one that lies there besides is another build's."""
MADE = ("manifest.lock.yaml", "summary.json", REPORT)
"""Files that are released in a form of their own."""
PUBLIC = (*AS_THEY_ARE, *MADE)
QUOTES = frozenset({"quote"})
"""Keys of the summary whose values are words of rows, or say what was read where."""


def write_public(dataset: Dataset, folder: Path) -> Dataset:
    """Write the released set of a build to a folder, without a copy of a shard. What is a released set already stays as it is.

    Returns it, opened.

    Raises:
        BuildError: a file of the build is a link, or the list of what its stages published cannot be read.
    """
    if not dataset.is_build:
        return dataset
    strange = OF_STAGES - {*published(dataset.path)}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in AS_THEY_ARE:
        if name not in strange and (file := dataset.file(name)) is not None:
            if file.is_symlink():
                raise BuildError(f"{file}: a link, expected a file of the build; what it leads to is not released")
            with file.open("rb") as read, whole_file(folder / name) as written:
                shutil.copyfileobj(read, written)
    lock = yaml.safe_dump(public_lock(dataset.lock), sort_keys=False, allow_unicode=True)
    write_text(folder / "manifest.lock.yaml", lock)
    summary = json.dumps(without_quotes(dataset.summary), indent=1, ensure_ascii=False)
    write_text(folder / "summary.json", summary + "\n")
    up = Path("..") / ".." if folder.parent == dataset.path else dataset.path.resolve()
    for config in dataset.configs:
        _link(folder / "data" / config, up / "data" / config)
    public = open_dataset(folder)
    write_report(public)
    return public


def without_quotes(value: Any) -> Any:
    """A copy of the summary, or of a part, in which what it quotes is empty.

    >>> without_quotes({"flags": [{"count": 3, "quote": "gold '2'"}]})
    {'flags': [{'count': 3, 'quote': ''}]}
    """
    if isinstance(value, dict):
        return {key: "" if key in QUOTES else without_quotes(item) for key, item in value.items()}
    return [without_quotes(item) for item in value] if isinstance(value, list) else value


def _link(link: Path, to: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(to, target_is_directory=True)
