r"""Sums, products and powers, with and without sign.

Precedence is that of print: `1/2x` is `(1/2)x`, `-3^2` is `-(3^2)`, `2\frac{1}{3}` is a mixed number.
"""

from fractions import Fraction

from rewards.algebra.parser.groups import Groups
from rewards.algebra.tree import SPACED, Node, free, joined, num, sym
from rewards.algebra.vocabulary import APPLIED, BASES, CONDITIONS, NOTES, STARTS_ATOM, ParseError, number


class Arithmetic(Groups):
    """Sums of products of powers; a power is an atom and what follows it: factorials, primes, percent, degrees, subscripts."""

    def sum(self) -> Node:
        terms = [self._signed()]
        while self._is("+", "-") or self._is_command("pm", "mp"):
            operator = self._next().text
            term = self._signed()
            if operator in ("pm", "mp"):
                terms = [Node(operator, (joined("add", terms), term))]
            else:
                terms.append(term if operator == "+" else Node("neg", (term,)))
        return joined("add", terms)

    def _signed(self) -> Node:
        negative = False
        sign = ""
        while self._is("+", "-") or self._is_command("pm", "mp"):
            token = self._next().text
            negative ^= token == "-"
            sign = token if token in ("pm", "mp") else sign
        term = self.product()
        if negative:
            term = Node("neg", (term,))
        return Node(sign, (num(0), term)) if sign else term

    def product(self) -> Node:
        left = self._mixed(self.power())
        factors, mark = [left], None
        while True:
            if self._take("*"):
                factors.append(self._signed_factor())
            elif not self._is_rate() and self._take("/"):
                factors = [Node("div", (joined("mul", factors, mark), self._signed_factor()))]
            elif self._starts_factor():
                if self._now.kind == "num" and factors[-1].op == "num":
                    raise ParseError("two numbers side by side")
                if self._now.kind == "sym" and self._now.spaced and not any(map(free, factors)):
                    mark, self.is_spaced = SPACED, True
                factors.append(self.power())
                if factors[-1].op == factors[-2].op == "seq":
                    raise ParseError("two lists side by side")
            else:
                return joined("mul", factors, mark)

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
            if token.text == "(" and self._tokens[self._at + 1].text.lower() in (*NOTES, *CONDITIONS, "mod"):
                return False
            if self._in_brackets_only_words() or self._is_domain() or self._in_brackets_a_relation():
                return False
            return token.text in STARTS_ATOM and not (token.text == "|" and self._bars)
        return token.kind == "begin"

    def _is_domain(self) -> bool:
        r"""Return whether `(k \in \mathbb{Z})` is ahead."""
        ahead = self._tokens[self._at + 1 : self._at + 3]
        return self._is("(") and len(ahead) == 2 and ahead[0].kind == "sym" and ahead[1].text == "in"

    def _is_rate(self) -> bool:
        """Return whether a slash and words are ahead: the `/ hour` of `12 / hour`."""
        return self._is("/") and self._tokens[self._at + 1].kind == "text"

    def _in_brackets_a_relation(self) -> bool:
        """Return whether a bracket with an inequality is ahead that ends the statement, as in `\\sqrt{a} (a > 9)`."""
        if not self._is("(") or self._at == 0:
            return False
        at, depth, found = self._at, 0, [t.kind for t in self._tokens[self._at + 1 : self._at + 3]] == ["sym", "text"]
        while self._tokens[at].kind != "last":
            token = self._tokens[at]
            depth += (token.text in ("(", "[", "{", "\\{")) - (token.text in (")", "]", "}", "\\}"))
            if depth == 0:
                break
            found = found or (depth == 1 and token.kind == "op" and token.text in ("<", ">", "<=", ">=", "!="))
            at += 1
        return found and self._tokens[at].text == ")" and self._tokens[at + 1].kind == "last"

    def _in_brackets_only_words(self) -> bool:
        """Return whether a bracket with nothing but words is ahead, as in `7 (units)`."""
        if not self._is("(") or self._tokens[self._at + 1].kind != "text":
            return False
        at = self._at + 1
        while self._tokens[at].kind == "text":
            at += 1
        return self._tokens[at].text == ")"

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
        return Node("degree", (joined("add", parts),))
