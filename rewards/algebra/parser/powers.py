"""Powers and the other signs behind an atom: factorials, primes, percent, degrees, subscripts."""

from rewards.algebra.parser.groups import Groups
from rewards.algebra.tree import Node, num, sym
from rewards.algebra.vocabulary import APPLIED, BASES, ParseError, number


class Powers(Groups):
    """An atom and what follows it."""

    def power(self) -> Node:
        return self._followed(self.atom())

    def _followed(self, base: Node) -> Node:
        while True:
            token = self._now
            if token.kind != "op":
                return base
            if token.text == "^":
                self._at += 1
                base = self._raised(base)
            elif token.text == "!":
                self._at += 1
                base = Node("call", (base,), "factorial")
            elif token.text == "'":
                self._at += 1
                base = sym(f"{base.value}'") if base.op == "sym" else Node("apply", (base,), "'")
            elif token.text == "%":
                self._at += 1
                base = base if base.op == "percent" else Node("percent", (base,))
            elif token.text == "°":
                self._at += 1
                base = self._degrees(base)
            elif token.text == "_" and base.op in ("num", "seq", "sym", "mul"):
                self._at += 1
                base = self._subscript(base)
            else:
                return base

    def _raised(self, base: Node) -> Node:
        if self._is("'"):
            return base
        exponent = self.script()
        if exponent == sym("prime"):
            return sym(f"{base.value}'")
        if base.op == "seq" and exponent in (sym("T"), sym("top")):
            return base  # a row or a column
        if base.op == "call" and base.value in ("sin", "cos", "tan", "cot") and not base.args:
            return base
        if base.value in APPLIED and self._applies and exponent == Node("neg", (num(1),)) and self._is("("):
            return Node("apply", self._arguments(), f"{base.value}^-1")
        return Node("pow", (base, exponent))

    def script(self) -> Node:
        """Read an exponent or a subscript: a group, a signed number, or one atom."""
        self._deeper()
        try:
            if self._is("-", "+"):
                return Node("neg", (self.atom(),)) if self._next().text == "-" else self.atom()
            if self._is("*"):  # x^*
                self._at += 1
                return sym("star")
            atom = self.atom()
            return self._raised(atom) if self._is("^") and self._next() is not None else atom
        finally:
            self._depth -= 1

    def _subscript(self, base: Node) -> Node:
        here = self._at
        text = self._script_text()
        if base.op == "sym":
            return sym(f"{base.value}_{text}")
        text = text.strip("()")
        base_number = BASES.get(text.lower(), 0) or (int(text) if text.isdigit() and len(text) < 3 else 0)
        if base.op == "num" and base_number and not base.digits:
            return Node("based", (), str(base.value), base_number)
        self._at = here
        raise ParseError("a subscript on something that takes none")

    def _degrees(self, base: Node) -> Node:
        parts = [base]
        for _ in range(2):  # minutes and seconds
            if self._now.kind == "num" and self._tokens[self._at + 1].text in ("'", '"'):
                parts.append(Node("div", (number(self._next().text), num(60 ** len(parts)))))
                while self._is("'"):
                    self._at += 1
        if len(parts) == 1 and self._now.text in ("C", "F"):
            return Node("quantity", (base,), "celsius" if self._next().text == "C" else "fahrenheit")
        return Node("degree", (parts[0] if len(parts) == 1 else Node("add", tuple(parts)),))
