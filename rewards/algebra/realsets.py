r"""Sets of reals in one normal form: sorted pieces with open or closed ends. Intervals, inequalities, unions and set
builders end here.

Ends are expressions. Where they are constants, pieces are sorted and merged; where they hold a parameter (`k\pi`),
pieces are only matched.
"""

from __future__ import annotations

from typing import NamedTuple

from rewards.algebra.ball import UndefinedError, constant
from rewards.algebra.inequalities import solve
from rewards.algebra.points import same_expression
from rewards.algebra.tree import INF, Node, free, num, walk

NEGATIVE_INF = Node("neg", (INF,))


class Piece(NamedTuple):
    """From `low` to `high`, each end in or out."""

    low: Node
    low_in: bool
    high: Node
    high_in: bool


Pieces = tuple[Piece, ...]
ALL: Pieces = (Piece(NEGATIVE_INF, False, INF, False),)
_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


class NotASetError(ValueError):
    """Not a set of reals that is understood here."""


def _is_inf(node: Node) -> int:
    if node == INF or (node.op == "add" and node.args == (num(0), INF)):
        return 1
    return -1 if node == NEGATIVE_INF else 0


def _less(a: Node, b: Node) -> bool:
    """a < b, proved. NotASetError when the ends cannot be ordered."""
    left, right = _is_inf(a), _is_inf(b)
    if left or right:
        return left < right
    if free(a) or free(b):
        raise NotASetError("ends with parameters have no order")
    try:
        difference = constant(b).real - constant(a).real
    except UndefinedError as error:
        raise NotASetError(str(error)) from None
    return bool(difference > 0) and not same_expression(a, b)


def _same(a: Node, b: Node) -> bool:
    left, right = _is_inf(a), _is_inf(b)
    return left == right if left or right else bool(same_expression(a, b))


def normal(pieces: Pieces) -> Pieces:
    """Sorted, empty pieces dropped, overlapping and touching pieces merged."""
    kept = [p for p in pieces if _less(p.low, p.high) or (p.low_in and p.high_in and _same(p.low, p.high))]
    ordered: list[Piece] = []
    for piece in kept:
        at = 0
        while at < len(ordered) and (
            _less(ordered[at].low, piece.low) or (_same(ordered[at].low, piece.low) and ordered[at].low_in)
        ):
            at += 1
        ordered.insert(at, piece)
    merged: list[Piece] = []
    for piece in ordered:
        last = merged[-1] if merged else None
        if last and (_less(piece.low, last.high) or (_same(piece.low, last.high) and (piece.low_in or last.high_in))):
            if _less(last.high, piece.high):
                merged[-1] = Piece(last.low, last.low_in, piece.high, piece.high_in)
            elif _same(last.high, piece.high):
                merged[-1] = last._replace(high_in=last.high_in or piece.high_in)
        else:
            merged.append(piece)
    return tuple(merged)


def complement(pieces: Pieces) -> Pieces:
    gaps: list[Piece] = []
    low, low_in = NEGATIVE_INF, False
    for piece in normal(pieces):
        gaps.append(Piece(low, low_in, piece.low, not piece.low_in))
        low, low_in = piece.high, not piece.high_in
    gaps.append(Piece(low, low_in, INF, False))
    return tuple(p for p in gaps if _is_inf(p.low) != 1 and _is_inf(p.high) != -1)


def intersection(a: Pieces, b: Pieces) -> Pieces:
    found = []
    for p in a:
        for q in b:
            low, low_in = (p.low, p.low_in) if _less(q.low, p.low) else (q.low, q.low_in)
            if _same(p.low, q.low):
                low_in = p.low_in and q.low_in
            high, high_in = (p.high, p.high_in) if _less(p.high, q.high) else (q.high, q.high_in)
            if _same(p.high, q.high):
                high_in = p.high_in and q.high_in
            found.append(Piece(low, low_in, high, high_in))
    return normal(tuple(found))


def same_pieces(a: Pieces, b: Pieces) -> bool:
    """Whether two normal forms are the same set. With parameters in the ends, the pieces are matched in any order."""
    if len(a) != len(b):
        return False
    rest = list(b)
    for piece in a:
        twin = next((q for q in rest if _same_piece(piece, q)), None)
        if twin is None:
            return False
        rest.remove(twin)
    return True


def _same_piece(p: Piece, q: Piece) -> bool:
    return p.low_in == q.low_in and p.high_in == q.high_in and _same(p.low, q.low) and _same(p.high, q.high)


def to_pieces(node: Node) -> Pieces:
    """The set that a node states. NotASetError when it states none."""
    pieces = _pieces(node)
    try:
        return normal(pieces)
    except NotASetError:
        return tuple(dict.fromkeys(pieces))


def _pieces(node: Node) -> Pieces:
    op, args, style = node.op, node.args, node.value
    if op == "seq" and style in ("()", "[]", "(]", "[)") and len(args) == 2:
        return (
            Piece(
                args[0],
                str(style)[0] == "[" and not _is_inf(args[0]),
                args[1],
                str(style)[1] == "]" and not _is_inf(args[1]),
            ),
        )
    if op == "seq" and style == "set":
        return tuple(_point(a) for a in args)
    if op == "seq" and style in ("or", "bare", "and") and any(a.op in ("rel", "union") or is_interval(a) for a in args):
        if style == "and" and not all(a.op == "rel" for a in args):
            raise NotASetError("several sets")  # a domain and a range
        parts = [_pieces(a) for a in args]
        if style == "and" or (style == "bare" and all(a.op == "rel" for a in args) and _restricts(args)):
            total = parts[0]
            for part in parts[1:]:
                total = intersection(total, part)
            return total
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
    """`x > 0, x \\neq 1` is one condition; `x < 0, x > 1` can only mean either."""
    try:
        total = _pieces(relations[0])
        for relation in relations[1:]:
            total = intersection(total, _pieces(relation))
    except NotASetError:
        return True
    return bool(total)


def _point(node: Node) -> Piece:
    if node.op in ("seq", "rel", "text", "matrix"):
        raise NotASetError(node.op)
    return Piece(node, True, node, True)


def is_interval(node: Node) -> bool:
    """Brackets that can only be an interval's."""
    return (
        node.op == "seq"
        and len(node.args) == 2
        and (node.value in ("[)", "(]") or (node.value in ("()", "[]") and any(map(_is_inf, node.args))))
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
    """A chain of relations in one unknown, as a set of its values."""
    operators = str(node.value).split()
    if operators == ["in"]:
        return _pieces(node.args[1])
    if operators == ["notin"]:
        return complement(_pieces(node.args[1]))
    if operators == ["="]:
        left, right = node.args
        if left.op == "sym" and left != right and str(left.value) not in free(right):
            return tuple(_point(a) for a in (right.args if right.op == "seq" and right.value == "bare" else (right,)))
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
        if _is_inf(p.low) == -1 and _is_inf(q.high) == 1:
            return (Piece(q.low, q.low_in, p.high, p.high_in),)
        if _is_inf(p.high) == 1 and _is_inf(q.low) == -1:
            return (Piece(p.low, p.low_in, q.high, q.high_in),)
    return intersection(a, b)


def _half_line(left: Node, operator: str, right: Node) -> tuple[Node, Pieces]:
    """The unknown and its values in `left operator right`, one side of which is the unknown (or -x, |x|, 2x...)."""
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
    """`2x + 1 < 5`, `x^2 < 4`, `|x - 1| < 2`."""
    found = None if _is_inf(left) or _is_inf(right) else solve(left, operator, right)
    if found is None:
        raise NotASetError("not solved here")
    return found[0], tuple(Piece(*part) for part in found[1])


def is_unsolved(node: Node) -> bool:
    """Whether an inequality still has to be solved: its unknown stands alone on neither side of a sign."""
    return any(
        n.op == "rel"
        and any(sign[0] in "<>" for sign in str(n.value).split())
        and any(free(a) and not _is_unknown(a) for a in n.args)
        for n in walk(node)
    )
