"""The evaluation items that rows of the build hit, each by a hash of its content: nothing of their texts, their pictures or the rows.

Whoever has an evaluation set can compute the hashes of its items and look them up. `item_sha256` is made so:

1. text: the question as the manifest's source makes it of the record (options that it lists below the question included), in the Unicode
   form NFKC; then every run of white space is one space, and none is at the ends (Python's `" ".join(text.split())`).
2. images: of the bytes of each image file, in order, the SHA-256 in lower-case hex.
3. The lines of the two, joined by single line feeds, as UTF-8; of that the SHA-256 in lower-case hex.

So the hash of an item without images is that of its text alone.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.core.parquet import read_records, write_records
from curation.core.rows import Rows, file_of
from curation.decontamination.overlap import Hit

ITEMS_FILE = "contaminated_items.parquet"
HIT_ITEMS = pa.schema(
    [
        *((name, pa.string()) for name in ("benchmark", "benchmark_item", "item_sha256")),
        *((name, pa.list_(pa.string())) for name in ("kinds", "sources")),
        ("rows", pa.int64()),
    ]
)
"""`rows` that were dropped or flagged for the item. Where the kinds are `possible_paraphrase` alone nothing was dropped."""


def item_sha256(text: str, images: Sequence[bytes] = ()) -> str:
    """The hash of an evaluation item's content, as the module says.

    >>> item_sha256("What is  ２+2 ?\\n") == hashlib.sha256(b"What is 2+2 ?").hexdigest()
    True
    """
    lines = [" ".join(unicodedata.normalize("NFKC", text).split()), *(hashlib.sha256(i).hexdigest() for i in images)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_hit_items(path: Path, index: Path, hits: Iterable[Hit]) -> None:
    """Write a line for every item that was hit, in the order of the evaluation sets; `index` is that of `benchmarks`."""
    hits_of: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        hits_of.setdefault((hit.benchmark, hit.benchmark_item), []).append(hit)
    write_records(path, HIT_ITEMS, _lines(index / "items.parquet", hits_of))


def _lines(items: Path, hits_of: dict[tuple[str, str], list[Hit]]) -> Iterator[dict[str, Any]]:
    """The texts and images of the items that were hit are read, and no others."""
    names = read_records(items, ["benchmark", "item"], 10_000)
    numbers = [number for number, name in enumerate(names) if (name["benchmark"], name["item"]) in hits_of]
    columns = ["benchmark", "item", "text", "pictures"]
    for _, item in Rows([file_of(items)]).at(np.array(numbers, np.int64), columns):
        hits = hits_of[item["benchmark"], item["item"]]
        yield {
            "benchmark": item["benchmark"],
            "benchmark_item": item["item"],
            "item_sha256": item_sha256(item["text"], item["pictures"]),
            "kinds": sorted({hit.kind for hit in hits}),
            "sources": sorted({hit.source for hit in hits}),
            "rows": len({(hit.source, hit.source_id) for hit in hits}),
        }
