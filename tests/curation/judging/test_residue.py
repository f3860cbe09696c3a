"""What the rules leave to a model: the answer that a trace ends in, and golds that no rule judges."""

from pathlib import Path

import pytest

import rewards
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.row import Message, Row
from curation.filters.stage import VerifyGolds
from curation.judging.answers.hacks import hacks
from curation.judging.answers.probes import probes
from curation.judging.answers.prompt import MAX_ANSWER_CHARS
from curation.judging.answers.residue import why_not_asked
from curation.judging.answers.traces import final_answer, question_with_options, residue_of_traces
from curation.sources.formats.gold import GoldOptions
from tests.curation.stages import stored

ENDS = [
    (r"<think>3?</think>So \boxed{4}.", "4", ""),
    (r"<think>\boxed{3}</think>It is \boxed{x = 1}, \boxed{y = 2}", "x = 1, y = 2", ""),
    ("<think>hm</think>We are done.\nThe answer is: both are odd.", "both are odd.", ""),
    ("<think>hm</think>f is odd, and g is even", "f is odd, and g is even", ""),
    ("<think>hm</think>Answer: f is odd.\nI hope this helps!", "f is odd.", ""),
    ("<think>hm</think>f is odd.\nSo is g.", "f is odd.\nSo is g.", ""),
    ("<think>hm</think>" + "It is so. " * 60 + "\nDONE.", "DONE.", "no_statement"),
    ("f is odd, since it is.\nDONE.", "DONE.", "no_statement"),
    ("f is odd.", "f is odd.", ""),
    ("<think>hm</think>答案是:奇函数", "奇函数", ""),
    (r"<think>so \boxed{3}", "", "no_answer"),
    ("<think>hm</think>", "", ""),
    (r"\boxed{4}. Scratch that, I was wrong.", "4", "taken_back"),
    (r"\boxed{4}. No, the answer is 5.", "4", "taken_back"),
    (r"\boxed{4}. So the answer is 4.", "4", ""),
    (r"\boxed{14}. So the answer is 4.", "14", "taken_back"),
]


@pytest.mark.parametrize(("completion", "answer", "why_not"), ENDS)
def test_the_final_answer_of_a_trace(completion: str, answer: str, why_not: str) -> None:
    assert final_answer(completion) == (answer, why_not)


@pytest.mark.parametrize(
    ("gold", "answer", "why"),
    [
        ("f is odd", "odd", ""),
        ("奇函数", "奇", ""),
        ("f is odd", ":", "no_answer"),
        ("f is odd", " ... ", "no_answer"),
        ("f is odd", "", "no_answer"),
        ("--", "odd", "no_gold"),
        ("", "odd", "no_gold"),
        ("f is odd", "o" * (MAX_ANSWER_CHARS + 1), "long_answer"),
        ("o" * (MAX_ANSWER_CHARS + 1), "odd", "long_answer"),
    ],
)
def test_what_says_nothing_or_argues_is_not_put_to_a_model(gold: str, answer: str, why: str) -> None:
    assert why_not_asked(gold, answer) == why


def trace(gold: str, kind: str, end: str, options: str = "{}") -> Row:
    return Row("r", "t", "1", (Message("user", "What is so?"),), (), gold, kind, options, f"<think>So.</think>{end}")


UNREADABLE = [
    "(a) f is odd; (b) g is even",
    "There are infinitely many of them, as Euclid showed long ago",
    "见解析",
    "Prove that it is so",
]


@pytest.mark.parametrize("gold", UNREADABLE)
def test_a_gold_that_no_rule_judges_comes_in_where_it_may_and_gets_no_verdict(gold: str) -> None:
    with pytest.raises(ValueError, match="gold_unreadable"):
        GoldOptions().read(gold, [])
    read = GoldOptions(unreadable="keep").read(gold, [])
    assert (read.answer, read.kind, read.options) == (gold, "unreadable", {})
    for answer in (gold, "something else", ""):
        verdict = rewards.make_verifier(gold, "unreadable").judge_answer(answer)
        assert (verdict.outcome in ("unreadable_gold", "no_answer"), verdict.outcome == "correct") == (True, False)
    row = trace(gold, "unreadable", rf"\boxed{{{gold}}}")
    assert VerifyGolds().map(row).reason == "unreadable_gold"
    assert VerifyTraces(keep=("cannot_judge",)).map(row).columns["verified"] == "cannot_judge"


@pytest.mark.parametrize("gold", ["7", "blue", "x+1", "Paris"])
def test_a_gold_that_a_rule_judges_is_read_as_before(gold: str) -> None:
    assert GoldOptions(unreadable="keep").read(gold, []) == GoldOptions().read(gold, [])


def test_only_traces_that_were_not_judged_are_left(tmp_path: Path) -> None:
    rows = [
        Row(f"r{i}", "t", str(i), (Message("user", "?"),), (), gold, kind, completion=r"\boxed{so}", verified=verified)  # type: ignore[arg-type]
        for i, (gold, kind, verified) in enumerate(
            [
                ("many", "number", "cannot_judge"),
                ("7", "math", "cannot_judge"),
                ("many", "number", "correct"),
                ("7", "math", "wrong"),
            ]
        )
    ]
    in_files = stored([rows[:1], rows[1:]], tmp_path)
    both = [(number, one.what) for number, one in residue_of_traces(in_files, ["unreadable_gold", "cannot_judge"])]
    assert both == [(0, "unreadable_gold"), (1, "cannot_judge")]
    assert [number for number, _ in residue_of_traces(in_files, ["cannot_judge"])] == [1]


def test_options_are_shown_where_the_question_has_none() -> None:
    row = trace("B", "choice", "B", '{"choices": ["iron", "gold"]}')
    assert question_with_options(row) == "What is so?\nA. iron\nB. gold"


def test_probes_are_what_they_say_by_the_rules() -> None:
    """Every hack is wrong for its gold, every right answer right; a gold that no rule reads has no probes."""
    rows = [
        trace("12", "math", ""), trace("blue", "text", ""), trace("B", "choice", "", '{"choices": ["iron", "gold"]}'),
        trace("Correct.", "text", ""), trace("many", "number", ""), trace("", "math", ""),
    ]  # fmt: skip
    found = list(probes(rows))
    assert {one.pair.reference for one in found} == {"12", "blue", "B", "Correct."}
    verifiers = {
        row.answer: rewards.make_verifier(row.answer, row.answer_kind, row.answer_options) for row in rows if row.answer
    }
    for one in found:
        is_right = verifiers[one.pair.reference].judge_answer(one.pair.answer).outcome == "correct"
        assert is_right == (one.expect == "right"), one
        assert len(one.pair.answer) <= MAX_ANSWER_CHARS
    assert {"all options", "negation", "huge", "question copied"} <= {
        one.kind for one in found if one.pair.reference == "B"
    }


def test_the_gold_among_others_is_a_hack_of_choices_and_of_values() -> None:
    assert ("all options", "A or B") in hacks("Which?", "B", '{"choices": ["x", "y"]}', ())
    assert ("all options", "11 or 12 or 13") in hacks("How many?", "12", "{}", ("11", "13"))
