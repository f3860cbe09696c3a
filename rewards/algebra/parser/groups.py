"""What is between delimiters: arguments of commands and scripts; lists, tuples, intervals, sets and absolute values;
environments.
"""

from abc import abstractmethod

from rewards.algebra.parser.cursor import Cursor
from rewards.algebra.token import Token
from rewards.algebra.tree import Node, members, num, sym
from rewards.algebra.vocabulary import ParseError


class Groups(Cursor):
    """Reads from an opening to its closing."""

    def group(self) -> Node:
        """Read a braced argument, or the single token that TeX would take (`\\frac12`)."""
        if self._take("{"):
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

    def _arguments(self) -> tuple[Node, ...]:
        self._deeper()
        self._at += 1
        bars, self._bars = self._bars, int(self._has_one_bar())
        arguments = () if self._is(")") else members(self.contents())
        if self._bars and self._take("|"):  # P(A | B)
            arguments = (*arguments, Node("text", (), "given"), *members(self.contents()))
        self._bars = bars
        self._expect(")")
        self._depth -= 1
        return arguments

    def _has_one_bar(self) -> bool:
        """Return whether exactly one bar is ahead up to the bracket that closes."""
        depth, found = 1, 0
        for token in self._tokens[self._at :]:
            depth += (token.text in ("(", "[", "\\{", "{")) - (token.text in (")", "]", "\\}", "}"))
            if not depth:
                break
            found += token.text == "|"
        return found == 1

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

    def bracket(self, opening: str) -> Node:
        if opening in ("(", "[", "]"):
            return self._round(opening)
        if opening == "\\{":
            return self._braces()
        if opening == "{":
            return self._plain_braces()
        if opening == "|":
            self._bars += 1
            inner = self._until("|")
            self._bars -= 1
            return Node("call", (inner,), "abs")
        if opening == "...":
            return Node("dots")
        raise ParseError(f"{opening!r} starts no expression")

    def _round(self, opening: str) -> Node:
        if self._take(")", "]"):
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
        if self._take("\\}"):
            return sym("emptyset")
        if self._now.kind == "begin" and (system := self._system()) is not None:
            return system
        bars, self._bars = self._bars, 1
        inner = self.contents()
        if self._take("|", ":"):
            self._bars = 0
            condition = self.contents()
            inner = Node("builder", (inner, condition))
        self._bars = bars
        self._expect("\\}")
        if inner.op == "builder":
            return inner
        items = inner.args if inner.op == "seq" and inner.value in ("bare", "and") else (inner,)
        return Node("seq", items, "set")

    def _system(self) -> Node | None:
        r"""Read an array behind a brace that nothing closes: another way to print `cases`."""
        here, name = self._at, self._next().text
        found = self.environment("cases" if name == "array" else name)
        if self._is("\\}"):
            self._at = here
            return None
        return found

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

    @abstractmethod
    def _condition(self) -> Node | None:
        """Read a condition."""

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
            here = self._at
            if name == "cases" and row:
                row.append(self._condition() or Node("text", (), "always"))
            else:
                row.append(self.contents())
            if self._at == here:
                raise ParseError("a bracket that nothing opens")
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
