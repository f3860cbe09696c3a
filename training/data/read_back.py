"""python -m training.data.read_back DIR CONFIG/SPLIT ...: whether the trainer reads the splits, one JSON object a line.

Rows go the way they go in training up to the processor, which depends on the model: through `check_shards`, the table, decoded images, and
parts for the images of a prompt; rows of the first and of the last row group, and of some between.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.data.places import with_places
from training.data.shards import read_shards

ROWS = 64
"""Rows of a split, evenly over it."""


def read_back(data: Path, name: str) -> dict[str, Any]:
    """Rows that were read of `CONFIG/SPLIT`, or what is wrong."""
    config, _, split = name.partition("/")
    try:
        if config not in ("rl", "cold_start"):
            raise ValueError(f"got the config {config!r}, expected rl or cold_start")
        table = read_shards(data, config, split)  # type: ignore[arg-type]
        numbers = sorted({len(table) * i // ROWS for i in range(ROWS)} | {len(table) - 1})
        rows = table.dataset(with_places if config == "rl" else None).select(numbers)
        n = 0
        for row in rows:
            if not row["prompt"] or (config == "cold_start" and not row["completion"]):
                raise ValueError(f"{table.place(numbers[n])}: has no prompt or no completion")
            n += 1
        return {"split": name, "rows": n, "error": ""}
    except (ValueError, OSError, KeyError, TypeError) as error:
        return {"split": name, "rows": 0, "error": " ".join(str(error).split()) or type(error).__name__}


def main(arguments: Sequence[str]) -> int:
    data, *names = arguments
    for name in names:
        print(json.dumps(read_back(Path(data), name)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
