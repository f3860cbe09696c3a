"""Options and golds as data sets store them: read, or refused with the reason."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from curation.core.errors import BadRowError
from curation.core.row import BadRow, Row
from curation.sources.formats.gold import GoldOptions
from curation.sources.table import Table
from rewards import judge

CHART = {
    "rules": [
        {"kind": "math", "when": r"(19|20)\d\d"},
        {"kind": "number", "options": {"rel_tol": 0.05}},
        {"kind": "text"},
    ]
}
PAIRS = {"answer_pattern": r"(\w+) is an? (\w+)", "rules": [{"kind": "assignment"}]}


@pytest.mark.parametrize(
    ("options", "raw", "choices", "answer", "kind"),
    [
        ({}, "42", [], "42", "math"),
        ({}, 42, [], "42", "math"),
        ({}, 27.0, [], "27", "math"),
        ({}, Decimal("32.40"), [], "32.40", "math"),
        ({}, ["9.6\n"], [], "9.6", "math"),
        ({}, True, [], "True", "text"),
        ({}, "$$6$$", [], "6", "math"),
        ({}, "B: because of it", ["red", "blue"], "B", "choice"),
        ({}, 2**100, [], str(2**100), "math"),
        ({}, "[1, 2]", [], "[1, 2]", "math"),
        ({"several": "all"}, [1, 2], [], "1, 2", "math"),
        ({}, "blue", ["red", "blue"], "B", "choice"),
        ({"option_base": 0}, 1, ["red", "blue"], "B", "choice"),
        ({"option_base": 1}, "1", ["red", "blue"], "A", "choice"),
        ({"answer_pattern": "#### (.+)$"}, "so 4\n#### 1\nno\n#### 72", [], "72", "math"),
        ({"answer_pattern": "answer is .*"}, "The answer is 5", [], "answer is 5", "math"),
        (CHART, "2017", [], "2017", "math"),
        (CHART, "20.17", [], "20.17", "number"),
        (CHART, "Newport", [], "Newport", "text"),
        ({"letters": True}, "(C)", [], "C", "choice"),
        ({"letters": True}, "C, A", [], "A, C", "choices"),
        ({"letters": True}, "D\nC", [], "C, D", "choices"),
        ({"letters": True}, "B", ["F", "B", "D"], "B", "choice"),  # the second, whose text is B too
        ({"letters": True}, "A", ["C", "B", "D"], "A", "choice"),
        ({"letters": True}, "C", ["F", "C", "D"], "C", "choice"),  # the third, though the second says C
        ({}, "C", ["F", "C", "D"], "B", "choice"),
        ({"letters": True}, "blue", ["red", "blue"], "B", "choice"),
        ({"letters": True}, "60", [], "60", "math"),
        (PAIRS, "Zoey is a knight, Ann is a knave.", [], '{"Zoey": "knight", "Ann": "knave"}', "assignment"),
    ],
)
def test_golds_are_read(options: dict[str, Any], raw: Any, choices: list[str], answer: str, kind: str) -> None:
    gold = GoldOptions.model_validate(options).read(raw, choices)
    assert (gold.answer, gold.kind) == (answer, kind)


@pytest.mark.parametrize(
    ("options", "raw", "choices", "reason"),
    [
        ({}, None, [], "answer_missing"),
        ({}, " ", [], "answer_missing"),
        ({}, [], [], "answer_missing"),
        ({}, "Show that it converges.", [], "gold_unreadable"),
        ({"missing": ["None."]}, "None.", [], "answer_missing"),
        ({"answer_pattern": "#### (.+)$"}, "no mark", [], "gold_unreadable"),
        ({"rules": [{"kind": "choice"}]}, "B", [], "gold_unreadable"),
        ({}, "green", ["red", "blue"], "gold_not_in_options"),
        ({"option_base": 0}, 2, ["red", "blue"], "gold_not_in_options"),
        ({}, "5", ["5", "5", "6"], "gold_not_in_options"),
        ({}, "c", ["b", "a", "c"], "gold_not_in_options"),
    ],
)
def test_golds_that_cannot_be_read(options: dict[str, Any], raw: Any, choices: list[str], reason: str) -> None:
    if choices == ["b", "a", "c"]:  # the letter A means the first option, the text "a" the second
        raw, reason = "b", "options_ambiguous"
    with pytest.raises(BadRowError) as error:
        GoldOptions.model_validate(options).read(raw, choices)
    assert error.value.reason == reason


SEVERAL = {"several": "any"}
ALL = {"several": "all"}
VQA = [{"answer": "blue", "answer_id": 1}, {"answer": "azure", "answer_id": 2}, {"answer": "blue", "answer_id": 3}]


@pytest.mark.parametrize(
    ("options", "raw", "is_any", "answer", "kind", "aliases"),
    [
        ({}, ["LEFT", "left", "Left turn"], True, "LEFT", "text", ["Left turn"]),
        ({}, "['LEFT', 'Left turn']", True, "LEFT", "text", ["Left turn"]),
        ({}, "['LEFT' 'Left turn']", True, "LEFT", "text", ["Left turn"]),
        ({}, ["$12.50", "12.50"], False, "$12.50", "math", []),
        ({}, ["7", "7.0", 7], False, "7", "math", []),
        ({}, ["1/8/93", "January 8, 1993"], True, "1/8/93", "text", ["January 8, 1993"]),
        ({}, ["12", "as many as there are months"], True, "12", "text", ["as many as there are months"]),
        ({}, ["(0, 1)", "[0, 1]"], True, "(0, 1)", "math", ["[0, 1]"]),
        ({}, ["1/8/93", "8/1/1993"], True, "1/8/93", "text", ["8/1/1993"]),
        ({}, ["n/a", "red", "the red of a sun that is going down"], True, "red", "text", ["the red of a sun that is going down"]),
        ({}, ["red", "dark", "Red"], True, "red", "text", ["dark"]),
        ({}, VQA, False, "blue", "text", ["azure"]),
        ({}, {"value": "George Washington", "aliases": ["G. Washington"]}, False, "George Washington", "text", ["G. Washington"]),
        ({}, {"text": ["red", "red", "dark red"], "answer_start": [3, 3, 9]}, False, "red", "text", ["dark red"]),
        ({}, '{"value": "red", "aliases": ["dark red"]}', False, "red", "text", ["dark red"]),
        ({}, {"answer": 5}, False, "5", "math", []),
        (SEVERAL, ["2", "3"], False, "2", "math", ["3"]),
        (SEVERAL, ["red", "blue"], False, "red", "text", ["blue"]),
        (ALL, ["2", "3"], False, "2, 3", "math", []),
        (ALL, ["red", "blue"], True, "red, blue", "set", []),
        ({}, {"Zoey": "knave", "Ann": "knight"}, False, '{"zoey": "knave", "ann": "knight"}', "assignment", []),
    ],
)  # fmt: skip
def test_several_golds(
    options: dict[str, Any], raw: Any, is_any: bool, answer: str, kind: str, aliases: list[str]
) -> None:
    gold = GoldOptions.model_validate(options).read(raw, [], is_any=is_any)
    assert (gold.answer, gold.kind, gold.options.get("aliases", [])) == (answer, kind, aliases)
    for text in (answer, *aliases):
        assert judge(gold.answer, rf"\boxed{{{text}}}", gold.kind, gold.options).outcome == "correct"


def test_aliases_of_a_field_of_their_own() -> None:
    gold = GoldOptions().read("12", [], aliases=["144", "12.0"])
    assert (gold.answer, gold.kind, gold.options) == ("12", "math", {"aliases": ["144"]})


@pytest.mark.parametrize(
    ("raw", "is_any", "reason", "remedy"),
    [
        (["2", "3"], False, "several_answers", "gold.several"),
        (["2", "3"], True, "several_answers", "gold.several"),
        (["2", "3", "several"], True, "several_answers", "gold.several"),
        (["red", "blue"], False, "several_answers", "gold.several"),
        ({"a": 1, "b": {"c": 2}}, False, "gold_unreadable", "fields.answer: answer.value"),
        ([{"x": 1}], False, "gold_unreadable", "fields.answer: answer.value"),
    ],
)
def test_several_golds_of_no_stated_meaning(raw: Any, is_any: bool, reason: str, remedy: str) -> None:
    with pytest.raises(BadRowError) as error:
        GoldOptions().read(raw, [], is_any=is_any)
    assert error.value.reason == reason
    assert remedy in error.value.detail


FIVE = ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("options", "raw", "answer", "kind"),
    [
        ({}, ["B", "D"], "B, D", "choices"),
        ({}, "A, B, D", "A, B, D", "choices"),
        ({}, "AC", "A, C", "choices"),
        ({}, "B和D", "B, D", "choices"),
        ({}, "['B' 'D']", "B, D", "choices"),
        ({}, ["B"], "B", "choice"),
        ({}, ["B", "(b)"], "B", "choice"),
        (SEVERAL, ["B", "D"], "B", "choice"),
        ({}, "It is odd.\n#### B", "B", "choice"),
        ({}, r"So the answer is $\boxed{\text{B}}$.", "B", "choice"),
        ({"rules": [{"kind": "choices"}]}, "B", "B", "choices"),
        ({"option_base": 0}, [1, 3], "B, D", "choices"),
    ],
)
def test_several_right_options(options: dict[str, Any], raw: Any, answer: str, kind: str) -> None:
    gold = GoldOptions.model_validate(options).read(raw, FIVE)
    assert (gold.answer, gold.kind) == (answer, kind)
    assert judge(gold.answer, rf"\boxed{{{answer}}}", gold.kind, gold.options).outcome == "correct"


@pytest.mark.parametrize(
    ("raw", "question", "is_kept"),
    [
        ("B", "Which of the following is even?", False),
        ("(b)", "Is the door open or closed?", False),
        ("B. Paris", "Which city is it?", False),
        ("(M)", "Which of these is it?", False),
        ("C", "What is the length of AB?", False),
        ("A, C", "Which are right?", False),
        ("AC", "Which of these are right?", False),
        ("A, C, D", "Which are right?", False),
        (["A", "C"], "Which are right?", False),
        ("B", "Which is even?\nA. 3\nB. 4", True),
        ("B", "Which is even?\\nA. 3\\nB. 4", True),
        ("B", "Which is even?<br>A. 3<br>B. 4", True),
        ("B", "The points $A$, $B$ and $C$ are on a line. Which point is in the middle?", True),
        (
            "A, C",
            "Which hold?\n$1 < 2$\n$3 < 2$\nEnter your answer as a list, for instance A, B if the first two hold.",
            True,
        ),
        ("K", "What is the symbol of kelvin?", True),
        (["see figure"], "What?", None),
        (["略", "见解析"], "What?", None),
        ("x", "Simplify $2x - x$.", True),
        ("E", "What letter is on the sign?", True),
        (r"\text{D}", "The columns are C, D and E. In what column is 90?", True),
        (r"\textbf{(B)}", "What is it?", False),
        ("选B", "它是什么？", False),
        ("Option C", "What is it?", False),
        ("B'", "What is the image of B?", True),
        ("F", "Given the drawing, what is the letter in it?", True),
        ("B", "Compare both and tell which letter comes later.", True),
        ("B", "Who is older? Answer with the letter.", False),
        ("B", "What is the letter of the right answer?", False),
    ],
)
def test_a_letter_is_no_gold_without_its_options(raw: Any, question: str, is_kept: bool | None) -> None:
    if is_kept:
        assert GoldOptions().read(raw, [], question).answer
        return
    with pytest.raises(BadRowError) as error:
        GoldOptions.model_validate(ALL if isinstance(raw, list) else {}).read(raw, [], question)
    assert error.value.reason == ("letter_without_options" if is_kept is False else "gold_unreadable")


def test_a_rule_says_that_a_letter_is_text() -> None:
    for raw in ("B", "A, C"):
        gold = GoldOptions.model_validate({"rules": [{"kind": "text"}]}).read(raw, [], "Which grade is it?")
        assert (gold.answer, gold.kind) == (raw, "text")


def rows(tmp_path: Path, records: list[dict[str, Any]], **options: Any) -> list[Any]:
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, records)))
    table = {"name": "t", "license": "MIT", "domain": "logic", "path": str(tmp_path / "q.jsonl"), **options}
    return list(Table.model_validate(table).read(0))


def test_columns_of_options(tmp_path: Path) -> None:
    records = [
        {"q": "Which?", "A": "x", "B": "y", "C": "z", "D": None, "key": "C"},
        {"q": "Which?", "A": "x", "B": None, "C": "z", "D": "", "key": "C"},
        {"q": "Which?", "A": "x", "B": None, "C": "z", "D": "", "key": "B"},
        {"q": "Which?", "A": "x", "B": "nan", "C": None, "D": "", "key": "A"},
    ]
    fields = {"question": "q", "answer": "key", "options": ["A", "B", "C", "D"]}
    three, hole, missing, single = rows(tmp_path, records, fields=fields)
    assert (three.answer, three.question) == ("C", "Which?\nA. x\nB. y\nC. z")
    assert (hole.answer, hole.question) == ("C", "Which?\nA. x\nC. z")
    assert (missing.reason, single.reason) == ("gold_not_in_options", "options_unreadable")


def test_the_layouts_of_arc_by_their_paths(tmp_path: Path) -> None:
    hub = {"q": "Which?", "choices": {"text": ["2", "4", "1"], "label": ["1", "2", "3"]}, "key": "2"}
    raw = {
        "question": {"stem": "Which?", "choices": [{"label": "A", "text": "2"}, {"label": "B", "text": "4"}]},
        "key": "B",
    }
    (one,) = rows(tmp_path, [hub], fields={"question": "q", "answer": "key", "options": "choices"})
    (two,) = rows(
        tmp_path, [hub], fields={"question": "q", "answer": "key", "options": "choices.text", "labels": "choices.label"}
    )
    (three,) = rows(
        tmp_path, [raw], fields={"question": "question.stem", "answer": "key", "options": "question.choices"}
    )
    assert [row.answer for row in (one, two, three)] == ["B", "B", "B"]
    assert one.question == two.question == "Which?\nA. 2\nB. 4\nC. 1"


def test_options_that_cannot_be_read_are_a_counted_drop(tmp_path: Path) -> None:
    (bad,) = rows(
        tmp_path,
        [{"q": "Which?", "o": "red, blue or green", "a": "B"}],
        fields={"question": "q", "answer": "a", "options": "o"},
    )
    assert (bad.reason, "red, blue or green" in bad.detail) == ("options_unreadable", True)


def test_accepted_answers_by_the_name_of_their_field(tmp_path: Path) -> None:
    fields = {"question": "q", "answer": "a.answers"}
    (row,) = rows(
        tmp_path, [{"q": "What is written there?", "a": {"answers": ["STOP", "stop", "stop sign"]}}], fields=fields
    )
    assert (row.answer, json.loads(row.answer_options)) == ("STOP", {"aliases": ["stop sign"]})
    fields = {"question": "q", "answer": "a", "aliases": "more"}
    (row,) = rows(tmp_path, [{"q": "Who?", "a": "Ann", "more": ["Anna"]}], fields=fields)
    assert (row.answer, json.loads(row.answer_options)) == ("Ann", {"aliases": ["Anna"]})


def test_golds_of_several_questions_are_no_choices(tmp_path: Path) -> None:
    one = "Which are even?\nA. 1\nB. 2\nC. 4"
    two = "1. Which is even?\nA. 1\nB. 2\nC. 3\n2. Which is odd?\nA. 1\nB. 2\nC. 4"
    rows = [{"q": one, "a": ["B", "C"]}, {"q": two, "a": ["B", "A"]}]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    table = Table(
        kind="table",
        name="t",
        path=str(tmp_path / "rows.json"),
        fields={"question": "q", "answer": "a", "options": "$question"},
    )
    read, bad = table.read(0)
    assert isinstance(read, Row)
    assert (read.answer, read.answer_kind) == ("B, C", "choices")
    assert isinstance(bad, BadRow)
    assert bad.reason == "several_questions"


def test_a_boolean_takes_yes_and_no() -> None:
    gold = GoldOptions().read(False, [], "Can a cat fly?")
    assert (gold.answer, gold.kind) == ("False", "text")
    assert judge("False", r"\boxed{No}", kind="text", options=gold.options).outcome == "correct"
    assert judge("False", r"\boxed{Yes}", kind="text", options=gold.options).outcome == "wrong"


TWO = "A bird sings.\n1. Who sings?\nA. a bird\nB. a cat\n2. Where?\nA. here\nB. there"


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        (TWO, ["A", "B"], "several_questions"),
        (TWO, ["B", "B"], "several_questions"),
        (TWO, "['B', 'A']", "several_questions"),
        ("Which are trees?\nA. oak\nB. elm\nC. hat", ["A", "B"], ""),
        ("Which are trees? (A) oak (B) elm (C) hat", "AB", ""),
    ],
)
def test_golds_of_several_questions_in_one_text_are_no_set(
    question: str, answer: Any, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "q.json").write_text(json.dumps([{"q": question, "a": answer}]))
    table = Table(
        kind="table",
        name="t",
        path=str(tmp_path / "q.json"),
        fields={"question": "q", "answer": "a", "options": "$question"},
    )
    assert [getattr(row, "reason", "") for row in table.read(0)] == [reason]
