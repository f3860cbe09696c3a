"""The columns of a config's shards, a batch in memory at a time, and what is counted of them by group."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.row import Config
from curation.release.dataset import Dataset
from curation.release.report.intervals import Sums

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BATCH_ROWS = 50_000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def batches(dataset: Dataset, config: Config, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The named columns of every shard, `difficulty.pass_rate` a field of one; one that a shard does not have is left out."""
    for shard in dataset.shards(config):
        with pq.ParquetFile(shard) as file:
            known = file.schema_arrow
            names = [name for name in columns if _has(known, name)]
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=names)


def _has(schema: pa.Schema, name: str) -> bool:
    column, _, field = name.partition(".")
    if column not in schema.names:
        return False
    kind = schema.field(column).type
    return not field or (pa.types.is_struct(kind) and kind.get_field_index(field) >= 0)


def numbers(batch: pa.RecordBatch, column: str, field: str = "") -> Floats:
    """A column of numbers, or a field of one, nan where there is none."""
    if column not in batch.schema.names:
        return np.full(len(batch), np.nan)
    values = batch.column(column)
    if field:
        if values.type.get_field_index(field) < 0:
            return np.full(len(batch), np.nan)
        values = pc.struct_field(values, field)
    return np.array(values.cast(pa.float64()).to_numpy(zero_copy_only=False), float)


def codes(values: pa.Array, known: dict[str, int]) -> Ints:
    """The number of every text in `known`, which grows."""
    encoded = pc.dictionary_encode(pc.fill_null(values, ""))
    places = np.array([known.setdefault(text, len(known)) for text in encoded.dictionary.to_pylist()], np.int64)
    return places[encoded.indices.to_numpy(zero_copy_only=False)] if len(values) else np.empty(0, np.int64)


def prompt_chars(batch: pa.RecordBatch, column: str = "prompt") -> Ints:
    """The characters of all messages of a row."""
    messages = batch.column(column)
    lengths = pc.fill_null(pc.utf8_length(pc.struct_field(messages.flatten(), "content")), 0)
    ends = np.concatenate([[0], np.cumsum(lengths.to_numpy(zero_copy_only=False))])
    offsets = messages.offsets.to_numpy() - messages.offsets[0].as_py()
    chars: Ints = np.diff(ends[offsets]).astype(np.int64)
    return chars


class Rates:
    """Sums of rates by group number, which grow as groups come."""

    def __init__(self) -> None:
        self._sums = np.zeros((3, 0))

    def add(self, groups: Ints, values: Floats) -> None:
        """Values that are nan do not count."""
        known = np.isfinite(values)
        groups, values = groups[known], values[known]
        size = max(int(groups.max(initial=-1)) + 1, self._sums.shape[1])
        sums = np.zeros((3, size))
        sums[:, : self._sums.shape[1]] = self._sums
        for place, weights in enumerate((np.ones_like(values), values, values**2)):
            sums[place] += np.bincount(groups, weights, minlength=size)
        self._sums = sums

    def of(self, group: int) -> Sums:
        if group >= self._sums.shape[1]:
            return Sums(0, 0.0, 0.0)
        n, total, squares = self._sums[:, group].tolist()
        return Sums(int(n), total, squares)


def quantiles(values: npt.NDArray[Any]) -> dict[str, float | None]:
    """p50, p90, p99 and max, values that occur; None where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(QUANTILES)
    found = np.quantile(known, list(QUANTILES.values()), method="inverted_cdf")
    return {name: float(value) for name, value in zip(QUANTILES, found, strict=True)}
