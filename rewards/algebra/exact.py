"""Exact rational values. Every size is predicted from the operands' bit lengths before anything is multiplied out."""

from fractions import Fraction
from functools import reduce

from flint import fmpq, fmpz

from rewards.algebra.tree import Node
from rewards.algebra.vocabulary import word_set

MAX_BITS = 1 << 17
"""Longest numerator or denominator that is computed exactly: 2024^4046 (44,412 bits) fits, (10^8)! does not."""
_CALLS = word_set("factorial binom sqrt root abs floor ceil max min gcd lcm")


def rational(node: Node) -> fmpq | None:
    """Return the value of an expression that is rational by its form alone, None where it is not, not defined, or over MAX_BITS."""
    op, args = node.op, node.args
    if op == "num":
        exact = Fraction(node.value or 0)
        return fmpq(exact.numerator, exact.denominator)
    if op == "call" and node.value in _CALLS:
        return _called(str(node.value), [rational(a) for a in args])
    if op not in ("add", "mul", "div", "neg", "pow"):
        return None
    values = [value for arg in args if (value := rational(arg)) is not None]
    if len(values) < len(args):
        return None
    if op == "neg":
        return -values[0]
    if op == "div":
        return values[0] / values[1] if values[1] != 0 and _fits(values[0], values[1]) else None
    if op == "pow":
        return _power(values[0], values[1])
    total = values[0]
    for value in values[1:]:
        if not _fits(total, value):
            return None
        total = total + value if op == "add" else total * value
    return total


def _fits(a: fmpq, b: fmpq) -> bool:
    return bool(a.height_bits() + b.height_bits() < MAX_BITS)


def _power(base: fmpq, exponent: fmpq) -> fmpq | None:
    # The bit length of a power is predicted, not found out: 9^(9^9) would take the memory before it could be refused.
    if exponent.q != 1:
        root = _root(base, int(exponent.q)) if int(exponent.q) <= 64 else None
        return None if root is None else _power(root, fmpq(exponent.p))
    if base in (0, 1, -1):
        if base == 0:
            return None if exponent <= 0 else base
        return fmpq(1) if base == 1 or int(exponent.p) % 2 == 0 else base
    if abs(int(exponent.p)) * base.height_bits() > MAX_BITS:
        return None
    return base ** int(exponent.p)


def _root(value: fmpq, index: int) -> fmpq | None:
    """Return the rational real root, None where it is irrational. Odd roots of negative numbers are the real ones."""
    if value < 0:
        if index % 2 == 0:
            return None
        root = _root(-value, index)
        return None if root is None else -root
    top, bottom = _integer_root(value.p, index), _integer_root(value.q, index)
    return None if top is None or bottom is None else fmpq(top, bottom)


def _integer_root(value: fmpz, index: int) -> fmpz | None:
    root = value.root(index)
    return root if root**index == value else None


def _called(name: str, values: list[fmpq | None]) -> fmpq | None:
    if any(v is None for v in values):
        return None
    known = [v for v in values if v is not None]
    first = known[0]
    if name == "abs":
        return abs(first)
    if name in ("floor", "ceil"):
        return fmpq(first.floor() if name == "floor" else first.ceil())
    if name in ("max", "min"):
        return max(known) if name == "max" else min(known)
    if name == "sqrt":
        return _root(first, 2)
    if name == "root":
        return _root(first, int(known[1].p)) if known[1].q == 1 and 0 < known[1] <= 64 else None
    if any(v.q != 1 for v in known):
        return None
    whole = [v.p for v in known]
    if name == "factorial":
        return fmpq(fmpz.fac_ui(int(whole[0]))) if 0 <= whole[0] <= 10_000 else None
    if name == "binom":
        return fmpq(fmpz.bin_uiui(int(whole[0]), int(whole[1]))) if 0 <= whole[1] <= whole[0] <= 100_000 else None
    return fmpq(reduce(lambda a, b: a.gcd(b) if name == "gcd" else a.lcm(b), whole))
