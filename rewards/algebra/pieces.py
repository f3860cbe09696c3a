"""Sets of reals as sorted pieces with open or closed ends, and what can be done with them.

Ends are expressions. Where they are constants, pieces are sorted and merged; where they hold a parameter (`k\\pi`),
pieces are only matched.
"""

from functools import partial
from typing import NamedTuple

from rewards.algebra.ball import UndefinedError, constant
from rewards.algebra.points import same_expression
from rewards.algebra.tree import INF, Node, free, num, take

NEGATIVE_INF = Node("neg", (INF,))


class Piece(NamedTuple):
    """The numbers from `low` to `high`, each end in or out."""

    low: Node
    low_in: bool
    high: Node
    high_in: bool


Pieces = tuple[Piece, ...]
ALL: Pieces = (Piece(NEGATIVE_INF, False, INF, False),)


class NotASetError(ValueError):
    """The node is no set of reals that is understood here."""


def is_infinite(node: Node) -> int:
    """Return 1 for infinity, -1 for minus infinity, 0 for any other end."""
    if node == INF or (node.op == "add" and node.args == (num(0), INF)):
        return 1
    return -1 if node == NEGATIVE_INF else 0


def _less(a: Node, b: Node) -> bool:
    """Return whether a < b is proved. NotASetError when the ends cannot be ordered.

    A positive difference of balls is a proof; a ball around 0 is none, so ends that are equal or too close to tell are not less.
    """
    left, right = is_infinite(a), is_infinite(b)
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
    left, right = is_infinite(a), is_infinite(b)
    return left == right if left or right else bool(same_expression(a, b))


def normal(pieces: Pieces) -> Pieces:
    """Return the pieces sorted, empty ones dropped, overlapping and touching ones merged.

    Insertion keeps the order, since `_less` may only be asked of two ends at a time (it can raise); of two pieces with one
    low end the closed one goes first. Pieces touch only where at least one of the meeting ends is in: (0,1) and (1,2) do not.
    """
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
    """Return the gaps between the pieces; an end that is in becomes one that is out."""
    gaps: list[Piece] = []
    low, low_in = NEGATIVE_INF, False
    for piece in normal(pieces):
        gaps.append(Piece(low, low_in, piece.low, not piece.low_in))
        low, low_in = piece.high, not piece.high_in
    gaps.append(Piece(low, low_in, INF, False))
    return tuple(p for p in gaps if is_infinite(p.low) != 1 and is_infinite(p.high) != -1)


def intersection(a: Pieces, b: Pieces) -> Pieces:
    """Return what is in both: of every two pieces the later low end and the earlier high end, in only where it is in both."""
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
    """Return whether two normal forms are the same set. With parameters in the ends, the pieces are matched in any order."""
    rest = list(b)
    return len(a) == len(b) and all(take(rest, partial(_same_piece, piece)) for piece in a)


def _same_piece(p: Piece, q: Piece) -> bool:
    return p.low_in == q.low_in and p.high_in == q.high_in and _same(p.low, q.low) and _same(p.high, q.high)
