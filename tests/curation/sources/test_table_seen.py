"""A field that no row has ends the reading, wherever it is named; one that some rows have does not."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.cli import main
from curation.core.errors import SourceError
from curation.core.row import Row
from tests.curation.sources.table_files import read, write

RECORDS = [
    {
        "problem": f"How many are {n} and 1?",
        "solution": str(n + 1),
        "choices": {"text": ["1", "2"]},
        "subject": "sums",
        "level": None,
    }
    for n in range(4)
]
FIELDS = {"question": "problem", "answer": "solution"}


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        ({"question": "problm"}, {}, "no row has 'problm' (fields.question); they have: problem, solution, choices, subject, level; did you mean 'problem'?"),
        ({"answer": "solutions"}, {}, "'solutions' (fields.answer)"),
        ({"answer": "solutions"}, {"gold": {"required": False}}, "did you mean 'solution'?"),
        ({"options": "choices.txt"}, {}, "did you mean 'choices.text'"),
        ({"options": "choice"}, {}, "(fields.options)"),
        ({"images": "image"}, {}, "(fields.images)"),
        ({"images": "image"}, {"images": {"required": False}}, "(fields.images)"),
        ({"images": ["level", "img/{subjects}.png"]}, {"images": {"required": False}}, "'subjects' (fields.images)"),
        ({"question": "{hint}\n{problem}"}, {}, "'hint' (fields.question)"),
        ({"id": "uid"}, {}, "'uid' (fields.id)"),
        ({"id": "{subject}-{uid}"}, {}, "'uid' (fields.id)"),
        ({"domain": "topic"}, {}, "(fields.domain)"),
        ({"stratum": "levl"}, {}, "did you mean 'level'?"),
        ({"language": "lang"}, {}, "(fields.language)"),
        ({"license": "licence"}, {}, "(fields.license)"),
        ({"completion": "trace"}, {}, "(fields.completion)"),
        ({"teacher": "model", "id": "uid"}, {}, "'uid' (fields.id), 'model' (fields.teacher)"),
        ({"options": "choices.text.9"}, {}, "'choices.text.9'"),
    ],
)  # fmt: skip
def test_it_is_named_with_those_that_are_there(
    tmp_path: Path, fields: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    path = write(tmp_path, "x.json", json.dumps(RECORDS))
    for limit in (None, 1, 4):
        with pytest.raises(SourceError) as error:
            read(path, fields=FIELDS | fields, limit=limit, **options)
        assert message in str(error.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"question": "{problem}{more}"},
        {"domain": "level"},
        {"id": "$key"},
        {"teacher": "=R1"},
        {"images": ["more", "img/{level}.png"]},
        {"stratum": "more"},
    ],
)
def test_a_field_of_one_row_is_enough(tmp_path: Path, fields: dict[str, Any]) -> None:
    path = write(tmp_path, "x.json", json.dumps([*RECORDS, {**RECORDS[0], "more": None}]))
    for limit, count in ((None, 5), (2, 2)):
        rows = read(path, fields=FIELDS | fields, limit=limit, images={"required": False})
        assert len([row for row in rows if isinstance(row, Row)]) == count


def test_lists_say_that_they_are_lists(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="they are lists, whose items are 0 to 1"):
        read(write(tmp_path, "x.jsonl", '["Q?", "1"]\n["R?", "2"]'))


@pytest.mark.parametrize("limit", [[], ["--limit", "2"], ["--limit", "100"]])
def test_a_build_ends_with_the_line_beside_other_sources(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: list[str]
) -> None:
    write(tmp_path, "x.json", json.dumps(RECORDS))
    sources = [
        {"kind": "table", "name": "good", "path": "x.json", "fields": FIELDS},
        {"kind": "table", "name": "bad", "path": "x.json", "fields": {**FIELDS, "domain": "topic"}},
    ]
    (tmp_path / "m.yaml").write_text(yaml.safe_dump({"name": "m", "rl": {"sources": sources}}))
    assert main(["build", str(tmp_path / "m.yaml"), "--out", str(tmp_path / "out"), *limit]) == 1
    assert "source 'bad': no row has 'topic' (fields.domain); they have: problem" in capsys.readouterr().err
