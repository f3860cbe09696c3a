"""Passages with many questions, records in two files, folders, and columns as Parquet nests them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.expression import evaluate
from curation.sources.formats.record import Record
from tests.curation.sources.table_files import arrow_stream, parquet, read, table, write

SQUAD = {
    "version": "x",
    "data": [
        {
            "title": "Bees",
            "paragraphs": [
                {"context": "A bee has six legs.", "qas": [{"id": "b1", "question": "How many legs?", "answers": [{"text": "six"}]}]},
                {
                    "context": "A hive has one queen.",
                    "qas": [
                        {"id": "b2", "question": "How many queens?", "answers": [{"text": "one"}]},
                        {"id": "b3", "question": "What has one?", "answers": [{"text": "a hive"}]},
                    ],
                },
            ],
        },
        {"title": "Ants", "paragraphs": [{"context": "Ants march.", "qas": []}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("explode", "question", "records"),
    [
        ("paragraphs.*.qas", "{title}: {paragraphs.context} {each.question}", ""),
        ("paragraphs.*.qas", "{title}: {paragraphs.context} {each.question}", "data"),
        ("data.*.paragraphs.*.qas", "{data.title}: {data.paragraphs.context} {each.question}", ""),
    ],
)
def test_questions_are_found_through_lists(tmp_path: Path, explode: str, question: str, records: str) -> None:
    fields = {"question": question, "answer": "each.answers.0.text", "id": "each.id"}
    path = write(tmp_path, "x.json", json.dumps(SQUAD))
    rows = read(path, explode=explode, fields=fields, records=records, gold={"rules": [{"kind": "text"}]})
    assert [(row.source_id, row.question, row.answer) for row in rows if isinstance(row, Row)] == [
        ("b1", "Bees: A bee has six legs. How many legs?", "six"),
        ("b2", "Bees: A hive has one queen. How many queens?", "one"),
        ("b3", "Bees: A hive has one queen. What has one?", "a hive"),
    ]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["no_items"]


def test_a_way_through_a_list_is_hinted_at(tmp_path: Path) -> None:
    fields = {"question": "each.question"}
    with pytest.raises(SourceError, match=r"a way through a list is 'paragraphs\.\*\.qas'"):
        read(write(tmp_path, "x.json", json.dumps(SQUAD["data"])), explode="paragraphs.qas", fields=fields)


def test_lists_of_one_length_go_together(tmp_path: Path) -> None:
    exam = {
        "article": "Rain fell.",
        "questions": ["What fell?", "When?"],
        "options": [["rain", "snow"], ["now", "then"]],
        "answers": ["A", "B"],
    }
    broken = {**exam, "answers": ["A"]}
    rows = read(
        write(tmp_path, "x.jsonl", f"{json.dumps(exam)}\n{json.dumps(broken)}"),
        explode=["questions", "options", "answers"],
        fields={"question": "{article} {each.questions}", "options": "each.options", "answer": "each.answers"},
    )
    good = [row for row in rows if isinstance(row, Row)]
    assert [(row.source_id, row.question.splitlines()[0], row.answer) for row in good] == [
        ("1.0", "Rain fell. What fell?", "A"),
        ("1.1", "Rain fell. When?", "B"),
    ]
    assert [row.detail for row in rows if isinstance(row, BadRow)] == [
        "expected lists of one length, got questions: 2, options: 2, answers: 1"
    ]


QUESTIONS = {"questions": [{"question_id": n, "image_id": n // 2, "question": f"What is {n}?"} for n in range(5)]}
ANSWERS = [{"qid": str(n), "answer": n} for n in (0, 1, 2, 4, 4)]
IMAGES = {"info": {}, "images": [{"id": n, "file_name": f"{n}.png", "place": f"room {n:.0f}"} for n in (0, 1, 2.0)]}


def test_records_of_other_files_are_joined_by_id(tmp_path: Path) -> None:
    write(tmp_path, "other/answers.jsonl", "\n".join(map(json.dumps, ANSWERS)))
    images = write(tmp_path, "images.json", json.dumps(IMAGES))
    join = {
        "gold": {"path": str(tmp_path / "other/*.jsonl"), "on": "question_id", "key": "qid"},
        "image": {"path": str(images), "on": "image_id", "key": "id"},
    }
    path = write(tmp_path, "q.json", json.dumps(QUESTIONS))
    fields = {"question": "In {image.place}: {question}", "answer": "gold.answer", "id": "question_id"}
    rows = read(path, join=join, fields=fields)
    assert [(row.question, row.answer) for row in rows if isinstance(row, Row)] == [
        ("In room 0: What is 0?", "0"),
        ("In room 0: What is 1?", "1"),
        ("In room 1: What is 2?", "2"),
        ("In room 2: What is 4?", "4"),
    ]
    assert [(row.reason, row.detail) for row in rows if isinstance(row, BadRow)] == [
        ("join_unmatched", "gold: no record of *.jsonl has qid '3'")
    ]
    before = table(path, join=join, fields=fields).inputs()
    write(tmp_path, "images.json", json.dumps(IMAGES, indent=1))
    assert table(path, join=join, fields=fields).inputs() != before


def test_traces_find_their_questions_in_another_file(tmp_path: Path) -> None:
    questions = [{"id": n, "problem": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(4)]
    damaged = [*map(json.dumps, [*questions, {"problem": "Whose?"}, {"id": "", "problem": "Mine?"}]), "{"]
    write(tmp_path, "questions.jsonl", "\n".join([*damaged, ""]))
    traces = [{"qid": str(n % 5), "sampled": ["<think>hm</think> a", "<think>hm</think> b"]} for n in range(6)]
    path = write(tmp_path, "traces.jsonl", "\n".join(map(json.dumps, traces)))
    join = {"asked": {"path": str(tmp_path / "questions.jsonl"), "on": "qid", "key": "id"}}
    fields = {"question": "asked.problem", "answer": "asked.answer", "completion": "each"}
    rows = read(path, join=join, explode="sampled", fields=fields)
    good = [row for row in rows if isinstance(row, Row)]
    assert [(row.question, row.answer, row.completion[-1]) for row in good] == [
        (f"What is {n} + {n}?", str(2 * n), which) for n in (0, 1, 2, 3, 0) for which in "ab"
    ]
    bad = [(row.reason, row.detail) for row in rows if isinstance(row, BadRow)]
    assert [reason for reason, _ in bad] == ["joined_unreadable", "joined_without_key", "join_unmatched"]
    assert bad[1][1] == "2 records of questions.jsonl have no 'id'"
    assert bad[2][1] == "asked: no record of questions.jsonl has id '4'"


@pytest.mark.parametrize(
    ("answers", "join", "message"),
    [
        ([{"qid": 9, "answer": 1}], {}, "gives no row; join_unmatched"),
        ([{"id": 0, "answer": 1}], {}, "no record has 'qid', by which it is joined"),
        ([{"qid": 0, "answer": 1}, {"qid": 0, "answer": 2}], {}, "join_several: gold: more than one record"),
        (
            [{"qid": 0, "answer": 1}],
            {"on": "quest_id"},
            "gives no row; join_unmatched: gold: no record of a.json has qid ''",
        ),
    ],
)
def test_a_join_that_finds_nothing_is_told(tmp_path: Path, answers: Any, join: dict[str, str], message: str) -> None:
    write(tmp_path, "a.json", json.dumps(answers))
    path = write(tmp_path, "q.json", json.dumps(QUESTIONS["questions"][:1]))
    options = {"gold": {"path": str(tmp_path / "a.json"), "on": "question_id", "key": "qid", **join}}
    with pytest.raises(SourceError) as error:
        read(path, join=options, fields={"question": "question", "answer": "gold.answer"})
    assert message in str(error.value)


@pytest.mark.parametrize("on", ["each.ref", "{each.ref}", "x{each.n}"])
def test_items_and_keys_are_joined(tmp_path: Path, on: str) -> None:
    write(tmp_path, "a.json", json.dumps({"x1": {"text": "one"}, "x2": {"text": "two"}}))
    path = write(
        tmp_path,
        "q.json",
        json.dumps([{"asked": [{"q": "First?", "ref": "x1", "n": 1}, {"q": "Second?", "ref": "x2", "n": 2}]}]),
    )
    rows = read(
        path,
        explode="asked",
        join={"other": {"path": str(tmp_path / "a.json"), "on": on, "key": "$key"}},
        fields={"question": "each.q", "answer": "other.text"},
        gold={"rules": [{"kind": "text"}]},
    )
    assert [(row.question, row.answer) for row in rows if isinstance(row, Row)] == [
        ("First?", "one"),
        ("Second?", "two"),
    ]


def test_a_folder_is_all_data_below_it(tmp_path: Path) -> None:
    def rows(n: int) -> list[dict[str, Any]]:
        return [{"q": f"What is {n}?", "a": n}]

    write(tmp_path, "set/b/part.jsonl", json.dumps(rows(2)[0]))
    write(tmp_path, "set/a.json", json.dumps(rows(1)))
    pq.write_table(pa.Table.from_pylist(rows(3)), tmp_path / "set/c.parquet")
    for name in (
        "set/dataset_info.json",
        "set/.hidden.json",
        "set/README.md",
        "set/.git/x.json",
        "set/__MACOSX/y.json",
    ):
        write(tmp_path, name, "{}")
    for path in (tmp_path / "set", f"{tmp_path}/set/"):
        source = table(path)  # type: ignore[arg-type]
        assert [row.source_id for row in source.read(0)] == ["a.json:1", "b/part.jsonl:1", "c.parquet:1"]
        assert list(source.inputs()) == ["a.json", "b/part.jsonl", "c.parquet"]
    write(tmp_path, "odd/part[1].json", json.dumps(rows(1)))
    assert len(read(tmp_path / "odd/part[1].json")) == 1
    write(tmp_path, "set/b/empty.json", "")
    with pytest.raises(SourceError, match=r"empty.json is empty"):
        read(tmp_path / "set")
    write(tmp_path, "none/readme.txt", "")
    with pytest.raises(SourceError, match="holds no data: no file below it ends in"):
        read(tmp_path / "none")
    with pytest.raises(SourceError, match=r"no file matches .* \(only folders do"):
        read(tmp_path / "s*")


def test_nested_columns_are_plain_values(tmp_path: Path) -> None:
    nan = float("nan")
    columns = {
        "q": pa.array(["Q1?", "Q2?"], pa.large_string()),
        "a": pa.array(["x", "y"]).dictionary_encode(),
        "o": pa.array([[("A", "1"), ("B", "2")], [("A", "3")]], pa.map_(pa.string(), pa.string())),
        "s": pa.array([{"k": {"n": [1, 2]}}, {"k": {"n": [3]}}]),
        "h": pa.array([nan, 2.5]),
        "__index_level_0__": pa.array([7, 8]),
    }
    data = pa.table(columns)
    pq.write_table(data, tmp_path / "x.parquet")
    write(tmp_path, "x.arrow", arrow_stream(data))
    fields = {"question": "{q} {h} {o.A} {s.k.n.0}", "answer": "a", "id": "__index_level_0__", "domain": "h"}
    for name in ("x.parquet", "x.arrow"):
        rows = read(tmp_path / name, fields=fields, gold={"rules": [{"kind": "text"}]}, domain="logic")
        assert [(row.source_id, row.question, row.answer, row.domain) for row in rows if isinstance(row, Row)] == [
            ("7", "Q1?  1 1", "x", "logic"),
            ("8", "Q2? 2.5 3 3", "y", "2.5"),
        ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([("q", pa.array(["Q?"])), ("q", pa.array(["R?"])), ("a", pa.array(["1"]))], "has two columns 'q'"),
        (
            [("q", pa.array(["Q?"])), ("a", pa.array([[("k", "1"), ("k", "2")]], pa.map_(pa.string(), pa.string())))],
            "a key twice",
        ),
    ],
)
def test_what_a_dict_cannot_hold_is_told(tmp_path: Path, columns: list[tuple[str, pa.Array]], message: str) -> None:
    data = pa.Table.from_arrays([column for _, column in columns], [name for name, _ in columns])
    pq.write_table(data, tmp_path / "x.parquet")
    write(tmp_path, "x.arrow", arrow_stream(data))
    for name in ("x.parquet", "x.arrow"):
        with pytest.raises(SourceError, match=message):
            read(tmp_path / name)


BEYOND = {
    "a timestamp": pa.array([0, 2**60, None]).view(pa.timestamp("us")),
    "a timestamp of a zone": pa.array([0, 2**60, None]).view(pa.timestamp("us", tz="UTC")),
    "a date": pa.array([0, 2**30, None], pa.int32()).view(pa.date32()),
    "a duration": pa.array([0, 2**62, None]).view(pa.duration("s")),
    "a list of dates": pa.array([[0], [1, 2**30], None], pa.list_(pa.int32())).cast(pa.list_(pa.date32())),
    "a struct of a date": pa.array([{"k": 0}, {"k": 2**30}, None], pa.struct([("k", pa.int32())])).cast(
        pa.struct([("k", pa.date32())])
    ),
}


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
@pytest.mark.parametrize("case", BEYOND)
def test_a_date_beyond_python_costs_the_rows_that_name_it(tmp_path: Path, case: str, name: str) -> None:
    data = pa.table({"q": ["Q1?", "Q2?", "Q3?"], "a": ["1", "2", "3"], "when": BEYOND[case]})
    path = write(tmp_path, name, parquet(data) if name == "x.parquet" else arrow_stream(data, 3))
    assert [row.answer for row in read(path) if isinstance(row, Row)] == ["1", "2", "3"]
    for field in ("when", "when.0", "when.k"):
        _, bad, _ = read(path, fields={"question": "{q} {%s}" % field, "answer": "a"})  # noqa: UP031
        assert isinstance(bad, BadRow)
        assert (bad.source_id, bad.reason) == ("2", "value_unreadable")
        assert bad.detail.startswith(f"{field}: a ")
        assert " that Python cannot hold: " in bad.detail


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_a_time_zone_that_nobody_knows_costs_the_rows_that_name_it(tmp_path: Path, name: str) -> None:
    when = pa.array([0, None]).view(pa.timestamp("us", tz="Mars/Olympus"))
    data = pa.table({"q": ["Q1?", "Q2?"], "a": ["1", "2"], "when": when})
    path = write(tmp_path, name, parquet(data) if name == "x.parquet" else arrow_stream(data, 2))
    assert [row.answer for row in read(path) if isinstance(row, Row)] == ["1", "2"]
    bad, good = read(path, fields={"question": "{q}{when}", "answer": "a"})
    assert isinstance(bad, BadRow)
    assert isinstance(good, Row)
    assert "Mars/Olympus" in bad.detail


def test_a_date_beyond_python_joins_nothing(tmp_path: Path) -> None:
    data = pa.table({"q": ["Q1?", "Q2?"], "when": pa.array([0, 2**60]).view(pa.timestamp("us"))})
    path = write(tmp_path, "x.parquet", parquet(data))
    other = write(tmp_path, "y.parquet", parquet(data.append_column("a", pa.array(["1", "2"]))))
    join = {"more": {"path": str(other), "on": "when", "key": "when"}}
    rows = read(path, join=join, fields={"question": "q", "answer": "more.a"})
    assert [row.answer if isinstance(row, Row) else row.reason for row in rows] == [
        "joined_unreadable",
        "1",
        "value_unreadable",
    ]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.parquet", "x.arrow"])
def test_nan_is_missing(tmp_path: Path, name: str) -> None:
    nan = float("nan")
    records = [
        {"q": "Q1?", "a": 1.0, "hint": nan, "o": None, "i": nan, "d": nan, "n": 1.5},
        {"q": "Q2?", "a": nan, "hint": 2.5, "o": None, "i": nan, "d": nan, "n": nan},
        {"q": "Q3?", "a": 2.0, "hint": 2.5, "o": [nan, 2.0], "i": nan, "d": nan, "n": nan},
    ]
    columns = pa.table({key: pa.array([record[key] for record in records]) for key in records[0]})
    lines = "\n".join(map(json.dumps, records))
    contents = {
        "x.json": json.dumps(records),
        "x.jsonl": lines,
        "x.parquet": parquet(columns),
        "x.arrow": arrow_stream(columns),
    }
    fields = {"question": "{q}{hint}", "answer": "a", "images": "i", "domain": "d", "id": "n"}
    rows = read(write(tmp_path, name, contents[name]), fields=fields, images={"required": False}, domain="logic")
    assert [(row.source_id, row.question, row.domain, row.images) for row in rows if isinstance(row, Row)] == [
        ("1.5", "Q1?", "logic", ()),
        ("3", "Q3?2.5", "logic", ()),
    ]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["answer_missing"]
    record = Record(name, None, 1, "", {"o": [nan, {"k": nan}]})
    assert evaluate("o", record) == [None, {"k": None}]


def test_a_list_in_a_template_has_a_line_for_each(tmp_path: Path) -> None:
    records = [
        {"premises": ["All men err.", "Bo is a man."], "q": "Does Bo err?", "a": "yes"},
        {"premises": [{"k": 1}], "q": "Q?", "a": "no"},
    ]
    path = write(tmp_path, "x.json", json.dumps(records))
    good, bad = read(path, fields={"question": "{premises}\n{q}", "answer": "a"}, gold={"rules": [{"kind": "text"}]})
    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert good.question == "All men err.\nBo is a man.\nDoes Bo err?"
    assert bad.reason == "template_not_text"


def test_containers_of_visual_questions_and_of_arc_are_read_by_paths(tmp_path: Path) -> None:
    val = {
        "dataset_name": "signs",
        "dataset_version": "2",
        "data": [{"questionId": 7, "question": "Which word?", "answers": ["EXIT"]}],
    }
    (row,) = read(
        write(tmp_path, "val.json", json.dumps(val)),
        fields={"question": "question", "answer": "answers", "id": "questionId"},
        gold={"rules": [{"kind": "text"}]},
    )
    assert isinstance(row, Row)
    assert (row.source_id, row.question, row.answer) == ("7", "Which word?", "EXIT")
    asked = [
        {"id": f"M{n}", "question": {"stem": f"What is {n}?", "choices": [{"text": "x", "label": "A"}]}, "key": n}
        for n in (1, 2)
    ]
    for name, content in (
        ("a.jsonl", "\n".join(map(json.dumps, asked))),
        ("a.json", json.dumps(asked)),
        ("b.json", json.dumps(asked[0], indent=1)),
    ):
        rows = read(write(tmp_path, name, content), fields={"question": "question.stem", "answer": "key", "id": "id"})
        assert [row.question for row in rows if isinstance(row, Row)] == ["What is 1?", "What is 2?"][: len(rows)]
        with pytest.raises(SourceError, match=r"no row has 'question.stm' .* did you mean 'question.stem'"):
            read(tmp_path / name, fields={"question": "question.stm", "answer": "key"})
