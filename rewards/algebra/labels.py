"""What lists and relations say in words: values in two units, labels of members, units of the ends of a range."""

from functools import reduce

from rewards.algebra.chains import is_equation
from rewards.algebra.scalars import measured
from rewards.algebra.tree import Node, replace, walk
from rewards.algebra.wording.said import NOTHING, Said, both, compound


def compounded(node: Node, other: Node) -> Node:
    """Return `2 hours and 30 minutes` as one value where the other side is one."""
    if node.op == "seq" and other.op not in ("seq", "matrix") and node.value in ("and", "bare"):
        return compound(node.args) or node
    return node


def unmeasured(node: Node) -> tuple[Node, Said]:
    """Return the relations of `2 < x < 4 \\text{ hours}` without units, and what the words of all of them say."""
    what = reduce(both, (measured(n)[1] for n in walk(node) if n.op == "quantity"), NOTHING)
    return replace(node, lambda n: measured(n)[0] if n.op == "quantity" else None), what


def relabelled(node: Node, other: Node) -> Node:
    """Return `roses: 24, tulips: 16` as `24 roses, 16 tulips` where the other side is written so."""
    named = all(is_equation(a) and a.args[0].op == "text" and len(a.args) == 2 for a in node.args)
    if not named or not is_labelled(other):
        return node
    return node._replace(args=tuple(Node("quantity", (a.args[1],), str(a.args[0].value)) for a in node.args))


def is_labelled(node: Node) -> bool:
    """Return whether every member says in words what it counts, each something else: `5 apples and 3 pears` has an order."""
    found = [measured(member)[1].labels for member in node.args if member.op == "quantity"]
    return len(found) == len(node.args) > 1 and all(found) and len(set(found)) == len(found)
