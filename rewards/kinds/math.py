r"""Mathematics: the same value or object, whatever the notation.

Tiers, each a proof or a pass to the next: the same text; the same tree; exact rationals; balls; points; sets; at last
math-verify and sympy in a worker process that is killed at its deadline. The same rules read gold and response, and a
verdict does not change when they are swapped, percent signs aside (see `rewards.algebra.compare`).
"""

import re
from typing import ClassVar, Literal

from rewards.algebra.ball import UndefinedError
from rewards.algebra.clean import clean
from rewards.algebra.closeness import CloseError
from rewards.algebra.compare import equal
from rewards.algebra.prose import is_prose
from rewards.algebra.reading import Reading, is_digits, read
from rewards.algebra.realsets import is_unsolved
from rewards.algebra.scalars import is_evaluated
from rewards.algebra.tree import TooBigError
from rewards.extract import joined_boxes
from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._restyled import missed, restyled
from rewards.kinds._words import letter_of, normal, unwrap
from rewards.verdict import Ruling, UnreadableGoldError
from rewards.words import is_product, is_word
from rewards.worker import client as worker
from rewards.worker.connection import TimedOutError, WorkerError

_LETTER = re.compile(r"^\W*(?:\\(?:text|mathrm|textbf|mathbf)\s*\{\W*)?([A-J])[^\w']*$")
_SAYS_SOMETHING = re.compile(r"[\w\\<>=]")
_MATHS = re.compile(r"[\\^_=<>+*/|]|\d")
_OPENING, _CLOSING = re.compile(r"[(\[]"), re.compile(r"[)\]]")
_DIGITS = re.compile(r"\d+")
_SPACES = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_WORDS = re.compile(r"(?<![\\a-z])[^\W\d_]{2,}")
_OPTIONS = re.compile(r"[\s,;()]+")
_SEVERAL = re.compile("[A-J]{2,6}")
MAX_SYMBOLIC_CHARS = 400


def _spaced(text: str) -> str:
    """Return the text without the spaces that print nothing: those between digits part `1 2` from `12` and `2 1/2` from `21/2`."""
    return _SPACES.sub("", text)


def _open_brackets(text: str) -> int:
    """Return how many more brackets open than close; the ends of `[0, 1)` and `]0, 1[` are two."""
    return len(_OPENING.findall(text)) - len(_CLOSING.findall(text))


def _words(text: str) -> set[str]:
    """Return the words of a text outside of commands."""
    return set(_WORDS.findall(unwrap(text).casefold()))


def _letters(text: str) -> str:
    """Return the options in `B, D`, `(B)(D)` and `BD`, in alphabetical order; empty where the text is not two or more different ones."""
    found = _OPTIONS.sub("", unwrap(text).replace(" and ", ""))
    return "".join(sorted(found)) if _SEVERAL.fullmatch(found) and len(set(found)) == len(found) else ""


class Math(Kind):
    """Options: the deadline of the symbolic tier, and whether an unevaluated expression is an answer."""

    kind: Literal["math"] = "math"
    timeout_s: float = 5.0
    """Seconds that one judgement may take once the worker is up."""
    evaluated: bool = False
    """Ask for a value or a solution: `2 + 2` is then no answer to a gold 4, nor `x^2 < 4` to (-2, 2), which stops a policy from
    echoing the question."""
    symbolic: bool = True
    """Whether the last tier is asked at all."""

    example: ClassVar[tuple[str, str]] = (r"\frac{1}{2}", "0.5")

    def against(self, gold: str) -> Compare:
        text = (joined_boxes(gold) or gold) if "boxed" in gold or "fbox" in gold else gold
        try:
            return _Math(self, text)
        except TooBigError as error:
            raise UnreadableGoldError(f"the gold is over a limit: {error}") from None

    def equivalents(self, gold: str) -> Variants:
        return restyled(gold)

    def near_misses(self, gold: str) -> Variants:
        return missed(gold)


class _Math:
    """One gold, read once."""

    def __init__(self, options: Math, gold: str) -> None:
        self.options = options
        self.raw = gold
        self.text = clean(gold)
        is_number = is_digits(self.text)  # neither prose nor a word
        if not self.text or not _SAYS_SOMETHING.search(self.text):
            raise UnreadableGoldError(f"nothing to compare with in the gold {gold!r}")
        if not is_number and is_prose(self.text):
            raise UnreadableGoldError(f"the gold is prose: {gold[:60]!r}")
        self.readings = read(gold)
        self.is_word = not is_number and is_word(gold) and all(is_product(reading.node) for reading in self.readings)
        letter = _LETTER.match(gold)
        self.letter = letter.group(1) if letter else None

    def __call__(self, answer: str) -> Ruling:
        try:
            text = clean(answer)
            if not _SAYS_SOMETHING.search(text):
                return Ruling("no_answer", "exact", "nothing but punctuation")
            # Cheap and certain rules first. A gold that is one letter is an option, compared by its letter alone: as mathematics
            # it would be an unknown.
            if text.replace(" ", "") == self.text.replace(" ", "") and _spaced(text) == _spaced(self.text):
                return Ruling("correct", "exact")
            if self.letter is not None:
                return Ruling.of(letter_of(answer) == self.letter, "exact")
            if self.is_word:  # `cat` is no product of three unknowns
                return Ruling.of(normal(answer) == normal(self.raw), "exact")
            if (letter := _LETTER.match(answer)) and (ours := letter_of(self.raw)) is not None:
                return Ruling.of(ours == letter.group(1), "exact")  # a gold like "C. 15"
            if (options := _letters(self.raw)) and options == _letters(answer):
                return Ruling("correct", "exact")
            if is_prose(text):
                return Ruling("wrong", "exact", "prose, not an answer")
            return self._compare(text, read(answer))
        except TooBigError as error:
            return Ruling("wrong", "caps", f"over a limit: {error}")
        except CloseError as error:
            return Ruling("undecided", "ball", str(error))
        except RecursionError:
            return Ruling("wrong", "caps", "nested too deeply")
        except UndefinedError as error:
            return Ruling("wrong", "ball", f"no value: {error}")

    def _compare(self, text: str, readings: tuple[Reading, ...]) -> Ruling:
        if self.readings and readings:
            if self.options.evaluated and is_evaluated(self.readings[0].node) and not is_evaluated(readings[0].node):
                return Ruling("wrong", "tree", "an expression where a value was asked for")
            if self.options.evaluated and is_unsolved(readings[0].node) and not is_unsolved(self.readings[0].node):
                return Ruling("wrong", "tree", "an inequality that is not solved")
            verdict = equal(self.readings, readings)
            if verdict is not None:
                return Ruling.of(verdict, "tree")
            return self._symbolic(text)
        # At least one side is nothing that the parser reads. Words are compared as words; the worker is only asked about two
        # formulas with the same numbers, because math-verify finds a number in most prose.
        if normal(self.text) == normal(text) and _open_brackets(self.text) == _open_brackets(text):
            return Ruling("correct", "exact")
        if bool(self.readings) != bool(readings):
            what = "no formula that can be read" if self.readings else "a formula, the gold is none"
            return Ruling("wrong", "exact", f"the answer is {what}")
        if not (_MATHS.search(self.text) and _MATHS.search(text)):
            return Ruling("wrong", "exact", "words that differ")
        if sorted(_DIGITS.findall(text)) != sorted(_DIGITS.findall(self.text)):
            return Ruling("wrong", "exact", "other numbers")
        if _words(text) != _words(self.text):
            return Ruling("wrong", "exact", "other words")
        if any(text.count(left) != text.count(right) for left, right in ("{}", "()")):
            return Ruling("wrong", "exact", "brackets that do not match")
        return self._symbolic(text)

    def _symbolic(self, text: str) -> Ruling:
        if not self.options.symbolic or max(len(text), len(self.text)) > MAX_SYMBOLIC_CHARS:
            return Ruling("wrong", "symbolic", "undecided, and the symbolic tier was not asked")
        try:
            same = worker.ask("math", "equal", {"gold": self.text, "answer": text}, self.options.timeout_s)
        except TimedOutError as error:
            return Ruling("timeout", "symbolic", str(error))
        except WorkerError as error:
            return Ruling("wrong", "symbolic", f"undecided: {error}")
        return Ruling.of(same is True, "symbolic", "" if same is not None else "one side cannot be parsed")
