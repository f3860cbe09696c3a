"""The order of rows: by weight, by difficulty, by stratum; the same for every process and every resumed run."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.conftest import row, write_shard
from training.data.order import row_order
from training.data.shards import read_shards
from training.data.table import ShardTable


def shards(folder: Path, n: int = 60, **columns: list[Any]) -> ShardTable:
    path = folder / "train-00000-of-00001.parquet"
    write_shard(path, [row(i) for i in range(n)])
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, path)
    return read_shards(folder, "rl")


def rates(values: list[float | None]) -> list[dict[str, Any] | None]:
    sampler = {"template_hash": "", "temperature": 1.0, "top_p": 1.0, "max_tokens": 8}
    return [None if value is None else {"pass_rate": value, "sampler": sampler} for value in values]


def test_rows_come_as_often_as_their_weight_says(tmp_path: Path) -> None:
    table = shards(tmp_path, weight=[0.0, 1.0, 3.0] * 20)
    order = row_order(table, range(60), "weight", seed=3, n_draws=240)
    turns = Counter(order)
    assert not any(turns[number] for number in range(0, 60, 3))
    assert all(turns[number] in (2, 3, 4) for number in range(1, 60, 3))  # 240 x 1 / 80 = 3
    assert all(turns[number] in (8, 9, 10) for number in range(2, 60, 3))
    half = Counter(order[:120])
    assert all(abs(half[number] - turns[number] / 2) <= 1 for number in turns)  # spread evenly
    assert row_order(table, range(60), "weight", seed=3, n_draws=300)[:240] == order  # a longer run begins alike
    assert row_order(table, range(60), "weight", seed=4, n_draws=240) != order


@pytest.mark.parametrize(("order", "first"), [("easy_first", 0.9), ("hard_first", 0.1)])
def test_difficulty_rises_or_falls_in_every_epoch(order: str, first: float, tmp_path: Path) -> None:
    values = [0.1, 0.5, 0.9] * 20
    table = shards(tmp_path, difficulty=rates(values))
    numbers = row_order(table, range(60), order, seed=0, n_draws=120)
    for epoch in (numbers[:60], numbers[60:]):
        assert sorted(epoch) == list(range(60))
        assert {values[number] for number in epoch[:20]} == {first}
        assert {values[number] for number in epoch[20:40]} == {0.5}
    assert numbers[:60] != numbers[60:]


def test_every_batch_has_the_strata_in_proportion(tmp_path: Path) -> None:
    strata = ["easy"] * 30 + ["hard"] * 20 + [None] * 10
    table = shards(tmp_path, stratum=strata)
    numbers = row_order(table, range(60), "strata", seed=0, n_draws=60)
    assert sorted(numbers) == list(range(60))
    for start in range(0, 60, 12):
        counts = Counter(strata[number] for number in numbers[start : start + 12])
        assert abs(counts["easy"] - 6) <= 1
        assert abs(counts["hard"] - 4) <= 1


@pytest.mark.parametrize(
    ("order", "columns", "message"),
    [
        (
            "weight",
            {"weight": [1.0] * 59 + [float("nan")]},
            r"row 0+3b has weight nan, expected a number from 0 \(1 of 60 rows\)",
        ),
        ("weight", {"weight": [-1.0] + [1.0] * 59}, "row 0+ has weight -1.0"),
        ("weight", {"weight": [0.0] * 60}, "all rows have weight 0"),
        ("weight", {}, r"row 0+ has weight None, .*\(60 of 60 rows\)"),
        ("easy_first", {"difficulty": rates([0.5] * 59 + [None])}, "row 0+3b has pass rate None"),
        ("hard", {}, "--order 'hard': expected one of random, weight, easy_first, hard_first, strata"),
    ],
)
def test_rows_without_what_the_order_goes_by_are_one_line(
    order: str, columns: dict[str, list[Any]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        row_order(shards(tmp_path, **columns), range(60), order, seed=0, n_draws=60)
