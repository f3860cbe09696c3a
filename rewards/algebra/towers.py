"""Numbers too large to write down, by their prime factors: `2^{1000000}` and `4^{500000}` have the same prime with the same
exponent. Exponents may be towers themselves; two factorizations that differ are two numbers.
"""

from collections import Counter
from fractions import Fraction
from functools import cache

from flint import fmpq, fmpz

from rewards.algebra.exact import rational
from rewards.algebra.tree import Node, has, joined, key, num, walk

MAX_BASE_BITS = 64
"""Longest number that is split into primes."""
MAX_FACTORIAL = 20_000
MAX_LEVELS = 8
MAX_NODES = 80

Factors = dict[int, list[Node]]
"""For each prime, the terms of its exponent."""


def same_tower(a: Node, b: Node, levels: int = MAX_LEVELS) -> bool | None:
    """Return whether two positive numbers are the same; None where they are not read as products of powers."""
    if key(a) == key(b):
        return True
    if not levels or has(a, "sym") or has(b, "sym"):
        return None
    if sum(1 for node in (a, b) for _ in walk(node)) > MAX_NODES:
        return None
    if a.op == b.op == "neg":
        return same_tower(a.args[0], b.args[0], levels - 1)
    if a.op == b.op == "div" and rational(a.args[1]) not in (None, 0) and rational(a.args[1]) == rational(b.args[1]):
        return same_tower(a.args[0], b.args[0], levels - 1)
    if "add" in (a.op, b.op):
        return _same_sums(a, b, levels)
    left, right = _factors(a, levels), _factors(b, levels)
    if left is None or right is None:
        return None
    verdict: bool | None = True
    for prime in left.keys() | right.keys():
        ours, theirs = (joined("add", side.get(prime) or [num(0)]) for side in (left, right))
        same = _same_exponents(ours, theirs, levels)
        if same is False:
            return False
        verdict = verdict and same
    return verdict


def _same_exponents(a: Node, b: Node, levels: int) -> bool | None:
    left, right = rational(a), rational(b)
    if left is not None and right is not None:
        return bool(left == right)
    if 0 in (left, right):
        return None
    return same_tower(a, b, levels - 1)


def _same_sums(a: Node, b: Node, levels: int) -> bool | None:
    """Compare what is left of two sums once the terms that both have are taken away: `9^{9^9}+1` is not `9^{9^9}`."""
    ours, theirs = (list(n.args) if n.op == "add" else [n] for n in (a, b))
    for term in list(ours):
        at = next((i for i, other in enumerate(theirs) if same_tower(term, other, levels - 1)), None)
        if at is not None:
            ours.remove(term)
            del theirs[at]
    left, right = (rational(joined("add", rest)) if rest else fmpq(0) for rest in (ours, theirs))
    return None if left is None or right is None else bool(left == right)


def _factors(node: Node, levels: int) -> Factors | None:
    """Return a positive number as powers of primes; None where it is none."""
    op, args = node.op, node.args
    if op == "call" and node.value in ("sqrt", "root"):
        index = args[1] if node.value == "root" else num(2)
        return _raised(_factors(args[0], levels), Node("div", (num(1), index)))
    if op == "call" and node.value == "factorial":
        return _factorial(rational(args[0]))
    if op == "call" and node.value == "binom":
        n, k = (Node("call", (arg,), "factorial") for arg in args)
        rest = Node("call", (Node("add", (args[0], Node("neg", (args[1],)))),), "factorial")
        return _factors(Node("div", (n, Node("mul", (k, rest)))), levels)
    if op == "pow":
        return _raised(_factors(args[0], levels), args[1])
    if op in ("mul", "div"):
        total: Factors = {}
        for place, arg in enumerate(args):
            part = _factors(arg, levels)
            if op == "div" and place:
                part = _raised(part, num(-1))
            if part is None:
                return None
            for prime, exponents in part.items():
                total.setdefault(prime, []).extend(exponents)
        return total
    value = rational(node)
    if value is None or value <= 0 or value.height_bits() > MAX_BASE_BITS:
        return None
    found = Counter({int(p): int(n) for p, n in value.p.factor()})
    found.subtract({int(p): int(n) for p, n in value.q.factor()})
    return {prime: [num(n)] for prime, n in found.items()}


def _raised(factors: Factors | None, exponent: Node) -> Factors | None:
    if factors is None:
        return None
    raised: Factors = {}
    for prime, terms in factors.items():
        product = Node("mul", (exponent, joined("add", terms)))
        value = rational(product)
        raised[prime] = [product if value is None else num(Fraction(int(value.p), int(value.q)))]
    return raised


def _factorial(value: fmpq | None) -> Factors | None:
    """Return n! by its primes: p occurs n/p + n/p^2 + ... times, each rounded down."""
    if value is None or value.q != 1 or not 0 <= value <= MAX_FACTORIAL:
        return None
    n = int(value.p)
    found: Factors = {}
    for prime in _primes():
        if prime > n:
            break
        total, power = 0, prime
        while power <= n:
            total += n // power
            power *= prime
        found[prime] = [num(total)]
    return found


@cache
def _primes() -> tuple[int, ...]:
    return tuple(n for n in range(2, MAX_FACTORIAL + 1) if fmpz(n).is_prime())
