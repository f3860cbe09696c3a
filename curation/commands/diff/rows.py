"""The rows of two sets beside each other: gained, lost, changed and in which columns, and why by the ledger of the other side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from curation.commands.diff.digests import SPLIT, TEMPLATE, Keys, Side, hash_of, side_of
from curation.core.parquet import read_records
from curation.core.row import Config
from curation.release.dataset import Dataset

STAGE_OF = {
    "difficulty": "difficulty",
    **dict.fromkeys(("stratum", "weight"), "mixture"),
    "verified": "verify_traces",
    "completion": "distil or verify_traces",
    "teacher": "distil",
    **dict.fromkeys(("loss", "n_tokens", "rsr"), "loss"),
    **dict.fromkeys(("behaviors", "behaviors_judged"), "behaviors"),
    **dict.fromkeys(("image_gain", "image_need"), "triage"),
    **dict.fromkeys(("images", "language"), "normalise"),
    **dict.fromkeys((SPLIT, TEMPLATE), "shards"),
    **dict.fromkeys(("license", "domain"), "collect"),
}
"""Column -> the stage that sets it; any other is the reader's or that of normalisation."""
IGNORED = ("source", "source_id")


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same in both. `what` is gained, lost or changed; `stage`, `reason` and `detail` say where it ended on the
    side that has it not, or which stages set the columns that changed."""

    config: str
    what: str
    source: str
    source_id: str
    id: str
    other_id: str = ""
    columns: tuple[str, ...] = ()
    stage: str = ""
    reason: str = ""
    detail: str = ""

    @property
    def why(self) -> str:
        """The group that it is counted in."""
        if self.what == "changed":
            return ", ".join(self.columns)
        return f"{self.stage}: {self.reason}" if self.stage else self.reason


@dataclass
class Pairs:
    """Row numbers: those of both sides, and those of one."""

    both: list[tuple[int, int]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    gained: list[int] = field(default_factory=list)


def differences(one: Dataset, other: Dataset, config: Config) -> tuple[int, int, list[Difference]]:
    """Rows of `one`, rows of `other`, and how they differ."""
    a, b = side_of(one, config), side_of(other, config)
    pairs = _paired(a, b)
    changed = list(_changed(a, b, pairs.both))
    of_a = _names(one, config, sorted({*pairs.lost, *(i for i, _, _ in changed)}))
    of_b = _names(other, config, sorted({*pairs.gained, *(j for _, j, _ in changed)}))
    found = [
        Difference(config, "changed", *of_a[i], other_id=of_b[j][2] if of_b[j][2] != of_a[i][2] else "", columns=columns,
                   stage=", ".join(dict.fromkeys(STAGE_OF.get(c, "collect or normalise") for c in columns)))
        for i, j, columns in changed
    ]  # fmt: skip
    found += _ended(other, config, "lost", [of_a[i] for i in pairs.lost])
    found += _ended(one, config, "gained", [of_b[j] for j in pairs.gained])
    return len(a), len(b), found


def _paired(a: Side, b: Side) -> Pairs:
    """Rows by their ids (and traces); of those that are left, by source and source_id: a row whose question changed has another id."""
    pairs = Pairs()
    left, right = np.arange(len(a)), np.arange(len(b))
    for keys_a, keys_b in ((a.keys, b.keys), (a.names, b.names)):
        i, j = _matched(keys_a[left], keys_b[right])
        pairs.both += zip(left[i].tolist(), right[j].tolist(), strict=True)
        left, right = np.delete(left, i), np.delete(right, j)
    pairs.lost, pairs.gained = left.tolist(), right.tolist()
    return pairs


def _matched(a: Keys, b: Keys) -> tuple[Any, Any]:
    """Places of equal keys; a key that is there several times is matched as often as both have it, in order."""
    order_a, order_b = np.argsort(a, kind="stable"), np.argsort(b, kind="stable")
    ranked_a, ranked_b = _ranked(a[order_a]), _ranked(b[order_b])
    _, i, j = np.intersect1d(ranked_a, ranked_b, assume_unique=True, return_indices=True)
    return order_a[i], order_b[j]


def _ranked(keys: Keys) -> Any:
    """(key, how many of it came before) as one structure, of sorted keys."""
    starts = np.searchsorted(keys, keys)
    ranked = np.empty(len(keys), [("key", np.uint64), ("nth", np.int64)])
    ranked["key"], ranked["nth"] = keys, np.arange(len(keys)) - starts
    return ranked


def _changed(a: Side, b: Side, both: list[tuple[int, int]]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """The pairs that differ, with the names of the columns. One that only one side has is its own difference, of the whole set."""
    if not both:
        return
    i, j = np.array(both).T
    names = [name for name in a.columns if name in b.columns and name not in IGNORED]
    differ = {name: a.columns[name][i] != b.columns[name][j] for name in names}
    if "prompt" in differ:
        differ[TEMPLATE] = differ["prompt"] & (a.bare[i] == b.bare[j])
        differ["prompt"] &= ~differ[TEMPLATE]
    for n in np.flatnonzero(np.logical_or.reduce(list(differ.values()))):
        yield int(i[n]), int(j[n]), tuple(name for name, mask in differ.items() if mask[n])


def _names(dataset: Dataset, config: Config, numbers: list[int]) -> dict[int, tuple[str, str, str]]:
    """Row number -> source, source_id, id."""
    wanted, found = set(numbers), dict[int, tuple[str, str, str]]()
    if wanted:
        for number, record in enumerate(dataset.records(config, ["source", "source_id", "id"])):
            if number in wanted:
                found[number] = (record["source"], record["source_id"], record["id"])
    return found


def _ended(dataset: Dataset, config: Config, what: str, rows: list[tuple[str, str, str]]) -> Iterator[Difference]:
    """Rows that a set has not, with where they ended in it."""
    if not rows:
        return
    file = dataset.file("ledger.parquet") or dataset.file("removed.parquet")
    wanted = {hash_of(f"{source}\0{source_id}") for source, source_id, _ in rows}
    lines: dict[int, tuple[str, str, str]] = {}
    if file is not None and config in dataset.summary["configs"]:
        for line in read_records(file, batch_rows=10_000):
            key = hash_of(f"{line['source']}\0{line['source_id']}")
            if line["config"] == config and line["action"] != "out" and key in wanted:
                lines[key] = (line["stage"], line["reason"], line.get("detail") or "")
    sources = (dataset.summary["configs"].get(config) or {"sources": {}})["sources"]
    for source, source_id, row_id in rows:
        key = hash_of(f"{source}\0{source_id}")
        stage, reason, detail = lines.get(key) or ("", _unknown(file is not None, config, source, sources), "")
        yield Difference(config, what, source, source_id, row_id, stage=stage, reason=reason, detail=detail)


def _unknown(has_ledger: bool, config: str, source: str, sources: dict[str, Any]) -> str:
    if not sources:
        return f"no {config} there"
    if source not in sources:
        return "no such source there"
    return "not read there" if has_ledger else "not told: no ledger there"
