"""Equations in several unknowns: the same curve (`xy = 6` and `y = 6/x`), the same identity."""

from flint import Ordering, fmpq_mpoly, fmpq_mpoly_ctx

from rewards.algebra.chains import is_equation
from rewards.algebra.points import same_expression
from rewards.algebra.quotients import MAX_DEGREE, Quotient, Ring, quotient
from rewards.algebra.tree import Node, free, key

MAX_TERMS = 100
MAX_UNKNOWNS = 4


def same_curve(gold: Node, answer: Node) -> bool:
    """Return whether two equations between rational expressions hold at the same points: their numerators are proportional, and no
    denominator vanishes where its numerator does.
    """
    names = free(gold)
    if not (is_equation(gold) and is_equation(answer)) or len(gold.args) != 2 or len(answer.args) != 2:
        return False
    if not 2 <= len(names) <= MAX_UNKNOWNS or names != free(answer) or any("(" in name for name in names):
        return False
    context = fmpq_mpoly_ctx.get(tuple(f"v{i}" for i in range(len(names))), Ordering.lex)
    ring = Ring(dict(zip(sorted(names), context.gens(), strict=True)), context.constant, _is_small)
    ours, theirs = (quotient(Node("add", (n.args[0], Node("neg", (n.args[1],)))), ring) for n in (gold, answer))
    if ours is None or theirs is None or ours.top == 0 or theirs.top == 0:
        return False
    if not (_is_whole(ours) and _is_whole(theirs)):
        return False
    return bool(ours.top * theirs.top.leading_coefficient() == theirs.top * ours.top.leading_coefficient())


def _is_small(found: Quotient, power: int) -> bool:
    return all(p.total_degree() * power <= MAX_DEGREE and len(p) <= MAX_TERMS for p in found)


def _is_whole(found: Quotient) -> bool:
    """Return whether the numerator is nowhere 0 where the denominator is, the factors of which are in one unknown each."""
    return found.bottom.is_constant() or all(_never_meet(found.top, f) for f, _ in found.bottom.factor()[1])


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
