"""What differs between two sets as text, as JSON, or row by row as Parquet."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from curation.commands.diff.options import Changed, changed_options
from curation.commands.diff.rows import Difference, differences
from curation.commands.preview_text import plain_text
from curation.core.parquet import write_records
from curation.core.row import Config
from curation.core.schema import columns_of
from curation.core.words import counted
from curation.release.dataset import Dataset, open_dataset

EXAMPLES = 3
PARTS = {"manifest": "option", "limit": "limit", "inputs": "input", "versions": "version"}
SCHEMA = pa.schema(columns_of(Difference))


@dataclass
class Diff:
    """All that differs between two sets."""

    one: Dataset
    other: Dataset
    options: list[tuple[str, Changed]]
    """(option, limit, input or version, what it was and is)"""
    sizes: dict[str, tuple[int, int]]
    rows: list[Difference]

    @property
    def counts(self) -> Counter[tuple[str, str, str, str]]:
        """(config, gained, lost or changed, source, why) -> rows."""
        return Counter((row.config, row.what, row.source, row.why) for row in self.rows)

    def texts(self) -> Iterator[str]:
        if not self.rows and not self.options:
            yield "no difference"
            return
        for side in (self.one, self.other):
            yield f"{side.path}: {side.summary.get('name')}, build {side.summary.get('build')}"
        for what, change in self.options:
            yield f"{what} {change.key}: {_short(change.one)} -> {_short(change.other)}"
        for config, (n_one, n_other) in self.sizes.items():
            mine = [row for row in self.rows if row.config == config]
            n = Counter(row.what for row in mine)
            told = (
                ", ".join(f"{n[what]:,} {what}" for what in ("gained", "lost", "changed") if n[what])
                or "no row differs"
            )
            yield f"{config}: {n_one:,} -> {counted(n_other, 'row')}: {told}"
            for (_, what, source, why), count in sorted(self.counts.items(), key=lambda item: (item[0][:3], -item[1])):
                if _ == config:
                    yield f"  {what:<8}{count:>8,}  {source}: {why}"
                    yield from (f"{'':18}{line}" for line in _examples(mine, what, source, why))

    def record(self) -> dict[str, Any]:
        """The same for a program, with every row."""
        return {
            "one": {"path": str(self.one.path), "build": self.one.summary.get("build")},
            "other": {"path": str(self.other.path), "build": self.other.summary.get("build")},
            "options": [{"what": what, **change._asdict()} for what, change in self.options],
            "rows": {config: {"one": one, "other": other} for config, (one, other) in self.sizes.items()},
            "counts": [
                {"config": config, "what": what, "source": source, "why": why, "rows": n}
                for (config, what, source, why), n in self.counts.items()
            ],
            "differences": [asdict(row) for row in self.rows],
        }


def diff(one: Path, other: Path) -> Diff:
    """Compare two builds, two released sets, or one of each.

    Raises:
        BuildError: a folder is neither.
        OSError, ArrowException: a shard cannot be read; `ovr-curate check` says which.
    """
    a, b = open_dataset(one), open_dataset(other)
    options = [(word, change) for part, word in PARTS.items() for change in changed_options(a.lock, b.lock, part)]
    sizes: dict[str, tuple[int, int]] = {}
    rows: list[Difference] = []
    for config in get_args(Config):
        if config in a.summary["configs"] or config in b.summary["configs"]:
            n_one, n_other, found = differences(a, b, config)
            sizes[config] = (n_one, n_other)
            rows += found
    return Diff(a, b, options, sizes, rows)


def show(one: Path, other: Path, out: Path | None, as_json: bool) -> None:
    """Print what differs; write every row that does to `out`."""
    found = diff(one, other)
    print(
        json.dumps(found.record(), indent=1, ensure_ascii=False, default=str)
        if as_json
        else "\n".join(map(plain_text, found.texts()))
    )
    if out is not None:
        write_records(out, SCHEMA, ({**asdict(row), "columns": list(row.columns)} for row in found.rows))


def _examples(rows: list[Difference], what: str, source: str, why: str) -> Iterator[str]:
    of_group = (row for row in rows if (row.what, row.source, row.why) == (what, source, why))
    for row, _ in zip(of_group, range(EXAMPLES), strict=False):
        now = f" -> {row.other_id}" if row.other_id else ""
        yield f"{row.source_id}  {row.id}{now}{f'  {_short(row.detail)}' if row.detail else ''}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
