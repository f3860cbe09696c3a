r"""Inequalities in one unknown, solved: rational functions whose numerator and denominator split into factors of degree
one and two over the rationals, so that every end is a closed form. `|A| < b` is `A^2 < b^2`.

`x^2 < 4` is (-2, 2), `\frac{1}{x} > 1` is (0, 1). Whether an unsolved inequality is an answer is for the caller to say.
"""

import itertools
from fractions import Fraction

from flint import fmpq, fmpq_poly, fmpz_poly

from rewards.algebra.ball import constant
from rewards.algebra.exact import rational
from rewards.algebra.quotients import MAX_BITS, MAX_DEGREE, Quotient, Ring, quotient
from rewards.algebra.tree import INF, Node, free, num, sym

FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
Range = tuple[Node, bool, Node, bool]


def solve(left: Node, operator: str, right: Node) -> tuple[Node, list[Range]] | None:
    """Return the unknown and the ranges where `left operator right` holds, in order; None where that is not found here."""
    names = free(left) | free(right)
    if len(names) != 1 or operator not in FLIP:
        return None
    name = next(iter(names))
    found = _difference(left, operator, right, name)
    if found is None:
        return None
    difference, operator = found
    poles = _roots(difference.bottom)
    zeros = _roots(difference.top) if difference.top != 0 else None
    if poles is None or zeros is None:
        return None
    ranges = _ranges(difference, operator, zeros, poles)
    return None if ranges is None else (sym(name), ranges)


def _difference(left: Node, operator: str, right: Node, name: str) -> tuple[Quotient, str] | None:
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
    ring = Ring({name: fmpq_poly([0, 1])}, lambda value: fmpq_poly([value]), _small)
    found = quotient(Node("add", (left, Node("neg", (right,)))), ring)
    return None if found is None else (found, operator)


def _is_abs(node: Node) -> bool:
    return node.op == "call" and node.value == "abs"


def _small(found: Quotient, power: int) -> bool:
    return all(
        p.degree() * power <= MAX_DEGREE and all(c.height_bits() * power <= MAX_BITS for c in p.coeffs()) for p in found
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


def _ranges(difference: Quotient, operator: str, zeros: list[Node], poles: list[Node]) -> list[Range] | None:
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
        value = difference.top(point) * difference.bottom(point)
        if (value < 0 and operator[0] == "<") or (value > 0 and operator[0] == ">") or operator == "!=":
            found.append((low, False, high, False))
    return found
