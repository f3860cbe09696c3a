"""Filters on traces and on tokens."""

import random

import pytest

from curation.core.row import Row, make_row
from curation.filters.repetition import Repetition, repeated_share

VOCABULARY = [f"word{i}" for i in range(300)]


def trace(text: str) -> Row:
    return make_row(source="test", source_id="0", question="What is 1 + 1?", completion=text)


def prose(n_words: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(VOCABULARY, k=n_words))


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        (prose(2000, 1), True),
        (prose(600, 1) + " Wait, let me check. " + prose(150, 1) + prose(400, 2), True),
        (prose(300, 1) + (" " + prose(40, 2)) * 10, False),
        ("e^{ix} = " * 500, False),
        ("哈" * 2000, False),
        (prose(300, 1) + "1234567890" * 2000, False),
        ("<think>\n" + "\\]\n\n\\[\n".join(f"x_{i} = {i * i}" for i in range(300)), True),
        ("", True),
        ("I do. I do. I do.", True),
    ],
)
def test_repetition(text: str, keep: bool) -> None:
    judgement = Repetition().judge(trace(text))
    assert judgement is True if keep else judgement == (False, "repetition")


@pytest.mark.parametrize(
    ("words", "n", "share"),
    [
        ("a b c a b c", 3, 0.5),
        ("a b c d", 3, 0.0),
        ("a a a a", 1, 0.75),
        ("a b", 3, 0.0),
        ("a b a b a b", 2, 4 / 6),
        ("", 2, 0.0),
    ],
)
def test_overlapping_runs_count_once(words: str, n: int, share: float) -> None:
    assert repeated_share(words, n) == pytest.approx(share)
