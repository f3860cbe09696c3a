"""The sources that make their own rows: what comes out, that it comes out twice, and what a wrong manifest is answered."""

import io
import json
import random
from collections import Counter
from datetime import date
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

import rewards
from curation.core.row import Row
from curation.puzzles import LEVELS, families
from curation.sources.base import BadRow
from curation.sources.reasoning_gym import ReasoningGym, _as_json
from curation.sources.visual_puzzles import VisualPuzzles


def rows_of(rows: list[Row | BadRow]) -> list[Row]:
    return [row for row in rows if isinstance(row, Row)]


def judged(row: Row, response: str) -> str:
    options = json.loads(row.answer_options)
    return rewards.judge(gold=row.answer, response=response, kind=row.answer_kind, options=options).outcome


def test_image_rows_have_one_png_of_the_asked_size_and_no_completion() -> None:
    rows = rows_of(list(VisualPuzzles(count=5 * len(families()), size=56, weight=2.0).read(1)))
    assert len(rows) == 5 * len(families())
    for row in rows:
        (data,) = row.images
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("PNG", (56, 56))
        assert (row.completion, row.teacher) == ("", "")
        assert (row.source, row.license, row.language, row.weight) == ("visual_puzzles", "Apache-2.0", "en", 2.0)
    assert {row.domain for row in rows} == {"chart", "geometry", "logic", "puzzle"}
    assert {row.format for row in rows} == {"choice", "number", "open"}


def test_text_rows_have_the_scene_and_a_trace() -> None:
    for row in rows_of(list(VisualPuzzles(count=5 * len(families()), modality="text").read(1))):
        assert row.images == ()
        assert row.completion.startswith("<think>\n")
        assert row.completion.endswith(f"</think>\n\\boxed{{{row.answer}}}")
        assert "\n" in row.question
        assert row.teacher


@pytest.mark.parametrize("modality", ["picture", "text"])
def test_every_gold_is_judged_correct_and_another_wrong(modality: str) -> None:
    rows = rows_of(list(VisualPuzzles(count=5 * len(families()), size=28, modality=modality).read(4)))
    for row in rows:
        assert judged(row, f"\\boxed{{{row.answer}}}") == "correct", row
        wrong = "B" if row.answer == "A" else "A" if row.answer_kind == "choice" else "77"
        assert judged(row, f"\\boxed{{{wrong}}}") == "wrong", row


@pytest.mark.parametrize("modality", ["picture", "text"])
def test_the_seed_decides_every_byte(modality: str) -> None:
    source = VisualPuzzles(count=4 * len(families()), size=56, modality=modality)
    state = random.getstate()
    first = list(source.read(1))
    assert random.getstate() == state
    assert first == list(source.read(1))
    assert not {row.id for row in rows_of(first)} & {row.id for row in rows_of(list(source.read(2)))}


def test_a_longer_source_begins_with_the_shorter_one() -> None:
    short, long = (list(VisualPuzzles(families=["count", "table"], count=n, modality="text").read(3)) for n in (9, 18))
    assert long[: len(short)] == short


def test_rows_are_unique_and_an_exhausted_family_is_counted() -> None:
    made = list(VisualPuzzles(families=["clock", "count"], levels=[1], count=60, modality="text").read(0))
    rows, bad = rows_of(made), [row for row in made if isinstance(row, BadRow)]
    assert len(made) == 60
    assert len({row.id for row in rows}) == len(rows) == 34
    assert {row.reason for row in bad} == {"puzzles_exhausted"}
    assert "no more rows than the 4" in bad[0].detail


def test_answers_are_balanced() -> None:
    rows = rows_of(list(VisualPuzzles(families=["compare", "locate", "count"], levels=[1], count=180, size=28).read(9)))
    for family, n_answers in (("compare", 3), ("locate", 4), ("count", 4)):
        counts = Counter(row.answer for row in rows if row.source_id.startswith(family))
        assert len(counts) == n_answers
        assert max(counts.values()) - min(counts.values()) <= 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, dict.fromkeys(families(), LEVELS)),
        ({"families": ["table"], "levels": 2}, {"table": (2,)}),
        ({"levels": {"clock": [3, 4], "count": 1}}, {"clock": (3, 4), "count": (1,)}),
        ({"levels": {"clock": [3, 4], "count": [1]}, "families": ["count"]}, {"count": (1,)}),
    ],
)
def test_families_and_levels_are_chosen(options: dict[str, Any], expected: dict[str, tuple[int, ...]]) -> None:
    assert VisualPuzzles(**options).plan() == expected


def test_families_take_the_levels_in_turn() -> None:
    ids = [
        row.source_id
        for row in rows_of(list(VisualPuzzles(families=["table", "clock"], levels=[2, 4], count=4, size=28).read(0)))
    ]
    assert ids == ["table-2-000000", "clock-2-000000", "table-4-000001", "clock-4-000001"]
    assert len(rows_of(list(VisualPuzzles(levels=2, count=len(families()), size=28).read(0)))) == len(families())


@pytest.mark.parametrize("count", [1, 7, 8])
def test_the_count_is_that_of_all_rows_and_the_first_families_have_what_does_not_divide(count: int) -> None:
    made = list(VisualPuzzles(families=["table", "clock", "path"], levels=[1, 5], count=count, modality="text").read(0))
    shares = Counter(row.source_id.partition("-")[0] for row in made)
    assert len(made) == count
    assert [shares[family] for family in ("table", "clock", "path")] == [(count + 2) // 3, (count + 1) // 3, count // 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": {"tabel": [1]}}, "unknown puzzle family 'tabel'; did you mean 'table'"),
        ({"levels": {"clock": ["1"]}}, "got levels ['1'], expected some of [1, 2, 3, 4, 5]"),
        ({"levels": {"clock": [1]}, "families": ["table"]}, "`levels` says nothing about family 'table'"),
        ({"families": ["tabel"]}, "unknown puzzle family 'tabel'; did you mean 'table'"),
        ({"levels": [1, 7]}, "got levels [1, 7], expected some of [1, 2, 3, 4, 5]"),
        ({"levels": "easy"}, "got levels 'easy', expected some of [1, 2, 3, 4, 5]"),
        ({"levels": ["1"]}, "got levels ['1'], expected some of [1, 2, 3, 4, 5]"),
        ({"levels": []}, "got levels [], expected some of [1, 2, 3, 4, 5]"),
        ({"modality": "video"}, "Input should be 'picture' or 'text'"),
        ({"pixels": 3}, "Extra inputs are not permitted"),
        ({"count": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_puzzle_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VisualPuzzles(**options)
    assert message in str(caught.value)


TRACED = {
    "chain_sum": {"count": 12, "min_terms": 2, "max_terms": 3, "max_digits": 1},
    "gcd": {"count": 4},
    "letter_counting": {"count": 4},
    "spell_backward": {"count": 4},
}


@pytest.mark.slow
def test_gym_rows_carry_their_entry_and_a_verified_trace() -> None:
    source = ReasoningGym(datasets=TRACED, traces=True)
    state = random.getstate()
    rows = rows_of(list(source.read(1)))
    assert random.getstate() == state
    assert Counter(row.source_id.split("-")[0] for row in rows) == {
        name: spec["count"] for name, spec in TRACED.items()
    }
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        options = json.loads(row.answer_options)
        assert options["dataset"] == row.source_id.split("-")[0]
        assert options["entry"]["question"] == row.question
        assert judged(row, row.completion) == "correct"
        assert judged(row, "\\boxed{-1234}") == "wrong"
    assert {row.domain for row in rows} == {"mathematics", "puzzle"}


@pytest.mark.slow
def test_gym_rows_come_twice_even_where_the_library_draws_from_global_state() -> None:
    """These three give other entries in every process when they are called without our precautions (0.1.25)."""
    source = ReasoningGym(datasets={name: {"count": 3} for name in ("isomorphic_strings", "codeio", "word_ladder")})
    first = list(source.read(5))
    assert len(rows_of(first)) == 9
    again = source.read(5)
    assert [next(again) for _ in range(6)] == first[:6]
    again.close()  # ends the child, or the test would hang


@pytest.mark.slow
def test_repeated_questions_are_left_out_and_counted() -> None:
    options = {"count": 400, "min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}
    made = list(ReasoningGym(datasets={"chain_sum": options}).read(1))
    questions = [row.question for row in rows_of(made)]
    assert len(made) == 400
    assert len(set(questions)) == len(questions) <= 200
    assert {row.reason for row in made if isinstance(row, BadRow)} == {"questions_exhausted"}


@pytest.mark.parametrize(
    ("metadata", "score", "reason"),
    [
        ({"pair": (1, 2), "set": {2, 1}}, 1.0, ""),
        ({"when": date(2026, 1, 2)}, 1.0, ""),
        ({"odd": object()}, 1.0, "entry_not_json"),
        ({"odd": float("nan")}, 1.0, "entry_not_json"),
        ({"grid": ((1,),)}, 0.05, "gold_refused"),
        ({"grid": ((1,),)}, ZeroDivisionError("zero"), "gold_refused"),
    ],
)
def test_an_entry_that_is_not_json_is_a_bad_row(metadata: dict[str, Any], score: Any, reason: str) -> None:
    def scorer(answer: str, entry: dict[str, Any]) -> float:
        if isinstance(score, Exception):
            raise score
        return float(score)

    entry, got, _ = _as_json({"question": "?", "answer": "1", "metadata": metadata}, scorer)
    assert got == reason
    assert (entry is None) == bool(reason)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"datasets": {"chain_sums": {}}}, "unknown dataset 'chain_sums'; near it: chain_sum"),
        ({"datasets": {"composite": {}}}, "unknown dataset 'composite'"),
        (
            {"datasets": {"chain_sum": {"min_term": 2}}},
            "dataset 'chain_sum': unknown option 'min_term'; known: count, allow",
        ),
        ({"datasets": {"chain_sum": {"seed": 2}}}, "dataset 'chain_sum': unknown option 'seed'"),
        ({"datasets": {"chain_sum": {"min_terms": -1}}}, "dataset 'chain_sum': min_terms must be positive"),
        ({"datasets": {"maze": {}}, "traces": True}, "no solutions in words for dataset 'maze'; known: chain_sum, gcd"),
        ({"datasets": {}}, "at least 1 item"),
    ],
)
def test_wrong_gym_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ReasoningGym(**options)
    assert message in str(caught.value)
