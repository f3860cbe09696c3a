"""Lists, tuples, intervals, sets, set builders and absolute values: what a bracket opens."""

from rewards.algebra.parser.groups import Groups
from rewards.algebra.tree import Node, sym
from rewards.algebra.vocabulary import ParseError


class Brackets(Groups):
    """A bracket and what is in it, after its opening."""

    def bracket(self, opening: str) -> Node:
        if opening in ("(", "[", "]"):
            return self._round(opening)
        if opening == "\\{":
            return self._braces()
        if opening == "{":
            return self._plain_braces()
        if opening == "|":
            self._bars += 1
            inner = self.contents()
            self._bars -= 1
            self._expect("|")
            return Node("call", (inner,), "abs")
        if opening == "...":
            return Node("dots")
        raise ParseError(f"{opening!r} starts no expression")

    def _round(self, opening: str) -> Node:
        if self._is(")", "]"):
            self._at += 1
            return Node("seq", (), "()")
        bars, self._bars = self._bars, 0
        inner = self.contents()
        self._bars = bars
        if not self._is(")", "]", "["):
            raise ParseError("an open bracket")
        closing = self._next().text
        if inner.op == "seq" and inner.value == "bare":
            style = ("(" if opening in "(]" else "[") + (")" if closing in ")[" else "]")
            return inner._replace(value=style)
        if (opening, closing) in (("(", ")"), ("[", "]")):
            return inner
        raise ParseError("brackets that do not match")

    def _braces(self) -> Node:
        if self._is("\\}"):
            self._at += 1
            return sym("emptyset")
        bars, self._bars = self._bars, 1
        inner = self.contents()
        if self._is("|", ":"):
            self._at += 1
            self._bars = 0
            condition = self.contents()
            inner = Node("builder", (inner, condition))
        self._bars = bars
        self._expect("\\}")
        if inner.op == "builder":
            return inner
        items = inner.args if inner.op == "seq" and inner.value in ("bare", "and") else (inner,)
        return Node("seq", items, "set")

    def _plain_braces(self) -> Node:
        """Read `{1, 2}`, which prints as `1, 2`: a list without brackets; `{x | x < 1}` is a set builder whose backslashes were lost."""
        self._at -= 1
        here = self._at
        try:
            inner = self.group()
        except ParseError:
            if self._depth > 1:  # trying again at every level would double the work at each
                raise
            self._at, self._depth = here + 1, 1
            bars, self._bars = self._bars, 1
            left = self.contents()
            if not self._is("|", ":"):
                raise
            self._at += 1
            self._bars = bars
            inner = Node("builder", (left, self.contents()))
            self._expect("}")
        return inner
