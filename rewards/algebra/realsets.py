r"""Sets of reals read from intervals, inequalities, unions and set builders, all in the one normal form of `pieces`."""

from functools import reduce

from rewards.algebra.inequalities import FLIP, solve
from rewards.algebra.pieces import (
    ALL,
    NEGATIVE_INF,
    NotASetError,
    Piece,
    Pieces,
    complement,
    intersection,
    is_infinite,
    normal,
)
from rewards.algebra.tree import INF, Node, free, members, walk

_FLIP = {**FLIP, "=": "="}


def to_pieces(node: Node) -> Pieces:
    """Return the set that a node states. NotASetError when it states none."""
    pieces = _pieces(node)
    try:
        return normal(pieces)
    except NotASetError:
        return tuple(dict.fromkeys(pieces))


def _pieces(node: Node) -> Pieces:
    # "or" and a union give all pieces, conditions joined by "and" their intersection. A bare comma says neither: relations that
    # can hold together restrict each other, relations that cannot (`x < 0, x > 1`) are alternatives.
    op, args, style = node.op, node.args, node.value
    if op == "seq" and style in ("()", "[]", "(]", "[)") and len(args) == 2:
        low, high = args
        opens, closes = str(style)[0], str(style)[1]
        return (Piece(low, opens == "[" and not is_infinite(low), high, closes == "]" and not is_infinite(high)),)
    if op == "seq" and style == "set":
        return tuple(_point(a) for a in args)
    if op == "seq" and style in ("or", "bare", "and") and any(a.op in ("rel", "union") or is_interval(a) for a in args):
        if style == "and" and not all(a.op == "rel" for a in args):
            raise NotASetError("several sets")  # a domain and a range
        parts = [_pieces(a) for a in args]
        if style == "and" or (style == "bare" and all(a.op == "rel" for a in args) and _restricts(args)):
            return reduce(intersection, parts)
        return tuple(p for part in parts for p in part)
    if op == "union":
        return tuple(p for a in args for p in _pieces(a))
    if op == "inter":
        return intersection(normal(_pieces(args[0])), normal(_pieces(args[1])))
    if op == "minus":
        return intersection(normal(_pieces(args[0])), complement(normal(_pieces(args[1]))))
    if op == "builder":
        return _built(args[0], args[1])
    if op == "rel":
        return _solved(node)
    if op == "sym" and style in ("bbR", "emptyset"):
        return ALL if style == "bbR" else ()
    raise NotASetError(op)


def _restricts(relations: tuple[Node, ...]) -> bool:
    """Return whether relations restrict each other: `x > 0, x \\neq 1` does, `x < 0, x > 1` can only mean either."""
    try:
        return bool(reduce(intersection, map(_pieces, relations)))
    except NotASetError:
        return True


def _point(node: Node) -> Piece:
    if node.op in ("seq", "rel", "text", "matrix"):
        raise NotASetError(node.op)
    return Piece(node, True, node, True)


def is_interval(node: Node) -> bool:
    """Return whether brackets can only be an interval's."""
    return (
        node.op == "seq"
        and len(node.args) == 2
        and (node.value in ("[)", "(]") or (node.value in ("()", "[]") and any(map(is_infinite, node.args))))
    )


def _built(element: Node, condition: Node) -> Pieces:
    if element.op == "rel" and element.value == "in":
        name, domain = element.args
        if name.op != "sym":
            raise NotASetError("builder")
        inner = _pieces(condition)
        return intersection(normal(_pieces(domain)), normal(inner)) if domain.value != "bbR" else inner
    if element.op != "sym" or not any(n == element for n in walk(condition)):
        raise NotASetError("builder")
    return _pieces(condition)


def _solved(node: Node) -> Pieces:
    """Return a chain of relations in one unknown as the set of its values."""
    operators = str(node.value).split()
    if operators == ["in"]:
        return _pieces(node.args[1])
    if operators == ["notin"]:
        return complement(_pieces(node.args[1]))
    if operators == ["="]:
        left, right = node.args
        if left.op == "sym" and left != right and str(left.value) not in free(right):
            return tuple(_point(a) for a in members(right))
    total: Pieces | None = None
    unknowns = set()
    for left, operator, right in zip(node.args, operators, node.args[1:], strict=False):
        if operator not in _FLIP:
            raise NotASetError(operator)
        unknown, part = _half_line(left, operator, right)
        unknowns.add(unknown)
        total = part if total is None else _both(total, part)
    if total is None or len(unknowns) != 1:
        raise NotASetError("several unknowns")
    return total


def _both(a: Pieces, b: Pieces) -> Pieces:
    if len(a) == len(b) == 1:  # a < x < b with parameters in the ends: no order is needed
        p, q = a[0], b[0]
        if is_infinite(p.low) == -1 and is_infinite(q.high) == 1:
            return (Piece(q.low, q.low_in, p.high, p.high_in),)
        if is_infinite(p.high) == 1 and is_infinite(q.low) == -1:
            return (Piece(p.low, p.low_in, q.high, q.high_in),)
    return intersection(a, b)


def _half_line(left: Node, operator: str, right: Node) -> tuple[Node, Pieces]:
    """Return the unknown and its values in `left operator right`, one side of which is the unknown (or -x, |x|, 2x...)."""
    if _is_unknown(right) and not _is_unknown(left):
        left, operator, right = right, _FLIP[operator], left
    if not _is_unknown(left) or any(n == left for n in walk(right)):
        return _solved_for(left, operator, right)
    if left.op == "call" and left.value == "abs" and _is_unknown(left.args[0]):
        return left.args[0], _absolute(operator, right)
    if left.op == "neg":
        return left.args[0], _ray(_FLIP[operator], Node("neg", (right,)))
    return left, _ray(operator, right)


def _is_unknown(node: Node) -> bool:
    if node.op == "neg" or (node.op == "call" and node.value == "abs"):
        return _is_unknown(node.args[0])
    return (node.op == "sym" and bool(free(node))) or node.op == "apply"


def _ray(operator: str, end: Node) -> Pieces:
    if operator == "=":
        return (_point(end),)
    if operator == "!=":
        return (Piece(NEGATIVE_INF, False, end, False), Piece(end, False, INF, False))
    closed = operator in ("<=", ">=")
    return (Piece(NEGATIVE_INF, False, end, closed),) if operator[0] == "<" else (Piece(end, closed, INF, False),)


def _absolute(operator: str, end: Node) -> Pieces:
    opposite = Node("neg", (end,))
    if operator in ("<", "<="):
        closed = operator == "<="
        return (Piece(opposite, closed, end, closed),)
    if operator in (">", ">="):
        closed = operator == ">="
        return (Piece(NEGATIVE_INF, False, opposite, closed), Piece(end, closed, INF, False))
    raise NotASetError(operator)


def _solved_for(left: Node, operator: str, right: Node) -> tuple[Node, Pieces]:
    """Solve `2x + 1 < 5`, `x^2 < 4`, `|x - 1| < 2`."""
    found = None if is_infinite(left) or is_infinite(right) else solve(left, operator, right)
    if found is None:
        raise NotASetError("not solved here")
    return found[0], tuple(Piece(*part) for part in found[1])


def is_unsolved(node: Node) -> bool:
    """Return whether an inequality still has to be solved: its unknown is alone on neither side of a sign."""
    return any(
        n.op == "rel"
        and any(sign[0] in "<>" for sign in str(n.value).split())
        and any(free(a) and not _is_unknown(a) for a in n.args)
        for n in walk(node)
    )
