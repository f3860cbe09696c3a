"""What is in brackets after a command, a name or a script: braces, arguments, plain text."""

from rewards.algebra.lexer import Token
from rewards.algebra.parser.cursor import Cursor
from rewards.algebra.tree import Node, num
from rewards.algebra.vocabulary import ParseError


class Groups(Cursor):
    """Arguments, as TeX and print delimit them."""

    def group(self) -> Node:
        """Read a braced argument, or the single token that TeX would take (`\\frac12`)."""
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
        r"""Read TeX's own `{a \over b}` and `{n \choose k}`, after their first half."""
        if self._now.kind != "cmd" or self._now.text not in ("over", "choose"):
            return top
        if self._next().text == "over":
            return Node("div", (top, self.contents()))
        return Node("call", (top, self.contents()), "binom")

    def _bracketed(self) -> Node:
        self._at += 1
        inner = self.contents()
        self._expect(")")
        return inner

    def _arguments(self) -> tuple[Node, ...]:
        self._deeper()
        self._at += 1
        inner = self.contents() if not self._is(")") else Node("seq", (), "bare")
        self._expect(")")
        self._depth -= 1
        return inner.args if inner.op == "seq" and inner.value == "bare" else (inner,)

    def _script_text(self) -> str:
        """Read a subscript as plain text: `a_{n+1}` and `a_{n + 1}` are one name."""
        if not self._is("{"):
            return self._next().text
        depth, parts = 0, list[str]()
        while True:
            token = self._next()
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return "".join(parts)
            if token.text not in ("{", "}"):
                parts.append(token.text)
