"""Solutions in words: each step follows from the numbers of its entry; what has none says so."""

import re

import pytest

from curation.puzzles.solutions import SOLUTIONS, completion, solution


@pytest.mark.parametrize(
    ("dataset", "metadata", "expected"),
    [
        ("chain_sum", {"expression": "3 + 4 - 2"}, "3 + 4 = 7. 7 - 2 = 5."),
        ("chain_sum", {"expression": "-3 - -4"}, "-3 - -4 = 1."),
        ("chain_sum", {"expression": "8"}, "It is 8."),
        ("gcd", {"numbers": [12, 18]}, "18 = 1 * 12 + 6. 12 = 2 * 6 + 0. The greatest common divisor is 6."),
        ("gcd", {"numbers": [4, 4, 2]}, "4 = 1 * 4 + 0. 4 = 2 * 2 + 0. The greatest common divisor is 2."),
        ("spell_backward", {"word": "sun"}, "The letters are s, u, n. Backwards: n, u, s."),
        ("letter_counting", {"target_letter": "a", "span": ["Anna", "is", "at"]}, "Anna 2, so 2. at 1, so 3."),
        ("letter_counting", {"target_letter": "z", "span": ["no"]}, "No word has the letter z: 0."),
    ],
)
def test_solutions_go_step_by_step(dataset: str, metadata: dict[str, object], expected: str) -> None:
    assert solution(dataset, {"metadata": metadata}) == expected


@pytest.mark.parametrize(
    ("dataset", "entry", "message"),
    [
        ("maze", {"metadata": {}}, "no solutions in words for dataset 'maze'; known: " + ", ".join(sorted(SOLUTIONS))),
        ("chain_sum", {"metadata": {}}, "has no 'expression'"),
        ("chain_sum", {"metadata": {"expression": "2 * 3"}}, "expected a chain of sums and differences"),
    ],
)
def test_what_has_no_solution_says_so(dataset: str, entry: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        solution(dataset, entry)


def test_a_completion_thinks_once_and_boxes_its_answer() -> None:
    assert completion("1 + 1 = 2.", "2") == "<think>\n1 + 1 = 2.\n</think>\n\\boxed{2}"
