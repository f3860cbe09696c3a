"""What the rows may be used for: the licences of each source's rows that are in the set."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.licence_names import UNKNOWN, by_name
from curation.release.report.section import Page, Section


class Licences(Section):
    """Counts of the rows in the shards."""

    kind: Literal["licences"] = "licences"
    title, place = "Licences", 25

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """A line for every config, source and licence, from the shards' own columns."""
        lines = [line for config in dataset.configs for line in _of_config(dataset, config)]
        gates = {name: config["release"] for name, config in dataset.manifest.items() if _has_gate(config)}
        return {
            "lines": lines,
            "unknown": sum(line["rows"] for line in lines if line["licence"] == UNKNOWN),
            "gates": [f"{name}: {', '.join(gate['allow'])}" for name, gate in sorted(gates.items())],
        }


def _has_gate(config: Any) -> bool:
    return isinstance(config, dict) and bool(config.get("release"))


def _of_config(dataset: Dataset, config: Any) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["source", "license"]
    table = pa.concat_tables(pq.read_table(shard, columns=names) for shard in dataset.shards(config))
    stated: dict[str, dict[str, int]] = {}
    for one in table.group_by(names).aggregate([([], "count_all")]).to_pylist():
        stated.setdefault(one["source"], {})[one["license"] or ""] = one["count_all"]
    return [
        {"source": source, "config": config, "licence": licence, "rows": n}
        for source, counts in sorted(stated.items())
        for licence, n in by_name(counts).items()
    ]
