"""Equations and inequalities: names in front of a value, approximations behind it, equality up to a factor."""

from collections.abc import Callable
from typing import Any

from rewards.algebra.ball import UndefinedError, evaluate, narrow, precision
from rewards.algebra.chains import is_derivative, is_equation
from rewards.algebra.points import point_at, same_expression
from rewards.algebra.tree import Node, free, key, num, replace, sym

_BITS = 256
_NO_VALUES = frozenset(
    ("seq", "matrix", "text", "union", "inter", "minus", "builder", "rel", "cases", "ratio", "based", "mod", "time")
)
_DOMAINS = ("small", "unit", "negative", "small", "large")


def exact_part(node: Node) -> Node:
    r"""Return the node without what only approximates (`\frac{\sqrt 3}{3} \approx 0.577`) and without `x \in` in front of a set."""
    if node.op != "rel":
        return node
    operators = str(node.value).split()
    if "~" in operators:
        at = operators.index("~")
        if at == 0:
            return node.args[1] if is_name(node.args[0]) and len(operators) == 1 else exact_part(node.args[0])
        return Node("rel", node.args[: at + 1], " ".join(operators[:at]))
    if operators == ["in"] and is_name(node.args[0]):
        inner = node.args[1]
        if inner.op == "seq" and inner.value in ("()", "[]") and len(inner.args) == 2:
            return Node("union", (inner,))  # said to be a set: an interval, not a pair
        return inner if inner.op in ("seq", "union", "inter", "minus", "builder") else node
    return node


def is_name(node: Node) -> bool:
    r"""Return whether a node is the name in `name = value`: x, a_1, f(x), AB, |AB|, \angle ABC, S_1 : S_2, (p, q), words."""
    if node.op in ("sym", "text"):
        return not (node.op == "sym" and not free(node))
    if node.op in ("apply", "big") or is_derivative(node):
        return True
    if node.op == "mul":
        return all(a.op == "sym" and str(a.value)[0].isupper() for a in node.args) or (
            len(node.args) == 2
            and node.args[0].op == "sym"
            and bool(free(node.args[0]))
            and _is_arguments(node.args[1])
        )
    if node.op == "call" and node.value in ("det", "mod"):
        return True
    if node.op == "call":
        return (
            node.value in ("abs", "max", "min", "arg", "Re", "Im", "deg", "gcd", "lcm", "dim")
            and all(map(is_name, node.args))
        ) or (
            node.value in ("sin", "cos", "tan", "cot")
            and node.args[0].op == "sym"
            and str(node.args[0].value)[0].isupper()
        )
    return (
        node.op in ("div", "ratio", "seq")
        and node.value in (None, "()", "bare")
        and bool(node.args)
        and all(map(is_name, node.args))
    )


def _is_arguments(node: Node) -> bool:
    """Return whether a node is the bracket of `y(t)`: one unknown."""
    return node.op == "sym" and len(free(node)) == 1


def core(node: Node) -> Node | None:
    """Return the value in `name = ... = value` or `value = name`; None when the relation is an equation in its own right."""
    if not is_equation(node):
        return None
    if is_name(node.args[0]):
        return node.args[-1]
    if not any(_is_open(a) for a in node.args):  # 2 + 2 = 4; that it is true is seen to before
        return node.args[-1]
    if node.args[-1].op == "matrix" and node.args[0].op in ("mul", "pow", "add") and not free(node):
        return node.args[-1]
    if len(node.args) == 2 and is_name(node.args[1]):
        return node.args[0]
    return None


def _is_open(node: Node) -> bool:
    """Return whether a node has unknowns, or is an object that nothing computes."""
    is_object = node.op in _NO_VALUES and not (node.op == "matrix" and node.value == "det")
    return is_object or any(not name.startswith("big[") for name in free(node))


def bare_value(node: Node) -> Node:
    """Return the value behind a name and before an approximation; the whole where there is no such value."""
    return core(exact_part(node)) or node


def _difference(node: Node) -> Node | None:
    if node.op == "rel" and len(node.args) == 2:
        return Node("add", (node.args[0], Node("neg", (node.args[1],))))
    return None


def _ratio(a: Node, b: Node) -> Any:
    """Return the constant factor between two expressions with the same unknowns, as a ball; None when there is none."""
    names = sorted(free(a) | free(b))
    factor: Any = None
    found = 0
    for index, domain in enumerate(_DOMAINS):
        with precision(_BITS):
            at = {name: point_at(name, index, domain) for name in names}
            try:
                x, y = evaluate(a, at), evaluate(b, at)
            except UndefinedError:
                continue
            if not (x.imag.contains(0) and y.imag.contains(0)):
                continue
            if x.contains(0) or y.contains(0):
                return None
            ratio = x / y
            if factor is not None:
                difference = ratio - factor
                if not difference.contains(0) or not narrow(difference, ratio, _BITS):
                    return None
            factor, found = ratio, found + 1
    return factor if found >= 3 else None


def _factor(gold: Node, answer: Node) -> Any:
    """Return the constant factor between two relations, as a ball; None when there is none."""
    a, b = _difference(gold), _difference(answer)
    return None if a is None or b is None or not free(a) or free(a) != free(b) else _ratio(a, b)


def proportional(gold: Node, answer: Node) -> bool:
    """Return whether two equations are the same up to a constant factor."""
    return _factor(gold, answer) is not None


def inequality(gold: Node, answer: Node) -> bool:
    """Return whether two inequalities in several unknowns are the same up to a factor, whose sign counts."""
    ours, theirs = str(gold.value), str(answer.value)
    if ours.strip("<>") != theirs.strip("<>") or (factor := _factor(gold, answer)) is None:
        return False
    if ours[0] not in "<>":
        return ours == theirs
    return bool((factor.real > 0) == (ours[0] == theirs[0]))


def linear_solution(equation: Node, value: Node) -> bool:
    """Return whether `value` is what the equation gives for one of its unknowns, of which it is a first-degree expression.

    Nothing is solved: with f the difference of the sides, f(0) + f(2) = 2 f(1) says that f has degree one, f(1) != f(0) that
    the unknown is in it, f(value) = 0 that the value satisfies it; then it is the only one.
    """
    difference = _difference(equation)
    if (
        difference is None
        or equation.value != "="
        or value.op in ("seq", "text", "rel", "matrix", "percent", "degree", "quantity")
    ):
        return False
    for name in sorted(free(difference) - free(value)):
        if "(" in name or free(difference) - {name} != free(value):
            continue

        def at(new: Node, name: str = name) -> Node:
            return replace(difference, lambda n: new if n == sym(name) else None)

        curve = Node("add", (at(num(0)), at(num(2)), Node("mul", (num(-2), at(num(1))))))
        slope = Node("add", (at(num(1)), Node("neg", (at(num(0)),))))
        if same_expression(curve, num(0)) and not same_expression(slope, num(0)) and same_expression(at(value), num(0)):
            return True
    return False


_TURNED = str.maketrans("<>", "><")


def same_chain(gold: Node, answer: Node, same: Callable[[Node, Node], bool]) -> bool:
    """Return whether chains like `f(2) < f(1)` and `f(1) > f(2)` are one: the same members in the same order, read from either end."""
    if len(gold.args) != len(answer.args):
        return False
    turned = Node("rel", answer.args[::-1], " ".join(o.translate(_TURNED) for o in reversed(str(answer.value).split())))
    return any(
        gold.value == other.value
        and all(key(g) == key(a) or same(g, a) for g, a in zip(gold.args, other.args, strict=True))
        for other in (answer, turned)
    )
