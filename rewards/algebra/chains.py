"""Chains of equations: whether what can be computed in them is true, and which value an expression in front names."""

import math
from collections.abc import Callable
from itertools import pairwise

from rewards.algebra.ball import precision
from rewards.algebra.computed import matrix_of, value_of, written_out
from rewards.algebra.points import same_expression
from rewards.algebra.tree import Node, free, has, walk

_MARKS = frozenset(("quantity", "degree", "percent"))
_OBJECTS = ("seq", "text", "rel", "cases", "union", "builder")
_TRIGONOMETRIC = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))
_ROUNDED = 0.99
"""How far a rounded or cut decimal may be from its value, in units of its last digit."""
Same = Callable[[Node, Node], bool]


def is_equation(node: Node) -> bool:
    """Return whether a node is a chain of nothing but equality signs."""
    return node.op == "rel" and set(str(node.value).split()) == {"="}


def is_false(node: Node, same: Same) -> bool:
    """Return whether a chain anywhere in the node says that two values are equal which are not: `x = 3 = 5`, `2 + 2 = 5`."""
    chains = [n for n in walk(node) if n.op in ("rel", "big")]
    if not chains:
        return False
    bounds = {id(n.args[0]) for n in chains if n.op == "big" and n.args}  # the i = 1 of a sum
    return any(is_equation(n) and id(n) not in bounds and _is_false_chain(n, same) for n in chains)


def _is_false_chain(chain: Node, same: Same) -> bool:
    members = [a for a in chain.args if a.op not in _OBJECTS and not _unknowns(a)]
    return any(_differ(a, b, same) for a, b in pairwise(members))


def _unknowns(node: Node) -> set[str]:
    """Return the unknowns of a node, sums and integrals aside."""
    return {name for name in free(written_out(node)) if not name.startswith("big[")}


def _differ(a: Node, b: Node, same: Same) -> bool:
    if a.op == b.op == "quantity" and a.value != b.value:
        return not same(a, b)
    if has(a, "matrix") and has(b, "matrix"):
        left, right = matrix_of(a), matrix_of(b)
        if left is not None and right is not None:
            return bool(left != right)
    bare = tuple(_bare(n) for n in (a, b))
    return _values_differ(a, b) and (bare == (a, b) or _values_differ(*bare))


def _bare(node: Node) -> Node:
    """Return a value without its unit, and sums of degrees as sums of numbers."""
    while node.op == "quantity":
        node = node.args[0]
    return node.args[0] if node.op in _MARKS else node._replace(args=tuple(map(_bare, node.args)))


def _values_differ(a: Node, b: Node) -> bool:
    x, y = value_of(a), value_of(b)
    if x is None or y is None:
        return False
    with precision(192):
        gap = abs(x - y)
        unit = max(_last_place(a), _last_place(b))
        return bool(gap.lower() > _ROUNDED * unit) if unit else not (x - y).contains(0)


def _last_place(node: Node) -> float:
    """Return one unit of the last digit of a decimal: `\\frac13 = 0.33` is a rounding, not a false statement. 0 for anything else."""
    inner = node.args[0] if node.op in ("neg", *_MARKS) else node
    if inner.op != "num" or not inner.digits or not inner.value:
        return 0.0
    return 10.0 ** (math.floor(math.log10(abs(float(inner.value)))) + 1 - inner.digits)


def named_value(node: Node) -> Node | None:
    r"""Return what an expression in front is said to be: 62 in `m + n = 62`, 293 in `m + n = 256 + 37 = 293`.

    With one unknown, `2x = 6` is an equation that is solved by 3, so there must be two, a function of an angle, or a power of a
    matrix.
    """
    if not is_equation(node):
        return None
    first, last = node.args[0], node.args[-1]
    names = free(first)
    if first.op == "matrix" and first.value == "det" and not free(last):
        return last
    if not names or names & free(last) or first.op in _OBJECTS or last.op in ("rel", "text"):
        return None
    base = first.args[0] if first.op == "pow" else first
    if len(names) > 1 or (base.op == "call" and base.value in _TRIGONOMETRIC):
        return last
    is_power = first.op == "pow" and first.args[0].op == "sym" and str(first.args[0].value)[0].isupper()
    return last if is_power and last.op == "matrix" else None


def identity_value(node: Node) -> Node | None:
    """Return the last side of an identity such as `(a + b)^2 = a^2 + 2ab + b^2`, which is an expression and another form of it."""
    if not is_equation(node) or any(n.op in _OBJECTS or not free(n) for n in node.args):
        return None
    pairs = pairwise(node.args)
    return node.args[-1] if all(free(a) == free(b) and same_expression(a, b) is True for a, b in pairs) else None


def shortened(node: Node) -> Node:
    """Return `x + y = 2 + 3 = 5` as `x + y = 5`."""
    if not is_equation(node) or len(node.args) < 3 or any(free(a) for a in node.args[1:]):
        return node
    return node._replace(args=(node.args[0], node.args[-1]), value="=")


def is_derivative(node: Node) -> bool:
    r"""Return whether a node is `\frac{dy}{dx}`, or `\frac{d}{dx}` in front of something."""
    if node.op == "mul":
        return is_derivative(node.args[0])
    return node.op == "div" and all(_is_differential(a) for a in node.args)


def _is_differential(node: Node) -> bool:
    first = node.args[0] if node.op in ("mul", "pow") and node.args else node
    first = first.args[0] if first.op == "pow" else first
    return first.op == "sym" and first.value in ("d", "partial")
