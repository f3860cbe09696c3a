"""From records to rows: expressions, options, instructions; and what cannot become a row."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from curation.build.load import load_manifest
from curation.core.errors import ManifestError, SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.expression import MISSING, evaluate
from curation.sources.formats.record import Record
from curation.sources.table import Table

RECORD = Record(
    "sub/rows.json", None, 7, "k7", {"a": {"b": [10, {"c": None}]}, "a.b": "dotted", "u/v.w": {"x": 1}, "n": 0}
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("n", 0),
        ("a.b", "dotted"),  # the longest key wins
        ("a.b.0", MISSING),
        ("u/v.w.x", 1),
        ("a", {"b": [10, {"c": None}]}),
        ("none", MISSING),
        ("n.x", MISSING),
        ("=n", "n"),
        ("$key", "k7"),
        ("$line", 7),
        ("$file", "sub/rows.json"),
        ("$stem", "rows"),
        ("img/{$key}-{n}{none}.png", "img/k7-0.png"),
    ],
)
def test_expressions(expression: str, expected: Any) -> None:
    assert evaluate(expression, RECORD) == expected


def test_lists_are_indexed() -> None:
    record = Record("f", None, 1, "", {"a": [10, [20, {"b": 30}]]})
    cases = {"a.0": 10, "a.-1.1.b": 30, "a.2": MISSING, "a.x": MISSING, "a.1.5": MISSING}
    assert {path: evaluate(path, record) for path in cases} == cases


def rows_of(folder: Path, records: list[Any], **options: Any) -> list[Row | BadRow]:
    path = folder / "rows.json"
    path.write_text(json.dumps(records))
    options = {"fields": {"question": "q", "answer": "a"}, **options}
    return list(Table.model_validate({"kind": "table", "name": "t", "path": str(path), **options}).read(0))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"a": 1}, "field_missing"),
        ({"q": "Q?"}, "field_missing"),
        ({"q": None, "a": 1}, "question_missing"),
        ({"q": "  ", "a": 1}, "question_missing"),
        ({"q": ["Q?"], "a": 1}, "question_not_text"),
        ({"q": "Q?", "a": ""}, "answer_missing"),
        ("only text", "field_missing"),
        (None, "field_missing"),
        ([], "field_missing"),
    ],
)
def test_a_bad_record_is_dropped_with_its_reason(tmp_path: Path, record: Any, reason: str) -> None:
    good, bad = rows_of(tmp_path, [{"q": "Q?", "a": 1}, record])
    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert (bad.source, bad.source_id, bad.reason) == ("t", "2", reason)
    assert bad.detail


LONE = "lone \ud800 a pair"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        *(({field: LONE}, "text_not_unicode") for field in ("q", "a", "c", "id", "teacher", "domain")),
        ({"q": LONE, "i": PNG}, "text_not_unicode"),
        ({"o": ["x", LONE], "a": "x"}, "text_not_unicode"),
        ({"q": f"Think. {LONE}"}, "text_not_unicode"),
        ({"i": LONE}, "picture_missing"),
        ({"id": LONE, "q": ""}, "question_missing"),
    ],
)
def test_text_that_is_not_unicode_costs_one_row(tmp_path: Path, record: dict[str, Any], reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"q": "Q?", "a": 1, **dict.fromkeys(("c", "o", "id", "i", "teacher", "domain"))}
    rows = [row, {**row, **record}, row]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {"question": "q", "answer": "a", "completion": "c", "options": "o", "id": "id", "images": "i"}
    source = Table.model_validate(
        {
            "kind": "table",
            "path": str(path),
            "fields": {**columns, "teacher": "teacher", "domain": "domain"},
            "images": {"read_as": "base64" if record.get("i") == PNG else "auto", "required": False},
            "strip": ["Think."],
        }
    )
    first, bad, last = source.read(0)
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert isinstance(bad, BadRow)
    assert bad.reason == reason
    assert bad.source_id.encode()
    assert bad.detail.encode()


@pytest.mark.parametrize("field", ["q", "a"])
def test_a_record_nested_too_deep_is_dropped(tmp_path: Path, field: str) -> None:
    deep = "[0," * 50_000 + "0" + "]" * 50_000
    values = {"q": '"Q?"', "a": "1"}
    records = [
        "{" + ", ".join(f'"{key}": {value}' for key, value in record.items()) + "}"
        for record in (values, values | {field: deep})
    ]
    (tmp_path / "rows.json").write_text(f"[{', '.join(records)}]")
    fields = {"question": "q", "answer": "a"}
    source = Table.model_validate({"kind": "table", "path": str(tmp_path / "rows.json"), "fields": fields})
    good, bad = source.read(0)
    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert bad.reason == "record_too_deep"


def test_a_field_that_no_record_has_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"source 't': no row has 'anwser' \(fields.answer\); they have: q, a"):
        rows_of(tmp_path, [{"q": "Q?", "a": 1}] * 2, fields={"question": "q", "answer": "anwser"})


def test_options_are_listed_below_the_question_once(tmp_path: Path) -> None:
    records = [
        {"q": "Which?", "a": 9, "o": ["7", "9"]},
        {"q": "Which?\nA. 7\nB. 9", "a": "B", "o": [7, 9]},
        {"q": "2?", "a": 2, "o": None},
    ]
    rows = rows_of(tmp_path, records, fields={"question": "q", "answer": "a", "options": "o"})
    assert [(r.question, r.answer, r.answer_kind, r.format) for r in rows if isinstance(r, Row)] == [
        ("Which?\nA. 7\nB. 9", "B", "choice", "choice"),
        ("Which?\nA. 7\nB. 9", "B", "choice", "choice"),
        ("2?", "2", "math", "open"),
    ]
    assert isinstance(rows[0], Row)
    assert json.loads(rows[0].answer_options) == {"choices": ["7", "9"]}
    assert rows[0].provenance == (
        ("collect", "answer '9' read as 'B'"),
        ("collect", "options listed below the question"),
    )


def test_options_are_read_off_the_question(tmp_path: Path) -> None:
    (row,) = rows_of(
        tmp_path,
        [{"q": "Which?\nA. 7\nB. 9", "a": "B: because"}],
        fields={"question": "q", "answer": "a", "options": "$question"},
        gold={"answer_pattern": r"\A\W*([A-H])(?![A-Za-z])"},
    )
    assert isinstance(row, Row)
    assert (row.answer, json.loads(row.answer_options)) == ("B", {"choices": ["7", "9"]})


def test_instructions_are_stripped_and_noted(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, [{"q": "Think. What is 1? Box it.", "a": 1}], strip=["Box it.", "Think.", "Sing."])
    assert isinstance(row, Row)
    assert row.question == "What is 1?"
    assert row.provenance == (("collect", "instruction removed: Box it."), ("collect", "instruction removed: Think."))


def test_columns_come_from_the_source_or_the_record(tmp_path: Path) -> None:
    records = [
        {"q": "Q?", "a": 1, "lang": "zh", "n": "x1", "none": None},
        {"q": "Q2?", "a": 1, "lang": None, "n": "x2"},
    ]
    fields = {"question": "q", "answer": "a", "language": "lang", "id": "n", "teacher": "=R1", "domain": "none"}
    rows = rows_of(tmp_path, records, fields=fields, language="en", domain="logic", license="MIT", weight=2)
    columns = [(r.source_id, r.language, r.domain, r.license, r.teacher, r.weight) for r in rows if isinstance(r, Row)]
    assert columns == [("x1", "zh", "logic", "MIT", "R1", 2.0), ("x2", "en", "logic", "MIT", "R1", 2.0)]


def test_lists_of_texts_are_read_as_texts_and_others_told(tmp_path: Path) -> None:
    stated: list[Any] = [["sums"], ["sums", "sets"], [], {"name": "sums"}, [["sums"], []], 7]
    rows = rows_of(
        tmp_path, [{"q": "Q?", "a": 1, "d": d} for d in stated], fields={"question": "q", "answer": "a", "domain": "d"}
    )
    got = [row.domain if isinstance(row, Row) else row.reason for row in rows]
    assert got == ["sums", "sums, sets", "", "domain_not_text", "domain_not_text", "7"]


def test_traces_may_have_no_gold(tmp_path: Path) -> None:
    fields = {"question": "q", "answer": "a", "completion": "c"}
    (row,) = rows_of(tmp_path, [{"q": "Q?", "a": None, "c": "text"}], fields=fields, gold={"required": False})
    assert isinstance(row, Row)
    assert (row.answer, row.completion) == ("", "text")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pth": "x"}, "pth"),
        ({"path": "x", "hub": "a/b"}, "expected `path` or `hub`"),
        ({}, "expected `path` or `hub`"),
        ({"path": "x", "fields": {"question": "q", "anwser": "a"}}, "fields.anwser"),
        ({"path": "x", "fields": {"answer": "a"}}, "fields.question"),
        ({"path": "x", "images": {"rot": "y"}}, "images.rot"),
        ({"path": "x", "gold": {"answer_pattern": "(open"}}, "gold.answer_pattern"),
        ({"path": "x", "gold": {"rules": [{"kind": "number", "whn": "x"}]}}, "gold.rules.0.whn"),
        ({"path": "x", "format": "xml"}, "format"),
        ({"path": "x", "completion_pattern": "["}, "completion_pattern"),
    ],
)
def test_a_wrong_option_names_its_key(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        Table.model_validate({"kind": "table", "fields": {"question": "q"}, **options})
    first = error.value.errors()[0]
    assert message in ".".join(map(str, first["loc"])) + " " + first["msg"]


def test_a_wrong_option_is_told_with_its_place_in_the_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "m.yaml"
    manifest.write_text("name: m\nrl:\n  sources:\n    - {kind: table, path: x, fields: {question: q, anwser: a}}\n")
    with pytest.raises(
        ManifestError, match=r"rl\.sources\[0\]\.fields: unknown option 'anwser'; did you mean 'answer'"
    ):
        load_manifest(manifest)


@pytest.mark.parametrize(
    ("column", "stated", "expected"),
    [
        ("stratum", "Level 2", "easy"),
        ("stratum", "Level 5", "challenging"),
        ("stratum", "challenging", "challenging"),
        ("stratum", "Level ?", "intermediate"),
        ("stratum", None, "intermediate"),
        ("domain", "Math", "mathematics"),
        ("domain", "biology", "science"),
        ("domain", "mathcode", "mathcode"),
        ("domain", "", "other"),
    ],
)
def test_stated_levels_and_domains_get_one_name(tmp_path: Path, column: str, stated: str | None, expected: str) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"q": "How many?", "a": "1", "stated": stated}))
    table = Table.model_validate(
        {
            "path": str(tmp_path / "rows.jsonl"),
            "stratum": "intermediate",
            "domain": "other",
            "fields": {"question": "q", "answer": "a", column: "stated"},
            "levels": {"easy": "Level [12]", "challenging": "Level [45]"},
            "domains": {"mathematics": "(?i)math", "science": "biology|physics"},
        }
    )
    (row,) = table.read(0)
    assert isinstance(row, Row)
    assert getattr(row, column) == expected


@pytest.mark.parametrize("option", ["levels", "domains"])
def test_values_that_are_no_pattern_are_refused(option: str) -> None:
    with pytest.raises(ValidationError, match="not a regular expression"):
        Table.model_validate({"path": "x", "fields": {"question": "q"}, option: {"easy": "("}})
