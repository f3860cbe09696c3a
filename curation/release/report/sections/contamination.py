"""Which sources are in which evaluation sets: the overlap matrix, and, of a build, a few matches side by side."""

import heapq
from typing import Any, Literal

from curation.core.order import choice_key
from curation.core.parquet import read_records
from curation.release.dataset import Dataset
from curation.release.report.section import Page, Section

KINDS = {
    "exact": "the same words", "near": "nearly the same words", "template": "other numbers", "picture": "the same image",
    "paraphrase": "other words", "possible_paraphrase": "maybe other words (flagged)", "copy": "a copy of such a row",
}  # fmt: skip
EXAMPLES = 2
"""Of every kind of match."""
COLUMNS = [
    "config",
    "source",
    "source_id",
    "benchmark",
    "benchmark_item",
    "kind",
    "score",
    "row_text",
    "benchmark_text",
]


class ContaminationSection(Section):
    """The overlap of every config. Texts of evaluation sets are shown of a build alone; a released set has none."""

    kind: Literal["contamination"] = "contamination"
    title, place = "Contamination", 70

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        configs = [
            _config(name, summary["overlap"], summary.get("contamination") or {})
            for name, summary in dataset.summary["configs"].items()
            if "overlap" in summary
        ]
        if not configs:
            return {
                "missing": "Nothing was compared with evaluation sets: `decontaminate.benchmarks` in the manifest names them."
            }
        return {"configs": configs, "examples": _examples(dataset, page.seed)}


def _config(name: str, overlap: dict[str, Any], benchmarks: dict[str, Any]) -> dict[str, Any]:
    """The matrix: a line for every source, a column for every evaluation set that has a row of any."""
    hit = sorted({benchmark for source in overlap.values() for benchmark in source["benchmarks"]})
    lines, shares, kinds = [], [], []
    for source, found in overlap.items():
        line = {"source": source, "rows": found["rows"], "all": found["all"]["rows"]}
        lines.append(line | {f"in {b}": found["benchmarks"].get(b, {}).get("rows", 0) for b in hit})
        shares.append(
            {"source": source, "rows": found["rows"], "all": found["all"]["share"]}
            | {f"in {b}": found["benchmarks"].get(b, {}).get("share", 0.0) for b in hit}
        )
        kinds += [
            {
                "source": source,
                "benchmark": b,
                "kind": KINDS.get(kind, kind),
                "rows": n,
                "share": n / found["rows"] if found["rows"] else None,
            }
            for b, of_benchmark in found["benchmarks"].items()
            for kind, n in of_benchmark["kinds"].items()
        ]
    return {
        "config": name,
        "rows": sum(line["rows"] for line in lines),
        "contaminated": sum(line["all"] for line in lines),
        "hit": hit,
        "counts": [line for line in lines if overlap[line["source"]]["benchmarks"]],
        "shares": [line for line in shares if overlap[line["source"]]["benchmarks"]],
        "untouched": [source for source, found in overlap.items() if not found["benchmarks"]],
        "kinds": kinds,
        "benchmarks": [
            {
                "benchmark": b,
                "items": table["rows"],
                "items_hit": table.get("items_hit"),
                "share": table.get("items_hit", 0) / table["rows"] if table["rows"] else None,
                "unreadable": sum(table["unreadable"].values()),
            }
            for b, table in benchmarks.items()
        ],
    }


def _examples(dataset: Dataset, seed: int) -> list[dict[str, Any]]:
    """Matches of every kind, chosen by the seed and the row's id."""
    path = dataset.file("contamination.parquet") if dataset.is_build else None
    if path is None:
        return []
    chosen: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(read_records(path, ["id", "benchmark", "kind"], 10_000)):
        heap = chosen.setdefault(line["kind"], [])
        heapq.heappush(heap, (-choice_key("report", seed, f"{line['id']}/{line['benchmark']}"), number))
        if len(heap) > EXAMPLES:
            heapq.heappop(heap)
    wanted = {number for heap in chosen.values() for _, number in heap}
    found = [line for number, line in enumerate(read_records(path, COLUMNS, 1_000)) if number in wanted]
    order = list(KINDS)
    found.sort(key=lambda line: order.index(line["kind"]) if line["kind"] in order else len(order))
    return [{**line, "kind": KINDS.get(line["kind"], line["kind"])} for line in found]
