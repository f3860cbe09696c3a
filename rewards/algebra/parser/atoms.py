"""The smallest parts: numbers, names, and what each command starts."""

from fractions import Fraction

from rewards.algebra.parser.brackets import Brackets
from rewards.algebra.parser.environments import Environments
from rewards.algebra.parser.functions import Functions
from rewards.algebra.tree import Node, TooBigError, num, sym
from rewards.algebra.vocabulary import APPLIED, BIG, DECORATIONS, FUNCTIONS, GREEK, ParseError, number


class Atoms(Functions, Brackets, Environments):
    """Dispatch on the next token."""

    def atom(self) -> Node:
        token = self._next()
        self._fuel -= 1
        if self._fuel < 0:
            raise TooBigError("too many ways to read it")
        if token.kind == "num":
            return self._number(token.text)
        if token.kind == "sym":
            return self._symbol(token.text)
        if token.kind == "set":
            return sym(f"bb{token.text}")
        self._deeper()
        try:
            if token.kind == "cmd":
                return self._command(token.text)
            if token.kind == "begin":
                return self.environment(token.text)
            if token.kind == "op":
                return self.bracket(token.text)
        finally:
            self._depth -= 1
        raise ParseError(f"{token.text!r} starts no expression")

    def _number(self, text: str) -> Node:
        value = number(text)
        if self._now.kind == "cmd" and self._now.text in ("overline", "dot") and "." in text:  # 0.\overline{3}
            here = self._at
            self._at += 1
            digits = self._script_text() if self._is("{") else self._next().text
            if digits.isdigit() and len(digits) < 50:
                places = len(text.split(".")[1])
                return num(Fraction(value.value or 0) + Fraction(int(digits), (10 ** len(digits) - 1) * 10**places))
            self._at = here
        return value

    def _symbol(self, name: str) -> Node:
        while self._is("'") or (self._is("_") and self._tokens[self._at + 1].kind != "last"):
            name += self._next().text + (self._script_text() if self._tokens[self._at - 1].text == "_" else "")
        if self._is("(") and self._applies and name.rstrip("'").split("_")[0] in APPLIED:
            return Node("apply", self._arguments(), name)
        return sym(name)

    def _command(self, name: str) -> Node:
        if name == "frac":
            return Node("div", (self.group(), self.group()))
        if name == "sqrt":
            return self._root()
        if name == "binom":
            return Node("call", (self.group(), self.group()), "binom")
        if name in FUNCTIONS:
            return self._function(name)
        if name in ("lfloor", "lceil"):
            inner = self.contents()
            closing = "r" + name[1:]
            if self._now.text != closing:
                raise ParseError(f"expected \\{closing}")
            self._at += 1
            return Node("call", (inner,), "floor" if name == "lfloor" else "ceil")
        if name in BIG:
            return self._big(name)
        if name in DECORATIONS:
            return sym(f"{name} {self._decorated()}")
        if name == "vec":
            return self._arrow()
        if name in ("pi", "infty"):
            return sym(name)
        if name in ("emptyset", "varnothing"):
            return sym("emptyset")
        if name in GREEK:
            return self._symbol(name)
        if name == "imaginary":
            return sym("i")
        raise ParseError(f"unknown command \\{name}")

    def _arrow(self) -> Node:
        r"""Read an arrow: `\vec{AB}` is one name, in this order; the arrow over one letter says nothing."""
        ahead = self._tokens[self._at + 1 : self._at + 3]
        if self._is("{") and [t.kind for t in ahead] == ["sym", "sym"]:
            return sym(f"vec {self._decorated()}")
        return self.group()

    def _decorated(self) -> str:
        if self._is("{"):
            return self._script_text()
        parts: list[str] = []
        while self._now.kind == "sym":
            parts.append(self._next().text)
        return "".join(parts) or self._next().text
