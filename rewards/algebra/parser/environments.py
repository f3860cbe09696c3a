"""Matrices, determinants, cases and systems: what is between `\\begin` and `\\end`."""

from rewards.algebra.parser.cursor import Cursor
from rewards.algebra.tree import Node
from rewards.algebra.vocabulary import ParseError


class Environments(Cursor):
    """Rows of cells."""

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
