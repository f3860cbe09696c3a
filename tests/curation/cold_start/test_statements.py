"""Endings of traces, labelled by hand before the code that reads them ran: 185, then six times more against what it took too lightly."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from curation.cold_start.verify.statement import last_statement
from curation.cold_start.verify.verdict import read_trace
from curation.core.row import make_row

ENDINGS = [json.loads(line) for line in (Path(__file__).parent / "endings.jsonl").read_text("utf-8").splitlines()]
NOT_READ = [
    "\u2234 n = 6",
    "In conclusion, the two lines meet at an angle of 90 degrees.",
    "The cube has an edge of 4, so its volume is 64.",
    "So the volume of the cube is $4^3 = 64$ cm$^3$.",
    "Therefore, the diagonal has length $\\sqrt{2}$.",
    "I get 81 as the answer.",
]
"""Right, and not taken. Without a full stop a conclusion may be cut off: `n = 6` of `n = 60`."""

CALLED_RIGHT = ["The answer is 28 per week.", "Therefore the angle is 13 degrees."]
"""Wrong, and taken: `km per hour` is a unit, and the question speaks of an angle beside the length that it asks for."""


def verdict_on(ending: dict[str, Any]) -> str:
    row = make_row(
        source="test",
        source_id="0",
        question=ending.get("question", "What is it?"),
        answer=ending["gold"],
        answer_kind=ending["kind"],
        answer_options=ending["options"],
        completion=ending.get("trace") or f"<think>\nLet me see.\n</think>\n\n{ending['end']}",
    )
    return read_trace(row).verified


def test_endings_are_read_as_labelled() -> None:
    other = [(one, found) for one in ENDINGS if (found := verdict_on(one)) != one["label"]]
    assert [one["end"] for one, _ in other if one["label"] == "wrong"] == CALLED_RIGHT, "wrong traces called right"
    assert [one["end"] for one, _ in other if one["label"] != "wrong"] == NOT_READ
    assert sum(one["label"] == "wrong" for one in ENDINGS) * 2 >= len(ENDINGS) > 600


@pytest.mark.parametrize(
    ("answer", "kind", "values"),
    [
        ("So 7 + 5 = 12.\n\n**Final Answer:** 12", "math", ("12",)),
        ("The answer is 12, since 7 + 5 is 12.", "math", ("12",)),
        ("So we get\n\n\\[ x\n= 5 \\]", "math", ("x = 5",)),
        ("Many lines.\nMore lines.\nAnd then:\n\n\\[ x = 5 \\]", "math", None),
        ("So the numbers that both share are 4.", "math", ("4",)),
        ("So the digits that one has are 4.", "math", None),
        ("Hence y = 4.", "math", None),
        ("The number of digits of the answer is 4.", "math", None),
        ("Then x = 250 m. Answer D", "choice", ("D",)),
        ("A car needs fuel.", "choice", None),
        ("The answer is 12?", "math", None),
        ("Thus, there are **4 numbers** that both Rick and S", "math", None),
        ("Thus, there are **4 numbers** that both share.", "math", ("4 numbers",)),
        ("", "math", None),
        ("\u4e00\u4e2a", "math", None),
    ],
)
def test_what_is_stated(answer: str, kind: str, values: tuple[str, ...] | None) -> None:
    statement = last_statement(answer, kind, "How many numbers do both share? Find x.")
    assert (statement.values if statement else None) == values


def test_what_was_said_before_is_kept_apart() -> None:
    statement = last_statement(
        "Answer: 12\n\nThe answer is not 13. One might think the answer is 14.\n\nAnswer: 15", "math", ""
    )
    assert statement is not None
    assert (statement.values, statement.earlier) == (("15",), ("12",))


@pytest.mark.parametrize(
    "text", ["the answer is ", "**", "$1 ", "Answer: 1\n", "so 1 is \\(", "final ", "\n", "\\[ 1 ", "12", "DONE. "]
)
def test_a_long_answer_takes_no_time(text: str) -> None:
    started = time.process_time()
    for kind in ("math", "choice", "text"):
        last_statement(text * 30_000, kind, "")
    assert time.process_time() - started < 3
