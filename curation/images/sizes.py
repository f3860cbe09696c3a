"""How large the released images are: what a trainer's memory has to hold."""

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from curation.core.parquet import read_records
from curation.images.safe import inspect

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def image_sizes(shards: Iterable[Path]) -> dict[str, Any] | None:
    """Quantiles of width, height, pixels and bytes over the images, and of the images of a row over the rows that have any.

    Reads headers only and keeps 21 bytes an image. None where no row has an image, as in the cold-start set.

    Raises:
        ImageError: an image in a shard cannot be opened.
    """
    columns = {"width": array("H"), "height": array("H"), "pixels": array("L"), "bytes": array("L")}
    per_row = array("H")
    with_images = (shard for shard in shards if "images" in pq.read_schema(shard).names)
    for record in (record for shard in with_images for record in read_records(shard, ["images"])):
        if not record["images"]:
            continue
        per_row.append(len(record["images"]))
        for image in record["images"]:
            info = inspect(image["bytes"])
            values = (info.width, info.height, info.width * info.height, len(image["bytes"]))
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    if not per_row:
        return None
    quantiles = {name: _quantiles(values) for name, values in {**columns, "pictures_per_row": per_row}.items()}
    return {"rows": len(per_row), "pictures": len(columns["width"]), **quantiles}


def _quantiles(values: "array[int]") -> dict[str, int]:
    """The quantiles as values that occur, not means between two of them."""
    quantiles = np.quantile(np.asarray(values), list(QUANTILES.values()), method="inverted_cdf")
    return {name: int(value) for name, value in zip(QUANTILES, quantiles, strict=True)}
