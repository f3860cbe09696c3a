"""Rows are read by number, with what was decided since they were written."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation.core.decision import Decision, decision_schema, drop, keep, write_decisions
from curation.core.row import Row, make_row
from curation.core.rows import Rows, decided
from curation.core.schema import Column
from tests.curation.stages import stored

N_WORDS = Column("n_words", pa.int32())


def row(number: int) -> Row:
    return make_row(source="s", source_id=str(number), question=f"What is {number}?")


def after(
    rows: Rows, folder: Path, made: list[Decision], sets: tuple[str, ...] = (), adds: tuple[Column, ...] = ()
) -> Rows:
    """The rows after a stage that decided so."""
    remaining = iter(made)
    kept = {
        file.path.name: write_decisions(
            folder / file.path.name,
            decision_schema(folder.name, sets, adds),
            [next(remaining) for _ in range(file.n_rows)],
        )
        for file in rows.files
    }
    return decided(rows, folder, kept)


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Nine rows in three files; two stages dropped 0, 4 and 8, and set what is set."""
    written = stored([[row(i) for i in numbers] for numbers in (range(4), range(4, 5), range(5, 9))], tmp_path / "rows")
    first = after(
        written,
        tmp_path / "one",
        [drop("r") if i in (0, 4) else keep("seen" * (i % 2), n_words=i) for i in range(9)],
        (),
        (N_WORDS,),
    )
    numbers = [i for i in range(9) if i not in (0, 4)]
    made = [drop("r") if i == 8 else keep("again" if i == 1 else "", domain="odd" if i % 2 else None) for i in numbers]
    return after(first, tmp_path / "two", made, ("domain",))


LEFT = [1, 2, 3, 5, 6, 7]


def test_dropped_rows_are_gone_and_the_others_have_what_was_set(rows: Rows) -> None:
    assert len(rows) == 6
    assert [one.source_id for one in rows] == [str(i) for i in LEFT]
    assert [one.domain for one in rows] == ["odd" if i % 2 else "" for i in LEFT]
    assert [one.extra for one in rows] == [{"n_words": i} for i in LEFT]
    assert next(iter(rows)).provenance == (("one", "seen"), ("two", "again"))


def test_a_number_is_that_of_a_row_that_is_left(rows: Rows) -> None:
    found = list(rows.at(np.array([5, 0, 3]), ["source_id", "n_words", "domain"]))
    assert found == [(n, {"source_id": str(LEFT[n]), "n_words": LEFT[n], "domain": "odd"}) for n in (0, 3, 5)]
    assert rows.column("n_words", np.int32).tolist() == LEFT
    assert rows.written.tolist() == LEFT
    assert {task: numbers.tolist() for task, numbers in rows.numbers_by_task().items()} == {
        "00000": [-1, 0, 1, 2], "00001": [-1], "00002": [3, 4, 5, -1],
    }  # fmt: skip


def test_what_only_decisions_hold_is_read_without_the_rows(rows: Rows) -> None:
    for file in rows.files:
        assert json.loads(json.dumps([record for record in file.read(["n_words"])])) == [
            {"n_words": i}
            for i in rows.column("n_words", np.int32).tolist()
            if row(i).source_id in {r["source_id"] for r in file.read(["source_id"])}
        ]


def test_a_part_is_one_file(rows: Rows) -> None:
    assert [len(rows.part(i)) for i in range(3)] == [3, 0, 3]
    assert [record["id"] for record in rows.part(2).records(["id"])] == [row(i).id for i in (5, 6, 7)]


def test_what_was_decided_is_found_in_long_files(tmp_path: Path) -> None:
    """Of which a part is in memory at a time."""
    written = stored([[row(i) for i in range(2_500)]], tmp_path / "rows")
    made = [drop("r") if i % 3 == 0 else keep(domain=f"d{i}" if i % 2 else None) for i in range(2_500)]
    left = after(written, tmp_path / "one", made, ("domain",))
    expected = {i: f"d{i}" if i % 2 else "" for i in range(2_500) if i % 3}
    assert {int(one.source_id): one.domain for one in left} == expected
    some = np.array([5, 900, 1_600])
    assert [record["domain"] for _, record in left.at(some)] == [list(expected.values())[i] for i in some]


def test_no_rows_are_no_rows() -> None:
    empty = Rows([])
    assert (len(empty), list(empty), list(empty.at(np.array([], np.int64))), empty.written.tolist()) == (0, [], [], [])
