"""A word's hash is its own wherever it stands; what MinHash compares are the shingles."""

import random

import numpy as np
import pytest

from curation.dedup import minhash
from curation.dedup.minhash import band_keys, hashes_of_each, jaccard, word_hashes
from curation.dedup.options import Dedup
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


@pytest.mark.parametrize("longest", [30, 400_000])
def test_texts_together_have_the_keys_that_each_has_alone(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those without words, with fewer than a shingle has, and more than are summed up or permuted at once."""
    monkeypatch.setattr(minhash, "MAX_WORDS", 200)
    rng, options = random.Random(longest), Dedup()
    lengths = [0, 1, 2, longest, 0, longest // 2, *(rng.randrange(40) for _ in range(40)), longest]
    texts = [" ".join(rng.choices(["aa", "b", " ", "ccc", "≤"], k=n)).encode() for n in lengths]
    together, alone = hashes_of_each(texts), [word_hashes(text) for text in texts]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))
    keys = band_keys(together, options)
    assert np.array_equal(keys, np.concatenate([band_keys([one], options) for one in alone]))


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
