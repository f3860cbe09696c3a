"""How closely two values must agree to count as equal. What an expression can add without being seen grows with the
numbers in it (`\\sqrt 2 + 10^{-200}`), so the bits that must agree do as well; beyond the cap nobody can tell.
"""

from rewards.algebra.ball import PRECISIONS, UndefinedError, constant, narrow, precision
from rewards.algebra.exact import rational
from rewards.algebra.towers import same_tower
from rewards.algebra.tree import Node, free

MAX_NEEDED = 1 << 14
"""Most bits that are made to agree; twice as many are worked with."""
_SPARE = 128
_CALL_BITS = 8
_GROWING = frozenset(("exp", "sinh", "cosh", "tanh", "coth", "sech", "csch"))
_HUGE = 1 << 40


class CloseError(Exception):
    """Two values agree as far as they are computed, which is not far enough to believe that they are equal."""


def needed(a: Node, b: Node) -> int:
    """Return the bits in which two expressions must agree: as many as their numbers, powers and exponentials have, and some to spare."""
    return max(PRECISIONS[1] // 2, _SPARE + _size(a) + _size(b))


def _size(node: Node) -> int:
    op, args = node.op, node.args
    if op == "num":
        value = node.value
        return value.numerator.bit_length() + value.denominator.bit_length()  # type: ignore[union-attr]
    total = sum(map(_size, args))
    if op == "pow" and not free(node):
        return min(_HUGE, total + _magnitude(*args))
    if op == "call":
        total += _CALL_BITS
        if node.value in _GROWING and not free(node):
            total += _bits(args[0])
        if node.value == "factorial" and not free(node):
            bits = _bits(args[0]) // 2
            total += bits * bits.bit_length()  # n! < n^n
    return min(_HUGE, total)


def _bits(exponent: Node) -> int:
    """Return how large an exponent is, in twice as many bits as e to its power has at most."""
    try:
        upper = constant(exponent).abs_upper()
    except UndefinedError:
        return _HUGE
    return int(float(upper.mid())) * 2 + 2 if upper < _HUGE else _HUGE


def _magnitude(base: Node, exponent: Node) -> int:
    """Return the distance of a power from 1, in bits."""
    try:
        value, times = constant(base), constant(exponent).abs_upper()
        with precision(PRECISIONS[0]):
            bits = value.abs_lower().log().abs_upper() * times * 2 + 2 if value.abs_lower() > 0 else None
            if bits is None:
                return 0
            return int(float(bits.mid())) if bits < _HUGE else _HUGE
    except UndefinedError:
        return _HUGE


def equal_constants(a: Node, b: Node) -> bool | None:
    """Return whether two expressions without unknowns have the same value; None when that stays open. UndefinedError where one has
    none, CloseError where they are too close to tell.
    """
    left, right = rational(a), rational(b)
    if left is not None and right is not None:
        return bool(left == right)
    try:
        verdict = _compare(a, b)
    except (CloseError, UndefinedError):
        if (tower := same_tower(a, b)) is not None:
            return tower
        raise
    return verdict


def _compare(a: Node, b: Node) -> bool | None:
    bits_needed = 0
    for bits in PRECISIONS:
        x, y = constant(a, bits), constant(b, bits)
        with precision(bits):
            difference = x - y
            if not difference.contains(0):
                return False
            # not at the lowest precision: its 80 bits are 24 digits, which a long decimal may share with an exact value
            is_narrow = bits > PRECISIONS[0] and narrow(difference, x, bits)
        if is_narrow:
            bits_needed = bits_needed or needed(a, b)
            if bits_needed <= bits // 2:
                return True
    if not is_narrow:
        return None
    if bits_needed > MAX_NEEDED:
        raise CloseError(f"equal to {PRECISIONS[-1] // 2} bits, of which {bits_needed} would be needed")
    bits = 2 * bits_needed
    x, y = constant(a, bits), constant(b, bits)
    with precision(bits):
        difference = x - y
        if not difference.contains(0):
            return False
        if narrow(difference, x, bits):
            return True
    raise CloseError("equal as far as it is computed")
