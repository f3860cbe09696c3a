r"""The smallest parts: numbers, names, and what each command starts. `\sin 2x\cos y` is `\sin(2x)\cos(y)`."""

import re
from fractions import Fraction

from rewards.algebra.parser.arithmetic import Arithmetic
from rewards.algebra.tree import Node, TooBigError, joined, members, num, sym
from rewards.algebra.vocabulary import APPLIED, BIG, DECORATIONS, FUNCTIONS, GREEK, ParseError, number


class Atoms(Arithmetic):
    """Dispatches on the next token."""

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
        if self._is_command("overline", "dot") and "." in text:  # 0.\overline{3}
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
            if self._now.text != "r" + name[1:]:
                raise ParseError(f"expected \\r{name[1:]}")
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

    def _function(self, name: str) -> Node:
        r"""Read `\sin x`, `\sin^2 x`, `\sin^{-1} x`, `\log_2 8`, `\max(a, b)`, `\ln(x)y`."""
        exponent: Node | None = None
        below: Node | None = None
        while self._is("^", "_"):
            if self._next().text == "^":
                exponent = self.script()
            else:
                below = self.script()
        if self._is("(") or (self._is("\\{", "[") and name in ("max", "min", "gcd", "lcm")):
            closing = {"(": ")", "[": "]", "\\{": "\\}"}[self._next().text]
            arguments = members(self._until(closing))
        elif self._is("{"):
            arguments = (self.group(),)
        else:
            arguments = (self._juxtaposed(),)
        if exponent == Node("neg", (num(1),)) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            return Node("call", arguments, f"arc{name}")
        if name == "log" and below is not None:
            arguments = (*arguments, below)
        if name == "lg":
            arguments = (*arguments, num(10))
        called = Node("call", arguments, {"lg": "log", "sgn": "sign"}.get(name, name))
        return called if exponent is None else Node("pow", (called, exponent))

    def _juxtaposed(self) -> Node:
        """Read the argument of a function without brackets: factors up to the next sign, function or word."""
        factors = [self._signed_factor() if self._is("-") else self.power()]
        while self._starts_factor() and not self._is_command(*FUNCTIONS - {"sqrt"}) and not self._is("(", "["):
            factors.append(self.power())
        is_short = factors[-1].op in ("sym", "num")
        if is_short and self._is("/") and self._tokens[self._at + 1].kind == "num":  # \cos \pi/7
            self._at += 1
            return Node("div", (joined("mul", factors), self.power()))
        return joined("mul", factors)

    def _root(self) -> Node:
        index: Node | None = None
        if self._take("["):
            index = self.sum()
            self._expect("]")
        argument = self.group if self._is("{") or self._now.kind == "num" else self.power
        inside = self._until(")") if self._take("(") else argument()
        return Node("call", (inside,), "sqrt") if index is None else Node("call", (inside, index), "root")

    def _big(self, name: str) -> Node:
        """Read a sum, product, integral or limit: its bounds and its body, which are compared but (finite sums aside) not computed."""
        below = above = Node("text", (), "")
        while self._is("^", "_"):
            is_above = self._next().text == "^"
            bound = self._bound() if self._take("{") else self.atom()
            above, below = (bound, below) if is_above else (above, bound)
        return Node("big", (below, above, self.product()), name)

    def _bound(self) -> Node:
        r"""Read what is under or over a big operator: `k = 1`, `x \to 0^+`."""
        if self._now.kind not in ("sym", "cmd") or self._tokens[self._at + 1].text != "->":
            return self._until("}")
        name = self.atom()
        self._at += 1
        side = 0
        for at in range(self._at, len(self._tokens) - 2):
            if self._tokens[at].text == "}":
                break
            found = re.match(r"\^\{?([+-])(?=\}|$)", "".join(t.text for t in self._tokens[at : at + 4]))
            if found:
                side = 1 if found.group(1) == "+" else 2
                del self._tokens[at : at + (4 if "{" in found.group() else 2)]
                break
        return Node("rel", (name, self._until("}")), "->", side)
