"""Duplicates: how large their clusters are, which sources share them, and where golds contradict each other."""

from collections import Counter
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.release.dataset import Dataset
from curation.release.report.section import Page, Section

REASONS = ("duplicate", "near_duplicate", "conflicting_gold")
LARGEST, MEMBERS, CONFLICTS = 10, 12, 8
UNKNOWN: dict[str, Any] = {"clusters": 0, "sizes": [], "largest": [], "shared": [], "conflicts": []}
SIZES = ((2, 2), (3, 3), (4, 5), (6, 10), (11, 100), (101, None))


class Clusters(Section):
    """Counts of every source from the summary; clusters with their members from a build's ledger."""

    kind: Literal["clusters"] = "clusters"
    title, place = "Duplicates", 80

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        configs = [
            _config(dataset, name, summary["sources"])
            for name, summary in dataset.summary["configs"].items()
            if (((dataset.manifest.get(name) or {}).get("dedup") or {}).get("merge", True))
        ]
        return {"configs": configs, "has_ledger": _ledger(dataset) is not None} if configs else None


def _ledger(dataset: Dataset) -> Any:
    return dataset.file("ledger.parquet") if dataset.is_build else None


def _config(dataset: Dataset, config: str, sources: dict[str, Any]) -> dict[str, Any]:
    by_source = []
    for name, source in sources.items():
        counts = Counter[str]()
        for reason, n in source["reasons"].items():
            stage, _, code = reason.partition(": ")
            if code in REASONS and stage.endswith("-duplicates"):
                counts[code] += n
        by_source.append({"source": name, "rows": source["in"], **{reason: counts[reason] for reason in REASONS}})
    ledger = _ledger(dataset)
    return {
        "config": config,
        "merged": sum(line["duplicate"] + line["near_duplicate"] for line in by_source),
        "conflicting": sum(line["conflicting_gold"] for line in by_source),
        "sources": [line for line in by_source if any(line[reason] for reason in REASONS)],
        **(_of_ledger(pq.ParquetFile(ledger), config, sorted(sources, key=len, reverse=True)) if ledger else UNKNOWN),
    }


def _of_ledger(ledger: pq.ParquetFile, config: str, sources: list[str]) -> dict[str, Any]:
    """Sizes, the largest clusters and what sources share; a merged row's detail names the row that stayed for it."""
    members, shared, conflicts = Counter[str](), Counter[tuple[str, str]](), []
    for lines in _lines(ledger, config, "merged"):
        members.update(lines["detail"].to_pylist())
        pairs = zip(lines["source"].to_pylist(), lines["detail"].to_pylist(), strict=True)
        shared.update((source, _source_of(detail, sources)) for source, detail in pairs)
    largest = [name for name, _ in sorted(members.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]]
    names: dict[str, list[str]] = {name: [] for name in largest}
    for lines in _lines(ledger, config, "merged"):
        for line in lines.filter(pc.is_in(lines["detail"], value_set=pa.array(largest, pa.string()))).to_pylist():
            if len(names[line["detail"]]) < MEMBERS:
                names[line["detail"]].append(f"{line['source']}/{line['source_id']}")
    for lines in _lines(ledger, config, "dropped"):
        clashing = lines.filter(pc.equal(lines["reason"], "conflicting_gold"))
        conflicts += [
            {"row": f"{line['source']}/{line['source_id']}", "detail": line["detail"]}
            for line in clashing.slice(0, CONFLICTS).to_pylist()
        ]
    sizes = Counter(n + 1 for n in members.values())
    return {
        "clusters": len(members),
        "sizes": [
            {
                "size": f"{low}" if low == high else f"{low} to {high}" if high else f"{low} and more",
                "clusters": n,
                "share": n / len(members),
            }
            for low, high in SIZES
            if (n := sum(k for size, k in sizes.items() if low <= size <= (high or size)))
        ],
        "largest": [
            {
                "row": name,
                "size": members[name] + 1,
                "members": [*names[name], *_more(members[name] - len(names[name]))],
            }
            for name in largest
        ],
        "shared": [
            {"source": source, "of": of, "rows": n}
            for (source, of), n in sorted(shared.items(), key=lambda item: (-item[1], item[0]))
            if source != of
        ][:50],
        "conflicts": conflicts[:CONFLICTS],
    }


def _lines(ledger: pq.ParquetFile, config: str, action: str) -> Any:
    for batch in ledger.iter_batches(
        batch_size=50_000, columns=["config", "source", "source_id", "action", "reason", "detail"]
    ):
        of_config = pc.and_(pc.equal(batch["config"], config), pc.equal(batch["action"], action))
        yield batch.filter(of_config)


def _source_of(name: str, sources: list[str]) -> str:
    """The source of `SOURCE/SOURCE_ID`; both may have slashes, so the longest that fits."""
    return next((source for source in sources if name.startswith(f"{source}/")), name.partition("/")[0])


def _more(n: int) -> list[str]:
    return [f"and {n:,} more"] if n > 0 else []
