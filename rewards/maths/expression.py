r"""Recursive descent over the arithmetic part of an answer: sums, products with and without sign, powers, functions,
brackets.

Precedence is that of print: `1/2x` is `(1/2)x`, `\sin 2x\cos y` is `\sin(2x)\cos(y)`, `-3^2` is `-(3^2)`,
`2\frac{1}{3}` is a mixed number. Nothing is computed here.
"""

from __future__ import annotations

from fractions import Fraction

from rewards.maths.lexer import FUNCTIONS, Token
from rewards.maths.tree import Node, TooBigError, num, sym
from rewards.maths.vocabulary import APPLIED, BASES, BIG, DECORATIONS, GREEK, NOTES, STARTS_ATOM, ParseError, number

MAX_DEPTH = 40
"""Nesting of brackets, fractions and exponents; bounds the recursion of every later walk as well."""


class ExpressionParser:
    """Holds the tokens and a position. `_bars`: inside `|...|` or a set builder, where `|` closes."""

    def __init__(self, tokens: list[Token], *, applies: bool = True) -> None:
        self._tokens, self._at, self._depth, self._bars, self._applies = tokens, 0, 0, 0, applies
        self._fuel = 10 * len(tokens) + 100  # atoms, those of a second attempt included

    # tokens

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "last":
            raise ParseError("the text ends too early")
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._tokens[self._at]
        return token.kind == "op" and token.text in texts

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise ParseError(f"expected {text!r}, got {self._now.text!r}")
        self._at += 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooBigError(f"nested deeper than {MAX_DEPTH}")

    def contents(self) -> Node:
        """What stands between brackets; the answer parser, which knows lists and relations, says what that is."""
        return self.sum()

    # arithmetic

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
        r"""`2\frac{1}{3}` and `2 1/3` after their whole part."""
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
        r"""`(k \in \mathbb{Z})`"""
        ahead = self._tokens[self._at + 1 : self._at + 3]
        return self._is("(") and len(ahead) == 2 and ahead[0].kind == "sym" and ahead[1].text == "in"

    def _in_brackets_only_words(self) -> bool:
        """`7 (units)`"""
        if not self._is("(") or self._tokens[self._at + 1].kind != "text":
            return False
        at = self._at + 1
        while self._tokens[at].kind == "text":
            at += 1
        return self._tokens[at].text == ")"

    # powers and what follows an atom

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
        """An exponent or a subscript: a group, a signed number, or one atom."""
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

    def _script_text(self) -> str:
        """A subscript as plain text: `a_{n+1}` and `a_{n + 1}` are one name."""
        if not self._is("{"):
            return self._next().text
        depth, parts = 0, list[str]()
        while True:
            token = self._next()
            if token.kind == "last":
                raise ParseError("an open brace")
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return "".join(parts)
            if token.text not in ("{", "}"):
                parts.append(token.text)

    def _degrees(self, base: Node) -> Node:
        parts = [base]
        for mark in (("'",), ("''",)):
            if self._now.kind == "num" and self._tokens[self._at + 1].text in ("'", '"', *mark):
                parts.append(Node("div", (number(self._next().text), num(60 ** len(parts)))))
                while self._is("'"):
                    self._at += 1
        if len(parts) == 1 and self._now.text in ("C", "F"):
            return Node("quantity", (base,), "celsius" if self._next().text == "C" else "fahrenheit")
        return Node("degree", (parts[0] if len(parts) == 1 else Node("add", tuple(parts)),))

    # atoms

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

    def _arguments(self) -> tuple[Node, ...]:
        self._deeper()
        self._at += 1
        inner = self.contents() if not self._is(")") else Node("seq", (), "bare")
        self._expect(")")
        self._depth -= 1
        return inner.args if inner.op == "seq" and inner.value == "bare" else (inner,)

    def group(self) -> Node:
        """A braced argument, or the single token that TeX would take (`\\frac12`)."""
        if self._is("{"):
            self._at += 1
            if self._is("}"):
                raise ParseError("an empty group")
            bars, self._bars = self._bars, 0
            inner = self._infix(self.contents())
            self._bars = bars
            self._expect("}")
            return inner
        token = self._now
        if token.kind == "num" and token.text.isdigit():
            if len(token.text) > 1:  # \frac12: one digit each
                self._tokens[self._at] = Token("num", token.text[1:])
            else:
                self._at += 1
            return num(int(token.text[0]))
        return self.atom()

    def _infix(self, top: Node) -> Node:
        r"""TeX's own `{a \over b}` and `{n \choose k}`, after their first half."""
        if self._now.kind != "cmd" or self._now.text not in ("over", "choose"):
            return top
        if self._next().text == "over":
            return Node("div", (top, self.contents()))
        return Node("call", (top, self.contents()), "binom")

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
        r"""`\vec{AB}` is one name, in this order; the arrow over one letter says nothing."""
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

    def _bracketed(self) -> Node:
        self._at += 1
        inner = self.contents()
        self._expect(")")
        return inner

    def _function(self, name: str) -> Node:
        r"""`\sin x`, `\sin^2 x`, `\sin^{-1} x`, `\log_2 8`, `\max(a, b)`, `\ln(x)y`."""
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
        if (
            exponent is not None
            and exponent == Node("neg", (num(1),))
            and name in ("sin", "cos", "tan", "cot", "sec", "csc")
        ):
            return Node("call", arguments, f"arc{name}")
        if name == "log" and below is not None:
            arguments = (*arguments, below)
        called = Node("call", arguments, {"lg": "log", "sgn": "sign"}.get(name, name))
        if name == "lg":
            called = Node("call", (*arguments, num(10)), "log")
        return called if exponent is None else Node("pow", (called, exponent))

    def _function_arguments(self) -> tuple[Node, ...]:
        closing = {"(": ")", "[": "]", "\\{": "\\}"}[self._next().text]
        inner = self.contents()
        self._expect(closing)
        return inner.args if inner.op == "seq" and inner.value == "bare" else (inner,)

    def _juxtaposed(self) -> Node:
        """The argument of a function without brackets: factors up to the next sign, function or word."""
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

    def _big(self, name: str) -> Node:
        """A sum, product, integral or limit: its bounds and its body, which are compared but (finite sums aside) not computed."""
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

    def bracket(self, opening: str) -> Node:
        if opening == "|":
            self._bars += 1
            inner = self.contents()
            self._bars -= 1
            self._expect("|")
            return Node("call", (inner,), "abs")
        if opening == "...":
            return Node("dots")
        if opening == "{":
            self._at -= 1
            return self.group()
        raise ParseError(f"{opening!r} starts no expression")

    def environment(self, name: str) -> Node:
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while True:
            if self._now.kind == "end":
                self._at += 1
                break
            if self._now.kind in ("row", "amp") or self._is("&"):
                if self._next().kind == "row":
                    rows.append(tuple(row))
                    row = []
                continue
            while self._now.kind == "text" and self._now.text.lower() in ("if", "when", "for", "where"):
                self._at += 1
            row.append(self.contents())
        rows = [r for r in [*rows, tuple(row)] if r]
        if not rows:
            raise ParseError("an empty environment")
        if name in ("cases", "aligned", "align", "gathered"):
            if all(len(r) == 1 for r in rows):  # a system: x = 3, y = 4
                return Node("seq", tuple(r[0] for r in rows), "bare")
            return Node("cases", tuple(Node("seq", r, "bare") for r in rows))
        if len({len(r) for r in rows}) != 1:
            raise ParseError("rows of different lengths")
        return Node(
            "matrix", tuple(Node("seq", r, "()") for r in rows), "det" if name in ("vmatrix", "Vmatrix") else None
        )
