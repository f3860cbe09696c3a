"""The keyring: which evaluation question holds which key. A question that stands in several evaluation sets is one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curation.core.parquet import whole_file
from curation.decontamination.grams import Keys, gram_keys, template_key, whole_key
from curation.decontamination.wording import part_keys

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
"""What there are millions of."""
GRAM, WHOLE, TEMPLATE, PART, NUMBERS = range(5)
"""A 3-gram; a whole text; one without its numbers; a stem or a number; all numbers of a text together."""


@dataclass(frozen=True)
class Keyring:
    """`questions_at[starts[k]:starts[k+1]]` have key k; `grams[gram_starts[q]:gram_starts[q+1]]` are the 3-gram keys of question q."""

    keys: Keys
    starts: Small
    questions_at: Small
    gram_starts: Ints
    grams: Small
    part_starts: Ints
    parts: Small
    """As `grams`: the stems of each question's words, and its numbers."""
    kinds: npt.NDArray[np.uint8]
    """What each key is of: GRAM, WHOLE, TEMPLATE, PART or NUMBERS."""
    whole: Ints
    """Question -> number of its whole-text key, -1 for none."""
    template: Ints
    copies: Ints
    """Question -> how many different images it stands beside, at least 1: as many questions as it counts for."""
    visual: npt.NDArray[np.bool_]
    """Question -> whether it always stands beside images."""

    @property
    def n_questions(self) -> int:
        return len(self.whole)

    @cached_property
    def df(self) -> Small:
        """Key -> number of evaluation questions that have it."""
        if not len(self.keys):
            return np.zeros(0, np.int32)
        return np.add.reduceat(self.copies.astype(np.int32)[self.questions_at], self.starts[:-1])

    @cached_property
    def question_of_gram(self) -> Ints:
        """The question of every entry of `grams`."""
        return np.repeat(np.arange(self.n_questions), np.diff(self.gram_starts))

    def find(self, keys: Keys) -> Ints:
        """The number of each key, -1 for one that no question has."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)

    def grams_of(self, question: int) -> Small:
        return self.grams[self.gram_starts[question] : self.gram_starts[question + 1]]

    def save(self, path: Path) -> None:
        with whole_file(path) as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        with np.load(path) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def make_keyring(
    words: Sequence[list[str]], copies: Ints | None = None, visual: npt.NDArray[np.bool_] | None = None
) -> Keyring:
    """The keyring of different questions, by their words (`text.question_words`), in their order; without images by default."""
    grams, owner = gram_keys(words)
    parts, part_owner, together = wording_keys(words)
    n = np.arange(len(words))
    wholes, templates = (np.array([key(w) for w in words], np.uint64) for key in (whole_key, template_key))
    pairs = [
        (GRAM, grams, owner),
        (WHOLE, wholes, n),
        (TEMPLATE, templates, n),
        (PART, parts, part_owner),
        (NUMBERS, together, n),
    ]
    of_pair = np.concatenate([keys for _, keys, _ in pairs])
    there = np.flatnonzero(of_pair)
    question = np.concatenate([owner for *_, owner in pairs])[there]
    kind = np.repeat(np.array([kind for kind, *_ in pairs], np.uint8), [len(keys) for _, keys, _ in pairs])[there]
    # Sorted by key, the pairs are the lists of questions of all keys, one after the other: `keys` and `first` say where each begins.
    order = np.lexsort((question, of_pair[there]))
    keys, first = np.unique(of_pair[there][order], return_index=True)
    at = np.arange(len(words) + 1)
    return Keyring(
        keys=keys,
        starts=np.append(first, len(order)).astype(np.int32),
        questions_at=question[order].astype(np.int32),
        gram_starts=np.searchsorted(owner, at),
        grams=np.searchsorted(keys, grams).astype(np.int32),
        part_starts=np.searchsorted(part_owner, at),
        parts=np.searchsorted(keys, parts).astype(np.int32),
        kinds=kind[order][first],
        whole=np.where(wholes > 0, np.searchsorted(keys, wholes), -1),
        template=np.where(templates > 0, np.searchsorted(keys, templates), -1),
        copies=np.ones(len(words), np.int64) if copies is None else copies,
        visual=np.zeros(len(words), bool) if visual is None else visual,
    )


def wording_keys(words: Sequence[list[str]]) -> tuple[Keys, Ints, Keys]:
    """Of several texts: the keys of their stems and numbers, the text of each, and of each text the key of its numbers together or 0."""
    parts, together = zip(*map(part_keys, words), strict=True) if words else ((), ())
    owner = np.repeat(np.arange(len(words)), np.array([len(of_text) for of_text in parts], np.int64))
    return np.fromiter(chain.from_iterable(parts), np.uint64, len(owner)), owner, np.array(together, np.uint64)


def spread(starts: Ints | Small, which: Ints | Small, most: int = 2**62) -> tuple[Ints, Ints]:
    """For lists that lie one after the other, `starts[i]:starts[i + 1]`: (place in `which`, place in the lists) of every entry of some, at
    most so many of each."""
    firsts = starts[which].astype(np.int64)
    lengths = np.minimum(starts[which + 1] - firsts, most)
    # `arange` less where each list begins in it counts 0, 1, 2 ... anew for every list.
    at = np.arange(lengths.sum()) + np.repeat(firsts - np.cumsum(lengths) + lengths, lengths)
    return np.repeat(np.arange(len(which)), lengths), at
