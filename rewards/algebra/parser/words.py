"""The words of an answer: those in front of a value, units, notes, and words that are the answer."""

import itertools

from rewards.algebra import units
from rewards.algebra.parser.cursor import Cursor
from rewards.algebra.tree import Node, num, sym
from rewards.algebra.vocabulary import NOTES, ParseError, word_set

_HARMLESS = word_set("""
    only answer answers is are the final value values solution solutions set all a an x therefore thus hence
""")
"""Words that may be in front of a value without changing it. `not`, `about`, `June` are not among them."""
MAX_LEAD = 10
_LEADS = word_set("is are equals equal")
_QUALIFYING = word_set("not isn't no except but maybe perhaps wrong if when unless")
_DOUBTFUL = _QUALIFYING | word_set("""
    aren't incorrect never nor neither cannot false about approximately nearly almost roughly least most between other
""")
"""Words after a value, and words in front of one, that say that it is not quite the answer."""
_EMPTY = frozenset(("no solution", "no solutions", "empty set", "no real solution", "no real solutions"))
_OBJECTS = frozenset(("seq", "union", "inter", "minus", "builder", "matrix"))
_ALL = frozenset(
    ("all real numbers", "all reals", "all real values", "real numbers", "any real number", "all real number")
)
_SAME_WORDS = {
    "dne": "does not exist",
    "infinitely many solutions": "infinitely many",
    "infinite solutions": "infinitely many",
}
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


class Words(Cursor):
    """Reads or skips words."""

    def _skip_harmless(self) -> None:
        here = self._at
        while self._now.kind == "text" and self._now.text.lower() in _HARMLESS:
            self._at += 1
        self._skip_lead()
        self._take(":", "=")
        if self._now.kind == "last":
            self._at = here

    def _skip_lead(self) -> None:
        """Read a sentence up to its value: `the sum of the roots is`, unless a word of it says that this is not so."""
        words = [t.text.lower() for t in itertools.takewhile(lambda t: t.kind == "text", self._tokens[self._at :])]
        if 0 < len(words) <= MAX_LEAD and words[-1] in _LEADS and not _DOUBTFUL & set(words):
            self._at += len(words)

    def _is_note(self) -> bool:
        return self._now.kind == "text" and self._now.text.lower() in NOTES

    def _read_note(self) -> None:
        """Read up to the end, or to the bracket that closes around the note."""
        words, depth = list[str](), 0
        while self._now.kind != "last" and (depth or self._now.text not in (")", "]", "\\}")):
            words.append(self._next().text)
            depth += (words[-1] in ("(", "[", "\\{")) - (words[-1] in (")", "]", "\\}"))
        self.note += " ".join(words)

    def _with_unit(self, node: Node) -> Node:
        """Read words after a value: a unit (`cm^2`, `miles per hour`) or prose that says nothing else."""
        words: list[str] = []
        while True:
            token = self._now
            if (
                token.kind in ("text", "sym")
                or (token.kind == "op" and token.text in ("^", "/", "-", "'", "{", "}", "*", "."))
                or (token.kind == "num" and words and words[-1] in ("^", "{"))
            ):
                words.append(self._next().text)
            elif (
                token.kind == "num" and len(words) == len(token.text) == 1 and self._tokens[self._at + 1].kind == "last"
            ):
                words.extend(["^", self._next().text])  # cm2
            else:
                break
        if {word.lower() for word in words} & _QUALIFYING:
            raise ParseError("words that qualify the value")
        if node.op == "rel":
            return node._replace(args=(*node.args[:-1], Node("quantity", (node.args[-1],), " ".join(words))))
        unit = " ".join(words)
        return node if node.op in _OBJECTS and units.read(unit).dimension is None else Node("quantity", (node,), unit)


def meaning(words: list[str]) -> Node:
    """Return what words alone say: nothing, everything, a number, or themselves."""
    phrase = " ".join(words).casefold()
    if phrase in _EMPTY:
        return sym("emptyset")
    if phrase in _ALL:
        return sym("bbR")
    return num(_NUMBERS.index(phrase)) if phrase in _NUMBERS else Node("text", (), _SAME_WORDS.get(phrase, phrase))
