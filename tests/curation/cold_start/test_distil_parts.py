"""Which responses are traces, which traces are kept, which rows are sampled."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curation.cold_start.distil.accept import Accept
from curation.cold_start.distil.choose import Trace, choose
from curation.cold_start.distil.options import Keep, Prompts
from curation.cold_start.distil.prompts import part
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.row import Row, make_row
from curation.core.schema import Column
from curation.dedup.search import FindClusters
from curation.filters.base import Filter
from curation.filters.length import Length
from curation.filters.refusal import Refusal
from curation.filters.repetition import Repetition
from curation.filters.trace_format import TraceFormat
from tests.curation.stages import stored

ROW = make_row(source="s", source_id="1", question="What is 3 + 4? Give a number.", answer="7")


@pytest.mark.parametrize(
    ("response", "outcome", "trace"),
    [
        ("<think>a</think>\\boxed{7}", "correct", "<think>a</think>\\boxed{7}"),
        ("a</think>It is \\boxed{7}.<|im_end|>", "correct", "<think>\na\n</think>\n\nIt is \\boxed{7}."),
        ("<thinking>a</thinking><output>\\boxed{7}</output>", "correct", "<think>\na\n</think>\n\n\\boxed{7}"),
        (
            "What is 3 + 4? Give a number.\n<think>a</think>\\boxed{7}",
            "correct",
            "<think>a</think>\\boxed{7}",
        ),
        ("<think>a</think>The answer is 7.", "correct", "<think>a</think>The answer is 7."),
        ("<think></think>\\boxed{7}", "undecided", None),
        ("<think>a</think><think>b</think>\\boxed{7}", "undecided", None),
        ("so \\boxed{7}", "undecided", None),
        ("<think>a</think>\\boxed{8}", "wrong", None),
        ("<think>a", "no_answer", None),
        ("", "no_answer", None),
        ("</think>", "no_answer", None),
    ],
)
def test_a_response_is_a_trace_when_it_is_whole_and_correct(response: str, outcome: str, trace: str | None) -> None:
    import rewards

    verdict = rewards.judge(ROW.answer, response)
    found = Accept().candidate(ROW, response, verdict.outcome)
    assert found.outcome == outcome
    assert (found.row and found.row.completion) == trace
    assert found.row is None or found.row.verified in ("correct", "correct_without_box")


def test_traces_without_tags_are_taken_by_choice_and_never_with_broken_ones() -> None:
    accept = Accept(need_thinking=False)
    assert accept.candidate(ROW, "so \\boxed{7}", "correct").outcome == "correct"
    assert accept.candidate(ROW, "<think>so \\boxed{7}", "correct").why == "thinking_not_closed"


def test_a_verdict_that_does_not_hold_for_the_cleaned_trace_is_none() -> None:
    """The judge that said `correct` read the prompt that was repeated in front."""
    found = Accept().candidate(ROW, "What is 3 + 4? Give a number.<think>a</think>\\boxed{8}", "correct")
    assert (found.outcome, found.why) == ("wrong", "another answer when cleaned")


TEXTS = ("one two three four five six", "one two three four five seven", "one two three", "nine ten eleven twelve")


@pytest.mark.parametrize(
    ("keep", "k", "numbers"),
    [
        ("first", 2, [0, 1]),
        ("first", 9, [0, 1, 2, 3]),
        ("shortest", 2, [2, 3]),
        ("varied", 2, [0, 3]),
        ("varied", 3, [0, 3, 2]),
        ("varied", 9, [0, 3, 2, 1]),
    ],
)
def test_traces_are_chosen_by_number_length_or_distance(keep: Keep, k: int, numbers: list[int]) -> None:
    traces = [Trace(i, len(text.split()), with_trace(text)) for i, text in enumerate(TEXTS)]
    traces.append(Trace(4, 1, with_trace(TEXTS[0])))  # the same text is no other trace
    assert [trace.number for trace in choose(traces, keep, k)] == numbers
    assert choose([], keep, k) == []


def with_trace(text: str, number: int = 1, **fields: object) -> Row:
    return replace(ROW, source_id=str(number), completion=text, **fields)  # type: ignore[arg-type]


ROWS = [
    with_trace("", 0, extra={"cluster": 1, "copy": 0}),
    with_trace("t", 1, verified="correct", extra={"cluster": 1, "copy": 1}),
    with_trace("t", 2, verified="wrong", extra={"cluster": 2, "copy": 0}),
    with_trace("u", 3, verified="wrong", extra={"cluster": 2, "copy": 1}),
    with_trace("", 4, extra={"cluster": 3, "copy": 0}),
    with_trace("t", 5, verified="no_gold", extra={"cluster": 4, "copy": 0}),
    with_trace("t", 6, verified="cannot_judge", extra={"cluster": 5, "copy": 0}),
]


@pytest.mark.parametrize(
    ("prompts", "merge", "sampled", "merged"),
    [
        ("without_trace", True, [4], {0: 1}),
        ("without_trace", False, [0, 4], {}),
        ("not_correct", True, [2, 4], {0: 1, 3: 2}),
        ("not_correct", False, [0, 2, 3, 4], {}),
        ("all", True, [0, 2, 4], {3: 2}),
        ("all", False, [0, 1, 2, 3, 4], {}),
    ],
)
def test_of_rows_with_one_question_one_is_sampled(
    tmp_path: Path, prompts: Prompts, merge: bool, sampled: list[int], merged: dict[int, int]
) -> None:
    columns: tuple[Column, ...] = FindClusters.adds
    rows = stored([ROWS[:3], ROWS[3:]], tmp_path / "rows", columns)
    parts = part(rows, prompts, merge)
    assert parts.sampled.tolist() == sampled
    assert [row.source_id for row in rows.some(parts.sampled)] == list(map(str, sampled))
    found = {int(i): int(parts.survivors[i]) for i in np.flatnonzero(parts.parts == 2)}
    assert found == merged


@pytest.mark.parametrize(
    ("answer", "distil", "action", "reason"),
    [
        ("7", True, "keep", ""),
        ("7", False, "dropped", "no_completion"),
        ("", True, "dropped", "no_gold"),
        ("\\frac{", True, "dropped", "gold_fails_itself"),
    ],
)
def test_a_row_waits_for_its_trace_where_its_gold_can_judge_one(
    answer: str, distil: bool, action: str, reason: str
) -> None:
    row = make_row(source="s", source_id="1", question="What is 3 + 4?", answer=answer)
    decision = VerifyTraces(to_distil=distil).map(row)
    assert (decision.action, decision.reason) == (action, reason)


@pytest.mark.parametrize(
    ("one", "judgement"),
    [
        (TraceFormat(), True),
        (Repetition(), True),
        (Refusal(), True),
        (Length(max_chars=10), (False, "prompt_too_long")),
        (Length(min_completion_chars=5_000), True),
    ],
)
def test_filters_of_traces_have_nothing_to_say_of_a_row_without_one(one: Filter, judgement: object) -> None:
    assert one.judge_prompt(ROW) == judgement
