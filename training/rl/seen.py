"""`OUTPUT_DIR/difficulty_seen.parquet`: what the policy got of each row while it trained, beside the pass rate that the shard has.

    id, n, n_correct, n_judged, pass_rate, last_step, shard_pass_rate

It is in every checkpoint too, from where a resumed run counts on: nothing is counted twice.
"""

from collections.abc import Iterable, Mapping
from math import isnan
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FILE = "difficulty_seen.parquet"
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("n", pa.int64()),
        ("n_correct", pa.int64()),
        ("n_judged", pa.int64()),
        ("pass_rate", pa.float64()),
        ("last_step", pa.int64()),
        ("shard_pass_rate", pa.float64()),
    ]
)


class DifficultySeen:
    """Counts of responses by row id."""

    def __init__(self, shard_pass_rates: Mapping[str, float | None]) -> None:
        self._shard = dict(shard_pass_rates)
        self._counts: dict[str, list[int]] = {}

    def add(self, ids: Iterable[str], rewards: Iterable[float], step: int) -> None:
        """Count responses; a reward of 1 is correct, NaN is not judged."""
        for row_id, reward in zip(ids, rewards, strict=True):
            counts = self._counts.setdefault(row_id, [0, 0, 0, 0])
            counts[0] += 1
            counts[1] += reward == 1
            counts[2] += not isnan(reward)
            counts[3] = step

    def save(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        ids = sorted(self._counts)
        n, correct, judged, last = zip(*(self._counts[each] for each in ids), strict=True) if ids else ((), (), (), ())
        rates = [c / j if j else None for c, j in zip(correct, judged, strict=True)]
        shard = [self._shard.get(each) for each in ids]
        table = pa.table([ids, n, correct, judged, rates, last, shard], schema=SCHEMA)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{FILE}.part"
        pq.write_table(table, part)
        part.replace(folder / FILE)

    def load(self, folder: Path) -> None:
        """Count on from a checkpoint; one without the file was made by another trainer.

        Raises:
            ValueError: the file is not whole.
        """
        path = folder / FILE
        if not path.is_file():
            return
        try:
            rows = pq.read_table(path, columns=["id", "n", "n_correct", "n_judged", "last_step"]).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise ValueError(f"{path} is not whole: {error}") from error
        self._counts = {row["id"]: [row["n"], row["n_correct"], row["n_judged"], row["last_step"]] for row in rows}
