r"""Solutions of systems, in any spelling: `x=1, y=2`, `(x,y)=(1,2)`, `x_1=1, y_1=2; x_2=3, y_2=4`, `(1,2), (3,4)`."""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from rewards.algebra.chains import is_equation
from rewards.algebra.relations import proportional
from rewards.algebra.shapes import spread
from rewards.algebra.tree import Node, free, members, sym, take

_INDEXED = re.compile(r"(.+)_(\d+)$")
_LISTS = ("bare", "or", "and", "set")
Same = Callable[[Node, Node], bool]


class Solution(NamedTuple):
    """Values and their names, in print order; no names where they are only written as a tuple."""

    names: tuple[str, ...]
    values: tuple[Node, ...]
    is_ordered: bool = False
    """Whether the names stand in brackets, which gives them their order."""


def same_solutions(gold: Node, answer: Node, same: Same) -> bool | None:
    """Return whether two nodes state the same solutions of one system; None where they are none, or names are on neither side."""
    if _is_either(gold) != _is_either(answer):
        return False
    ours, theirs = _solutions(gold), _solutions(answer)
    if ours is None or theirs is None or not (ours[0].names or theirs[0].names):
        return _same_names(gold, answer)
    if ours[0].names and theirs[0].names:
        if set(ours[0].names) != set(theirs[0].names):
            shared = set(ours[0].names) & set(theirs[0].names)
            return _same_equations(gold, answer) or (False if shared else None)
        order: tuple[str, ...] = ours[0].names
    else:
        order = _order(ours[0] if ours[0].names else theirs[0])
    if len(ours) != len(theirs) or any(len(s.values) != len(order) for s in (*ours, *theirs)):
        return False
    rest = [_arranged(s, order) for s in theirs]
    return all(take(rest, partial(_same_values, same, _arranged(s, order))) for s in ours)


def grouped(node: Node) -> Node:
    """Return a flat list of the equations of several solutions as one tuple for each: what is said together stays together."""
    if node.op != "seq" or node.value not in _LISTS or len(node.args) < 4 or not all(map(is_equation, node.args)):
        return node
    found = _grouped(list(node.args), str(node.value))
    if not found or len(found) < 2:
        return node
    parts = [zip(s.names, s.values, strict=True) for s in found]
    rows = [tuple(Node("rel", (sym(name), value), "=") for name, value in part) for part in parts]
    return node._replace(args=tuple(Node("seq", row, "()") for row in rows), value="bare")


def _is_either(node: Node) -> bool:
    """Return whether a node says `x = 1 or y = 2`, each name once: which of them is open. Roots of one unknown (x_1, x_2) say more."""
    if node.op != "seq" or node.value != "or" or not all(is_equation(a) and a.args[0].op == "sym" for a in node.args):
        return False
    names = [str(a.args[0].value).split("_")[0] for a in node.args]
    return len(set(names)) == len(names) > 1


def _same_values(same: Same, ours: tuple[Node, ...], theirs: tuple[Node, ...]) -> bool:
    return all(map(same, ours, theirs))


def _arranged(solution: Solution, order: tuple[str, ...]) -> tuple[Node, ...]:
    if not solution.names:
        return solution.values
    at = dict(zip(solution.names, solution.values, strict=True))
    return tuple(at[name] for name in order)


def _order(solution: Solution) -> tuple[str, ...]:
    """Return the order in which a tuple would have the values: that of the alphabet for neighbouring letters, else that of print."""
    names = sorted(solution.names)
    is_run = all(len(n) == 1 for n in names) and ord(names[-1]) - ord(names[0]) == len(names) - 1
    return tuple(names) if is_run and not solution.is_ordered else solution.names


def _solutions(node: Node) -> list[Solution] | None:
    """Return one solution or several, all with the same names or all without."""
    if node.op == "rel":
        pair = _of_tuple(node)
        return pair or _grouped([spread(node)], "and")
    if node.op != "seq":
        return None
    if node.value == "()":
        if any(a.op in ("rel", "seq") for a in node.args):
            return _grouped(list(node.args), "and")
        return [Solution((), node.args)] if len(node.args) > 1 else None
    if node.value not in _LISTS:
        return None
    flat = [part for a in node.args for part in (a.args if a.op == "seq" and a.value in ("()", "set") else (a,))]
    if _are_indexed(flat):
        return _grouped(flat, str(node.value))
    if found := _grouped(list(node.args), str(node.value)):
        return found
    found, names = [], tuple[str, ...]()
    for item in node.args:
        if names and item.op == "seq" and item.value == "()" and not any(a.op in ("rel", "seq") for a in item.args):
            found.append(Solution(names, item.args, True))  # (x, y) = (1, 2) or (3, 4)
            continue
        part = _solutions(item)
        if part is None or (found and (len(part) != 1 or set(part[0].names) != set(found[0].names))):
            return None
        found += part
        names = part[0].names if part[0].is_ordered else names
    return found or None


def _are_indexed(items: list[Node]) -> bool:
    """Return whether a list is `x_1 = 1, y_1 = 2, x_2 = 3, y_2 = 4`, whose indices say what belongs together, whatever the brackets."""
    names = [i.args[0] for i in items if is_equation(i)]
    return len(names) == len(items) > 0 and all(n.op == "sym" and _INDEXED.match(str(n.value)) for n in names)


def _of_tuple(node: Node) -> list[Solution] | None:
    """Return the solutions in `(x, y) = (1, 2)`."""
    if not is_equation(node) or len(node.args) != 2 or node.args[0].op != "seq" or node.args[0].value != "()":
        return None
    names = tuple(str(a.value) for a in node.args[0].args if a.op == "sym")
    values = [v for v in members(node.args[1]) if v.op == "seq" and v.value == "()"]
    if len(set(names)) != len(node.args[0].args) or len(values) != len(members(node.args[1])):
        return None
    return [Solution(names, v.args, True) for v in values] if all(len(v.args) == len(names) for v in values) else None


def _grouped(items: list[Node], style: str) -> list[Solution] | None:
    """Return the solutions in a flat list of equations: cut where a name comes again, or by index (`x_1, y_1, x_2, y_2`)."""
    items = [a for item in items for a in (members(spread(item)) if item.op == "rel" else (item,))]
    if not all(is_equation(i) and len(i.args) > 1 and i.args[0].op == "sym" and free(i.args[0]) for i in items):
        return None
    pairs = [(str(i.args[0].value), i.args[-1]) for i in items]
    indexed = [_INDEXED.match(name) for name, _ in pairs]
    groups: dict[str, list[tuple[str, Node]]] = {}
    if all(indexed) and len({m.group(1) for m in indexed if m}) > 1:
        for match, (_, value) in zip(indexed, pairs, strict=True):
            if match:
                groups.setdefault(match.group(2), []).append((match.group(1), value))
    else:
        for name, value in pairs:
            last = groups.setdefault(str(max(len(groups) - 1, 0)), [])
            if any(name == other for other, _ in last):
                last = groups.setdefault(str(len(groups)), [])
            last.append((name, value))
    found = [Solution(tuple(n for n, _ in g), tuple(v for _, v in g)) for g in groups.values()]
    names = set(found[0].names)
    is_whole = len(names) > 1 and all(set(s.names) == names and len(s.names) == len(names) for s in found)
    return found if is_whole and not (len(found) == 1 and style == "or") else None


def _names(node: Node) -> set[str]:
    """Return the names in a list of nothing but `name = value`."""
    items = members(spread(node)) if node.op == "rel" else members(node) if node.op == "seq" else ()
    named = [a for a in items if is_equation(a) and a.args[0].op == "sym"]
    return {str(a.args[0].value) for a in named} if len(named) == len(items) else set()


def _same_names(gold: Node, answer: Node) -> bool | None:
    """Return False for `x = 1, x = 2` against `x = 1, y = 2`: some names are the same and some are not."""
    ours, theirs = _names(gold), _names(answer)
    return False if ours & theirs and ours != theirs and not any("_" in n for n in ours | theirs) else None


def _same_equations(gold: Node, answer: Node) -> bool | None:
    """Return True where two systems have the same equations, each up to a factor: `a = 2b, c = 3` and `c = 3, b = a/2`."""
    if gold.op != "seq" or answer.op != "seq" or len(gold.args) != len(answer.args):
        return None
    rest = list(answer.args)
    return True if all(take(rest, partial(proportional, equation)) for equation in gold.args) else None
