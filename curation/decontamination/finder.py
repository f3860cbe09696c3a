"""Which evaluation questions a text might be: a question's candidates by the share of its 3-grams that the text has.

It decides nothing: how much a 3-gram proves depends on the whole corpus.
"""

import numpy as np
import numpy.typing as npt

from curation.decontamination.frequency import weights
from curation.decontamination.grams import gram_keys, template_key, whole_key
from curation.decontamination.keyring import GRAM, NUMBERS, PART, TEMPLATE, WHOLE, Ints, Keyring, spread, wording_keys
from curation.decontamination.text import readings

MIN_CONTAINMENT = 0.35
"""Of the weight of a question's grams: well below what makes a match, as the corpus may yet weigh them otherwise."""
MAX_QUESTIONS = 16
"""Candidates of one text, the likeliest first."""
MAX_POSTINGS = 200
"""A gram in more questions than this finds no candidates, nor do the numbers of a text; a text without its numbers finds the first."""
MIN_DICE, MAX_REWORDED = 0.32, 8
"""Weight of the stems that a text and a question of the same numbers share, twice it in that of both: below what shows another wording, as
the corpus may yet weigh them otherwise. And how many questions a text may be in other words."""


class Finder:
    """Finds candidates batch by batch."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.postings = np.diff(keyring.starts)
        self.weights = weights(keyring.df, int(keyring.copies.sum()))
        useful = np.where(keyring.kinds == GRAM, self.postings <= MAX_POSTINGS, keyring.kinds == PART)
        self.weights[~useful] = 0
        self.totals = np.bincount(keyring.question_of_gram, self.weights[keyring.grams], keyring.n_questions)
        part_of = np.repeat(np.arange(keyring.n_questions), np.diff(keyring.part_starts))
        self.part_totals = np.bincount(part_of, self.weights[keyring.parts], keyring.n_questions)

    def candidates(self, texts: list[str], most: int = MAX_QUESTIONS) -> list[tuple[int, list[int]]]:
        """(number of the text, its likeliest questions) for those that have any."""
        return self.likeliest(*self.keys_of(texts), most)

    def keys_of(self, texts: list[str]) -> tuple[Ints, Ints]:
        """The keys that some question has too: (number of the text, number of the key), by text."""
        words, more = map(list, zip(*map(readings, texts), strict=True)) if texts else ([], [])
        hidden = [(i, of_text) for i, of_text in enumerate(more) if of_text]
        grams, owner = gram_keys([*words, *(of_text for _, of_text in hidden)])
        if hidden:
            owner = np.array([*range(len(words)), *(i for i, _ in hidden)])[owner]
            order = np.lexsort((grams, owner))
            grams, owner = grams[order], owner[order]
            new = np.append(True, (grams[1:] != grams[:-1]) | (owner[1:] != owner[:-1]))[: len(grams)]
            grams, owner = grams[new], owner[new]
        parts, part_owner, together = wording_keys(words)
        others = np.array([*map(whole_key, words), *map(template_key, words)], np.uint64)
        n = np.arange(len(words))
        numbers = self.keyring.find(np.concatenate([grams, parts, others, together]))
        texts_of = np.concatenate([owner, part_owner, n, n, n])
        order = np.argsort(texts_of, kind="stable")
        order = order[numbers[order] >= 0]
        return texts_of[order], numbers[order]

    def reworded(self, texts: Ints, numbers: Ints) -> list[tuple[int, list[int]]]:
        """As `likeliest`, the questions that a text may be in other words: those with its numbers and some of its stems."""
        keyring, kinds = self.keyring, self.keyring.kinds[numbers]
        by = (kinds == NUMBERS) & (self.postings[numbers] <= MAX_POSTINGS)
        if not by.any():
            return []
        key, at = spread(keyring.starts, numbers[by])
        of_text, questions = texts[by][key], keyring.questions_at[at].astype(np.int64)
        is_part = kinds == PART
        there = np.sort((texts[is_part] << 32) | numbers[is_part])
        totals = np.bincount(texts[is_part], self.weights[numbers[is_part]], int(texts[-1]) + 1)
        pair, key = spread(keyring.part_starts, questions)
        codes = (of_text[pair] << 32) | keyring.parts[key]
        places = np.minimum(np.searchsorted(there, codes), len(there) - 1)
        shared = np.bincount(pair, self.weights[keyring.parts[key]] * (there[places] == codes), len(questions))
        dice = 2 * shared / np.maximum(totals[of_text] + self.part_totals[questions], 1e-9)
        return _grouped(of_text, questions, dice, MIN_DICE, MAX_REWORDED)

    def likeliest(self, texts: Ints, numbers: Ints, most: int = MAX_QUESTIONS) -> list[tuple[int, list[int]]]:
        """The candidates of each text for its keys, by the share of a question's weight that they make up."""
        kinds = self.keyring.kinds[numbers]
        is_text = (kinds == WHOLE) | (kinds == TEMPLATE)
        useful = is_text | ((kinds == GRAM) & (self.weights[numbers] > 0))
        texts, numbers = texts[useful], numbers[useful]
        # A (text, question) pair is one integer, so that `unique` and `bincount` sum the weights of all pairs at once. A template in common
        # counts as a share of 1, and a whole text as so much that nothing competes with it.
        key, at = spread(self.keyring.starts, numbers, MAX_POSTINGS)
        n = max(self.keyring.n_questions, 1)
        pair, inverse = np.unique(texts[key] * n + self.keyring.questions_at[at], return_inverse=True)
        pair_texts, pair_questions = np.divmod(pair, n)
        of_grams = np.where(is_text[useful], 0, self.weights[numbers])[key]
        of_texts = np.where(kinds == WHOLE, 10, is_text)[useful][key]
        shares = np.bincount(inverse, of_grams, len(pair)) / np.maximum(self.totals[pair_questions], 1e-9)
        shares += np.bincount(inverse, of_texts, len(pair))
        return _grouped(pair_texts, pair_questions, shares, MIN_CONTAINMENT, most)


def _grouped(
    texts: Ints, questions: Ints, shares: npt.NDArray[np.float64], least: float, most: int
) -> list[tuple[int, list[int]]]:
    """The questions of each text that have the least share, at most so many, the likeliest first."""
    likely = shares >= least
    texts, questions, shares = texts[likely], questions[likely], shares[likely]
    order = np.lexsort((questions, -shares, texts))
    texts, questions = texts[order], questions[order]
    found, starts = np.unique(texts, return_index=True)
    ends = np.append(starts, len(texts))[1:]
    return [
        (int(text), questions[start : min(start + most, end)].tolist())
        for text, start, end in zip(found, starts, ends, strict=True)
    ]
