"""One value against one value: expressions, percentages, degrees, units, ratios, number bases, residues.

What is inside a unit or a ratio may be anything, so the general comparison is handed in as `same`.
"""

from collections.abc import Callable
from fractions import Fraction

from rewards.algebra.ball import PRECISIONS, UndefinedError, constant, precision
from rewards.algebra.exact import rational
from rewards.algebra.points import same_expression
from rewards.algebra.relations import bare_value
from rewards.algebra.tree import INF, Node, free, has, num, sym, walk
from rewards.algebra.wording import said

DOUBLE_DIGITS = 15
"""A decimal with this many significant digits is what a double prints for the value, not a rounding that a person chose."""

Same = Callable[[Node, Node], bool]


class OpenError(Exception):
    """Two values are neither proved equal nor proved different here."""


def same_scalars(gold: Node, answer: Node, same: Same) -> bool:
    """Return whether two values that are no collection are the same. OpenError where that stays undecided.

    What a value is of goes first: a time is no number, while a percent sign, a unit or a degree may be left out by one side.
    Only two bare expressions reach the numeric tiers.
    """
    if "time" in (gold.op, answer.op):
        return gold.op == answer.op and gold.value == answer.value and 0 in (gold.digits, answer.digits)
    if "percent" in (gold.op, answer.op):
        return _same_percent(gold, answer, same)
    if "quantity" in (gold.op, answer.op):
        return _same_quantities(gold, answer, same)
    if "degree" in (gold.op, answer.op):
        return _same_degrees(gold, answer, same)
    if "ratio" in (gold.op, answer.op):
        return _same_ratios(gold, answer, same)
    if "based" in (gold.op, answer.op):
        return _same_based(gold, answer, same)
    if "mod" in (gold.op, answer.op):
        return gold.op == answer.op and _same_mod(gold, answer)
    if "text" in (gold.op, answer.op) or any(n.op in ("seq", "cases", "union", "rel") for n in (gold, answer)):
        return False
    objects = [has(node, "matrix", "cases", "builder", "seq", "union") for node in (gold, answer)]
    if any(objects):
        if all(objects) and not has(gold, "seq", "union", "cases") and not has(answer, "seq", "union", "cases"):
            raise OpenError
        # products with a vector in them: the same factors in the same places
        is_pair = gold.op == answer.op == "mul" and len(gold.args) == len(answer.args)
        return is_pair and all(map(same, gold.args, answer.args))
    for node in (gold, answer):
        if any(n == INF for n in walk(node)):
            return False
    if gold.op == answer.op == "sym":
        return False  # their keys differ
    verdict = same_expression(gold, answer)
    if verdict is False:
        return _same_as_double(gold, answer)
    if verdict is None:
        if has(gold, "big") != has(answer, "big"):
            return False  # an operation left to do is not the value it would give
        raise OpenError
    return verdict


def _same_as_double(gold: Node, answer: Node) -> bool:
    """Accept 0.0833333333333333 for 1/12: a decimal of full double precision, within one unit of its last digit."""
    for decimal, exact in ((gold, answer), (answer, gold)):
        inner = decimal.args[0] if decimal.op == "neg" else decimal
        if inner.op == "num" and DOUBLE_DIGITS <= inner.digits <= 20:
            if free(exact) or (exact.args[0] if exact.op == "neg" else exact).op == "num":
                return False
            try:
                difference, value = constant(Node("add", (decimal, Node("neg", (exact,))))), constant(decimal)
            except UndefinedError:
                return False
            with precision(PRECISIONS[0]):
                return bool(abs(difference).upper() <= abs(value).upper() * 2 / 10 ** (inner.digits - 1))
    return False


def _same_percent(gold: Node, answer: Node, same: Same) -> bool:
    other = answer if gold.op == "percent" else gold
    if other.op == "quantity" and measured(other)[0].op == "percent":
        return _same_quantities(gold, answer, same)
    if other.op in ("degree", "ratio", "time") or (
        other.op == "quantity" and not has(other, "percent") and said_of(other)
    ):
        return False  # both say what they count
    ours = gold.args[0] if gold.op == "percent" else gold
    theirs = answer.args[0] if answer.op == "percent" else answer
    if same(ours, theirs):
        return True
    return gold.op != "percent" and same(gold, Node("div", (theirs, num(100))))


def _same_degrees(gold: Node, answer: Node, same: Same) -> bool:
    ours = gold.args[0] if gold.op == "degree" else gold
    theirs = answer.args[0] if answer.op == "degree" else answer
    if same(ours, theirs):
        return True
    bare, other = (answer, gold) if gold.op == "degree" else (gold, answer)
    if bare.op == "degree" or not any(n == sym("pi") for n in walk(bare)):
        return False
    return bool(same_expression(other, bare))


def _same_quantities(gold: Node, answer: Node, same: Same) -> bool:
    (ours, what), (theirs, other) = measured(gold), measured(answer)
    for one, its, two, others in ((ours, what, theirs, other), (theirs, other, ours, what)):
        if _is_in(others, "angle") and (one.op == "degree" or _is_in(its, "degree")):
            inner = one.args[0] if one.op == "degree" else one
            return same_expression(Node("degree", (inner,)), two) is True
    for one, two, others in ((ours, theirs, other), (theirs, ours, what)):
        if one.op in ("degree", "percent", "ratio") and two.op != one.op and not _fits(one.op, others):
            return False  # an angle is no length
    factor = said.ratio(what, other)
    if factor is None:
        return False
    if what.is_share != other.is_share and (ours.op == "percent") != (theirs.op == "percent"):
        ours, theirs = _as_number(ours), _as_number(theirs)  # 12% of the price is no 12
    return same(ours if factor == 1 else Node("mul", (num(factor), ours)), theirs)


def _as_number(node: Node) -> Node:
    return Node("div", (node.args[0], num(100))) if node.op == "percent" else node


def _is_in(what: said.Said, dimension: str) -> bool:
    return what.unit is not None and what.unit.dimension == ((dimension, 1),)


def _fits(op: str, what: said.Said) -> bool:
    """Return whether a sign may be written for what words say: degrees for an angle or a temperature, any for nothing."""
    if what.unit is None:
        return not what.labels
    return op == "degree" and (what.unit.dimension or ((" ", 0),))[0][0].startswith(("degree", "temperature"))


def said_of(node: Node) -> bool:
    """Return whether words around a value say a unit or a label."""
    what = measured(node)[1]
    return what.unit is not None or bool(what.labels)


def measured(node: Node) -> tuple[Node, said.Said]:
    """Return the bare value and what is said about it, in all words around it (`$5 million dollars`)."""
    what = said.NOTHING
    while node.op == "quantity":
        what = said.both(what, said.read(str(node.value)))
        node = node.args[0]
    return node, what


def _same_ratios(gold: Node, answer: Node, same: Same) -> bool:
    if gold.op == answer.op:
        pairs = list(zip(gold.args, answer.args, strict=False))
        (g0, a0), rest = pairs[0], pairs[1:]
        return len(gold.args) == len(answer.args) and all(
            same_expression(Node("mul", (g, a0)), Node("mul", (a, g0))) is True for g, a in rest
        ) and not any(rational(x) == 0 for x in (*gold.args, *answer.args))  # fmt: skip
    ratio, value = (gold, answer) if gold.op == "ratio" else (answer, gold)
    return len(ratio.args) == 2 and value.op not in ("seq", "text") and same(Node("div", ratio.args), value)


def _same_based(gold: Node, answer: Node, same: Same) -> bool:
    if gold.op == answer.op:
        return gold.digits == answer.digits and gold.value == answer.value
    based, value = (gold, answer) if gold.op == "based" else (answer, gold)
    return based.digits == 10 and same(num(Fraction(str(based.value))), value)


def _same_mod(gold: Node, answer: Node) -> bool:
    if same_expression(gold.args[1], answer.args[1]) is not True:
        return False
    if same_expression(gold.args[0], answer.args[0]):
        return True
    g, a, m = (rational(n) for n in (gold.args[0], answer.args[0], gold.args[1]))
    return g is not None and a is not None and m is not None and m != 0 and ((g - a) / m).q == 1


def is_evaluated(node: Node) -> bool:
    """Return whether a node is a plain value: a numeral, fraction, mixed number or power of ten, with any sign, name or unit."""
    node = bare_value(node)
    if node.op in ("neg", "percent", "degree", "quantity"):
        return is_evaluated(node.args[0])
    if node.op == "div":
        return all(a.op == "num" for a in node.args)
    if node.op == "add":  # a mixed number is the one sum without a sign in print
        return [a.op for a in node.args] == ["num", "div"] and is_evaluated(node.args[1])
    if node.op == "mul":
        return [a.op for a in node.args] == ["num", "pow"] and node.args[1].args[0] == num(10)
    if node.op == "pow":
        return node.args[0] == num(10)
    return node.op == "num"
