"""Ids of a source are made unique in a few bytes each, and the ledger is written as a stream."""

import tracemalloc
from pathlib import Path

import pytest

from curation.core.ledger import LedgerWriter, ledger_lines
from curation.sources.base import BadRow
from curation.sources.unique import UniqueIds


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a#2", "a#3"]),
        (["a", "b", "a", "b"], ["a", "b", "a#2", "b#2"]),
        (["a", "a#2", "a"], ["a", "a#2", "a#3"]),
        (["a", "a", "a#2"], ["a", "a#2", "a#2#2"]),
        (["", ""], ["", "#2"]),
    ],
)
def test_a_repeated_id_gets_a_number(given: list[str], made: list[str]) -> None:
    unique = UniqueIds()
    assert [unique(name) for name in given] == made


def test_every_id_is_given_once_through_many_growths() -> None:
    unique = UniqueIds()
    made = [unique(str(number % 9_000)) for number in range(20_000)]
    assert len(set(made)) == 20_000
    assert made[9_000:9_002] == ["0#2", "1#2"]
    assert made[18_000:18_002] == ["0#3", "1#3"]


@pytest.mark.slow
def test_ids_cost_a_few_bytes_each() -> None:
    tracemalloc.start()
    unique = UniqueIds()
    for number in range(50_000):
        unique(f"a rather long identifier of row {number}")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 30 * 50_000


@pytest.mark.slow
def test_a_ledger_holds_its_lines_on_disk_and_shows_them_whole_or_not_at_all(tmp_path: Path) -> None:
    held = []
    with LedgerWriter(tmp_path, "rl", "01-collect", 0) as ledger:
        tracemalloc.start()
        for number in range(30_000):
            ledger.write_bad(BadRow("s", str(number), "reason", "detail"), rank=0)
            if number % 10_000 == 9_999:
                held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert not list(tmp_path.glob("*.parquet"))
    assert [line.source_id for line in ledger_lines(tmp_path)] == [str(number) for number in range(30_000)]
    assert held[2] - held[0] < 2**20  # the first row group imports what it needs


def test_a_step_that_fails_leaves_no_ledger(tmp_path: Path) -> None:
    def fail() -> None:
        with LedgerWriter(tmp_path, "rl", "01-collect", 0) as ledger:
            ledger.write_bad(BadRow("s", "1", "reason"), rank=0)
            raise KeyError("step")

    with pytest.raises(KeyError):
        fail()
    with LedgerWriter(tmp_path, "rl", "01-collect", 1):
        pass
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
