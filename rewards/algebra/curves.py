"""Equations in several unknowns: the same curve (`xy = 6` and `y = 6/x`), the same identity."""

from typing import NamedTuple

from flint import Ordering, fmpq_mpoly, fmpq_mpoly_ctx

from rewards.algebra.chains import is_equation
from rewards.algebra.exact import rational
from rewards.algebra.points import same_expression
from rewards.algebra.tree import Node, free, key

MAX_DEGREE = 12
MAX_TERMS = 100
MAX_BITS = 64
MAX_UNKNOWNS = 4


class _Quotient(NamedTuple):
    top: fmpq_mpoly
    bottom: fmpq_mpoly


def same_curve(gold: Node, answer: Node) -> bool:
    """Return whether two equations between rational expressions hold at the same points: their numerators are proportional, and no
    denominator vanishes where its numerator does.
    """
    names = free(gold)
    if not (is_equation(gold) and is_equation(answer)) or len(gold.args) != 2 or len(answer.args) != 2:
        return False
    if not 2 <= len(names) <= MAX_UNKNOWNS or names != free(answer) or any("(" in name for name in names):
        return False
    ring = fmpq_mpoly_ctx.get(tuple(f"v{i}" for i in range(len(names))), Ordering.lex)
    at = dict(zip(sorted(names), ring.gens(), strict=True))
    sides = [_quotient(Node("add", (n.args[0], Node("neg", (n.args[1],)))), at, ring) for n in (gold, answer)]
    ours, theirs = sides
    if ours is None or theirs is None or ours.top == 0 or theirs.top == 0:
        return False
    if not (_is_whole(ours) and _is_whole(theirs)):
        return False
    return bool(ours.top * theirs.top.leading_coefficient() == theirs.top * ours.top.leading_coefficient())


def _quotient(node: Node, at: dict[str, fmpq_mpoly], ring: fmpq_mpoly_ctx) -> _Quotient | None:
    """Return an expression as a quotient of polynomials; None where it is none, or too large."""
    one = ring.constant(1)
    if node.op == "sym" and str(node.value) in at:
        return _Quotient(at[str(node.value)], one)
    if not free(node):
        value = rational(node)
        return None if value is None or value.height_bits() > MAX_BITS else _Quotient(ring.constant(value), one)
    if node.op == "pow":
        base, exponent = _quotient(node.args[0], at, ring), rational(node.args[1])
        if base is None or exponent is None or exponent.q != 1 or not 0 < exponent <= MAX_DEGREE:
            return None
        n = int(exponent.p)
        raised = _Quotient(base.top**n, base.bottom**n) if _is_small(base, n) else None
        return raised if raised is not None and _is_small(raised) else None
    if node.op not in ("add", "mul", "div", "neg"):
        return None
    parts = [_quotient(a, at, ring) for a in node.args]
    total = parts[0]
    if total is None or node.op == "neg":
        return None if total is None else _Quotient(-total.top, total.bottom)
    for part in parts[1:]:
        if part is None or (node.op == "div" and part.top == 0):
            return None
        if node.op == "add":
            total = _Quotient(total.top * part.bottom + part.top * total.bottom, total.bottom * part.bottom)
        elif node.op == "mul":
            total = _Quotient(total.top * part.top, total.bottom * part.bottom)
        else:
            total = _Quotient(total.top * part.bottom, total.bottom * part.top)
        if not _is_small(total):
            return None
    return total


def _is_small(quotient: _Quotient, power: int = 1) -> bool:
    return all(p.total_degree() * power <= MAX_DEGREE and len(p) <= MAX_TERMS for p in quotient)


def _is_whole(quotient: _Quotient) -> bool:
    """Return whether the numerator is nowhere 0 where the denominator is, the factors of which are in one unknown each."""
    return quotient.bottom.is_constant() or all(_never_meet(quotient.top, f) for f, _ in quotient.bottom.factor()[1])


def _never_meet(top: fmpq_mpoly, pole: fmpq_mpoly) -> bool:
    if sum(degree > 0 for degree in pole.degrees()) != 1:
        return False
    rest = divmod(top, pole)[1]
    others = [left for degree, left in zip(pole.degrees(), rest.degrees(), strict=True) if not degree]
    return rest != 0 and not any(others) and bool(rest.gcd(pole).is_constant())


def same_identity(gold: Node, answer: Node) -> bool:
    """Return whether two identities are one: each side is the same expression in the same form, as it stands or swapped."""
    if not all(is_equation(n) and len(n.args) == 2 and _is_identity(n) for n in (gold, answer)):
        return False
    (left, right), sides = gold.args, answer.args
    return any(left.op == a.op and right.op == b.op and bool(same_expression(left, a)) for a, b in (sides, sides[::-1]))


def _is_identity(node: Node) -> bool:
    left, right = node.args
    return bool(free(node)) and key(left) != key(right) and bool(same_expression(left, right))
