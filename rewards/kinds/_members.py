"""What `tuple` and `set` share: reading members, and comparing them as mathematics."""

import json
from typing import Any

from rewards.kinds._base import Compare
from rewards.verdict import Ruling, UnreadableGoldError


def read_members(text: str) -> list[Any]:
    """Return the readings of a text as nodes with members; empty where it is no list. A JSON list is read as what it prints."""
    from rewards.algebra.reading import read
    from rewards.algebra.relations import core, exact_part
    from rewards.algebra.tree import Node

    found = []
    for reading in read(_from_json(text)):
        node = exact_part(reading.node)
        node = core(node) or node
        if node.op == "seq":
            found.append(node)
        elif node.op != "rel":
            found.append(Node("seq", (node,), "bare"))
    return found


def _from_json(text: str) -> str:
    if text.lstrip().startswith("[") and '"' in text and len(text) < 4096:
        try:
            return ", ".join(str(item) for item in json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return text
    return text


def against(gold: str, style: str) -> Compare:
    """Compare members in order (style `()`) or in any order with their number (style `set`)."""
    from rewards.algebra.compare import same
    from rewards.algebra.scalars import OpenError
    from rewards.algebra.shapes import expand
    from rewards.algebra.tree import TooBigError

    try:
        golds = [g._replace(value=style) for node in read_members(gold) for g in expand(node)[:1]]
    except TooBigError as error:
        raise UnreadableGoldError(f"the gold is over a limit: {error}") from None
    if not golds:
        raise UnreadableGoldError(f"the gold {gold!r} is no list")

    def compare(answer: str) -> Ruling:
        try:
            answers = [a._replace(value=style) for node in read_members(answer) for a in expand(node)[:1]]
            return Ruling.of(any(same(g, a) for g in golds for a in answers), "members")
        except OpenError:
            return Ruling("wrong", "members", "undecided")
        except (TooBigError, RecursionError) as error:
            return Ruling("wrong", "caps", f"over a limit: {error}")

    return compare
