"""Whether a row is an evaluation question in other words: the numbers are the same, and the rare words agree.

A paraphrase keeps hardly three words in a row, so 3-grams do not see it. It keeps the quantities, and most of the nouns. What two texts
share is counted in nats: ln((N + 10,000) / df) for a stem or a number that df of N questions have, which says the same in a corpus of any
size.

paraphrase            so much in common that no other problem has it
possible_paraphrase   less: for a reader
doubtful              less still: for a second opinion alone, as most of these pairs are two problems
"""

import math
from typing import Literal, NamedTuple

import numpy as np

from curation.decontamination.background import Background
from curation.decontamination.frequency import BACKGROUND
from curation.decontamination.keyring import Keyring
from curation.decontamination.wording import MIN_NUMBERS, Wording, part_key

COMMON = math.log(200)
"""Nats of a stem that one text in 200 has; commoner ones prove nothing."""
MIN_STEM_LETTERS = 3
"""Letters of a stem that proves something: a shorter one is a variable or a point."""
MIN_STEMS = 8
"""Different stems of both: two formulas with the same numbers have fewer."""
SURE_NATS, SURE_DICE = 24.0, 0.38
"""What shows a paraphrase: on 7,473 training questions of GSM8K against its test questions nothing reaches both."""
POSSIBLE_NATS, POSSIBLE_DICE = 18.0, 0.34
DOUBTFUL_NATS, DOUBTFUL_DICE = 17.0, 0.25

Likeness = Literal["paraphrase", "possible_paraphrase"]


class Shared(NamedTuple):
    """What two wordings share: the Dice coefficient of their stems by nats, and the nats of the numbers and of the rare stems."""

    dice: float
    nats: float
    both_negated: bool
    """Or neither."""

    @property
    def is_doubtful(self) -> bool:
        """Whether a second opinion may confirm it."""
        return self.nats >= DOUBTFUL_NATS and self.dice >= DOUBTFUL_DICE and self.both_negated

    @property
    def kind(self) -> Likeness | None:
        """What it shows by itself."""
        if self.nats >= SURE_NATS and self.dice >= SURE_DICE and self.both_negated:
            return "paraphrase"
        return "possible_paraphrase" if self.nats >= POSSIBLE_NATS and self.dice >= POSSIBLE_DICE else None


class ParaphraseMatcher:
    """Compares wordings under the frequencies of a whole corpus."""

    def __init__(self, keyring: Keyring, background: Background) -> None:
        self.keyring, self.background = keyring, background

    def compare(self, row: Wording, question: Wording) -> Shared | None:
        """What they share; None where a number of the one is not in the other, or they share too few."""
        if row.numbers - question.numbers - question.loose or question.numbers - row.numbers - row.loose:
            return None
        numbers = row.numbers & question.numbers
        if len(numbers) < MIN_NUMBERS or min(len(row.stems), len(question.stems)) < MIN_STEMS:
            return None
        nats = self._nats(row.stems | question.stems | numbers)
        shared = row.stems & question.stems
        # `fsum` gives the same whatever the order of a set.
        all_of_both = math.fsum(nats[s] for of in (row.stems, question.stems) for s in of)
        rare = [nats[s] for s in shared if len(s) >= MIN_STEM_LETTERS and nats[s] >= COMMON]
        return Shared(
            dice=2 * math.fsum(nats[s] for s in shared) / max(all_of_both, 1e-9),
            nats=math.fsum([*rare, *(nats[n] for n in numbers)]),
            both_negated=row.negated == question.negated,
        )

    def _nats(self, parts: frozenset[str]) -> dict[str, float]:
        names = sorted(parts)
        numbers = self.keyring.find(np.array([part_key(part) for part in names], np.uint64))
        # What no evaluation question has was not counted in the rows; it is not among what both share.
        df = np.where(numbers >= 0, np.maximum(self.background.counts[numbers], 1), 1)
        nats = np.log((self.background.n_questions + BACKGROUND) / df)
        return dict(zip(names, nats.tolist(), strict=True))
