"""The table of trigrams rules out no literal that is there, and what is read of bytes is what is read of text."""

import random

import pytest

from curation.filters.looping_end import _with_single_spaces
from curation.filters.personal_data import _MAY_HOLD, _has_shape
from curation.filters.repetition import repeated_share
from curation.normalise.characters import _CONTROLS, _without_controls
from curation.text.literals import Literals

SIGNS = "abt h<|>\n\tß用户İ\u00a0\x1c\x85٣²0123.-+ "


def made(seed: int, length: int) -> str:
    return "".join(random.Random(seed).choices(SIGNS, k=length))


@pytest.mark.parametrize("length", [30, 3_000])
def test_literals_are_found_where_they_are(length: int) -> None:
    literals = ("<|h", "ss用", "a b", "户 ")
    for seed in range(60):
        text = made(seed, length)
        assert Literals(literals).any_in(text) == any(literal in text.casefold() for literal in literals)
        one = Literals(["never there", "bat 户户 <|"])
        assert one.any_in(text + "BAT 户户 <|" + text)
        assert not one.any_in(text)


def test_bytes_say_what_the_text_says() -> None:
    for seed in range(300):
        text = made(seed, 200)
        assert _has_shape(text) or not _MAY_HOLD.search(text)
        assert _without_controls(text) == _CONTROLS.sub("", text)
        for one in (text, "".join(filter(str.isascii, text))):
            assert _with_single_spaces(one) == " ".join(one.split())


@pytest.mark.parametrize("number", ["212-867-5309", "123-45-6789", "1234 5678", "+44 (20", "8.8.8.8", "٢١٢-٨٦٧-٥٣٠٩"])
def test_shapes_of_numbers_are_seen(number: str) -> None:
    assert _MAY_HOLD.search(number)
    assert _has_shape(f"x {number} y")
    assert not _has_shape("x 1, 2.5 and 30 apples + 7 y")


@pytest.mark.parametrize("word", ["a", "π", "é\u0301", "𝑥"])
def test_words_are_those_of_the_text_in_any_script(word: str) -> None:
    text = f"{word}1 {word}2\u3000{word}3\n{word}1\x1c{word}2\t{word}3 end"
    assert repeated_share(text, 3) == pytest.approx(3 * (len(word) + 1) / (6 * (len(word) + 1) + 3))
    assert repeated_share(f"我们{word}我们{word}", 3) == pytest.approx(0.5)
    assert repeated_share(f"{word}b c {word} bc", 2) == 0
