"""Relations in several unknowns: each counts, with its name. `x > 1` and `y > 2` is neither `y > 2` nor `y > 1` and `x > 2`."""

from functools import partial, reduce
from itertools import pairwise
from typing import NamedTuple

from rewards.algebra.chains import is_equation
from rewards.algebra.pieces import NotASetError, Pieces, intersection, normal, same_pieces
from rewards.algebra.realsets import to_pieces
from rewards.algebra.relations import inequality, proportional
from rewards.algebra.tree import Node, free, key, take

_SIGNS = {"<", ">", "<=", ">=", "!=", "="}


class Unknowns(NamedTuple):
    """The values of each unknown that is alone in its relations, the relations between several, and whether one is enough."""

    alone: dict[str, Pieces]
    between: list[Node]
    is_either: bool


def same_unknowns(gold: Node, answer: Node) -> bool | None:
    """Return whether relations say the same of every unknown; None where neither side has several unknowns."""
    ours, theirs = _read(gold), _read(answer)
    if ours is None and theirs is None:
        return None
    if ours is None or theirs is None or ours.is_either != theirs.is_either or ours.alone.keys() != theirs.alone.keys():
        return False
    rest = list(theirs.between)
    return (
        all(same_pieces(pieces, theirs.alone[name]) for name, pieces in ours.alone.items())
        and len(ours.between) == len(rest)
        and all(take(rest, partial(_same_relation, relation)) for relation in ours.between)
    )


def _same_relation(gold: Node, answer: Node) -> bool:
    if key(gold) == key(answer):
        return True
    if gold.op != "rel" or answer.op != "rel" or "in" in (gold.value, answer.value):
        return False
    if is_equation(gold) or is_equation(answer):
        return is_equation(gold) and is_equation(answer) and proportional(gold, answer)
    return inequality(gold, answer)


def _read(node: Node) -> Unknowns | None:
    """Return the relations of a node by unknown; None where there are not several."""
    items = node.args if node.op == "seq" and node.value in ("bare", "and", "or") else (node,)
    if any(i.op != "rel" for i in items):
        return None
    is_either = node.op == "seq" and node.value == "or"
    by_name: dict[str, list[Pieces]] = {}
    between: list[Node] = []
    for relation in items if is_either else (part for item in items for part in _split(item)):
        names = free(relation)
        try:
            if len(names) != 1 or not set(str(relation.value).split()) <= _SIGNS:
                raise NotASetError("several unknowns")
            pieces = to_pieces(relation)
            by_name.setdefault(next(iter(names)), []).append(pieces)
        except NotASetError:
            between.append(relation)
    if len(by_name) + bool(between) < 2 or not by_name:
        return None
    if len(by_name) == 1 and not any(next(iter(by_name)) in free(b) for b in between) and is_either:
        return None
    join = (lambda a, b: normal((*a, *b))) if is_either else intersection
    try:
        return Unknowns({name: reduce(join, parts) for name, parts in by_name.items()}, between, is_either)
    except NotASetError:
        return None


def _split(relation: Node) -> list[Node]:
    """Return `a > 0 > b` as `a > 0` and `0 > b`; a chain about one unknown stays whole."""
    operators = str(relation.value).split()
    if len(operators) < 2 or len(free(relation)) < 2:
        return [relation]
    return [Node("rel", pair, operator) for pair, operator in zip(pairwise(relation.args), operators, strict=True)]
