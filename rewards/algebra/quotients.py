"""Expressions as quotients of polynomials over the rationals, in one unknown or several (python-flint)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flint import fmpq

from rewards.algebra.exact import rational
from rewards.algebra.tree import Node, free

MAX_DEGREE = 12
MAX_BITS = 64


class Quotient(NamedTuple):
    """Two polynomials of one ring."""

    top: Any
    bottom: Any


class Ring(NamedTuple):
    """The unknowns by name, what makes a constant, and whether a quotient to a power stays within the ring's bounds."""

    unknowns: Mapping[str, Any]
    constant: Callable[[fmpq], Any]
    fits: Callable[[Quotient, int], bool]


def quotient(node: Node, ring: Ring) -> Quotient | None:
    """Return an expression as a quotient of two polynomials; None where it is none, or too large."""
    one = ring.constant(fmpq(1))
    if node.op == "sym" and str(node.value) in ring.unknowns:
        return Quotient(ring.unknowns[str(node.value)], one)
    if not free(node):
        value = rational(node)
        return None if value is None or value.height_bits() > MAX_BITS else Quotient(ring.constant(value), one)
    if node.op == "pow":
        base, exponent = quotient(node.args[0], ring), rational(node.args[1])
        if base is None or exponent is None or exponent.q != 1 or not 0 < exponent <= MAX_DEGREE:
            return None
        n = int(exponent.p)
        return _bounded(Quotient(base.top**n, base.bottom**n), ring) if ring.fits(base, n) else None
    if node.op not in ("add", "mul", "div", "neg"):
        return None
    # Degrees and coefficients are checked after every step, so nothing large is ever multiplied out. Common factors stay: a
    # root of both top and bottom is a pole, where the expression as it was written has no value.
    total = quotient(node.args[0], ring)
    if node.op == "neg" and total is not None:
        return Quotient(-total.top, total.bottom)
    for arg in node.args[1:]:
        part = quotient(arg, ring) if total is not None else None
        if total is None or part is None or (node.op == "div" and part.top == 0):
            return None
        if node.op == "add":
            total = Quotient(total.top * part.bottom + part.top * total.bottom, total.bottom * part.bottom)
        elif node.op == "mul":
            total = Quotient(total.top * part.top, total.bottom * part.bottom)
        else:
            total = Quotient(total.top * part.bottom, total.bottom * part.top)
        total = _bounded(total, ring)
    return total


def _bounded(found: Quotient, ring: Ring) -> Quotient | None:
    return found if ring.fits(found, 1) else None
