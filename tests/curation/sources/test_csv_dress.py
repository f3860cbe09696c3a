"""CSV as it is found: encodings, separators, quotes; a bad row costs itself alone."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from tests.curation.sources.table_files import read, table, write

TWO = [("How much is 6 / 2?", "3"), ("Which is less, 1,5 or 2?", "1,5")]

DRESSED: dict[str, tuple[str | bytes, dict[str, Any]]] = {
    "commas": ('q,a\nHow much is 6 / 2?,3\n"Which is less, 1,5 or 2?","1,5"\n', {}),
    "semicolons and decimal commas": ("q;a\nHow much is 6 / 2?;3\nWhich is less, 1,5 or 2?;1,5\n", {}),
    "tabs": ("q\ta\nHow much is 6 / 2?\t3\nWhich is less, 1,5 or 2?\t1,5\n", {}),
    "bars": ("q|a\nHow much is 6 / 2?|3\nWhich is less, 1,5 or 2?|1,5\n", {}),
    "a comma in a header of tabs": ("id, old\tq\ta\n1\tHow much is 6 / 2?\t3\n2\tWhich is less, 1,5 or 2?\t1,5\n", {}),
    "a named separator": ("q^a\nHow much is 6 / 2?^3\nWhich is less, 1,5 or 2?^1,5\n", {"csv": {"separator": "^"}}),
    "a named tab": ("q\ta\nHow much is 6 / 2?\t3\nWhich is less, 1,5 or 2?\t1,5\n", {"csv": {"separator": "tab"}}),
    "Excel's first line": ("sep=;\nq;a\nHow much is 6 / 2?;3\nWhich is less, 1,5 or 2?;1,5\n", {}),
    "CR alone": ('q,a\rHow much is 6 / 2?,3\r"Which is less, 1,5 or 2?","1,5"\r', {}),
    "CR alone, line feeds in cells": ('q,a,h\rHow much is 6 / 2?,3,"x\ny"\r"Which is less, 1,5 or 2?","1,5",\r', {}),
    "CR CR LF": ('q,a\r\r\nHow much is 6 / 2?,3\r\r\n"Which is less, 1,5 or 2?","1,5"\r\r\n', {}),
    "CRLF, packed": (gzip.compress(b'q,a\r\nHow much is 6 / 2?,3\r\n"Which is less, 1,5 or 2?","1,5"', mtime=0), {}),
    "UTF-16": ("q\ta\nHow much is 6 / 2?\t3\nWhich is less, 1,5 or 2?\t1,5\n".encode("utf-16"), {}),
    "UTF-16 without a mark": (
        "q,a\nHow much is 6 / 2?,3\n\"Which is less, 1,5 or 2?\",\"1,5\"\n".encode("utf-16-le"), {"encoding": "utf-16-le"}
    ),
    "blanks behind separators": ('q, a\nHow much is 6 / 2?, 3\n"Which is less, 1,5 or 2?", "1,5"\n', {}),
    "blank lines": ('\nq,a\n\nHow much is 6 / 2?,3\n\n"Which is less, 1,5 or 2?","1,5"\n\n\n', {}),
    "empty cells at the end": ('q,a\nHow much is 6 / 2?,3,,\n"Which is less, 1,5 or 2?","1,5",\n', {}),
    "columns without a name": (',q,a,\n0,How much is 6 / 2?,3,\n1,"Which is less, 1,5 or 2?","1,5",\n', {}),
    "no header": ('How much is 6 / 2?,3\n"Which is less, 1,5 or 2?","1,5"\n', {"csv": {"columns": ["q", "a"]}}),
    "named columns and the same header": (
        'q,a\nHow much is 6 / 2?,3\n"Which is less, 1,5 or 2?","1,5"\n', {"csv": {"columns": ["q", "a"]}}
    ),
    "notes above": ("Made in May\nq;a\nHow much is 6 / 2?;3\nWhich is less, 1,5 or 2?;1,5\n", {"csv": {"skip": 1}}),
    "single quotes": (
        "q,a\nHow much is 6 / 2?,3\n'Which is less, 1,5 or 2?','1,5'\n", {"csv": {"quote": "'"}}
    ),
    "a doubled name": (
        'q,a,a\nHow much is 6 / 2?,3,x\n"Which is less, 1,5 or 2?","1,5",x\n', {"csv": {"skip": 1, "columns": ["q", "a", "b"]}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DRESSED)
def test_every_row_is_read(tmp_path: Path, case: str) -> None:
    content, options = DRESSED[case]
    rows = read(write(tmp_path, "x.csv", content), **options)
    assert [(row.question, row.answer.replace("{,}", ",")) for row in rows if isinstance(row, Row)] == TWO
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("encoding", "question"),
    [("cp1252", "Was ist ½ – und “¾”?"), ("gbk", "二加二等于几？"), ("big5", "二加二等於幾？"), ("latin-1", "Où est ½ ?"), ("shift_jis", "二足す二は？")],
)  # fmt: skip
def test_an_encoding_is_named_and_its_lack_is_told(tmp_path: Path, encoding: str, question: str) -> None:
    path = write(tmp_path, "x.csv", f"q,a\nHow many?,1\n{question},4\n".encode(encoding))
    assert [row.question for row in read(path, encoding=encoding) if isinstance(row, Row)] == ["How many?", question]
    with pytest.raises(SourceError, match=r"is not UTF-8: got b'.*' in line 3; name its `encoding`"):
        read(path)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("Q \ud83d?,1", "text_not_unicode"),
        ("Q?,\udca0", "answer_missing"),
        ("Q?,1,\ud800", "wrong_number_of_cells"),
    ],
)
def test_half_a_surrogate_pair_costs_its_row(tmp_path: Path, cells: str, reason: str) -> None:
    content = f"q,a\nQ1?,1\n{cells}\nQ \U0001f600?,2\n".encode("utf-16", "surrogatepass")
    first, bad, last = read(write(tmp_path, "x.csv", content))
    assert isinstance(first, Row)
    assert isinstance(bad, BadRow)
    assert isinstance(last, Row)
    assert (bad.reason, last.question) == (reason, "Q \U0001f600?")
    bad.detail.encode()


BAD: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
    "quotes inside": ('q,a\n"Is "x" a letter?",yes\nQ2?,2\n', {}, ["stray_quote", "Q2?"], "line 2: "),
    "quotes inside, as text": ('q\ta\n"x" is "what"?\t1\nQ2?\t2\n', {"csv": {"quote": ""}}, ['"x" is "what"?', "Q2?"], ""),
    "an open quote": ('q,a\nQ1?,1\n"Q2?,2\nQ3?,3\nQ4?,4\n', {}, ["Q1?", "stray_quote", "Q3?", "Q4?"], "line 3: "),
    "an open quote alone": ('q|a\n"|1\nQ2?|2\nQ3?|3\n', {}, ["stray_quote", "Q2?", "Q3?"], "line 2: "),
    "an open quote far above an end without a line end": (
        'q,a\n"Q1?,1\n' + "Q?,2\n" * 300 + "R?,2", {}, ["stray_quote", *["Q?"] * 300, "R?"], "line 2: "
    ),
    "an open quote above a bad row": (
        'q,a\n"Q1?,1\n' + "Q?,2\n" * 30 + "R?\n", {}, ["stray_quote", *["Q?"] * 30, "wrong_number_of_cells"], "line 2: "
    ),
    "an open quote above rows of which the last has no end": (
        'q,a\n"Q1?,1\n' + "Q?,2\n" * 30 + "R?,2", {}, ["stray_quote", *["Q?"] * 30, "R?"], "line 2: "
    ),
    "two open quotes": ('q,a\n"Q1?,1\n"Q2?,2\nQ3?,3\n', {}, ["stray_quote", "stray_quote", "Q3?"], "line 2: "),
    "an open quote far above": ('q,a\n"Q1?,1\n' + "Q?,2\n" * 3000, {}, ["stray_quote", *["Q?"] * 3000], "line 2: "),
    "a quote inside a bare cell": ('q,a\nHow long is 5" in cm?,12.7\nQ2?,2\n', {}, ['How long is 5" in cm?', "Q2?"], ""),
    "backslashes": ('q,a\n"Say \\"a, b\\" now?",1\nQ2?,2\n', {}, ["stray_quote", "Q2?"], "`csv: {escape: '\\'}`"),
    "backslashes, named": ('q,a\n"Say \\"a, b\\" now?",1\nQ2?,2\n', {"csv": {"escape": "\\"}}, ['Say "a, b" now?', "Q2?"], ""),
    "a comma too many": ("q,a\nHow much is 1,000?,1\nQ2?,2\n", {}, ["wrong_number_of_cells", "Q2?"], "line 2: 3 cells, expected 2"),
    "a cell too few": ('q,a\n"Q1\nand?",1\nQ2?\nQ3?,3\n', {}, ["Q1\nand?", "wrong_number_of_cells", "Q3?"], "line 4: 1 cells"),
    "CR in a bare cell": ("q,a\nQ1?,l\rm\nQ2?,2\n", {}, ["line_end_in_cell", "Q2?"], "line 2: a carriage return in a cell"),
    "CR in the first bare cell": ("q,a\r\nQ\r1?,1\r\nQ2?,2\r\n", {}, ["line_end_in_cell", "Q2?"], "line 2: "),
    "CR in a bare cell, tabs": ("q\ta\nQ1?\tl\rm\nQ2?\t2\n", {}, ["line_end_in_cell", "Q2?"], "line 2: "),
    "CR behind a cell of lines": ('q,a\n"Q1\nIf a, b\nof",l\rm\nQ2?,2\n', {}, ["line_end_in_cell", "Q2?"], "line 2: "),
    "CR in a quoted cell": ('q,a\n"Q\r1?",1\nQ2?,2\n', {}, ["Q\r1?", "Q2?"], ""),
    "a NUL": ("q,a\nHow \0 many?,1\nQ2?,2\n", {}, ["nul_in_cell", "Q2?"], "line 2: "),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_counted_and_those_behind_are_read(tmp_path: Path, case: str) -> None:
    content, options, expected, detail = BAD[case]
    rows = read(write(tmp_path, "x.csv", content), **options)
    assert [row.question if isinstance(row, Row) else row.reason for row in rows] == expected
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert not bad or detail in bad[0].detail
    if bad:
        with pytest.raises(SourceError, match=r"`on_bad_row: drop` counts such rows"):
            read(write(tmp_path, "x.csv", content), on_bad_row="error", **options)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("q,a,b,a\nQ?,1,2,3\n", {}, "columns 2 and 4 of the header are both 'a'; name all columns by `csv: {skip: 1, columns: [...]}`"),
        ("How much?,1\nQ?,2\n", {}, "no row has 'q' (fields.question), 'a' (fields.answer); they have: How much?, 1; where the file has no"),
        ('q,a\nQ?,1\n"cut,2\n', {}, "is truncated: it ends inside row 2"),
        ('q,a\nQ?,1\n"a cell of\nseveral lines that is cut', {}, "is truncated: it ends inside row 2"),
        ('q,a\n"Q?",1\n"Solve:\nIf a = 1, find b.\nAlso', {}, "is truncated: it ends inside row 2"),
        ('q,a\n"Q?",1\n"Solve:\nIf a = 1, find b.', {}, "is truncated: it ends inside row 2"),
        ('q,a\n"Q?",1\n"Solve:\nIf a = 1, find b.\n', {}, "is truncated: it ends inside row 2"),
        ('q,a\n"Q?",1\n"Now, solve:\nIf a = 1, find b.\nAlso\n', {}, "is truncated: it ends inside row 2"),
        ('q,a\n"Q?",1\n"Q2?,1\nR2?,2', {}, "is truncated: it ends inside row 2"),
        ('q\n"Q?"\n"Solve:\nIf a is 1, find b.\n', {}, "is truncated: it ends inside row 2"),
        ("q,a\nQ?\nR?\n", {}, "gives no row; wrong_number_of_cells: line 2: 1 cells, expected 2"),
        ('"q,a\nQ?,1\n', {}, "the header, line 1, is not CSV"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told(tmp_path: Path, content: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError) as error:
        read(write(tmp_path, "x.csv", content), **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "option", [{"csv": {"separator": "::"}}, {"csv": {"quote": "ab"}}, {"encoding": "utf-9"}, {"encoding": "zip"}]
)
def test_wrong_options_are_refused(tmp_path: Path, option: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected"):
        table(tmp_path / "x.csv", **option)


def test_an_empty_cell_and_nan_hold_nothing(tmp_path: Path) -> None:
    content = "q,a,hint,d\nQ1?,1,nan,\nQ2?,None,Think.,NA\nQ3?,,,\nQ4?,NaN,,\nnan,1,,\n"
    fields = {"question": "{hint} {q}", "answer": "a", "domain": "d"}
    rows = read(write(tmp_path, "x.csv", content), fields=fields, gold={"rules": [{"kind": "text"}]}, domain="logic")
    assert [(row.question, row.answer, row.domain) for row in rows if isinstance(row, Row)] == [
        ("Q1?", "1", "logic"),
        ("Think. Q2?", "None", "NA"),
    ]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == [
        "answer_missing",
        "answer_missing",
        "question_missing",
    ]
