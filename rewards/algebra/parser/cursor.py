"""Where the parser stands: the tokens, a position, and the bounds on nesting and on attempts."""

from abc import ABC, abstractmethod

from rewards.algebra.token import Token
from rewards.algebra.tree import Node, TooBigError
from rewards.algebra.vocabulary import ParseError

MAX_DEPTH = 40
"""Nesting of brackets, fractions and exponents; bounds the recursion of every later walk as well."""


class Cursor(ABC):
    """It holds the tokens, a position, and the note that followed the value. `_bars`: inside `|...|` or a set builder, where `|`
    closes. `_applies`: `f(x)` is a function's value, not a product. `is_spaced`: some letter stands behind a space, as a unit would.
    """

    def __init__(self, tokens: list[Token], *, applies: bool = True) -> None:
        self._tokens, self._at, self._depth, self._bars, self._applies = tokens, 0, 0, 0, applies
        self._fuel = 10 * len(tokens) + 100  # atoms, those of a second attempt included
        self.note = ""
        self.is_spaced = False

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "last":
            raise ParseError("unexpected end of input")
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._tokens[self._at]
        return token.kind == "op" and token.text in texts

    def _is_command(self, *names: str) -> bool:
        token = self._tokens[self._at]
        return token.kind == "cmd" and token.text in names

    def _take(self, *texts: str) -> bool:
        """Move behind one of these operators; return whether one is ahead."""
        found = self._is(*texts)
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ParseError(f"expected {text!r}, got {self._now.text!r}")

    def _until(self, closing: str) -> Node:
        """Read what is in brackets, from behind the opening one."""
        inner = self.contents()
        self._expect(closing)
        return inner

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooBigError(f"nested deeper than {MAX_DEPTH}")

    @abstractmethod
    def atom(self) -> Node:
        """Read the smallest part: a number, a symbol, a command, a bracket."""

    @abstractmethod
    def item(self) -> Node:
        """Read a statement and the words after it."""

    @abstractmethod
    def contents(self) -> Node:
        """Read statements with separators between, as in brackets. One alone is itself."""
