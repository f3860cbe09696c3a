"""The tree that an answer is parsed into: one node type, so that every walk is three lines."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class TooBigError(ValueError):
    """An input is over one of the caps on length, nesting, digits, nodes or magnitude. Raised before the work, not during it."""


class Node(NamedTuple):
    """An expression or object. `op` says which; `value` holds a number, a name or a bracket style.

    num sym text   leaves; `digits` of a num: significant digits if it was written as a decimal
    add mul div pow neg pm mp call apply   arithmetic; `call` is a known function, `apply` an unknown one
    big dots       sums, integrals, limits (opaque but for their parts); an ellipsis
    percent degree quantity based ratio mod   a number and what is said about it
    seq            several things; value: "bare", "set", "or", "and", or the brackets "()", "[]", "[)", "(]"
    time           a time of day; value "10:30", digits: 0 not said, 1 before noon, 2 after
    rel            a chain; value: its operators, separated by spaces
    union inter minus builder matrix cases   objects
    """

    op: str
    args: "tuple[Node, ...]" = ()
    value: Fraction | str | None = None
    digits: int = 0


def num(value: int | Fraction) -> Node:
    return Node("num", (), Fraction(value))


def sym(name: str) -> Node:
    return Node("sym", (), name)


PI, INF, IMAG, E = sym("pi"), sym("infty"), sym("i"), sym("e")
SPACED = "spaced"
"""The value of a product whose one letter stands behind a space: `12 m`, which may be a unit."""
CONSTANTS = {"pi", "e", "i", "infty"}


def joined(op: str, parts: Sequence[Node], value: str | None = None) -> Node:
    """Return several nodes as one; one alone is itself."""
    return parts[0] if len(parts) == 1 else Node(op, tuple(parts), value)


def members(node: Node) -> tuple[Node, ...]:
    """Return the members of a list without brackets; anything else alone."""
    return node.args if node.op == "seq" and node.value == "bare" else (node,)


def take(rest: list[T], fits: Callable[[T], bool]) -> bool:
    """Remove the first member of `rest` that fits; return whether there is one."""
    at = next((i for i, member in enumerate(rest) if fits(member)), None)
    if at is not None:
        del rest[at]
    return at is not None


def walk(node: Node) -> Iterator[Node]:
    """Return the node and everything below it."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(top.args)


def has(node: Node, *ops: str) -> bool:
    """Return whether the node or anything below it is one of `ops`."""
    return any(n.op in ops for n in walk(node))


def replace(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return the tree with every node for which `change` gives something replaced by it, from the top down."""
    new = change(node)
    if new is not None:
        return new
    if not node.args:
        return node
    return node._replace(args=tuple(replace(a, change) for a in node.args))


def rename(node: Node, names: dict[str, str]) -> Node:
    """Return the tree with its symbols renamed."""

    def change(n: Node) -> Node | None:
        return n._replace(value=names[str(n.value)]) if n.op == "sym" and n.value in names else None

    return replace(node, change)


def free(node: Node) -> frozenset[str]:
    """Return the names of the unknowns: symbols that are no constant, and whole opaque subtrees under their key."""
    if node.op == "sym":
        return frozenset() if node.value in CONSTANTS else frozenset((str(node.value),))
    if node.op in ("apply", "big", "dots", "text"):
        return frozenset((key(node),))
    names: frozenset[str] = frozenset()
    for arg in node.args:
        names |= free(arg)
    return names


def key(node: Node) -> str:
    """Return a normal form as text: sums and products flat and sorted, quotients as powers. Equal keys mean equal things, but
    equal things may have different keys.
    """
    op, args = node.op, node.args
    if op == "num":
        return str(node.value)
    if op in ("sym", "text"):
        return f"{op[0]}{node.value}"
    if op == "big" and args:
        return f"big[{node.value}]({';'.join(key(a) for a in args)})"
    if op in ("add", "mul"):
        return f"{op}({';'.join(sorted(_flat(node, op)))})"
    if op == "div":
        return f"mul({';'.join(sorted([*_flat(args[0], 'mul'), *(f'pow({k};-1)' for k in _flat(args[1], 'mul'))]))})"
    if op == "neg":
        if args[0].op == "num":
            return str(-Fraction(args[0].value or 0))
        return f"mul({';'.join(sorted(['-1', *_flat(args[0], 'mul')]))})"
    if op == "seq" and node.value in ("set", "bare", "or", "and"):
        return f"seq({node.value};{';'.join(sorted(map(key, args)))})"
    return f"{op}[{node.value},{node.digits}]({';'.join(map(key, args))})"


def _flat(node: Node, op: str) -> list[str]:
    if node.op == op:
        return [k for a in node.args for k in _flat(a, op)]
    inner = key(node)
    if op == "mul" and inner.startswith("mul("):
        return inner[4:-1].split(";") if inner.count("(") == 1 else [inner]
    return [inner]
