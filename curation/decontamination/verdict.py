"""Whether a row is an item of a benchmark, and how: exact, near or template.

exact     the same words
near      other words, the same numbers
template  the same words, other numbers: a variant of one problem

A generic text ("What is the perimeter of the rectangle?") convicts nobody, and even less beside a picture, which is then the question. The
thresholds separate the public sample's pairs, which fall into two groups with little between them.
"""

from dataclasses import dataclass
from typing import Literal

from curation.decontamination.grams import template_key
from curation.decontamination.options import Decontaminate
from curation.decontamination.weigh import Likeness, Scale, Weighed

Kind = Literal["exact", "near", "template", "picture", "copy"]

MIN_EVIDENCE = 3.0
"""Shared grams, counted by rarity, of a short text that is the whole question of both."""
RARE = 0.8
"""Weight of the rarest shared gram, which a generic text does not have: in a corpus of 10,000 rows, a gram in fewer than seven."""
MOST = 0.65
"""Share of a long item that a row must have, where nothing else backs the likeness: no numbers, and the row has more. Also the share of
single words in common that, with the numbers, shows a question in other words, of whose 3-grams few are left."""
MAX_SAME_TEXT = 5
"""From so many rows on that have the same words, or all but the numbers, the words are a generator's and the rest is the question."""


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Kind
    score: float


class Judge:
    """Convicts by text."""

    def __init__(self, scale: Scale, options: Decontaminate) -> None:
        self.scale, self.options = scale, options

    def judge(self, row: Weighed, item: int, item_words: list[str], visual: bool) -> Verdict | None:
        """`visual`: the row or the item has a picture."""
        likeness = self.scale.compare(row, item, item_words)
        if row.words == item_words:
            return Verdict("exact", 1.0) if self._is_telling(likeness, item, visual) else None
        if not likeness.other_numbers:
            return Verdict("near", likeness.containment) if self._is_near(likeness) else None
        if self._is_variant(likeness, row.words, item, item_words):
            return Verdict("template", likeness.containment)
        return None

    def _is_telling(self, likeness: Likeness, item: int, visual: bool) -> bool:
        if likeness.rarest < RARE:
            return False
        common = self._rows_with(self.scale.keyring.whole[item]) >= MAX_SAME_TEXT
        return not visual or (likeness.evidence >= MIN_EVIDENCE and not common)

    def _is_near(self, likeness: Likeness) -> bool:
        alone, options = self.options.min_containment_alone, self.options
        if likeness.evidence < MIN_EVIDENCE or likeness.rarest < RARE:
            return False
        if likeness.evidence < options.min_evidence:
            return min(likeness.containment, likeness.coverage) >= alone
        if likeness.containment >= alone:
            return True
        if likeness.containment < options.min_containment:
            return likeness.n_numbers >= 2 and likeness.same_words >= MOST
        much = likeness.evidence >= 2 * options.min_evidence and likeness.containment >= MOST
        return likeness.n_numbers >= 2 or likeness.coverage >= alone or much

    def _is_variant(self, likeness: Likeness, row: list[str], item: int, item_words: list[str]) -> bool:
        if likeness.evidence < MIN_EVIDENCE or self._rows_with(self.scale.keyring.template[item]) >= MAX_SAME_TEXT:
            return False
        if (key := template_key(row)) and key == template_key(item_words):
            return True
        alone, enough = self.options.min_containment_alone, likeness.evidence >= self.options.min_evidence
        return enough and likeness.containment >= alone and likeness.coverage >= self.options.min_containment

    def _rows_with(self, key: int) -> int:
        return int(self.scale.counts[key]) if key >= 0 else 0
