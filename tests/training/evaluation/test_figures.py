"""avg@n, pass@k, maj@n, intervals and paired differences, by hand."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from curation.core.row import Message, Row
from rewards import Verdict
from training.evaluation.compare import paired
from training.evaluation.figures import figures
from training.evaluation.images import comparison, parse_kinds, without_places
from training.evaluation.intervals import bootstrap, sign_flip
from training.evaluation.results import RowResult, majority, row_result

RIGHT, WRONG = "correct", "wrong"


def verdict(outcome: Any, extracted: str | None = None) -> Verdict:
    return Verdict(outcome, extracted, "")


def row(number: int, domain: str = "logic", answer: str = "4", images: tuple[bytes, ...] = ()) -> Row:
    return Row(
        f"{number:032x}", "sums", str(number), (Message("user", "2 + 2?"),), images, answer=answer, domain=domain
    )


def result(number: int, outcomes: list[Any], domain: str = "logic", images: tuple[bytes, ...] = ()) -> RowResult:
    return row_result(
        row(number, domain, images=images),
        [verdict(outcome, "4" if outcome == RIGHT else "5") for outcome in outcomes],
        len(outcomes),
    )


@pytest.mark.parametrize(("n", "c", "k"), [(4, 1, 1), (4, 1, 2), (4, 2, 3), (5, 0, 2), (5, 5, 2), (6, 2, 4)])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_sample(n: int, c: int, k: int) -> None:
    outcomes = [RIGHT] * c + [WRONG] * (n - c)
    subsets = list(combinations(outcomes, k))
    assert result(0, outcomes).pass_at(k) == pytest.approx(sum(RIGHT in subset for subset in subsets) / len(subsets))


def test_samples_that_nothing_judged_are_left_out() -> None:
    one = result(0, [RIGHT, WRONG, "timeout", "unreadable_gold"])
    assert (one.mean, one.pass_at(2), one.pass_at(4)) == (0.5, 1.0, None)
    refused = row_result(row(0), [], 4)
    assert (refused.mean, refused.pass_at(1), refused.majority, refused.rewards) == (None, None, None, (None,) * 4)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(RIGHT, "4"), (WRONG, "5"), (RIGHT, "4.0")], 1.0),
        ([(RIGHT, "4"), (WRONG, "1/2"), (WRONG, "0.5"), (WRONG, "7")], 0.0),  # equal by value, not by text
        ([(WRONG, "5"), (RIGHT, "4")], 0.0),  # the first of equally many
        ([(RIGHT, "4"), (WRONG, "5")], 1.0),
        ([("no_answer", None), ("truncated", None)], 0.0),
        ([("no_answer", None), ("no_answer", None), (RIGHT, "4")], 1.0),
        ([("timeout", "4")], None),
    ],
)
def test_the_majority_goes_by_the_judges_equality(
    answers: list[tuple[str, str | None]], expected: float | None
) -> None:
    assert majority(row(0), [verdict(*one) for one in answers]) == expected


def test_figures_by_group() -> None:
    results = [
        result(0, [RIGHT, RIGHT]),
        result(1, [RIGHT, WRONG]),
        result(2, [WRONG, "truncated"], "chart"),
        result(3, ["timeout"] * 2, "chart"),
    ]
    found = figures(results, 2)
    assert (found["n_rows"], found["n_unjudged"], found["n_truncated"]) == (4, 2, 1)
    assert found["mean_reward"] == 0.5
    assert found["by_domain"] == {"chart": 0.0, "logic": 0.75}
    assert {name: one["value"] for name, one in found["metrics"].items()} == {
        "avg@2": 0.5,
        "pass@1": 0.5,
        "pass@2": 0.6667,
        "maj@2": 0.6667,
    }
    assert found["metrics"]["avg@2"]["n_rows"] == 3
    logic = found["groups"]["domain"]["logic"]["avg@2"]
    assert (logic["value"], logic["n_rows"]) == (0.75, 2)


def test_the_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        rates = rng.beta(1, 1, 80)
        values = rng.binomial(8, rates) / 8
        low, high = bootstrap(list(values), seed=trial)
        held += low <= 0.5 <= high
    assert 0.9 <= held / 200 <= 0.99


def test_p_values_are_those_of_all_sign_changes() -> None:
    differences = [0.5, 0.25, -0.25, 0.75, 0.5, 0.0, 0.25]
    observed = abs(np.mean(differences)) - 1e-12
    exact = np.mean([abs(np.mean(np.multiply(signs, differences))) >= observed for signs in product([1, -1], repeat=7)])
    assert sign_flip(differences) == pytest.approx(exact, abs=0.02)


def test_p_values_of_nothing_are_uniform() -> None:
    rng = np.random.default_rng(1)
    small = sum(sign_flip(list(rng.normal(size=40)), seed) < 0.1 for seed in range(200))
    assert 8 <= small <= 35


def test_models_are_compared_on_the_rows_that_both_have_judged() -> None:
    first = [result(number, [RIGHT, RIGHT]) for number in range(10)] + [result(10, ["timeout"] * 2)]
    second = [result(number, [RIGHT, WRONG]) for number in range(11)] + [result(12, [WRONG] * 2)]
    found = paired(first, second)
    assert found is not None
    assert (found["difference"], found["n_rows"], found["ci_low"]) == (0.5, 10, 0.5)
    assert found["p_value"] < 0.01
    assert paired(first, []) is None


def test_what_images_add_is_told_of_picture_rows_and_text_rows_apart() -> None:
    real = [result(n, [RIGHT] * 2, images=(b"png",)) for n in range(8)] + [result(n, [RIGHT] * 2) for n in range(8, 12)]
    blank = [result(n, [WRONG] * 2, images=(b"other",)) for n in range(8)] + [
        result(n, [RIGHT] * 2) for n in range(8, 12)
    ]
    none = [result(n, [WRONG] * 2) for n in range(7)]
    found = comparison({"real": real, "blank": blank, "none": none})
    assert (found["blank"]["picture"]["difference"], found["blank"]["picture"]["n_rows"]) == (1.0, 8)
    assert (found["blank"]["text"]["difference"], found["blank"]["text"]["n_rows"]) == (0.0, 4)
    assert (found["none"]["picture"]["n_rows"], found["none"]["text"], found["none"]["n_left_out"]) == (7, None, 5)
    assert found["blank"]["by_domain"]["logic"]["n_rows"] == 8


def test_kinds_of_images() -> None:
    assert parse_kinds("blank,swapped") == ["real", "blank", "swapped"]
    with pytest.raises(ValueError, match="unknown kind 'blurred'; known: real, blank, swapped, none"):
        parse_kinds("real,blurred")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<image>\nHow many?", "How many?"),
        ("Is <image> larger than <image>?", "Is larger than ?"),
        ("How many?", "How many?"),
    ],
)
def test_the_places_of_images_go_with_them(text: str, expected: str) -> None:
    assert without_places(Message("user", text)).content == expected
