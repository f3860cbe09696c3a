"""Expressions with unknowns: equal when they agree, as narrow balls, at points chosen from the names of the unknowns.

One point where both are real and differ proves them different (Schwartz 1980, Zippel 1979 for polynomials: agreement
by chance is negligible). Points outside the real domain of either are passed over: `\\ln x^2` and `2\\ln x` are the
same answer. Where floors, factorials or powers of -1 say that an unknown is an integer, the points are integers.
"""

import zlib
from typing import Any

from flint import acb, fmpq

from rewards.algebra.ball import PRECISIONS, UndefinedError, constant, evaluate, narrow, precision
from rewards.algebra.closeness import CloseError, equal_constants, needed
from rewards.algebra.tree import Node, free, has, key, walk

_INTEGER_NAMES = frozenset(["n", "m", "k", "N", "M", "K", "i", "j", "l", "p", "q", "d"])
_ENOUGH = 4
MAX_BITS = 8192
"""Most bits that are worked with at a point."""
_DOMAINS = ("unit", "unit", "small", "small", "negative", "negative", "large")


def point_at(name: str, index: int, domain: str) -> Any:
    """Return a rational that depends on nothing but the name, the index and the domain."""
    seed = zlib.crc32(f"{name}/{index}/{domain}".encode()) % 9973
    part = fmpq(seed + 13, 9997)
    if domain == "integer":
        return acb(2 + (seed + index) % 9 + index)
    if domain == "large":
        return acb(part * 40 + 4)
    if domain == "negative":
        return acb(-part * 3)
    return acb(part if domain == "unit" else part * 3 + 1)


def _wants_integers(*nodes: Node) -> bool:
    for node in nodes:
        for n in walk(node):
            if n.op == "call" and n.value in ("factorial", "binom", "gcd", "lcm") and free(n):
                return True
            if n.op == "call" and n.value in ("floor", "ceil") and free(n) and free(n) <= _INTEGER_NAMES:
                return True
            if n.op == "pow" and free(n.args[1]) and _negative(n.args[0]):
                return True
            if n.op == "call" and n.value in ("sin", "cos", "tan") and has(n, "sym") and _multiple_of_pi(n.args[0]):
                return True
    return False


def _negative(node: Node) -> bool:
    return node.op == "neg" and not free(node)


def _multiple_of_pi(node: Node) -> bool:
    return any(n.op == "sym" and n.value == "pi" for n in walk(node)) and bool(free(node) & {"n", "k", "m"})


def same_expression(a: Node, b: Node) -> bool | None:
    """Return whether two expressions are the same function of their unknowns; None when it stays open.

    One point where both are real and differ is a proof; agreement is believed after `_ENOUGH` points, at least five tried unless
    they are integers, so that the first two domains never decide alone. Where few points are in both domains, two are enough.
    """
    if key(a) == key(b):
        return True
    names = sorted(free(a) | free(b))
    if any(name.startswith("big[") for name in free(a) ^ free(b)):
        return None  # sums and integrals that look different may be equal
    if not names:
        return _same_constants(a, b)
    domains = ["integer"] * 7 if _wants_integers(a, b) else [*_DOMAINS, *["integer"] * 3]
    is_complex = any(n.op == "sym" and n.value == "i" for n in (*walk(a), *walk(b)))
    agreed = 0
    bits_needed = needed(a, b)
    for index, domain in enumerate(domains):
        verdict = _compare_at({name: (name, index, domain) for name in names}, a, b, is_complex, bits_needed)
        if verdict is False:
            return False
        agreed += verdict is True
        if agreed >= _ENOUGH and (index >= 4 or domain == "integer"):
            return True
    return True if agreed >= 2 else None


def _same_constants(a: Node, b: Node) -> bool | None:
    try:
        return equal_constants(a, b)
    except UndefinedError:
        return None if _undefined(a) and _undefined(b) else False


def _undefined(node: Node) -> bool:
    try:
        constant(node)
    except UndefinedError:
        return True
    return False


def _compare_at(
    names: dict[str, tuple[str, int, str]], a: Node, b: Node, is_complex: bool, bits_needed: int
) -> bool | None:
    """Return whether they agree at one point; None where either is undefined, not real, or too wide to tell. CloseError where
    more bits would have to agree than are computed.
    """
    is_narrow = False
    for bits in (*PRECISIONS[:2], min(2 * bits_needed, MAX_BITS)):
        with precision(bits):
            at = {name: point_at(*where) for name, where in names.items()}
            try:
                x, y = evaluate(a, at), evaluate(b, at)
            except UndefinedError:
                return None
            if not is_complex and not (x.imag.contains(0) and y.imag.contains(0)):
                return None
            difference = x - y
            if not difference.contains(0):
                return False
            is_narrow = narrow(difference, x, bits)
            if is_narrow and bits_needed <= bits // 2:
                return True
    if is_narrow:
        raise CloseError(f"equal to {MAX_BITS // 2} bits, of which {bits_needed} would be needed")
    return None
