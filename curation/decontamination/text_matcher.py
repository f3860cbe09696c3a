"""Whether a row is an item of a benchmark by its text, and how: exact, near or template.

exact     the same words
near      other words, the same numbers
template  the same words, other numbers: a variant of one problem

A generic text ("What is the perimeter of the rectangle?") is no match, and even less beside an image, which is then the question. The
thresholds separate the public sample's pairs, which fall into two groups with little between them.
"""

from typing import Literal

from curation.decontamination.grams import template_key
from curation.decontamination.options import Decontaminate
from curation.decontamination.weigh import Scale, Similarity, Weighed

Kind = Literal["exact", "near", "template", "picture", "copy"]

MIN_EVIDENCE = 3.0
"""Shared grams, counted by rarity, of a short text that is the whole question of both."""
RARE = 0.8
"""Weight of the rarest shared gram, which a generic text does not have: in a corpus of 10,000 rows, a gram in fewer than seven."""
MOST = 0.65
"""Share of a long item that a row must have, where nothing else backs the similarity: no numbers, and the row has more. Also the share of
single words in common that, with the numbers, shows a question in other words, of whose 3-grams few are left."""
MAX_SAME_TEXT = 5
"""From so many rows on that have the same words, or all but the numbers, the words are a generator's and the rest is the question."""


class TextMatcher:
    """Compares the words of a row with those of an item."""

    def __init__(self, scale: Scale, options: Decontaminate) -> None:
        self.scale, self.options = scale, options

    def match(self, row: Weighed, item: int, item_words: list[str], visual: bool) -> tuple[Kind, float] | None:
        """(kind, score) where they match; `visual` says that the row has an image."""
        similarity = self.scale.compare(row, item, item_words)
        if row.words == item_words:
            return ("exact", 1.0) if self._is_specific(similarity, item, visual) else None
        if not similarity.other_numbers:
            return ("near", similarity.containment) if self._is_near(similarity) else None
        if self._is_variant(similarity, row.words, item, item_words):
            return "template", similarity.containment
        return None

    def _is_specific(self, similarity: Similarity, item: int, visual: bool) -> bool:
        """Whether equal words show one problem: they are rare and, beside an image, many enough and not a generator's."""
        if similarity.rarest < RARE:
            return False
        common = self._rows_with(self.scale.keyring.whole[item]) >= MAX_SAME_TEXT
        return not visual or (similarity.evidence >= MIN_EVIDENCE and not common)

    def _is_near(self, similarity: Similarity) -> bool:
        """The numbers agree, so the less the words prove, the more of both texts must be shared: nearly all of a short item and of the
        row; most of a long item; half of one with two numbers of its own, or only its single words."""
        alone, options = self.options.min_containment_alone, self.options
        if similarity.evidence < MIN_EVIDENCE or similarity.rarest < RARE:
            return False
        if similarity.evidence < options.min_evidence:
            return min(similarity.containment, similarity.coverage) >= alone
        if similarity.containment >= alone:
            return True
        if similarity.containment < options.min_containment:
            return similarity.n_numbers >= 2 and similarity.same_words >= MOST
        much = similarity.evidence >= 2 * options.min_evidence and similarity.containment >= MOST
        return similarity.n_numbers >= 2 or similarity.coverage >= alone or much

    def _is_variant(self, similarity: Similarity, row: list[str], item: int, item_words: list[str]) -> bool:
        if similarity.evidence < MIN_EVIDENCE or self._rows_with(self.scale.keyring.template[item]) >= MAX_SAME_TEXT:
            return False
        if (key := template_key(row)) and key == template_key(item_words):
            return True
        alone, enough = self.options.min_containment_alone, similarity.evidence >= self.options.min_evidence
        return enough and similarity.containment >= alone and similarity.coverage >= self.options.min_containment

    def _rows_with(self, key: int) -> int:
        return int(self.scale.counts[key]) if key >= 0 else 0
