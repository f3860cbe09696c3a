"""Broken files end in one clear line, what is whole in them can be kept; a bad line costs its row alone."""

import gzip
import io
import json
import random
from pathlib import Path

import pytest

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.json_text import JsonText
from tests.curation.sources.damage import mutants
from tests.curation.sources.table_files import FILES, LINES, RECORDS, arrow_file, arrow_stream, parquet, read, write


@pytest.mark.parametrize(
    ("name", "content", "message"),
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
        ("x.json", b"PK\x03\x04rest", "is not a valid zip archive"),
        ("x.csv", "q,a\nx,1".encode("utf-16")[:-1], "is truncated: it is not whole UTF-16"),
        ("x.json", b"\0\0\0\0\0\0\0", "expected JSON"),
        ("x.csv", b"q,a\nQ\xff?,1\n", "is not UTF-8"),
        ("x.csv", 'q,a\n"Q?",1\n"open,2\n', "is truncated: it ends inside row 2"),
        ("x.parquet", parquet()[:-20], "is not a valid Parquet file"),
        ("x.parquet", parquet()[:40] + b"\0" * 40 + parquet()[80:], "Parquet file"),
        ("x.arrow", arrow_stream()[:-60], "is truncated"),
        ("x.arrow", arrow_stream()[:40], "is truncated"),
        ("x.arrow", arrow_file()[:-60], "Arrow file"),
    ],
)
def test_a_broken_file_ends_in_one_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(SourceError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "complete"),
    [
        ("x.json", json.dumps(RECORDS)[:-30], 2),
        ("x.json", json.dumps(RECORDS)[:-1], 3),
        ("x.json", json.dumps({"k": RECORDS[0], "l": RECORDS[1], "m": 1})[:-5], 2),
        ("x.jsonl", f"{LINES[0]}\n{LINES[1]}\n{LINES[2][:20]}", 2),
        ("x.jsonl", f'{LINES[0]}\n{{\n"q": "Q?",\n"a', 1),
        ("x.jsonl.gz", gzip.compress(f"{LINES[0]}\n{LINES[2][:20]}".encode(), mtime=0), 1),
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
        ("x.jsonl", f"{LINES[0]}\n{LINES[2][:20]}\n", "line_not_json"),
        ("x.jsonl", f'{LINES[0]}\n{{"q": "Q?", "a": nonsense}}', "line_not_json"),
        ("x.jsonl", f'{LINES[0]}\n{{"q": "Q?" "a": 1', "line_not_json"),
        ("x.jsonl", f'{LINES[0]}\n{{"q": "Q?"}}]', "line_not_json"),
        ("x.jsonl", LINES[0].encode() + b'\n{"q": "\xff", "a', "line_not_json"),
        ("x.jsonl", f"{LINES[0]}\nnonsense", "line_not_json"),
        ("x.jsonl", f'{LINES[0]}\n{{"q": {"9" * 200_000} x', "line_not_json"),
        ("x.jsonl", f"{LINES[0]}\n{{{'x' * ((1 << 18) - 1)}\n{LINES[1]}", "line_not_json"),
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


@pytest.mark.parametrize("case", FILES)
def test_a_damaged_file_gives_rows_or_one_clear_line(tmp_path: Path, case: str) -> None:
    name, content = FILES[case]
    valid = content.encode() if isinstance(content, str) else content
    draw = random.Random(case)
    for number, damaged in enumerate(mutants(valid, draw, 30)):
        path = write(tmp_path, f"{number}/{name}", damaged)
        assert "\n" not in error_of(path)


def error_of(path: Path) -> str:
    try:
        read(path, on_truncated="keep")
    except SourceError as error:
        return str(error)
    return ""


CUT = r"""{"q": "Wie \"viel\" ist ½ \u00e9?", "o": ["a, 'b'", {"c": -1.5e3}, true], "a": "x\\"}"""


@pytest.mark.parametrize("line", [CUT, CUT.replace('"q"', "'q'").replace("true", "None"), CUT.replace('"a":', "a:")])
def test_a_line_that_is_cut_anywhere_ends_in_one_line(tmp_path: Path, line: str) -> None:
    whole = line.encode()
    for n in range(1, len(whole)):
        path = write(tmp_path, "x.jsonl", LINES[0].encode() + b"\n" + whole[:n])
        with pytest.raises(SourceError, match=r"x\.jsonl is truncated: it ends inside line 2$"):
            read(path)
    assert [type(row) for row in read(write(tmp_path, "x.jsonl", LINES[0].encode() + b"\n" + whole))] == [Row, Row]


ESCAPED = {
    "lone": r"lone \ud800 pair",
    "lone second": r"lone \udc00 pair",
    "lone before a pair": r"\ud83d\ud83d\ude00",
    "lone before an escape": r"\ud83d\n",
    "lone at the end": r"\uD83D",
    "pair": r"whole \ud83d\ude00 pair",
    "backslash": r"\\ud800",
    "backslashes": r"\\\\\\ud800 \\\\",
    "lone after a backslash": r"\\\ud800",
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
    assert [row.reason for row in array if isinstance(row, BadRow)] == ["text_not_unicode"] * ("lone" in case)


@pytest.mark.parametrize("size", range(1, 30))
def test_values_survive_every_way_of_cutting_the_bytes(size: int) -> None:
    class Slow(io.BytesIO):
        def read1(self, _: int | None = -1) -> bytes:
            return super().read(size)

    values = [
        rb'{"a": ["\ud83d\ude00", "]\\", "\"}"], "b": {}}',
        rb'"\\\\\ud800\""',
        b"'it\\'s'",
        b"-1.5e3",
        b"[[], {}]",
    ]
    text = JsonText(Slow(b"\xef\xbb\xbf\n [ " + b" ,\n /* ] */ ".join(values) + b" // [\n ]\x1e\n{"), "x", 1000)
    text.enter()
    assert [text.take() for _ in values] == values
    assert text.at_end
    text.leave()
    assert text.peek() == b"{"
    text = JsonText(Slow(b"[" + b", ".join(values) + b"]"), "x", 1000)
    text.enter()
    for _ in values:
        text.skip()
    text.leave()
    assert text.peek() == b""
