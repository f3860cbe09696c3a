"""A word's hash is its own wherever it stands; what MinHash compares are the shingles."""

import random

import pytest

from curation.dedup.minhash import jaccard, word_hashes
from curation.dedup.signature import trace_numbers


@pytest.mark.parametrize("words", [b"ab c", b" ab c", b"ab  c ", b"   ab   c"])
def test_spaces_around_words_do_not_count(words: bytes) -> None:
    assert word_hashes(words).tolist() == word_hashes(b"ab c").tolist()


@pytest.mark.parametrize("words", [b"", b" ", b"   "])
def test_a_text_without_words_has_one_hash(words: bytes) -> None:
    assert word_hashes(words).tolist() == [0]


def test_equal_words_have_equal_hashes_at_any_place_and_others_do_not() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abé≤z", k=rng.randrange(1, 9))) for _ in range(3000)]
    of_word = dict(zip(words, word_hashes(" ".join(words).encode()).tolist(), strict=True))
    assert len(set(of_word.values())) == len(of_word)
    shuffled = rng.sample(words, len(words))
    assert word_hashes("  ".join(shuffled).encode()).tolist() == [of_word[word] for word in shuffled]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_jaccard_is_that_of_the_shingles(size: int) -> None:
    rng = random.Random(size)
    one, other = (rng.choices("abcd", k=30) for _ in range(2))
    a, b = ({tuple(words[i : i + size]) for i in range(len(words) - size + 1)} for words in (one, other))
    assert jaccard(" ".join(one).encode(), " ".join(other).encode(), size) == len(a & b) / len(a | b)


TRACES = [
    (b"", b""),
    (b"none", b""),
    (b" 7", b"7"),
    (b"x = 3\n\n  so\t-4", b"= 3 -4"),
    (b"3x4 and 34.", b"3 4 34."),
]


@pytest.mark.parametrize(("trace", "numbers"), TRACES)
def test_numbers_of_a_trace_are_parted_as_they_stand(trace: bytes, numbers: bytes) -> None:
    assert trace_numbers(trace) == numbers
