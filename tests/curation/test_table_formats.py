"""The same three records in every format and shape read the same; broken files end in one clear line."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.errors import SourceError
from curation.row import Row
from curation.sources.base import BadRow
from curation.sources.table import Table
from curation.tables.surrogates import JsonText

RECORDS = [
    {"q": "What is 1 + 1?", "a": "2"},
    {"q": 'Say "so, what"\nin numbers: 2 + 1?', "a": "3"},
    {"q": "Was ist ½ + ½ – als Zahl?", "a": "1"},
]
LINES = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
ARROW = pa.Table.from_pylist(RECORDS)


def arrow_stream(table: pa.Table = ARROW, rows_per_batch: int = 1) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_per_batch)
    return sink.getvalue()


def arrow_file() -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, ARROW.schema) as writer:
        writer.write_table(ARROW)
    return sink.getvalue()


def parquet(table: pa.Table = ARROW) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


def csv_text(separator: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["q", "a"], delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(RECORDS)
    return text.getvalue()


COLUMNS = {key: [record[key] for record in RECORDS] for key in ("q", "a")}
FILES: dict[str, tuple[str, str | bytes]] = {
    "array": ("rows.json", json.dumps(RECORDS)),
    "array, indented": ("rows.json", json.dumps(RECORDS, indent=4)),
    "array, byte order mark": ("rows.json", "\ufeff" + json.dumps(RECORDS)),
    "array, wrong name": ("rows.csv", json.dumps(RECORDS)),
    "array, no name": ("rows", json.dumps(RECORDS)),
    "by key": ("rows.json", json.dumps({f"k{i}": record for i, record in enumerate(RECORDS)}, indent=1)),
    "groups": ("rows.json", json.dumps({"one": RECORDS[:2], "two": RECORDS[2:]})),
    "columns": ("rows.json", json.dumps(COLUMNS)),
    "columns of pandas": (
        "rows.json",
        json.dumps({k: {str(i): v for i, v in enumerate(c)} for k, c in COLUMNS.items()}),
    ),
    "lines": ("rows.jsonl", "\n".join(LINES) + "\n"),
    "lines named json": ("rows.json", "\n".join(LINES)),
    "lines named txt": ("rows.txt", "\n".join(LINES)),
    "lines, CRLF": ("rows.jsonl", "\r\n".join(LINES) + "\r\n"),
    "lines, byte order mark": ("rows.jsonl", "\ufeff" + "\n".join(LINES)),
    "lines, blank ones between": ("rows.json", "\n\n" + "\n\n  \n".join(LINES) + "\n\n"),
    "array, UTF-16": ("rows.json", json.dumps(RECORDS, ensure_ascii=False).encode("utf-16")),
    "lines, UTF-16": ("rows.txt", "\n".join(LINES).encode("utf-16-be").join([b"\xfe\xff", b""])),
    "csv, UTF-16": ("rows.csv", csv_text().encode("utf-16")),
    "csv, UTF-32": ("rows.csv", csv_text().encode("utf-32")),
    "lines, gzip": ("rows.jsonl.gz", gzip.compress("\n".join(LINES).encode(), mtime=0)),
    "array, bz2": ("rows.json.bz2", bz2.compress(json.dumps(RECORDS).encode())),
    "csv, xz": ("rows.csv.xz", lzma.compress(csv_text().encode())),
    "lines, zstd": ("rows.jsonl.zst", zstd("\n".join(LINES).encode())),
    "lines, gzip in two parts, wrong name": (
        "rows.json",
        gzip.compress(f"{LINES[0]}\n{LINES[1][:9]}".encode(), mtime=0)
        + gzip.compress(f"{LINES[1][9:]}\n{LINES[2]}".encode(), mtime=0),
    ),
    "csv, UTF-16, gzip": ("rows.csv.gz", gzip.compress(csv_text().encode("utf-16"), mtime=0)),
    "parquet, gzip": ("rows.parquet.gz", gzip.compress(parquet(), mtime=0)),
    "arrow stream, xz": ("rows.arrow.xz", lzma.compress(arrow_stream())),
    "arrow file, gzip": ("rows.arrow.gz", gzip.compress(arrow_file(), mtime=0)),
    "csv": ("rows.csv", csv_text()),
    "csv named txt": ("rows.txt", csv_text()),
    "csv, CRLF": ("rows.csv", csv_text(end="\r\n")),
    "csv, semicolons": ("rows.csv", csv_text(";")),
    "csv, tabs and byte order mark": ("rows.tsv", "\ufeff" + csv_text("\t")),
    "parquet": ("rows.parquet", parquet()),
    "parquet, wrong name": ("rows.json", parquet()),
    "arrow stream": ("rows.arrow", arrow_stream()),
    "arrow file": ("rows.arrow", arrow_file()),
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(path: Path, **options: object) -> Table:
    options = {"fields": {"question": "q", "answer": "a"}, **options}
    return Table.model_validate({"kind": "table", "name": "t", "path": str(path), **options})


def read(path: Path, **options: object) -> list[Row | BadRow]:
    return list(table(path, **options).read(seed=0))


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
        ('{"p": "Context.", "t": [{"q": "Q?", "a": 1}]}', {"each": "t", "fields": {"question": "{p} {each.q}", "answer": "each.a"}}, "Context. Q?"),
    ],
)  # fmt: skip
def test_odd_layouts_are_mapped(tmp_path: Path, content: str, options: dict[str, object], question: str) -> None:
    (row,) = read(write(tmp_path, "rows.json", content), **options)
    assert isinstance(row, Row)
    assert row.question == question
    assert row.answer in ("1", "2")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.json", "", "is empty"),
        ("x.json", " \n\n", "is empty"),
        ("x.json", "[]", "holds no records"),
        ("x.json", "{}", "holds no records"),
        ("x.csv", "q,a\n", "holds no records"),
        ("x.json", json.dumps(RECORDS)[:-30], "is truncated: it ends at byte"),
        ("x.json", json.dumps({"k": RECORDS[0], "l": RECORDS[1]})[:-9], "inside record 2"),
        ("x.json", '[{"q": "Q?", "a": ' + "9" * 6000 + "}]", "is not JSON"),
        ("x.json", "[" * 100_000, "is truncated"),
        ("x.json", b'[{"q": "\xff", "a": 1}]', "is not JSON"),
        ("x.json", '[{"q": "Q?", "a": 1},\n {"q": nonsense}]', "line 2 column 8"),
        ("x.json", "plain text", "expected JSON, JSON Lines, CSV, Parquet or Arrow"),
        ("x.json", b"\x1f\x8b\x08\x00rest", "is truncated: its compressed data ends after 0 bytes"),
        ("x.json", b"PK\x03\x04rest", "is not a sound zip archive"),
        ("x.csv", "q,a\nx,1".encode("utf-16")[:-1], "is truncated: it is not whole UTF-16"),
        ("x.json", b"\0\0\0\0\0\0\0", "expected JSON"),
        ("x.csv", b"q,a\nQ\xff?,1\n", "is not UTF-8"),
        ("x.csv", 'q,a\n"Q?",1\n"open,2\n', "is truncated: it ends inside row 2"),
        ("x.parquet", parquet()[:-20], "is not a sound Parquet file"),
        ("x.parquet", parquet()[:40] + b"\0" * 40 + parquet()[80:], "Parquet file"),
        ("x.arrow", arrow_stream()[:-60], "is truncated"),
        ("x.arrow", arrow_stream()[:40], "is truncated"),
        ("x.arrow", arrow_file()[:-60], "Arrow file"),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, name: str, content: str | bytes, told: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(SourceError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "none.json")
    with pytest.raises(SourceError, match="no file matches"):
        read(tmp_path / "*.json")
    with pytest.raises(SourceError, match="no such file"):
        table(tmp_path / "none.json").inputs()


@pytest.mark.parametrize(
    ("name", "content", "complete"),
    [
        ("x.json", json.dumps(RECORDS)[:-30], 2),
        ("x.json", json.dumps(RECORDS)[:-1], 3),
        ("x.json", json.dumps({"k": RECORDS[0], "l": RECORDS[1], "m": 1})[:-5], 2),
        ("x.csv", 'q,a\n"Q?",1\n"open,2\n', 1),
        ("x.arrow", arrow_stream()[:-60], 2),
    ],
)
def test_a_truncated_file_can_keep_its_complete_rows(
    tmp_path: Path, name: str, content: str | bytes, complete: int
) -> None:
    rows = read(write(tmp_path, name, content), on_truncated="keep")
    assert [type(row) for row in rows] == [Row] * complete + [BadRow]
    assert isinstance(rows[-1], BadRow)
    assert rows[-1].reason == "truncated_file"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.jsonl", f"{LINES[0]}\n{{broken\n{LINES[1]}\n", "line_not_json"),
        ("x.jsonl", f"{LINES[0]}\n{LINES[2][:20]}", "line_not_json"),
        ("x.jsonl", f"{{broken\n{LINES[0]}\n", "line_not_json"),
        ("x.jsonl", f"{LINES[0]}\n{'[' * 100_000}\n", "line_not_json"),
        ("x.jsonl", LINES[0].encode() + b'\n{"q": "\xff"}\n', "line_not_json"),
        ("x.csv", "q,a\nQ?,1\nQ?,2,3\n", "wrong_number_of_cells"),
    ],
)
def test_a_bad_line_is_a_counted_drop(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    rows = read(write(tmp_path, name, content))
    assert [row.reason for row in rows if isinstance(row, BadRow)] == [reason]
    assert any(isinstance(row, Row) for row in rows)


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
        beside={"solutions": "solutions.json"},
        each="solutions",
        fields={"question": "q", "answer": "a", "completion": "each.text"},
        completion_pattern="(?s)<think>.*",
    )
    assert [row.completion for row in rows if isinstance(row, Row)] == ["<think>It is 1.</think>1", "no"]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["beside_unreadable"]


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


@pytest.mark.parametrize("case", FILES)
def test_a_damaged_file_gives_rows_or_one_clear_line(tmp_path: Path, case: str) -> None:
    name, content = FILES[case]
    sound = content.encode() if isinstance(content, str) else content
    draw = random.Random(case)
    for number in range(30):
        damaged = bytearray(sound)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(damaged) or 1)
            match draw.randrange(4):
                case 0:
                    damaged[place : place + 1] = draw.randbytes(1)
                case 1:
                    del damaged[place : place + draw.randint(1, 20)]
                case 2:
                    damaged[place:place] = draw.choice([b'"', b"{", b"[", b"\n", b"\\", b"\0"])
                case _:
                    del damaged[place:]
        path = write(tmp_path, f"{number}/{name}", bytes(damaged))
        assert "\n" not in error_of(path)


def error_of(path: Path) -> str:
    try:
        read(path, on_truncated="keep")
    except SourceError as error:
        return str(error)
    return ""


ESCAPED = {
    "half": r"half \ud800 pair",
    "second half": r"half \udc00 pair",
    "half before a pair": r"\ud83d\ud83d\ude00",
    "half before an escape": r"\ud83d\n",
    "half at the end": r"\uD83D",
    "pair": r"whole \ud83d\ude00 pair",
    "backslash": r"\\ud800",
    "backslashes": r"\\\\\\ud800 \\\\",
    "half after a backslash": r"\\\ud800",
    "accents": r"\u00e9\u0301",
}


@pytest.mark.parametrize("case", ESCAPED)
def test_half_a_surrogate_pair_costs_its_row_in_arrays_as_in_lines(tmp_path: Path, case: str) -> None:
    record = '{"q": "%s?", "a": 1}' % ESCAPED[case]  # noqa: UP031
    content = json.dumps(RECORDS[0]), record, json.dumps(RECORDS[1])
    array = read(write(tmp_path, "rows.json", f"[{', '.join(content)}]"))
    lines = read(write(tmp_path, "rows.jsonl", "\n".join(content)))
    assert [type(row) for row in array] == [type(row) for row in lines]
    assert [row.question for row in array if isinstance(row, Row)] == [
        row.question for row in lines if isinstance(row, Row)
    ]
    assert [row.reason for row in array if isinstance(row, BadRow)] == ["text_not_unicode"] * ("half" in case)


@pytest.mark.parametrize("size", range(1, 30))
def test_escapes_survive_every_way_of_cutting_the_bytes(size: int) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return super().read(piece)

    piece = size
    whole = rb'["\ud83d\ude00", "\ud83d", "\\\\ud800\\", "\\\ud800\u00e9", "\udc00\ud83d\ude00\\\\"]'
    text, got = JsonText(Slow(whole), "x", 100), b""
    while chunk := text.read(64):
        got += chunk
    half = rb"\udbff\udfff"
    assert (
        got
        == rb'["\ud83d\ude00", "'
        + half
        + rb'", "\\\\ud800\\", "\\'
        + half
        + rb'\u00e9", "'
        + half
        + rb'\ud83d\ude00\\\\"]'
    )
    assert text.with_surrogates([{"k\U0010ffff": "\U0010ffff"}]) == [{"k\ud800": "\ud800"}]
