r"""Expressions without unknowns, operations included, as balls: what `\det`, `\int`, `\lim`, `\sum`, `\bmod` and products of
matrices give. It serves one purpose: to see that a chain such as `\int_0^2 3x^2\,dx = 9` is false.
"""

from collections.abc import Mapping
from functools import reduce
from itertools import pairwise
from typing import Any

from flint import acb, arb, fmpq, fmpq_mat

from rewards.algebra.ball import UndefinedError, evaluate, precision
from rewards.algebra.exact import rational
from rewards.algebra.tree import INF, Node, has, key, num, replace, sym, walk

_BITS = 192
_DEEP_BITS = 512
_LARGE_STEPS = (40, 60)
"""A limit is looked at this many bits from its point, a sum after as many hundreds of terms as `_PARTS` says."""
_PARTS = (100, 200)
_SETTLED, _TRUSTED = 30, 20
"""Bits in which two looks must agree, and bits that are then taken for right."""
MAX_SIZE = 5
MAX_POWER = 64
MAX_EVALUATIONS = 1000
MAX_NODES = 60
MAX_MODULUS_BITS = 256
_SMOOTH = frozenset(("add", "mul", "div", "neg", "num", "sym", "pow", "call"))
_SMOOTH_CALLS = frozenset(("sin", "cos", "tan", "exp", "sinh", "cosh", "tanh", "sqrt", "ln"))


def value_of(node: Node) -> Any:
    """Return the value of an expression as a ball, None where it has unknowns or is not computed here."""
    try:
        plain = written_out(node)
        at: dict[str, Any] = {}
        for part in walk(plain):
            if part.op == "big" and has(part.args[2], "big"):
                return None  # sums of sums take too long
            if part.op == "big" and (value := _operation(part)) is not None:
                at[key(part)] = value
        with precision(_BITS):
            found = evaluate(plain, at)
            return found if found.is_finite() else None
    except (UndefinedError, ArithmeticError, ValueError, OverflowError):
        return None


def matrix_of(node: Node) -> fmpq_mat | None:
    """Return a product, power or sum of matrices of rational numbers, None where it is none."""
    if node.op == "matrix":
        rows = [[rational(x) for x in row.args] for row in node.args]
        if node.value is not None or len(rows) > MAX_SIZE or any(x is None for row in rows for x in row):
            return None
        return fmpq_mat(rows)
    if node.op == "pow" and (base := matrix_of(node.args[0])) is not None:
        exponent = rational(node.args[1])
        if exponent is None or exponent.q != 1 or abs(exponent) > MAX_POWER or base.nrows() != base.ncols():
            return None
        if exponent < 0 and base.det() == 0:
            return None
        return (base.inv() if exponent < 0 else base) ** abs(int(exponent.p))
    if node.op == "neg":
        inner = matrix_of(node.args[0])
        return None if inner is None else inner * fmpq(-1)
    if node.op not in ("mul", "add"):
        return None
    total: Any = None
    for arg in node.args:
        part = rational(arg) if node.op == "mul" and not has(arg, "matrix") else matrix_of(arg)
        if part is None:
            return None
        try:
            total = part if total is None else total * part if node.op == "mul" else total + part
        except (ValueError, TypeError):  # sizes that do not fit
            return None
    return total if isinstance(total, fmpq_mat) else None


def written_out(node: Node) -> Node:
    """Return the tree with determinants, traces and remainders of division as plain arithmetic."""
    return replace(node, _written_out)


def _written_out(node: Node) -> Node | None:
    if node.op == "matrix" and node.value == "det":
        return _determinant(node)
    argument = node.args[0] if node.args else node
    if node.op == "call" and node.value == "det" and argument.op == "matrix":
        return _determinant(argument)
    is_trace = node.op == "apply" and node.value in ("tr", "Tr", "trace") and argument.op == "matrix"
    if is_trace and len(argument.args) == len(argument.args[0].args):
        return Node("add", tuple(row.args[i] for i, row in enumerate(argument.args)))
    if node.op == "call" and node.value == "mod" and len(node.args) == 2:
        modulus = rational(node.args[1])
        if modulus is not None and modulus.q == 1 and modulus > 0 and modulus.height_bits() <= MAX_MODULUS_BITS:
            found = _residue(node.args[0], int(modulus.p))
            return None if found is None else num(found)
    return None


def _determinant(matrix: Node) -> Node | None:
    rows = [row.args for row in matrix.args]
    if len(rows) > MAX_SIZE or len(rows) != len(rows[0]):
        return None
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for column, entry in enumerate(rows[0]):
        minor = Node("matrix", tuple(Node("seq", r[:column] + r[column + 1 :], "()") for r in rows[1:]))
        product = Node("mul", (entry, _determinant(minor) or num(0)))
        terms.append(Node("neg", (product,)) if column % 2 else product)
    return Node("add", tuple(terms))


def _residue(node: Node, modulus: int) -> int | None:
    """Return an integer modulo another without writing its powers out."""
    value = rational(node)
    if value is not None:
        return int(value.p) % modulus if value.q == 1 else None
    if node.op == "pow":
        base, exponent = _residue(node.args[0], modulus), rational(node.args[1])
        return (
            None
            if base is None or exponent is None or exponent.q != 1 or exponent < 0
            else pow(base, int(exponent.p), modulus)
        )
    parts = [_residue(a, modulus) for a in node.args]
    known = [p for p in parts if p is not None]
    if len(known) != len(parts) or node.op not in ("add", "mul", "neg"):
        return None
    if node.op == "neg":
        return -known[0] % modulus
    return reduce((lambda a, b: (a + b) % modulus) if node.op == "add" else (lambda a, b: a * b % modulus), known)


def _operation(node: Node) -> Any:
    low, high, body = node.args
    if has(body, "big") or sum(1 for _ in walk(body)) > MAX_NODES:
        return None
    if node.value == "int":
        return _integral(low, high, body)
    if node.value == "lim" and low.op == "rel" and low.value == "->":
        return _limit(low, body)
    if node.value in ("sum", "prod") and high == INF and low.op == "rel" and low.value == "=":
        sums = [node._replace(args=(low, Node("add", (low.args[1], num(n - 1))), body)) for n in _PARTS]
        with precision(_BITS):
            return _settled([evaluate(s, {}) for s in sums])
    return None


def _settled(looks: list[Any]) -> Any:
    """Return where looks at a limit have come to rest, with room for what is left of the way; None where they have not."""
    scale = 1 + abs(looks[-1])
    if not all(abs(b - a) < scale * arb(2) ** -_SETTLED for a, b in pairwise(looks)):
        return None
    room = arb(0, 1) * scale.upper() * arb(2) ** -_TRUSTED
    return looks[-1] + acb(room, room)


def _limit(bound: Node, body: Node) -> Any:
    name, point = bound.args
    if name.op != "sym":
        return None
    looks = []
    with precision(_DEEP_BITS):
        for step in _LARGE_STEPS:
            if point in (INF, Node("neg", (INF,))):
                at = acb(2) ** step * (1 if point == INF else -1)
            else:
                at = evaluate(point, {}) + acb(2) ** -step * (-1 if bound.digits == 2 else 1)
            looks.append(evaluate(body, {str(name.value): at}))
        if any(not look.imag.contains(0) for look in looks):
            return None
        return _settled(looks)


def _integral(low: Node, high: Node, body: Node) -> Any:
    split = _integrand(body)
    if split is None or INF in (low, high):
        return None
    inside, name = split
    if any(n.op not in _SMOOTH or (n.op == "call" and n.value not in _SMOOTH_CALLS) for n in walk(inside)):
        return None

    def function(x: Any, analytic: bool) -> Any:
        try:
            if analytic and not _is_analytic(inside, {name: x}):
                return acb("nan")
            return evaluate(inside, {name: x})
        except UndefinedError:
            return acb("nan")

    with precision(_BITS):
        start, end = evaluate(low, {}), evaluate(high, {})
        tolerance = arb(2) ** -_SETTLED
        return acb.integral(function, start, end, rel_tol=tolerance, abs_tol=tolerance, eval_limit=MAX_EVALUATIONS)


def _is_analytic(node: Node, at: Mapping[str, Any]) -> bool:
    """Return whether no root, logarithm or power in the integrand meets its cut."""
    for n in walk(node):
        whole = rational(n.args[1]) if n.op == "pow" else None
        is_cut = (n.op == "call" and n.value in ("sqrt", "ln")) or (
            n.op == "pow" and n.args[0] != sym("e") and (whole is None or whole.q != 1)
        )
        if is_cut:
            inner = evaluate(n.args[0], at)
            if not inner.real > 0 and inner.imag.contains(0):
                return False
    return True


def _integrand(body: Node) -> tuple[Node, str] | None:
    r"""Return what is integrated and over which letter: `3x^2\,dx`, `\frac{dx}{1+x^2}`, `\sin x\,dx`, which reads as a sine of it all."""
    args = body.args
    if body.op == "mul" and len(args) > 1 and args[-2] == sym("d") and args[-1].op == "sym":
        return Node("mul", (num(1), *args[:-2])), str(args[-1].value)
    if body.op not in ("mul", "call", "div", "pow") or (body.op == "pow" and args[0].op != "call"):
        return None
    places = range(len(args)) if body.op == "mul" else (0,)
    found = [(i, split) for i in places if args[i].op != "sym" and (split := _integrand(args[i])) is not None]
    if len(found) != 1:
        return None
    at, (inside, letter) = found[0]
    return body._replace(args=(*args[:at], inside, *args[at + 1 :])), letter
