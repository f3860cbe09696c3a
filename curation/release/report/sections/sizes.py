"""How large the rows are, by source: prompts, traces, sampled responses, images; quantiles that a trainer's memory has to hold."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.core.row import Config
from curation.release.dataset import Dataset
from curation.release.report.columns import batches, codes, numbers, prompt_chars, quantiles
from curation.release.report.image_sizes import MOST_ROWS, image_table
from curation.release.report.sampled import sampled_responses
from curation.release.report.section import Page, Section

MOST_SOURCES = 200
Values = npt.NDArray[np.float64]


class Sizes(Section):
    """p50, p90, p99 and the largest of everything that has a size."""

    kind: Literal["sizes"] = "sizes"
    title, place = "Sizes", 90

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        configs = [{"config": config, "tables": _tables(dataset, config)} for config in dataset.configs]
        images, is_part = image_table(dataset, MOST_ROWS)
        if not configs:
            return None
        return {"configs": configs, "images": images, "is_part": is_part, "most": MOST_ROWS}


def _tables(dataset: Dataset, config: Config) -> list[dict[str, Any]]:
    """Of every kind of text of a config the quantiles by source."""
    known: dict[str, int] = {}
    parts: dict[str, list[Values]] = {}
    columns = ["source", "prompt", *(("completion", "n_tokens") if config == "cold_start" else ())]
    sources = [np.empty(0, np.int64)]
    for batch in batches(dataset, config, columns):
        sources.append(codes(batch["source"], known))
        parts.setdefault("Characters of the prompt", []).append(prompt_chars(batch).astype(float))
        if config == "cold_start":
            parts.setdefault("Characters of the trace", []).append(_chars_of(batch))
            parts.setdefault("Tokens of the trace, as the model of the loss counts them", []).append(
                numbers(batch, "n_tokens")
            )
    of_row = np.concatenate(sources)
    tables = [_table(title, of_row, np.concatenate(values), known) for title, values in parts.items()]
    if config == "rl" and (sampled := sampled_responses(dataset)) is not None:
        models = ", ".join(sampled.models)
        source = of_row[sampled.row]
        first = np.unique(sampled.row, return_index=True)[1]
        tables.append(
            _table(
                f"Tokens of the prompt with its images, as {models} counts them",
                source[first],
                sampled.prompt_tokens[first].astype(float),
                known,
            )
        )
        tables.append(_table(f"Tokens of a sample of {models}", source, sampled.tokens.astype(float), known))
    return [table for table in tables if table["lines"]]


def _chars_of(batch: pa.RecordBatch) -> Values:
    values = batch["completion"]
    if pa.types.is_list(values.type):
        return prompt_chars(batch, "completion").astype(float)
    return np.array(pc.utf8_length(values).cast(pa.float64()).to_numpy(zero_copy_only=False))


def _table(title: str, groups: npt.NDArray[np.int64], values: Values, known: dict[str, int]) -> dict[str, Any]:
    """Quantiles of all values and of every source's; a line alone where there is one source."""
    finite = np.isfinite(values)
    groups, values = groups[finite], values[finite]
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(len(known) + 1))
    lines = []
    for name, place in sorted(known.items())[:MOST_SOURCES]:
        mine = values[order[ends[place] : ends[place + 1]]]
        if len(mine):
            lines.append({"source": name, "n": len(mine), **quantiles(mine)})
    if len(lines) > 1:
        lines.insert(0, {"source": "all", "n": len(values), **quantiles(values)})
    return {"title": title, "lines": lines}
