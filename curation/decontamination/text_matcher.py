"""Whether a row is an evaluation question by its text, and how: exact, near or template.

exact     the same words
near      other words, the same numbers
template  the same words, other numbers: a variant of one problem

What keeps neither words in a row nor three of them is `paraphrase`'s business.

Beside an image, the row's or the item's, a text is half of the question, so there a generic one ("What is the perimeter of the rectangle?")
is no match, nor one that many images share. The thresholds separate the public sample's pairs, which fall into two groups with little
between them.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from curation.decontamination.grams import template_key
from curation.decontamination.options import Decontaminate
from curation.decontamination.text import (
    MIN_STEM_WORDS,
    operations_of,
    options_of,
    question_words,
    signs_of,
    template_words,
)
from curation.decontamination.weigh import Scale, Similarity, Weighed, Words
from curation.decontamination.wording import Wording, wording_of

Kind = Literal[
    "exact", "picture", "near", "template", "paraphrase", "paraphrase_by_model", "copy", "possible_paraphrase"
]
"""The strongest first."""

MIN_EVIDENCE = 3.0
"""Shared grams, counted by rarity, of a short text that is the whole question of both."""
RARE = 0.8
"""Weight of the rarest shared gram, which a generic text does not have: in a corpus of 10,000 rows, a gram of fewer than seven."""
MOST = 0.65
"""Share of a long question that a row must have, where nothing else backs the similarity: no numbers, and the row has more. Also the share
of single words in common that, with the numbers, shows a question in other words, of whose 3-grams few are left."""
SOME = 0.3
"""Share that a row must have at least, whose single words are those of the question."""
NUMBER_RUN = 4
"""So many different numbers one after the other in the same order are rare, whatever words are between them."""
OWN = 0.4
"""Share of a question that a row of its family has: less than what makes a match, as others of the family may be nearer."""
_RELATIONS = "=<>^|≤≥"
MAX_RELATIONS = 1
"""Where a question has more, its formulas are what it asks: its numbers have to be in their order, or words have to show a variant."""
MIN_OPTIONS = 2
MAX_SAME_TEXT = 5
"""From so many images on that have the same words, or all but the numbers, the words are a generator's and the image is the question."""


class TextMatch(NamedTuple):
    """How a row matches an evaluation question."""

    kind: Kind | None
    score: float
    is_own: bool
    """Whether the row is of the question's family, and not one that has a short question in it among others."""


@dataclass(frozen=True)
class Question:
    """An evaluation question."""

    number: int
    text: str

    @cached_property
    def words(self) -> Words:
        return Words([sys.intern(word) for word in question_words(self.text)])

    @cached_property
    def wording(self) -> Wording:
        return wording_of(self.words.words)

    @cached_property
    def template(self) -> int:
        return template_key(self.words.words)

    @cached_property
    def options(self) -> set[str]:
        return options_of(self.text)

    @cached_property
    def operations(self) -> Counter[str]:
        return Counter(operations_of(self.text))

    @property
    def has_formulas(self) -> bool:
        return sum(self.operations[sign] for sign in _RELATIONS) > MAX_RELATIONS


class TextMatcher:
    """Compares the text of a row with an evaluation question."""

    def __init__(self, scale: Scale, options: Decontaminate) -> None:
        self.scale, self.options = scale, options

    def match(self, text: str, row: Weighed, question: Question, visual: bool) -> TextMatch:
        """How they match; `visual` says that the row has an image."""
        same = row.words.words == question.words.words
        beside_images = visual or self.scale.keyring.visual[question.number]
        same_problem = not _has_other_options(text, question)
        if same and same_problem and not beside_images and _is_one_problem(text, question):
            return TextMatch("exact" if _same_operations(text, question) else "template", 1.0, True)
        similarity = self.scale.compare(row, question.number, question.words)
        if similarity.containment < OWN and (similarity.containment < SOME or similarity.same_words < MOST):
            return TextMatch(None, similarity.containment, False)
        same_numbers = similarity.same_numbers == 1 and (similarity.in_order or not question.has_formulas)
        kind: Kind | None = None
        if same and same_problem and self._is_specific(similarity, text, question, visual):
            kind = "exact"
        elif not same and same_problem and same_numbers and self._is_near(similarity, text, question):
            kind = "near"
        elif not same and not same_numbers and self._is_variant(similarity, row.words.words, question, visual):
            kind = "template"
        is_own = similarity.containment >= OWN and similarity.evidence * similarity.coverage >= MIN_EVIDENCE
        return TextMatch(kind, 1.0 if same else similarity.containment, is_own and not visual)

    def _is_specific(self, similarity: Similarity, text: str, question: Question, visual: bool) -> bool:
        """Whether equal words show one problem, though other signs than operations differ, or beside an image: they are rare and, beside
        an image, many enough and not a generator's."""
        if similarity.rarest < RARE or not _same_operations(text, question):
            return False
        common = self._rows_with(self.scale.keyring.whole[question.number]) >= MAX_SAME_TEXT
        return not visual or (similarity.evidence >= MIN_EVIDENCE and not common)

    def _is_near(self, similarity: Similarity, text: str, question: Question) -> bool:
        """The numbers agree, so the less the words prove, the more of both texts must be shared, and their operations: nearly all of a
        short question and of the row; most of a long question; half of one with two numbers of its own, or only its single words."""
        alone, options = self.options.min_containment_alone, self.options
        run = similarity.in_a_run and similarity.n_numbers >= NUMBER_RUN
        if run and similarity.containment >= options.min_containment:
            return True
        if similarity.evidence < MIN_EVIDENCE or similarity.rarest < RARE:
            return False
        if similarity.evidence < options.min_evidence:
            return min(similarity.containment, similarity.coverage) >= alone and _has_operations(text, question)
        if similarity.containment >= alone:
            return True
        if similarity.containment < options.min_containment:
            some = similarity.containment >= SOME and similarity.same_words >= MOST
            return some and similarity.n_numbers >= 2
        if similarity.n_numbers >= 2:
            return True
        much = similarity.evidence >= 2 * options.min_evidence and similarity.containment >= MOST
        return (much or similarity.coverage >= alone) and _has_operations(text, question)

    def _is_variant(self, similarity: Similarity, row: list[str], question: Question, visual: bool) -> bool:
        if similarity.prose < MIN_EVIDENCE:
            return False
        if visual and self._rows_with(self.scale.keyring.template[question.number]) >= MAX_SAME_TEXT:
            return False
        if question.template and question.template == template_key(row):
            return True
        if visual or similarity.prose < self.options.min_evidence or similarity.coverage < self.options.min_containment:
            return False
        in_prose = similarity.containment * similarity.prose / similarity.evidence
        if question.has_formulas and in_prose < MOST:
            return False
        alone = self.options.min_containment_alone
        return similarity.containment >= (alone if similarity.same_numbers >= 0.5 else (1 + alone) / 2)

    def _rows_with(self, key: int) -> int:
        """Different questions of the corpus that have a key."""
        return int(self.scale.background.in_rows[key]) if key >= 0 else 0


def _same_operations(text: str, question: Question) -> bool:
    return Counter(operations_of(text)) == question.operations


def _has_operations(text: str, question: Question) -> bool:
    """Whether the text has every operation of the question."""
    return not question.operations - Counter(operations_of(text))


def _has_other_options(text: str, question: Question) -> bool:
    """Whether both have options, and not one in common, as the right one would be."""
    if len(question.options) < MIN_OPTIONS:
        return False
    options = options_of(text)
    return len(options) >= MIN_OPTIONS and options.isdisjoint(question.options)


def _is_one_problem(text: str, question: Question) -> bool:
    """Whether texts of the same words are one problem whatever else there is: they have so many, or the same signs between them."""
    return len(template_words(question.words.words)) >= MIN_STEM_WORDS or signs_of(text) == signs_of(question.text)
