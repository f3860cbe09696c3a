"""py3langid, which reads a text byte by byte, made to read it word by word.

What a word gives is the same wherever it stands behind the same state of the automaton, and questions are made of few words. The scores are
those of py3langid, to the last bit.
"""

import re
from collections import Counter
from typing import Any

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

_WORD = re.compile(rb"[^ ]* ?")
MAX_STEPS, MAX_WORD = 100_000, 40
"""Words that are remembered, about 20 MB, and their bytes."""
Step = tuple[tuple[int, ...], int]
"""The features that a word gives, and the state behind it."""


class WordByWord(LanguageIdentifier):  # type: ignore[misc]
    """An identifier of languages that remembers words."""

    _steps: dict[tuple[int, bytes], Step]

    @classmethod
    def of_languages(cls, languages: tuple[str, ...]) -> "WordByWord":
        """One that knows these languages alone."""
        identifier: WordByWord = cls.from_model_file(MODEL_FILE)
        identifier._steps = {}
        identifier.set_languages(languages)
        identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc, np.float32)  # as each product would have it
        return identifier

    def _raw_score(self, text: bytes) -> Any:
        state, features = 0, list[int]()
        for word in _WORD.findall(text):
            found, state = self._steps.get((state, word)) or self._step(state, word)
            features += found
        if not features:
            return super()._raw_score(text)
        return self._sparse_score(Counter(features), self.nb_ptc)

    def _step(self, state: int, word: bytes) -> Step:
        at, features = state, []
        for byte in word:
            at = self.tk_nextmove[self._rowbase[at] + byte]
            if (feature := self.tk_output[at]) >= 0:
                features.append(feature)
        step = tuple(features), at
        if len(word) <= MAX_WORD and len(self._steps) < MAX_STEPS:
            self._steps[state, word] = step
        return step
