"""Compares a row with its candidates: by words and 3-grams, then by wording, and where that leaves it open by a second opinion.

comparison = Comparison(keyring, background, texts, options)
comparison.matches(text, candidate)     # question -> how it matches; what needs a second opinion is noted
comparison.ask()                        # asks for all of them at once; from now on `matches` knows
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from curation.decontamination.background import Background
from curation.decontamination.candidates import Candidate
from curation.decontamination.keyring import Keyring
from curation.decontamination.options import Decontaminate
from curation.decontamination.paraphrase import ParaphraseMatcher, Shared
from curation.decontamination.second_opinion import Doubt
from curation.decontamination.text import readings
from curation.decontamination.text_matcher import Question, TextMatch, TextMatcher
from curation.decontamination.weigh import Scale, Weighed
from curation.decontamination.wording import wording_of

HIDDEN = 0.9
"""Share of a question that a row must have which has it among other things, options of another question for instance."""


class Comparison:
    """Under the background as it is; `text_of` gives the text of an evaluation question."""

    def __init__(
        self, keyring: Keyring, background: Background, text_of: Callable[[int], str], options: Decontaminate
    ) -> None:
        self._scale = Scale(keyring, background)
        self._by_text = TextMatcher(self._scale, options)
        self._by_wording = ParaphraseMatcher(keyring, background)
        self._second_opinion = options.second_opinion
        self._doubts: dict[tuple[int, int], Doubt] = {}
        self._confirmed: dict[tuple[int, int], float | None] | None = None
        self.question = lru_cache(1_000)(lambda number: Question(number, text_of(number)))

    def matches(self, texts: Sequence[str], candidates: Sequence[Candidate]) -> list[dict[int, TextMatch]]:
        """Of every row: question -> how it matches; without those that neither match nor are of its family."""
        words, more = map(list, zip(*map(readings, texts), strict=True)) if texts else ([], [])
        hidden = {i: of_text for i, of_text in enumerate(more) if of_text}
        whole = dict(zip(hidden, self._scale.weigh([*hidden.values()]), strict=True))
        rows = zip(texts, words, self._scale.weigh(words), candidates, strict=True)
        return [self._matches(*row, whole.get(i)) for i, row in enumerate(rows)]

    def _matches(
        self, text: str, words: list[str], row: Weighed, candidate: Candidate, whole: Weighed | None
    ) -> dict[int, TextMatch]:
        found = {q: self._by_words(text, row, whole, q, candidate.visual) for q in candidate.all_questions}
        # Beside an image the words are half of the question, and other words of it show nothing.
        rest = [q for q in candidate.reworded if not found[q].kind and not candidate.visual]
        wording = wording_of(words) if rest else None
        for number in rest:
            shared = wording and self._by_wording.compare(wording, self.question(number).wording)
            if shared and (match := self._paraphrase(shared, text, candidate, number)):
                found[number] = match
        return {number: match for number, match in found.items() if match.kind or match.is_own}

    def _by_words(self, text: str, row: Weighed, whole: Weighed | None, question: int, visual: bool) -> TextMatch:
        """How the row matches, or else all of its words, with what it says besides the question."""
        match = self._by_text.match(text, row, self.question(question), visual)
        if match.kind or whole is None:
            return match
        hidden = self._by_text.match(text, whole, self.question(question), visual)
        return hidden if hidden.kind in ("exact", "near") and hidden.score >= HIDDEN else match

    def are_similar(self, one: int, others: Sequence[int]) -> list[bool]:
        """Of some evaluation questions whether one is of their family."""
        question = self.question(one)
        (row,) = self._scale.weigh([question.words.words])
        return [self._by_text.match(question.text, row, self.question(other), False).is_own for other in others]

    def ask(self) -> list[tuple[int, int]]:
        """Ask the second opinion of every doubt; returns the pairs of row and question that it confirms.

        Raises:
            CurationError: the model cannot be had, or is none.
        """
        if self._second_opinion is None:
            return []
        answers = self._second_opinion.ask([*self._doubts.values()])
        self._confirmed = dict(zip(self._doubts, answers, strict=True))
        return [pair for pair, cosine in self._confirmed.items() if cosine is not None]

    def _paraphrase(self, shared: Shared, text: str, candidate: Candidate, question: int) -> TextMatch | None:
        if shared.kind != "paraphrase" and shared.is_doubtful and self._second_opinion:
            pair = candidate.row, question
            if self._confirmed is None:
                others = [
                    q for q in candidate.all_questions if q != question and not any(self.are_similar(q, [question]))
                ]
                self._doubts[pair] = Doubt(text, self.question(question).text, [self.question(q).text for q in others])
                return TextMatch("possible_paraphrase", shared.dice, False)
            if cosine := self._confirmed.get(pair):
                return TextMatch("paraphrase_by_model", cosine, True)
        return TextMatch(shared.kind, shared.dice, True) if shared.kind else None
