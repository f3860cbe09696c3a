"""How often samples are right, by source and by domain, and what the cut at both ends took."""

from typing import Any, Literal

import pyarrow as pa

from curation.release.dataset import Dataset
from curation.release.report.columns import Rates, batches, codes, numbers
from curation.release.report.figures import SERIES, draw
from curation.release.report.intervals import mean_rate, rate
from curation.release.report.section import Page, Section

SAMPLER = ("model", "revision", "template_hash", "temperature", "top_p", "max_tokens")
MOST_GROUPS = 200


class PassRates(Section):
    """The mean pass rate of every source and domain of the set, and the histogram of what was measured and of what stayed."""

    kind: Literal["pass_rates"] = "pass_rates"
    title, place = "Pass rates", 40

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if "rl" not in dataset.configs:
            return None
        summary = dataset.summary["configs"]["rl"].get("pass_rates") or {}
        tables, samplers = measured_groups(dataset)
        if not samplers:
            return {
                "missing": "No pass rate was measured: `rl.difficulty` in the manifest has one measured for every row."
            }
        measured, kept = summary.get("measured", {}), summary.get("kept", {})
        histogram = [
            {"rate": tenth, "measured": n, "kept": kept.get(tenth, 0), "share": rate(kept.get(tenth, 0), n)}
            for tenth, n in measured.items()
        ]
        samples = summary.get("samples", {})
        return {
            "estimator": summary.get("estimator", ""),
            "samplers": samplers,
            "samples": samples,
            "right": rate(samples["n_correct"], samples["n_judged"]) if samples.get("n_judged") else None,
            "histogram": histogram,
            "figure": _figure(histogram) if histogram else None,
            "tables": [{"column": name, "rows": rows} for name, rows in tables.items()],
        }


def measured_groups(dataset: Dataset) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Column -> its values with the rows that were measured, their mean pass rate and right samples; and what measured them."""
    known: dict[str, dict[str, int]] = {"source": {}, "domain": {}}
    rates, correct, judged = ({name: Rates() for name in known} for _ in range(3))
    samplers: dict[str, int] = {}
    fields = ("pass_rate", "n_correct", "n_judged", "sampler")
    for batch in batches(dataset, "rl", [*known, *(f"difficulty.{name}" for name in fields)]):
        n_judged, n_correct = (numbers(batch, "difficulty", name) for name in ("n_judged", "n_correct"))
        pass_rate = numbers(batch, "difficulty", "pass_rate")
        pass_rate[~(n_judged > 0)] = float("nan")
        for name, numbers_of in known.items():
            group = codes(batch.column(name), numbers_of)
            for sums, values in ((rates, pass_rate), (correct, n_correct), (judged, n_judged)):
                sums[name].add(group, values)
        _count_samplers(batch, samplers)
    tables = {
        name: [
            {
                "group": value or "none stated",
                "rows": rates[name].of(place).n,
                "rate": mean_rate(rates[name].of(place)),
                "samples": int(judged[name].of(place).total),
                "right": int(correct[name].of(place).total),
            }
            for value, place in sorted(values.items())
        ][:MOST_GROUPS]
        for name, values in known.items()
    }
    return tables, [{"sampler": line, "rows": n} for line, n in sorted(samplers.items())]


def _count_samplers(batch: pa.RecordBatch, samplers: dict[str, int]) -> None:
    """What measured the rows of a batch, in words: a few at most, so each is said once for all its rows."""
    if "difficulty" not in batch.schema.names or batch.column("difficulty").null_count == len(batch):
        return
    sampler = pa.table({"difficulty": batch.column("difficulty")}).flatten()["difficulty.sampler"].drop_null()
    columns = {name: values for name, values in zip(SAMPLER, _fields(sampler), strict=True)}
    for line in pa.table(columns).group_by(list(SAMPLER)).aggregate([([], "count_all")]).to_pylist():
        said = (
            f"{line['model']} @ {line['revision'][:12]}, template {line['template_hash'][:8]}, temperature {line['temperature']:g},"
            f" top-p {line['top_p']:g}, at most {line['max_tokens']:,} tokens"
        )
        samplers[said] = samplers.get(said, 0) + line["count_all"]


def _fields(sampler: pa.ChunkedArray) -> list[pa.ChunkedArray]:
    import pyarrow.compute as pc

    return [pc.struct_field(sampler, name) for name in SAMPLER]


def _figure(histogram: list[dict[str, Any]]) -> Any:
    """Measured rows beside those that stayed."""

    def plot(axes: Any) -> None:
        places = range(len(histogram))
        for shift, name, color in ((-0.2, "measured", SERIES[0]), (0.2, "kept", SERIES[1])):
            axes.bar([p + shift for p in places], [one[name] for one in histogram], width=0.4, color=color, label=name)
        axes.set_xticks(list(places), [one["rate"] for one in histogram])
        axes.set_xlabel("pass rate, from the tenth on")
        axes.set_ylabel("rows")
        axes.legend()

    return draw("pass-rates", "Rows by pass rate, measured and kept", plot)
