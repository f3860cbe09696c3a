"""Golds that their own judge does not take never ship, whichever way they come."""

from typing import Any

import pytest

from curation.cold_start.verify.stage import VerifyTraces
from curation.core.row import Row, make_row
from curation.filters.stage import VerifyGolds


def row(answer: str, kind: str, options: dict[str, Any], completion: str = "") -> Row:
    fields = {"answer": answer, "answer_kind": kind, "answer_options": options, "completion": completion}
    return make_row(source="test", source_id="0", question="What is it?", **fields)  # type: ignore[arg-type]


BIRDS = {"choices": ["swan", "duck"]}


@pytest.mark.parametrize(
    ("answer", "kind", "options", "reason"),
    [
        ("7", "math", {}, ""),
        ("B", "choice", BIRDS, ""),
        ("A, B", "choices", BIRDS, ""),
        ("blue", "text", {"aliases": ["azure"]}, ""),
        (r"] \} )", "text", {}, ""),
        (r"\boxed{7}", "math", {}, ""),
        ("", "math", {}, "no_gold"),
        ("D", "choice", BIRDS, "unreadable_gold"),
        ("A, D", "choices", BIRDS, "unreadable_gold"),
        ("many", "number", {}, "unreadable_gold"),
        ("5", "number", {"aliases": ["many"]}, "unreadable_gold"),
        ("] } )", "text", {}, "gold_fails_itself"),  # no box can hold it
        ("blue", "text", {"aliases": ["a } b"]}, "gold_fails_itself"),
    ],
)
def test_golds(answer: str, kind: str, options: dict[str, Any], reason: str) -> None:
    decision = VerifyGolds().map(row(answer, kind, options))
    assert (decision.reason, decision.action) == (reason, "dropped" if reason else "keep")


@pytest.mark.parametrize("completion", [r"<think>x</think>\boxed{] } )}", r"<think>x</think>\boxed{7}"])
def test_a_trace_does_not_carry_such_a_gold(completion: str) -> None:
    stage = VerifyTraces(keep=("correct", "wrong"))
    assert stage.map(row("] } )", "text", {}, completion)).reason == "gold_fails_itself"
    assert stage.map(row("8", "math", {}, completion)).action == "keep"
