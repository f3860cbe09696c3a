"""The same three records in every format and shape read the same."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from tests.curation.sources.table_files import FILES, LINES, RECORDS, read, table, write


@pytest.mark.parametrize("case", FILES)
def test_every_format_reads_the_same(tmp_path: Path, case: str) -> None:
    rows = read(write(tmp_path, *FILES[case]))
    assert [(row.question, row.answer) for row in rows if isinstance(row, Row)] == [(r["q"], r["a"]) for r in RECORDS]
    assert len({row.source_id for row in rows}) == 3
    assert rows == read(tmp_path / FILES[case][0])


@pytest.mark.parametrize(
    ("content", "options", "question"),
    [
        ('[["What is 1 + 1?", 2]]', {"fields": {"question": "0", "answer": "1"}}, "What is 1 + 1?"),
        ('{"data": {"rows": [{"q": "Q?", "a": 1}]}}', {"records": "data.rows"}, "Q?"),
        ('{"data": {"x": {"q": "Q?", "a": 1}}}', {"records": "data"}, "Q?"),
        ('{"q": "Q?", "a": ["1"]}', {}, "Q?"),
        ('{"q": "Q?", "a": 1}', {"shape": "one"}, "Q?"),
        ('{"a": [1], "q": "Q?"}', {}, "Q?"),
        ('{"https://x.org/a.b": "Q?", "a": 1}\n', {"fields": {"question": "https://x.org/a.b", "answer": "a"}}, "Q?"),
        ('{"chat": [{"role": "user", "content": "Q?"}], "a": 1}', {"fields": {"question": "chat.0.content", "answer": "a"}}, "Q?"),
        ('{"p": "Context.", "t": [{"q": "Q?", "a": 1}]}', {"explode": "t", "fields": {"question": "{p} {each.q}", "answer": "each.a"}}, "Context. Q?"),
    ],
)  # fmt: skip
def test_odd_layouts_are_mapped(tmp_path: Path, content: str, options: dict[str, object], question: str) -> None:
    (row,) = read(write(tmp_path, "rows.json", content), **options)
    assert isinstance(row, Row)
    assert row.question == question
    assert row.answer in ("1", "2")


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "none.json")
    with pytest.raises(SourceError, match="no file matches"):
        read(tmp_path / "*.json")
    with pytest.raises(SourceError, match="no such file"):
        table(tmp_path / "none.json").inputs()


def test_files_are_read_in_the_order_of_their_names_and_ids_name_them(tmp_path: Path) -> None:
    for name in ("b/rows.json", "a/rows.json", "a/other.txt"):
        write(tmp_path, name, json.dumps(RECORDS[:1]))
    source = table(tmp_path / "*" / "rows.json")
    assert [row.source_id for row in source.read(0)] == ["a/rows.json:1", "b/rows.json:1"]
    assert list(source.inputs()) == ["a/rows.json", "b/rows.json"]


def test_limit_reads_no_further(tmp_path: Path) -> None:
    path = write(tmp_path, "rows.json", json.dumps(RECORDS)[:-30])
    assert len(read(path, limit=2)) == 2
    path = write(tmp_path, "rows.jsonl", "broken\n" + "\n".join(LINES))
    assert [type(row) for row in read(path, limit=2)] == [BadRow, Row]


def test_inputs_change_with_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "rows.jsonl", "\n".join(LINES))
    before = table(path).inputs()
    write(tmp_path, "rows.jsonl", "\n".join(LINES[:2]))
    assert before.keys() == table(path).inputs().keys()
    assert before != table(path).inputs()


def test_files_beside_a_record_are_joined(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path, f"p{number}/problem.json", json.dumps({"q": f"What is {number}?", "a": number}))
    write(tmp_path, "p1/solutions.json", json.dumps([{"text": "Well: <think>It is 1.</think>1"}, {"text": "no"}]))
    rows = read(
        tmp_path / "p*" / "problem.json",
        join={"solutions": "solutions.json"},
        explode="solutions",
        fields={"question": "q", "answer": "a", "completion": "each.text"},
        completion_pattern="(?s)<think>.*",
    )
    assert [row.completion for row in rows if isinstance(row, Row)] == ["<think>It is 1.</think>1", "no"]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["beside_unreadable"]


@pytest.mark.slow
def test_memory_stays_flat_over_json_lines_and_parquet(tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for size in (100, 1000):
        rows = [{"q": f"What is {i}? " + "x" * 1000, "a": str(i)} for i in range(size)]
        write(tmp_path, "rows.jsonl", "\n".join(map(json.dumps, rows)))
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", row_group_size=100)
        del rows
        for name in ("rows.jsonl", "rows.parquet"):
            sum(1 for _ in table(tmp_path / name).read(0))  # imports
            tracemalloc.start()
            sum(1 for _ in table(tmp_path / name).read(0))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert max(peaks[2] / peaks[0], peaks[3] / peaks[1]) < 2
