r"""Sums and products, with and without sign.

Precedence is that of print: `1/2x` is `(1/2)x`, `-3^2` is `-(3^2)`, `2\frac{1}{3}` is a mixed number.
"""

from fractions import Fraction

from rewards.algebra.parser.powers import Powers
from rewards.algebra.tree import Node, num
from rewards.algebra.vocabulary import NOTES, STARTS_ATOM, ParseError, number


class Arithmetic(Powers):
    """Sums of products of powers."""

    def sum(self) -> Node:
        terms = [self._signed()]
        while self._is("+", "-") or (self._now.kind == "cmd" and self._now.text in ("pm", "mp")):
            operator = self._next().text
            term = self._signed()
            if operator in ("pm", "mp"):
                left = terms[0] if len(terms) == 1 else Node("add", tuple(terms))
                terms = [Node(operator, (left, term))]
            else:
                terms.append(term if operator == "+" else Node("neg", (term,)))
        return terms[0] if len(terms) == 1 else Node("add", tuple(terms))

    def _signed(self) -> Node:
        negative = False
        sign = ""
        while self._is("+", "-") or (self._now.kind == "cmd" and self._now.text in ("pm", "mp")):
            token = self._next().text
            negative ^= token == "-"
            sign = token if token in ("pm", "mp") else sign
        term = self.product()
        if negative:
            term = Node("neg", (term,))
        return Node(sign, (num(0), term)) if sign else term

    def product(self) -> Node:
        left = self._mixed(self.power())
        factors = [left]
        while True:
            if self._is("*"):
                self._at += 1
                factors.append(self._signed_factor())
            elif self._is("/"):
                self._at += 1
                top = factors[0] if len(factors) == 1 else Node("mul", tuple(factors))
                factors = [Node("div", (top, self._signed_factor()))]
            elif self._starts_factor():
                if self._now.kind == "num" and factors[-1].op == "num":
                    raise ParseError("two numbers side by side")
                factors.append(self.power())
                if factors[-1].op == factors[-2].op == "seq":
                    raise ParseError("two lists side by side")
            else:
                return factors[0] if len(factors) == 1 else Node("mul", tuple(factors))

    def _signed_factor(self) -> Node:
        negative = False
        while self._is("+", "-"):
            negative ^= self._next().text == "-"
        factor = self.power()
        return Node("neg", (factor,)) if negative else factor

    def _mixed(self, whole: Node) -> Node:
        r"""Read `2\frac{1}{3}` and `2 1/3` after their whole part."""
        if whole.op != "num" or whole.digits or Fraction(whole.value or 0).denominator != 1:
            return whole
        here, token = self._at, self._now
        part: Node | None = None
        if token.kind == "cmd" and token.text == "frac":
            part = self.atom()
            part = None if self._is("^") else part
        elif (
            token.kind == "num"
            and token.spaced
            and self._tokens[self._at + 1].text == "/"
            and self._tokens[self._at + 2].kind == "num"
        ):
            top, bottom = self._next(), self._tokens[self._at + 1]
            self._at += 2
            part = Node("div", (number(top.text), number(bottom.text)))
        if part and part.op == "div" and all(a.op == "num" and not a.digits for a in part.args):
            top_value, bottom_value = (Fraction(a.value or 0) for a in part.args)
            if token.kind == "num" or 0 < top_value < bottom_value:
                return self._followed(Node("add", (whole, part)))
        self._at = here
        return whole

    def _starts_factor(self) -> bool:
        token = self._now
        if token.kind in ("num", "sym"):
            return True
        if token.kind == "cmd":
            return token.text not in ("cup", "cap", "setminus", "backslash", "in", "pmod", "bmod", "mod", "rfloor", "rceil", "rangle", "pm",
                                      "mp", "notin", "subset", "subseteq", "forall", "exists", "Rightarrow", "implies", "iff",
                                      "over", "choose")  # fmt: skip
        if token.kind == "op":
            if token.text == "(" and self._tokens[self._at + 1].text.lower() in (*NOTES, "mod"):
                return False
            if self._in_brackets_only_words() or self._is_domain():
                return False
            return token.text in STARTS_ATOM and not (token.text == "|" and self._bars)
        return token.kind == "begin"

    def _is_domain(self) -> bool:
        r"""Return whether `(k \in \mathbb{Z})` is ahead."""
        ahead = self._tokens[self._at + 1 : self._at + 3]
        return self._is("(") and len(ahead) == 2 and ahead[0].kind == "sym" and ahead[1].text == "in"

    def _in_brackets_only_words(self) -> bool:
        """Return whether a bracket with nothing but words is ahead, as in `7 (units)`."""
        if not self._is("(") or self._tokens[self._at + 1].kind != "text":
            return False
        at = self._at + 1
        while self._tokens[at].kind == "text":
            at += 1
        return self._tokens[at].text == ")"
