"""What a row and an evaluation question share, by the weight of their 3-grams."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from curation.decontamination.background import Background
from curation.decontamination.grams import gram_keys, has_number
from curation.decontamination.keyring import Ints, Keyring, Small
from curation.decontamination.text import is_number
from curation.decontamination.wording import EVERYWHERE


class Words:
    """The words of a text, and what is asked of them again and again."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    @cached_property
    def different(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def numbers(self) -> list[str]:
        """In their order."""
        return [word for word in self.words if is_number(word)]

    @cached_property
    def counted_numbers(self) -> Counter[str]:
        return Counter(self.numbers)


@dataclass(frozen=True)
class Weighed:
    """A row's words, looked up once for all its candidates."""

    words: Words
    grams: Small
    """Those that some question has, ascending."""
    weights: npt.NDArray[np.float64]
    unknown: int
    """Grams that no question has."""

    @cached_property
    def weight(self) -> float:
        """Of all its grams: one that no question has counts as one that occurs nowhere else."""
        # Without the grams of no question a long row that holds a common phrase would be covered by it entirely.
        return self.unknown + float(self.weights.sum())


@dataclass(frozen=True)
class Similarity:
    """What a row shares with a question."""

    row: Words
    question: Words
    containment: float
    """Share of the question's weight that is in the row."""
    coverage: float
    """Share of the row's weight that is in the question."""
    evidence: float
    """Sum of the weights of the shared grams: grams that occur nowhere else."""
    prose: float
    """The same of the shared grams that have no number."""
    rarest: float
    """The weight of the rarest shared gram."""

    @cached_property
    def same_words(self) -> float:
        """Share of the different words that both have, of the one that has more."""
        ours, theirs = self.row.different, self.question.different
        return len(ours & theirs) / max(len(ours), len(theirs), 1)

    @property
    def n_numbers(self) -> int:
        """Different numbers of the question, those that are everywhere aside."""
        return len(self.question.counted_numbers.keys() - EVERYWHERE)

    @cached_property
    def same_numbers(self) -> float:
        """Share of the question's numbers that the row has, 1 where it has none."""
        numbers = self.question.counted_numbers
        return (numbers & self.row.counted_numbers).total() / numbers.total() if numbers else 1.0

    @property
    def in_order(self) -> bool:
        """Whether the row has them in the same order, maybe with others between."""
        rest = iter(self.row.numbers)
        return all(number in rest for number in self.question.numbers)

    @property
    def in_a_run(self) -> bool:
        """Whether the row has them one after the other in the same order."""
        return f" {' '.join(self.question.numbers)} " in f" {' '.join(self.row.numbers)} "


class Scale:
    """Compares texts with evaluation questions under the weights of a whole corpus."""

    def __init__(self, keyring: Keyring, background: Background) -> None:
        self.keyring, self.background = keyring, background
        self._has_number = has_number(keyring.keys)

    def weigh(self, texts: Sequence[list[str]]) -> list[Weighed]:
        """The words of several texts."""
        keys, owner = gram_keys(texts)
        numbers = self.keyring.find(keys)
        ends = np.searchsorted(owner, np.arange(len(texts) + 1))
        return [self._weighed(words, numbers[ends[i] : ends[i + 1]]) for i, words in enumerate(texts)]

    def _weighed(self, words: list[str], numbers: Ints) -> Weighed:
        grams = numbers[numbers >= 0].astype(np.int32)  # ascending, as the keys of a text are
        return Weighed(Words(words), grams, self.background.weights[grams], len(numbers) - len(grams))

    def compare(self, row: Weighed, question: int, words: Words) -> Similarity:
        """What the row and the question share, by weight."""
        grams, of_grams = self.keyring.grams_of(question), self.background.weights_of(question)
        at = np.searchsorted(row.grams, grams)
        in_row = np.flatnonzero(
            row.grams[at] == grams if at.max(initial=0) < len(row.grams) else _found(row.grams, grams, at)
        )
        shared = of_grams[in_row]
        evidence, of_question = float(shared.sum()), float(of_grams.sum())
        rest = row.weight - float(row.weights[at[in_row]].sum())
        return Similarity(
            row=row.words,
            question=words,
            containment=evidence / of_question if of_question else 0.0,
            coverage=evidence / (evidence + rest) if evidence else 0.0,
            evidence=evidence,
            prose=evidence - float(shared[self._has_number[grams[in_row]]].sum()),
            rarest=float(shared.max(initial=0.0)),
        )


def _found(some: Small, of: Small, at: Ints) -> npt.NDArray[np.bool_]:
    """Whether each is among some, where its place may be behind the last."""
    inside = at < len(some)
    inside[inside] = some[at[inside]] == of[inside]
    return inside
