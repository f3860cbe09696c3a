"""The sizes of the set's images by source, and how many tokens a model makes of each.

Tokens are those of Qwen2.5-VL: both sides rounded to multiples of 28, one token for every 28 by 28 pixels (`images.budget`).
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from curation.images.budget import FACTOR, MAX_PIXELS, MIN_PIXELS, model_size
from curation.images.safe import ImageError, inspect
from curation.release.dataset import Dataset
from curation.release.report.columns import quantiles

MOST_ROWS = 20_000
"""Rows whose images are opened; of a larger set row groups spread evenly over it."""
MEASURES = ("width", "height", "pixels", "bytes", "tokens")


def image_table(dataset: Dataset, most_rows: int) -> tuple[list[dict[str, Any]], bool]:
    """A line for every source and measure; and whether not all images were opened."""
    groups = [
        (config, shard, group)
        for config in dataset.configs
        for shard in dataset.shards(config)
        for group in _groups(shard)
    ]
    n_rows = sum(n for *_, (_, n) in groups)
    is_part = n_rows > most_rows
    step = max(n_rows / most_rows, 1.0)
    chosen = [groups[int(i * step)] for i in range(int(np.ceil(len(groups) / step))) if int(i * step) < len(groups)]
    found: dict[str, list[tuple[int, ...]]] = {}
    images_of_row: dict[str, list[int]] = {}
    n_broken = 0
    for shard, of_shard in groupby(chosen, key=itemgetter(1)):
        for source, images in _images(shard, [group for *_, (group, _) in of_shard]):
            if images:
                images_of_row.setdefault(source, []).append(len(images))
            for data in images:
                try:
                    found.setdefault(source, []).append(_measure(data))
                except ImageError:
                    n_broken += 1
    lines = [
        {"source": source, "n": len(values), "measure": name, **quantiles(column)}
        for source, values in sorted(found.items())
        for name, column in zip(MEASURES, np.array(values, float).T, strict=True)
    ]
    lines += [
        {"source": source, "n": len(counts), "measure": "images of a row", **quantiles(np.array(counts, float))}
        for source, counts in sorted(images_of_row.items())
    ]
    if n_broken:
        lines.append({"source": "(not readable)", "n": n_broken, "measure": "images", **quantiles(np.empty(0))})
    return sorted(lines, key=lambda line: str(line["source"])), is_part and bool(lines)


def _groups(shard: Path) -> Iterator[tuple[int, int]]:
    """Row groups of a shard with images in their columns: number and rows."""
    metadata = pq.read_metadata(shard)
    if "images" in pq.read_schema(shard).names:
        yield from ((group, metadata.row_group(group).num_rows) for group in range(metadata.num_row_groups))


def _images(shard: Path, groups: list[int]) -> Iterator[tuple[str, list[bytes]]]:
    """Source and images of every row of some row groups, one group in memory at a time."""
    with pq.ParquetFile(shard) as file:
        for group in groups:
            for record in file.read_row_group(group, columns=["source", "images"]).to_pylist():
                yield record["source"], [image["bytes"] for image in record["images"] or () if image["bytes"]]


def _measure(data: bytes) -> tuple[int, ...]:
    info = inspect(data)
    wide, high = model_size(info.width, info.height, MIN_PIXELS, MAX_PIXELS)
    return info.width, info.height, info.width * info.height, len(data), wide * high // FACTOR**2
