r"""Vectors written as sums of unit vectors: `2\hat i + 3\hat j` and `2\mathbf{i} + 3\mathbf{j}` beside `(2, 3)`."""

from rewards.algebra.points import same_expression
from rewards.algebra.tree import Node, free, num, replace, sym

_UNITS = ("hat i", "hat j", "hat k")


def components(node: Node, other: Node) -> Node:
    """Return a sum of unit vectors as a tuple where the other side is one, of the same length; anything else as it is."""
    if (
        other.op != "seq"
        or other.value != "()"
        or len(other.args) not in (2, 3)
        or node.op not in ("add", "mul", "neg")
    ):
        return node
    node_of_units = replace(node, _unit)
    names, units = free(node_of_units), _UNITS[: len(other.args)]
    # i alone is the imaginary unit
    if (
        not names & set(units)
        or names & set(_UNITS) - set(units)
        or not is_combination(node_of_units, frozenset(units))
    ):
        return node
    if node_of_units != node and not free(node) & {"j", "k"}:
        return node
    if same_expression(_at(node_of_units, ""), num(0)) is not True:
        return node
    return Node("seq", tuple(_at(node_of_units, unit) for unit in units), "()")


def _unit(node: Node) -> Node | None:
    return sym(f"hat {node.value}") if node.op == "sym" and node.value in ("i", "j", "k") else None


def _at(node: Node, unit: str) -> Node:
    """Return the sum where one unit vector is 1 and the others are 0."""
    return replace(node, lambda n: num(int(n.value == unit)) if n.op == "sym" and n.value in _UNITS else None)


def is_combination(node: Node, names: frozenset[str]) -> bool:
    """Return whether names only stand in sums and as factors of terms: not in `C_1/(C_1 + C_2)`."""
    inside = [a for a in node.args if free(a) & names]
    if node.op == "div" and free(node.args[1]) & names:
        return False
    if node.op not in ("add", "neg", "mul", "div"):
        return not inside
    return (node.op != "mul" or len(inside) < 2) and all(is_combination(a, names) for a in inside)
