r"""Whether two general solutions of a differential equation, with one free constant each, are the same family of curves.

`y = C e^x` and `\ln|y| = x + C` differ as answers to a judge, for their constants do, yet they are one: through every point both lead in
the same direction. That direction is compared at points, where the constant enters linearly, so that it can be eliminated.
"""

from fractions import Fraction
from typing import Any

from flint import acb, arb, fmpq

from rewards.algebra.ball import UndefinedError, evaluate, precision
from rewards.algebra.reading import read
from rewards.algebra.tree import Node, TooBigError, free

_CONSTANTS = ("C", "c", "K", "k", "C_1", "C_{1}", "c_1", "c_{1}")
_POINTS = (
    (Fraction(7, 10), Fraction(6, 5)),
    (Fraction(13, 10), Fraction(4, 5)),
    (Fraction(17, 8), Fraction(5, 3)),
    (Fraction(3, 8), Fraction(9, 4)),
)
_ENOUGH = 2
_BITS, _STEP_BITS = 320, 80
"""Working precision; the step of the differences is 2^-80, so their error is about 2^-160 of the third derivative."""


def same_family(one: str, other: str) -> bool:
    """Whether both are equations in the same two variables and a constant of their own with the same direction at all points tried.

    >>> same_family("y=Ce^x", r"\\ln|y|=x+C"), same_family("x^2+y^2=C", "x^2-y^2=C"), same_family("y=3", "y=4")
    (True, False, False)
    """
    ours, theirs = _family(one), _family(other)
    if ours is None or theirs is None or ours[1] != theirs[1]:
        return False
    found = 0
    for point in _POINTS:
        at = dict(zip(ours[1], point, strict=True))
        with precision(_BITS):
            try:
                (p, q), (r, s) = _direction(ours, at), _direction(theirs, at)
                difference, scale = abs(p * s - q * r), abs(p * s) + abs(q * r)
                if not scale > 0:
                    continue
                if not difference < scale * arb(2) ** -60:
                    return False
                found += 1
            except UndefinedError:
                continue
    return found >= _ENOUGH


Family = tuple[Node, tuple[str, ...], str]
"""Left minus right side, the two variables in order, the constant's name."""


def _family(text: str) -> Family | None:
    try:
        readings = read(text)
    except TooBigError:
        return None
    for reading in readings:
        node = reading.node
        if node.op == "rel" and node.value == "=" and len(node.args) == 2:
            names = free(node)
            constants = [name for name in _CONSTANTS if name in names]
            if len(constants) == 1 and len(names) == 3:
                left, right = node.args
                return Node("add", (left, Node("neg", (right,)))), tuple(sorted(names - set(constants))), constants[0]
    return None


def _direction(family: Family, at: dict[str, Fraction]) -> tuple[Any, Any]:
    """The gradient of the family's member through a point.

    Raises:
        UndefinedError: no value there, or the constant does not enter linearly.
    """
    node, variables, constant = family

    def value(**change: Any) -> Any:
        values = {name: acb(fmpq(number.numerator, number.denominator)) for name, number in at.items()}
        result = evaluate(node, values | {name: acb(number) for name, number in change.items()})
        if not result.imag.contains(0):
            raise UndefinedError(constant)
        return result.real

    zero, first, second = (value(**{constant: arb(number)}) for number in (0, 1, 2))
    rise = first - zero
    if rise.contains(0) or not (second - first - rise).contains(0):
        raise UndefinedError(constant)
    member, step = {constant: -zero / rise}, arb(2) ** -_STEP_BITS
    slopes = []
    for name in variables:
        middle = arb(fmpq(at[name].numerator, at[name].denominator))
        slopes.append(
            (value(**member, **{name: middle + step}) - value(**member, **{name: middle - step})) / (2 * step)
        )
    return slopes[0], slopes[1]
