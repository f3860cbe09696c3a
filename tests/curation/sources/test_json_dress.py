"""The values of a JSON file, whatever they are dressed as: each is read, or the line says what stands where."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.json_values import decode
from tests.curation.sources.table_files import read, write

ITEMS = [{"q": f"How much is {n} times 3?", "a": str(3 * n)} for n in range(1, 5)]
ONE = [json.dumps(item) for item in ITEMS]
PRETTY = [json.dumps(item, indent=2) for item in ITEMS]
PYTHON = [repr(item) for item in ITEMS]
PAGE = {
    "features": [{"feature_idx": 0, "name": "q"}],
    "rows": [{"row_idx": n, "row": r, "truncated_cells": []} for n, r in enumerate(ITEMS)],
}

DRESSED: dict[str, tuple[str, str | bytes]] = {
    "objects one after the other": ("x.json", "\n".join(PRETTY)),
    "with blank lines between": ("x.json", "\n\n  \n".join(PRETTY) + "\n\n"),
    "with CRLF": ("x.json", "\r\n".join(PRETTY).replace("\n", "\r\n")),
    "with a byte order mark": ("x.json", "\ufeff" + "\n".join(PRETTY)),
    "in UTF-16": ("x.json", "\n".join(PRETTY).encode("utf-16")),
    "packed": ("x.json.gz", gzip.compress("\n".join(PRETTY).encode(), mtime=0)),
    "without anything between": ("x.json", "".join(PRETTY)),
    "on one line": ("x.json", " ".join(ONE)),
    "on one line of JSON Lines": ("x.jsonl", "".join(ONE)),
    "over several lines in JSON Lines": ("x.jsonl", "\n".join(PRETTY)),
    "one of them over several lines": ("x.jsonl", "\n".join([ONE[0], PRETTY[1], ONE[2], ONE[3]])),
    "broken after the first key": ("x.jsonl", "\n".join(line.replace(', "a"', ',\n "a"') for line in ONE)),
    "two lists": ("x.json", json.dumps(ITEMS[:2], indent=1) + "\n" + json.dumps(ITEMS[2:], indent=1)),
    "a list, then lines": ("x.json", f"[{ONE[0]},\n{ONE[1]}]\n{ONE[2]}\n{ONE[3]}\n"),
    "a line, then a list": ("x.json", f"{PRETTY[0]}\n[{', '.join(PRETTY[1:])}]"),
    "a list a line": ("x.json", f"[{ONE[0]}, {ONE[1]}]\n[{ONE[2]}]\n[{ONE[3]}]\n"),
    "a list a line, named jsonl": ("x.jsonl", f"[{ONE[0]}, {ONE[1]}]\n[{ONE[2]}, {ONE[3]}]\n"),
    "a list of lists of records": ("x.json", f"[[{ONE[0]}, {ONE[1]}], [{ONE[2]}, {ONE[3]}]]"),
    "commas at the ends of lines": ("x.jsonl", ",\n".join(ONE)),
    "commas at the ends of lines, named json": ("x.json", ",\n".join(ONE) + ","),
    "a comma behind the last": ("x.json", "[\n" + ",\n".join(ONE) + ",\n]\n"),
    "a list in lines": ("x.jsonl", "[\n" + ",\n".join(ONE) + "\n]"),
    "lines in a text file": ("x.txt", "\n".join(ONE)),
    "record separators": ("x.json", "".join(f"\x1e{line}\n" for line in ONE)),
    "record separators, named jsonl": ("x.jsonl", "".join(f"\x1e{line}\n" for line in ONE)),
    "Python's words": ("x.json", repr(ITEMS)),
    "Python's words in lines": ("x.jsonl", "\n".join(PYTHON)),
    "Python's tuple": ("x.json", "[" + ", ".join(PYTHON) + ",]"),
    "Python 2": ("x.json", "[" + ", ".join(PYTHON).replace("'q'", "u'q'").replace("'a'", "u'a'") + "]"),
    "JavaScript's keys": ("x.json", "[" + ",\n".join(ONE).replace('"q"', "q").replace('"a"', "a") + "]"),
    "comments": ("x.json", f"// [the set]\n[{ONE[0]}, /* {{second}} */ {ONE[1]},\n// 'third\n{ONE[2]}, {ONE[3]}] // end"),
    "a page of the rows API": ("x.json", json.dumps(PAGE)),
    "two pages": ("x.json", "\n".join(json.dumps({**PAGE, "rows": PAGE["rows"][k : k + 2]}, indent=1) for k in (0, 2))),
    "pages in lines": ("x.jsonl", "\n".join(json.dumps({**PAGE, "rows": PAGE["rows"][k : k + 2]}) for k in (0, 2))),
    "a wrapper": ("x.json", json.dumps({"version": "1.0", "license": {"name": "MIT"}, "data": ITEMS})),
    "a wrapper whose list is first": ("x.json", json.dumps({"examples": ITEMS, "count": 4})),
    "a wrapper in a wrapper": ("x.json", json.dumps({"set": {"name": "x", "items": ITEMS}, "tags": ["a", "b"]})),
    "beside another list": ("x.json", json.dumps({"images": [{"id": 1, "file": "a.png"}], "annotations": ITEMS})),
    "one group that is named like a split": ("x.json", json.dumps({"test": ITEMS})),
    "columns in a wrapper": ("x.json", json.dumps({"data": {"q": [r["q"] for r in ITEMS], "a": [r["a"] for r in ITEMS]}})),
    "keys of one record": ("x.json", json.dumps([{f"Problem_{n}": item} for n, item in enumerate(ITEMS)])),
    "keys of one record in lines": ("x.jsonl", "\n".join(json.dumps({f"P{n}": item}) for n, item in enumerate(ITEMS))),
    "keys of one record after each other": ("x.json", "\n".join(json.dumps({f"P{n}": i}, indent=1) for n, i in enumerate(ITEMS))),
    "lists by one key": ("x.json", json.dumps([{"One": ITEMS[:3]}, {"Two": ITEMS[3:]}])),
    "JSON in JSON's text": ("x.jsonl", "\n".join(map(json.dumps, ONE))),
    "a list of JSON's texts": ("x.json", json.dumps(ONE)),
    "byte order marks between": ("x.json", "\n".join(f"\ufeff{text}" for text in PRETTY)),
    "byte order marks of lines": ("x.jsonl", "\n".join(f"\ufeff{line}" for line in ONE)),
    "CR alone": ("x.jsonl", "\r".join(ONE)),
    "hits of a search": ("x.json", json.dumps({"took": 1, "hits": {"total": 4, "hits": ITEMS}})),
    "a table of pandas": ("x.json", json.dumps({"schema": {"fields": [{"name": "q"}]}, "data": ITEMS})),
    "groups of records by key": ("x.json", json.dumps({"Maths": {"m1": ITEMS[0], "m2": ITEMS[1]}, "Logic": {"l1": ITEMS[2], "l2": ITEMS[3]}})),
}  # fmt: skip


@pytest.mark.parametrize("case", DRESSED)
def test_every_value_of_a_file_is_read(tmp_path: Path, case: str) -> None:
    rows = read(write(tmp_path, *DRESSED[case]))
    assert [(row.question, row.answer) for row in rows if isinstance(row, Row)] == [(r["q"], r["a"]) for r in ITEMS]
    assert len({row.source_id for row in rows}) == len(rows) == 4


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ('["Q1?", "1"]\n["Q2?", "2"]', {"fields": {"question": "0", "answer": "1"}}, ["Q1?", "Q2?"]),
        ('[["Q1?", "1"], ["Q2?", "2"]]', {"fields": {"question": "0", "answer": "1"}}, ["Q1?", "Q2?"]),
        ('{"x": ["Q1?", "1"], "y": ["Q2?", "2"]}', {"fields": {"question": "0", "answer": "1"}}, ["Q1?", "Q2?"]),
        ('{"P_1": {"q": "Q?", "a": 1}}\n', {"fields": {"question": "Number {$key}: {q}", "answer": "a"}}, ["Number P_1: Q?"]),
        ('{"question": {"stem": "Q1?"}, "key": "1"}\n{"question": {"stem": "Q2?"}, "key": "2"}',
         {"fields": {"question": "question.stem", "answer": "key"}}, ["Q1?", "Q2?"]),
        ('{\n"question": {"stem": "Q1?"}, "key": "1"}\n{"question": {"stem": "Q2?"}, "key": "2"}',
         {"fields": {"question": "question.stem", "answer": "key"}}, ["Q1?", "Q2?"]),
        ('[{"role": "user", "content": "Q1?"}, {"role": "assistant", "content": "1"}]\n' * 2,
         {"fields": {"question": "0.content", "answer": "1.content"}}, ["Q1?", "Q1?"]),
        ('[[{"q": "Q1?", "a": 1}, {"q": "x", "a": 2}]]',
         {"shape": "array", "fields": {"question": "0.q", "answer": "0.a"}}, ["Q1?"]),
        ('{"q": "a line\n\tand another?", "a": "1"}\n{"q": "Q2?", "a": "2"}', {}, ["a line\n\tand another?", "Q2?"]),
    ],
)  # fmt: skip
def test_records_are_known_by_the_field_of_the_question(
    tmp_path: Path, content: str, options: dict[str, Any], expected: list[str]
) -> None:
    rows = read(write(tmp_path, "rows.json", content), **options)
    assert [row.question for row in rows if isinstance(row, Row)] == expected


def test_columns_of_pandas_go_together_by_their_index(tmp_path: Path) -> None:
    content = {"q": {"0": "Q0?", "1": "Q1?", "2": "Q2?"}, "a": {"0": 0, "2": 2, "1": 1}, "d": {"2": "two"}}
    rows = read(write(tmp_path, "x.json", json.dumps(content)), fields={"question": "q", "answer": "a", "domain": "d"})
    assert [(row.question, row.answer, row.domain) for row in rows if isinstance(row, Row)] == [
        ("Q0?", "0", ""),
        ("Q1?", "1", ""),
        ("Q2?", "2", "two"),
    ]


SPLITS = {"train": ITEMS[:2], "test": ITEMS[2:], "dev-hard": ITEMS[:1]}


@pytest.mark.parametrize(
    ("content", "split", "expected"),
    [
        (SPLITS, "test", 2),
        (SPLITS, "train+dev-hard", 3),
        ({"data": SPLITS}, "test", 2),
        ({"name": "x", "train": {"data": ITEMS[:3]}, "validation": {"data": ITEMS[3:]}}, "train", 3),
        ({"train": {"k1": ITEMS[0], "k2": ITEMS[1]}, "test": {"k3": ITEMS[2]}}, "train", 2),
    ],
)
def test_a_split_of_a_file_is_chosen(tmp_path: Path, content: Any, split: str, expected: int) -> None:
    path = write(tmp_path, "x.json", json.dumps(content))
    options = {"records": "data"} if "data" in content else {}
    assert len(read(path, split=split, **options)) == expected
    with pytest.raises(SourceError, match=r"holds the splits .*; choose with `split: train`"):
        read(path, **options)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("x.json", json.dumps(SPLITS), {"split": "val"}, "no split 'val'; it has train, test, dev-hard"),
        ("x.json", json.dumps(ITEMS), {"split": "train"}, "has no splits; leave `split` out"),
        ("x.csv", "q,a\nQ?,1\n", {"split": "train"}, "a file of csv has no splits"),
        ("x.json", f"[{ONE[0]}]\nand more", {}, "got 'a': line 2 column 1, after 1 records"),
        ("x.json", f"[{ONE[0]}]]", {}, "got ']': line 1 column 44, after 1 records"),
        ("x.json", f"[{ONE[0]}];", {}, "got ';'"),
        ("x.json", f'[{ONE[0]}] "left over"', {}, "got '\"'"),
        ("x.json", f"{PRETTY[0]}\n<html>", {}, "got '<': line 5 column 1"),
        ("x.json", f"load([{ONE[0]}]);", {}, "starts with b'load(["),
        ("x.json", "[{'q': 'Q?', 'a': array([1, 2])}]", {}, "is not JSON: Expecting property name"),
        ("x.json", "[{'q': 'one' 'two', 'a': 1}]", {}, "is not JSON"),
        ("x.json", '[{"q": "Q?", "a": 1},\n{"q": "Q?" "a": 1}]', {}, "line 2 column 12, after 1 records"),
        ("x.json", json.dumps({"a": [ITEMS[0]], "b": {"c": [ITEMS[1]]}}), {}, "records at a, b; name the place"),
        ("x.json", '{"q": ["Q?"], "a": ["1"], "q": ["R?"]}', {}, "key 'q' stands twice"),
        ("x.json", "[]\n[]", {}, "holds no records"),
        ("x.json", f'{{"data": [{ONE[0]}], "data": [{ONE[1]}]}}', {}, "expected the key 'data' once"),
        ("x.json", f'{{"v": 1, "data": [{ONE[0]}]}}\n{ONE[1]}\n[]', {}, "where one has nothing at 'data': line 3"),
        ("x.json", f'{{"v": 1,\n"data": [{ONE[0]}]}}\n{ONE[1]}{ONE[2]}', {}, "where one has nothing at 'data'"),
        ("x.json", '{"q": ["Q1?", "Q2?"], "a": ["1"]}', {}, "columns of different lengths (q: 2, a: 1)"),
        ("x.json", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", {}, "`git lfs pull`"),
        ("x.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", {}, "a pointer of Git LFS"),
        ("x.csv", "<!DOCTYPE html>\n<html>", {}, "is a web page"),
        ("x.json", '[{"q": "Q?", "a": 1}\n{"q": "R?"', {}, "is truncated: it ends at byte 31 inside record 2"),
        ("x.json", "[{'q': 'Q?', 'a': 1}, {'q': 'it", {}, "is truncated"),
        ("x.json", '[{"q": "Ünd?", "a": 1}]'.encode("cp1252"), {}, "line 1 column 9, after 0 records; name its `encoding`"),
        ("x.json", '[{"q": "Q?", "a": 1}]'.encode("utf-16-le"), {}, "name its `encoding`"),
        ("x.jsonl", ONE[0] + "\nbroken", {"on_bad_row": "error"}, "record 2: line_not_json"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError) as error:
        read(write(tmp_path, name, content), **options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("x.json", json.dumps([{"q": "二加二等于几？", "a": 4}], ensure_ascii=False), "gbk"),
        ("x.json", json.dumps([{"q": "二加二等于几？", "a": 4}], ensure_ascii=False, indent=1), "gb18030"),
        ("x.jsonl", json.dumps({"q": "二加二等于几？", "a": 4}, ensure_ascii=False), "big5"),
        ("x.jsonl", json.dumps({"q": "Wieviel ist ½·8 – genau?", "a": 4}, ensure_ascii=False), "cp1252"),
        ("x.json", json.dumps([{"q": "Wieviel?", "a": 4}]), "utf-16-le"),
        ("x.json", json.dumps([{"q": "Сколько?", "a": 4}], ensure_ascii=False), "koi8-r"),
    ],
)
def test_an_encoding_can_be_named(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    (row,) = read(write(tmp_path, name, content.encode(encoding)), encoding=encoding)
    assert isinstance(row, Row)
    assert row.question in content


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_a_record_that_alone_is_bad_is_counted(tmp_path: Path, name: str) -> None:
    records = [ONE[0], '{"q": "Q?", "a": 1, "a": 2}', '{"q": "Q?", "a": 3, "a": 3}', ONE[1]]
    content = "\n".join(records) if name == "x.jsonl" else f"[{', '.join(records)}]"
    rows = read(write(tmp_path, name, content))
    assert [getattr(row, "reason", "") for row in rows] == ["", "key_twice", "", ""]


def test_a_record_over_lines_is_read_behind_bad_lines(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "x.jsonl", "\n".join(["{bad", ONE[0], "{bad", ONE[1], "{bad", ONE[2], PRETTY[3]])))
    assert [row.answer if isinstance(row, Row) else row.reason for row in rows] == [
        *("line_not_json", "3", "line_not_json", "6", "line_not_json", "9"),
        "12",
    ]


def test_a_page_whose_cells_were_cut_is_no_record(tmp_path: Path) -> None:
    rows = [
        {"row_idx": 0, "row": ITEMS[0], "truncated_cells": []},
        {"row_idx": 1, "row": ITEMS[1], "truncated_cells": ["q"]},
    ]
    good, bad = read(write(tmp_path, "x.json", json.dumps({"rows": rows})))
    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert "truncated_cells" in bad.detail


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": "Infinity", "c": "-Infinity"}),
        (b"{'a': nan, 'b': inf, 'c': [None, True, False,],}", {"a": None, "b": "Infinity", "c": [None, True, False]}),
        (b"{1: (1, 2), 2.5: 'it\\'s \\xe9', u'k': \"it's\"}", {"1": [1, 2], "2.5": "it's é", "k": "it's"}),
        (b'{"a": "http://x//y /* no */ , ]", }', {"a": "http://x//y /* no */ , ]"}),
        (b"{a: undefined, $b: 1e5, _c: -2}", {"a": None, "$b": 100000.0, "_c": -2}),
        (b"[1,, 2]", None),
        (b"{'a': b'bytes'}", None),
        (b"{'a', 'b'}", None),
    ],
)
def test_dialects(raw: bytes, value: Any) -> None:
    if value is None:
        with pytest.raises(ValueError, match="Expecting"):
            decode(raw)
    else:
        got = decode(raw)
        assert {key: float(v) if key == "$b" else v for key, v in got.items()} == value


def test_numbers_stay_as_they_were_written(tmp_path: Path) -> None:
    for name, content in (("x.json", '[{"q": "Q?", "a": %s}]'), ("x.jsonl", '{"q": "Q?", "a": %s}')):  # fmt: skip
        for number in ("32.40", "0.12345678901234567890", "0.5", "12345678901234567890123"):
            (row,) = read(write(tmp_path, name, content % number))
            assert isinstance(row, Row)
            assert row.answer == number
