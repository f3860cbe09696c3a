"""Values as balls: a midpoint and a proven radius (Arb, through python-flint). Two balls that do not overlap are
proved unequal.

Equality of closed forms cannot be proved this way; it is believed when the difference contains 0 and is narrow enough
for what is compared (`closeness`), after the exact tier has decided everything rational. Magnitudes are bounded by Arb
itself: what overflows becomes an infinite ball.
"""

import operator
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any

from flint import acb, arb, ctx, fmpq, fmpz

from rewards.algebra.exact import rational
from rewards.algebra.tree import Node, key
from rewards.algebra.vocabulary import word_set

PRECISIONS = (160, 640, 2560)
"""Working bits, tried in turn while the difference is neither proved nor narrow."""
MAX_MAGNITUDE_BITS = 1 << 20
"""Values beyond 2^(2^20) count as undefined: their exact parts would not fit into memory."""
MAX_TERMS = 200
"""Finite sums up to this many terms are computed."""


class UndefinedError(ArithmeticError):
    """The value is not finite: undefined, beyond Arb's range, or with a part that is not computed here."""


_LOCK = threading.Lock()  # Arb's precision is one variable per process


def _new_lock() -> None:
    global _LOCK
    _LOCK = threading.Lock()


os.register_at_fork(after_in_child=_new_lock)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Evaluate at this many bits. One thread at a time; the caller's own precision is restored."""
    with _LOCK:
        before, ctx.prec = ctx.prec, bits
        try:
            yield
        finally:
            ctx.prec = before


_LIMIT = arb(2) ** MAX_MAGNITUDE_BITS


def evaluate(node: Node, at: Mapping[str, Any]) -> Any:
    """Return the value of an expression as an acb ball, `at` giving unknowns (and opaque parts, by key) their values. Call within
    `precision`. UndefinedError unless every part of it is finite and below the limit.
    """
    # Each part is checked before its parent uses it: in Arb 1/inf is 0 and 0*inf a NaN, which could look like an answer.
    # Written with `not <`, because every comparison with a NaN is false.
    value = _evaluate(node, at)
    if not value.abs_upper() < _LIMIT:
        raise UndefinedError("beyond the range of values")
    return value


def _evaluate(node: Node, at: Mapping[str, Any]) -> Any:
    op, args = node.op, node.args
    if op == "num":
        value = node.value
        return acb(fmpq(value.numerator, value.denominator))  # type: ignore[union-attr]
    if op == "sym":
        return _symbol(str(node.value), at)
    if op in ("apply", "big", "dots", "text"):
        return _opaque(node, at)
    if op in _OPERATORS:
        return _OPERATORS[op]([evaluate(a, at) for a in args])
    if op == "call":
        return _call(str(node.value), [evaluate(a, at) for a in args])
    if op == "pow":
        return _power(args[0], args[1], at)
    raise UndefinedError(op)


_CONSTANTS: dict[str, Callable[[], Any]] = {"pi": arb.pi, "e": arb.const_e, "i": lambda: acb(0, 1)}


def _symbol(name: str, at: Mapping[str, Any]) -> Any:
    if name not in at and name not in _CONSTANTS:
        raise UndefinedError(name)
    return at[name] if name in at else acb(_CONSTANTS[name]())


def _opaque(node: Node, at: Mapping[str, Any]) -> Any:
    if node.op == "big" and node.value in ("sum", "prod"):
        low, high = node.args[0], rational(node.args[1])
        if low.op == "rel" and low.value == "=" and low.args[0].op == "sym" and high is not None and high.q == 1:
            start = rational(low.args[1])
            if start is not None and start.q == 1 and 0 <= high - start < MAX_TERMS:
                index, total = str(low.args[0].value), acb(node.value == "prod")
                for k in range(int(start.p), int(high.p) + 1):
                    term = evaluate(node.args[2], {**at, index: acb(k)})
                    total = total + term if node.value == "sum" else total * term
                return total
    name = key(node)
    if name not in at:
        raise UndefinedError(node.op)
    return at[name]


def _quotient(values: list[Any]) -> Any:
    if values[1].contains(0):
        raise UndefinedError("division by zero")
    return values[0] / values[1]


_OPERATORS: dict[str, Callable[[list[Any]], Any]] = {
    "add": lambda v: reduce(operator.add, v),
    "mul": lambda v: reduce(operator.mul, v),
    "div": _quotient,
    "ratio": lambda v: reduce(lambda a, b: _quotient([a, b]), v),
    "neg": lambda v: -v[0],
    "degree": lambda v: v[0] * arb.pi() / 180,
    "percent": lambda v: v[0] / 100,
    "quantity": lambda v: v[0],
}


def _power(base_node: Node, exponent_node: Node, at: Mapping[str, Any]) -> Any:
    base, exponent = evaluate(base_node, at), evaluate(exponent_node, at)
    whole = rational(exponent_node)
    if base_node.op == "sym" and base_node.value == "e":
        return exponent.exp()
    if base.contains(0):
        if whole is not None and whole > 0:
            return base ** acb(whole) if whole.q == 1 else acb(0)
        raise UndefinedError("a power of zero")
    # Integer exponents go to Arb as integers: (-2)^3 through exp(3 log(-2)) would be a ball around -8 with an imaginary part.
    if whole is not None and whole.q == 1 and abs(whole.p) < 1 << 62:
        return base ** fmpz(whole.p)
    point = _integer(exponent)
    if point is not None and exponent.is_exact():
        return base**point
    return base**exponent


def _integer(value: Any) -> Any:
    """Return the one integer in a ball, None where there is none, several, or one too long to write down."""
    return value.real.unique_fmpz() if value.imag == 0 and value.abs_upper() < 1 << 62 else None


def _root(value: Any, index: Any) -> Any:
    # Odd roots of negative numbers are the real ones, as in school; Arb's principal root of -8 is 1 + 1.73i.
    n = _integer(index)
    if n is None or not 0 < n < 1 << 30:
        raise UndefinedError("root")
    if n % 2 == 1 and value.imag == 0 and value.real < 0:
        return -((-value).root(int(n)))
    return value.root(int(n))


def _log(values: list[Any]) -> Any:
    if any(v.contains(0) for v in values):
        raise UndefinedError("log 0")
    return values[0].log() if len(values) == 1 else values[0].log() / values[1].log()


def _whole(values: list[Any]) -> list[Any]:
    found = [_integer(v) for v in values]
    if any(f is None for f in found):
        raise UndefinedError("not integers")
    return found


def _real(values: list[Any]) -> list[Any]:
    if any(v.imag != 0 for v in values):
        raise UndefinedError("not real")
    return [v.real for v in values]


def _method(name: str) -> Callable[[list[Any]], Any]:
    return lambda values: getattr(values[0], name)()


_CALLS: dict[str, Callable[[list[Any]], Any]] = {
    "sqrt": lambda v: v[0].sqrt(),
    "root": lambda v: _root(v[0], v[1]),
    "abs": lambda v: acb(abs(v[0])),
    "factorial": lambda v: (v[0] + 1).gamma(),
    "binom": lambda v: (v[0] + 1).gamma() * (v[1] + 1).rgamma() * (v[0] - v[1] + 1).rgamma(),
    "floor": lambda v: acb(_real(v)[0].floor()),
    "ceil": lambda v: acb(_real(v)[0].ceil()),
    "exp": lambda v: v[0].exp(),
    "ln": lambda v: _log(v[:1]),
    "log": _log,
    "max": lambda v: acb(reduce(lambda a, b: a.max(b), _real(v))),
    "min": lambda v: acb(reduce(lambda a, b: a.min(b), _real(v))),
    "gcd": lambda v: acb(reduce(lambda a, b: a.gcd(b), _whole(v))),
    "lcm": lambda v: acb(reduce(lambda a, b: a.lcm(b), _whole(v))),
    "sign": lambda v: acb(_real(v)[0].sgn()),
    "Re": lambda v: acb(v[0].real),
    "Im": lambda v: acb(v[0].imag),
    "arccot": lambda v: (1 / v[0]).atan(),
    "arcsec": lambda v: (1 / v[0]).acos(),
    "arccsc": lambda v: (1 / v[0]).asin(),
    **{name: _method(name) for name in word_set("sin cos tan cot sec csc sinh cosh tanh coth sech csch")},
    **{f"arc{name}": _method(f"a{name}") for name in ("sin", "cos", "tan")},
    **{f"ar{name}": _method(f"a{name}") for name in ("sinh", "cosh", "tanh")},
}


def _call(name: str, values: list[Any]) -> Any:
    if name not in _CALLS:
        raise UndefinedError(name)
    try:
        return _CALLS[name](values)
    except (ZeroDivisionError, ValueError, IndexError, TypeError) as error:
        raise UndefinedError(f"{name}: {error}") from None


def constant(node: Node, bits: int = PRECISIONS[0]) -> Any:
    """Return the ball of an expression without unknowns. UndefinedError where it has no finite value."""
    with precision(bits):
        return evaluate(node, {})


def narrow(difference: Any, scale: Any, bits: int) -> bool:
    """Return whether a difference that contains 0 is so narrow, measured by the values, that the values count as equal.

    Half of the working bits must agree. The other half is room for cancellation inside the expressions; the small term added
    to the scale keeps values that are 0 themselves comparable.
    """
    return bool(abs(difference).upper() <= (abs(scale).upper() + arb(2) ** -(bits // 2)) * arb(2) ** -(bits // 2))
