"""The base of `tuple` and `set`. Unlike `math`, brackets of any shape and none are the same; members are compared as
mathematics, words as words.
"""

import json
from typing import Any, ClassVar

from rewards.algebra.chains import is_false
from rewards.algebra.closeness import CloseError
from rewards.algebra.compare import same
from rewards.algebra.reading import read
from rewards.algebra.relations import core, exact_part
from rewards.algebra.scalars import OpenError
from rewards.algebra.shapes import expand
from rewards.algebra.tree import Node, TooBigError
from rewards.kinds._base import Compare, Kind
from rewards.verdict import Ruling, UnreadableGoldError


class Members(Kind):
    """No options. `brackets` say how members are compared: `()` in order, `set` in any order, how often each occurs."""

    brackets: ClassVar[str]

    def against(self, gold: str) -> Compare:
        try:
            golds = self._read(gold)
        except TooBigError as error:
            raise UnreadableGoldError(f"the gold is over a limit: {error}") from None
        if not golds:
            raise UnreadableGoldError(f"the gold {gold!r} is no list")

        def compare(answer: str) -> Ruling:
            try:
                answers = self._read(answer)
                return Ruling.of(any(same(g, a) for g in golds for a in answers), "members")
            except CloseError as error:
                return Ruling("undecided", "members", str(error))
            except OpenError:
                return Ruling("wrong", "members", "undecided")
            except (TooBigError, RecursionError) as error:
                return Ruling("wrong", "caps", f"over a limit: {error}")

        return compare

    def _read(self, text: str) -> list[Any]:
        """Return the readings of a text as nodes with members; empty where it is no list. A JSON list is read as what it prints."""
        exact = (exact_part(r.node) for r in read(_from_json(text)) if not is_false(r.node, same))
        nodes = (core(node) or node for node in exact)
        lists = [node if node.op == "seq" else Node("seq", (node,), "bare") for node in nodes if node.op != "rel"]
        return [node._replace(value=self.brackets) for one in lists for node in expand(one)[:1]]


def _from_json(text: str) -> str:
    if text.lstrip().startswith("[") and '"' in text and len(text) < 4096:
        try:
            return ", ".join(str(item) for item in json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return text
    return text
