r"""Functions and their arguments: `\sin 2x\cos y` is `\sin(2x)\cos(y)`. Roots, sums, integrals, limits."""

from rewards.algebra.parser.arithmetic import Arithmetic
from rewards.algebra.tree import Node, num
from rewards.algebra.vocabulary import FUNCTIONS


class Functions(Arithmetic):
    """What a command is applied to."""

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
            arguments = self._function_arguments()
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

    def _function_arguments(self) -> tuple[Node, ...]:
        closing = {"(": ")", "[": "]", "\\{": "\\}"}[self._next().text]
        inner = self.contents()
        self._expect(closing)
        return inner.args if inner.op == "seq" and inner.value == "bare" else (inner,)

    def _juxtaposed(self) -> Node:
        """Read the argument of a function without brackets: factors up to the next sign, function or word."""
        factors = [self._signed_factor() if self._is("-") else self.power()]
        while (
            self._starts_factor()
            and not (self._now.kind == "cmd" and self._now.text in FUNCTIONS - {"sqrt"})
            and not self._is("(", "[")
        ):
            factors.append(self.power())
        if (
            self._is("/") and self._tokens[self._at + 1].kind == "num" and factors[-1].op in ("sym", "num")
        ):  # \cos \pi/7
            self._at += 1
            return Node("div", (Node("mul", tuple(factors)) if len(factors) > 1 else factors[0], self.power()))
        return factors[0] if len(factors) == 1 else Node("mul", tuple(factors))

    def _root(self) -> Node:
        index: Node | None = None
        if self._is("["):
            self._at += 1
            index = self.sum()
            self._expect("]")
        inside = (
            self._bracketed()
            if self._is("(")
            else self.group()
            if self._is("{") or self._now.kind == "num"
            else self.power()
        )
        return Node("call", (inside,), "sqrt") if index is None else Node("call", (inside, index), "root")

    def _big(self, name: str) -> Node:
        """Read a sum, product, integral or limit: its bounds and its body, which are compared but (finite sums aside) not computed."""
        below = above = Node("text", (), "")
        while self._is("^", "_"):
            above, below = (self._bound(), below) if self._next().text == "^" else (above, self._bound())
        return Node("big", (below, above, self.product()), name)

    def _bound(self) -> Node:
        if self._is("{"):
            self._at += 1
            inner = self.contents()
            self._expect("}")
            return inner
        return self.atom()
