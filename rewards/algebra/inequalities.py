r"""Inequalities in one unknown, solved: rational functions whose numerator and denominator split into factors of degree
one and two over the rationals, so that every end is a closed form. `|A| < b` is `A^2 < b^2`.

`x^2 < 4` is (-2, 2), `\frac{1}{x} > 1` is (0, 1). Whether an unsolved inequality is an answer is for the caller to say.
"""

import itertools
from fractions import Fraction
from typing import NamedTuple

from flint import fmpq, fmpq_poly, fmpz_poly

from rewards.algebra.ball import constant
from rewards.algebra.exact import rational
from rewards.algebra.tree import INF, Node, free, num, sym

MAX_DEGREE = 12
MAX_BITS = 64
FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
Range = tuple[Node, bool, Node, bool]


class _Quotient(NamedTuple):
    top: fmpq_poly
    bottom: fmpq_poly


def solve(left: Node, operator: str, right: Node) -> tuple[Node, list[Range]] | None:
    """Return the unknown and the ranges where `left operator right` holds, in order; None where that is not found here."""
    names = free(left) | free(right)
    if len(names) != 1 or operator not in FLIP:
        return None
    name = next(iter(names))
    found = _difference(left, operator, right, name)
    if found is None:
        return None
    quotient, operator = found
    poles = _roots(quotient.bottom)
    zeros = _roots(quotient.top) if quotient.top != 0 else None
    if poles is None or zeros is None:
        return None
    ranges = _ranges(quotient, operator, zeros, poles)
    return None if ranges is None else (sym(name), ranges)


def _difference(left: Node, operator: str, right: Node, name: str) -> tuple[_Quotient, str] | None:
    """Return a quotient of polynomials and the operator that compares it with 0.

    Squaring keeps the order of two sides that are not negative, so `|A| < b` is `A^2 - b^2 < 0` for b >= 0, and `|A| < |B|`
    always. No case distinction on the sign of A is needed.
    """
    if _is_abs(right) and not _is_abs(left):
        left, operator, right = right, FLIP[operator], left
    if _is_abs(left):
        bound = rational(right)
        if not (_is_abs(right) or (bound is not None and bound >= 0)):
            return None
        left = Node("pow", (left.args[0], num(2)))
        right = Node("pow", (right.args[0] if _is_abs(right) else right, num(2)))
    quotient = _quotient(Node("add", (left, Node("neg", (right,)))), name)
    return None if quotient is None else (quotient, operator)


def _is_abs(node: Node) -> bool:
    return node.op == "call" and node.value == "abs"


def _quotient(node: Node, name: str) -> _Quotient | None:
    """Return an expression as a quotient of two polynomials; None where it is none, or too large."""
    one = fmpq_poly([1])
    if node == sym(name):
        return _Quotient(fmpq_poly([0, 1]), one)
    if name not in free(node):
        value = rational(node)
        return None if value is None or value.height_bits() > MAX_BITS else _Quotient(fmpq_poly([value]), one)
    if node.op == "pow":
        base, exponent = _quotient(node.args[0], name), rational(node.args[1])
        if base is None or exponent is None or exponent.q != 1 or not 0 < exponent <= MAX_DEGREE:
            return None
        n = int(exponent.p)
        return _Quotient(base.top**n, base.bottom**n) if _small(base, n) else None
    if node.op not in ("add", "mul", "div", "neg"):
        return None
    # Degrees and coefficients are checked after every step, so nothing large is ever multiplied out. Common factors stay: a
    # root of both top and bottom is a pole, where the expression as it was written has no value.
    total: _Quotient | None = None
    for arg in node.args:
        part = _quotient(arg, name)
        if part is None:
            return None
        if node.op == "neg":
            return _Quotient(-part.top, part.bottom)
        if total is None:
            total = part
        elif node.op == "add":
            total = _Quotient(total.top * part.bottom + part.top * total.bottom, total.bottom * part.bottom)
        elif node.op == "mul":
            total = _Quotient(total.top * part.top, total.bottom * part.bottom)
        elif part.top != 0:
            total = _Quotient(total.top * part.bottom, total.bottom * part.top)
        else:
            return None
        if not _small(total):
            return None
    return total


def _small(quotient: _Quotient, power: int = 1) -> bool:
    return all(
        p.degree() * power <= MAX_DEGREE and all(c.height_bits() * power <= MAX_BITS for c in p.coeffs())
        for p in quotient
    )


def _roots(poly: fmpq_poly) -> list[Node] | None:
    """Return the real roots as closed forms, in no order; None where a factor has a degree above two."""
    roots: list[Node] = []
    for factor, _ in fmpz_poly(poly.numer()).factor()[1]:
        c, b, a = (int(factor[i]) for i in range(3))
        if factor.degree() > 2:
            return None
        if factor.degree() == 1:
            roots.append(num(Fraction(-c, b)))
        elif (square := b * b - 4 * a * c) > 0:
            root = Node("call", (num(square),), "sqrt")
            roots += [Node("div", (Node("add", (num(-b), term)), num(2 * a))) for term in (root, Node("neg", (root,)))]
    return roots


def _ranges(quotient: _Quotient, operator: str, zeros: list[Node], poles: list[Node]) -> list[Range] | None:
    """Return where the sign is right, from one root to the next, and the roots where equality is enough; None where roots are too close.

    Between two neighbouring roots and poles the sign is constant, so one rational point decides a whole range exactly. The sign
    of top/bottom is that of top * bottom, which needs no division.
    """
    equality = operator in ("<=", ">=")
    marks = sorted({*zeros, *poles}, key=lambda node: float(constant(node).real.mid()))
    middles = [Fraction(float(constant(m).real.mid())) for m in marks]
    if any(a >= b for a, b in itertools.pairwise(middles)):
        return None
    found: list[Range] = [(m, True, m, True) for m in marks if equality and m not in poles]
    ends = [Node("neg", (INF,)), *marks, INF]
    for index, (low, high) in enumerate(itertools.pairwise(ends)):
        if not marks:
            at = Fraction(0)
        elif index == 0:
            at = middles[0] - 1
        else:
            at = middles[-1] + 1 if index == len(marks) else (middles[index - 1] + middles[index]) / 2
        point = fmpq(at.numerator, at.denominator)
        value = quotient.top(point) * quotient.bottom(point)
        if (value < 0 and operator[0] == "<") or (value > 0 and operator[0] == ">") or operator == "!=":
            found.append((low, False, high, False))
    return found
