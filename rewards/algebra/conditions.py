r"""Values that hold under a condition: `n^2 \text{ if } n \text{ is even}`, `\sqrt x, x > 0`, the branches of a case definition.

A condition is part of the answer: only one that says where the value is defined anyway may be left out (`1/x, x \ne 0`).
Branches may come in any order; `otherwise` is what the other conditions leave.
"""

import re
from collections.abc import Callable, Sequence

from flint import acb, arb, fmpq

from rewards.algebra.ball import PRECISIONS, UndefinedError, constant, evaluate, precision
from rewards.algebra.pieces import NotASetError, Pieces, complement, is_infinite, normal, same_pieces
from rewards.algebra.points import point_at
from rewards.algebra.realsets import to_pieces
from rewards.algebra.tree import Node, free, members

Same = Callable[[Node, Node], bool]
Branch = tuple[Node, Node | None]

CONDITIONAL = frozenset(("given", "cases", "rel", "seq"))
"""What may state a condition, the only nodes that `branches` is worth asking about."""
OTHERWISE = Node("text", (), "otherwise")
_OTHERWISE = re.compile(r"\b(?:otherwise|else|elsewhere|in all other cases|all other)\b")
_RESIDUES = (
    (re.compile(r"\b(?:not|isn't|n't) (?:a |an )?(?:multiple of|divisible by) (\d+)"), "!0 mod {0}"),
    (re.compile(r"\b(?:multiple of|multiples of|divisible by) (\d+)"), "0 mod {0}"),
    (re.compile(r"^(\d+) (?:\||divides) \w+$"), "0 mod {0}"),
    (re.compile(r"^(\d+) (?:nmid|does not divide|not \|) \w+$"), "!0 mod {0}"),
    (re.compile(r"\bnot even\b|\bodd\b(?! prime)"), "1 mod 2"),
    (re.compile(r"\bnot odd\b|\beven\b"), "0 mod 2"),
)
_FILLER = re.compile(
    r"\b(?:is|are|be|the|a|an|of|that|such|it|holds|we|have|if|when|for|any|all|every|each|number|value|then)s?\b|[,;:.]"
)
_DECLARED = re.compile(
    r"\b(?:real|integers?|whole|natural|complex|rational|arbitrary|constants?|parameters?|numbers?|values?|some|all|any|every|each|is|are|an|a|the|of|and|or|free|fixed|given"
    r"|positive integers?|non-?negative integers?|integration|be|being|denotes?|both|variable|in|bb[RZNQC]|[ZNRQ]|coefficients?"
    r"|unknown|scalars?|valid|where|with|for|its|domain)\b|[,;:.]|\\in",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<![A-Za-z])(?:[A-Za-z](?![A-Za-z])(?:\s*_\s*(?:\{\s*\w+\s*\}|\w))?'?|alpha|beta|gamma|lambda|mu|theta)"
)


def is_declaration(words: str) -> bool:
    """Return whether words behind a value only say what its letters are: `k is an integer`, `all real x`, `C is a constant`.

    >>> is_declaration("k is an integer"), is_declaration("all real x"), is_declaration("n is even"), is_declaration("x > 0")
    (True, True, False, False)
    """
    rest = _DECLARED.sub(" ", words)
    return not _NAME.sub(" ", rest).strip(" =()")


def is_index(node: Node) -> bool:
    """Return whether a relation only says that a letter counts: `n \\ge 1`, `k > 0`."""
    if node.op != "rel" or node.args[0].op != "sym" or str(node.args[0].value) not in ("n", "k", "m", "i", "j"):
        return False
    end = node.args[-1]
    first = int(node.value == ">=")
    return len(node.args) == 2 and node.value in (">=", ">") and end.op == "num" and end.value in (first, first - 1, 0)


def of_words(words: str) -> Node:
    """Return a condition in words in its normal form: parity and divisibility as residues, everything else as its words."""
    text = words.strip().lower()
    if _OTHERWISE.search(text):
        return OTHERWISE
    for pattern, form in _RESIDUES:
        if match := pattern.search(text):
            return Node("text", (), form.format(*match.groups()))
    said = _FILLER.sub(" ", text).split()
    return Node("text", (), " ".join(sorted(said) if all(word.isalpha() for word in said) else said))


def of_relation(node: Node) -> Node:
    """Return a condition in notation in its normal form: a residue class as its residue."""
    if node.op == "mod" and all(part.op == "num" for part in node.args):
        value, modulus = (part.value for part in node.args)
        return Node("text", (), f"{value % modulus} mod {modulus}") if modulus else node  # type: ignore[operator]
    return node


def but_not(condition: Node) -> Node:
    """Return a condition that must not hold: `unless n is even`."""
    return condition._replace(value=f"unless {condition.value}")


def branches(node: Node) -> list[Branch]:
    """Return the values of a node and the conditions under which they hold; [] where it states none."""
    if node.op == "given":
        return [(node.args[0], node.args[1])]
    if node.op == "rel" and node.value == "=" and node.args[-1].op == "cases":
        return branches(node.args[-1])
    if node.op == "cases":
        rows = [members(row) for row in node.args]
        if any(len(row) < 2 for row in rows):
            return []
        return [(row[0], _joined(row[1:])) for row in rows]
    if node.op == "seq" and node.value in ("bare", "and", "or") and any(part.op == "given" for part in node.args):
        parts = [branches(part) or [(part, None)] for part in node.args]
        return [branch for part in parts for branch in part] if all(len(p) == 1 for p in parts) else []
    return []


def _joined(conditions: Sequence[Node]) -> Node:
    return conditions[0] if len(conditions) == 1 else Node("seq", tuple(conditions), "and")


def same_branches(gold: Node, answer: Node, same: Same) -> bool:
    """Return whether two nodes, at least one of which is conditional, have the same values under the same conditions."""
    ours, theirs = branches(gold), branches(answer)
    if len(ours) == 1 and not theirs:
        return _implied(*ours[0]) and same(ours[0][0], answer)
    if len(theirs) == 1 and not ours:
        return _implied(*theirs[0]) and same(gold, theirs[0][0])
    if len(ours) != len(theirs) or not ours:
        return False
    rest = list(theirs)
    for value, condition in ours:
        at = next(
            (
                i
                for i, (other, when) in enumerate(rest)
                if _same_condition(condition, when, ours, theirs, same) and same(value, other)
            ),
            None,
        )
        if at is None:
            return False
        del rest[at]
    return True


def _same_condition(one: Node | None, other: Node | None, ours: list[Branch], theirs: list[Branch], same: Same) -> bool:
    if one is None or other is None:
        return one is other
    if one == other:
        return True
    if one == OTHERWISE:
        return _is_rest(other, [when for _, when in ours if when != OTHERWISE])
    if other == OTHERWISE:
        return _is_rest(one, [when for _, when in theirs if when != OTHERWISE])
    if one.op == "text" or other.op == "text":
        return False
    return same(one, other)


def _is_rest(condition: Node, others: Sequence[Node | None]) -> bool:
    """Return whether a condition is what all others leave."""
    if condition.op == "text":
        taken = [str(other.value) for other in others if other is not None and other.op == "text"]
        value = str(condition.value)
        if len(taken) != len(others) or " mod " not in value:
            return False
        if len(taken) == 1 and (value == f"!{taken[0]}" or taken[0] == f"!{value}"):
            return True
        modulus = int(value.split()[-1])
        return {value, *taken} == {f"{r} mod {modulus}" for r in range(modulus)}
    try:
        pieces: list[Pieces] = [to_pieces(other) for other in others if other is not None]
        return same_pieces(complement(normal(tuple(p for part in pieces for p in part))), to_pieces(condition))
    except NotASetError:
        return False


def _implied(value: Node, condition: Node | None) -> bool:
    """Return whether a value has no real value wherever its condition does not hold, at the points that are tried."""
    names = free(value) if value.op != "rel" else free(value.args[-1])
    value = value if value.op != "rel" else value.args[-1]
    about = frozenset[str]() if condition is None or condition.op == "text" else free(condition)
    if condition is None or len(about) != 1 or not about <= names:
        return False
    try:
        gaps = complement(to_pieces(condition))
    except NotASetError:
        return False
    name = next(iter(about))
    points = [point for gap in gaps for point in _points(gap.low, gap.low_in, gap.high, gap.high_in)]
    return bool(points) and not any(_has_value(value, name, point) for point in points)


def _points(low: Node, low_in: bool, high: Node, high_in: bool) -> list[object]:
    """Return some numbers between two ends, and the ends that are in."""
    left, right = is_infinite(low), is_infinite(high)
    a = None if left else constant(low)
    b = None if right else constant(high)
    ends = [end for end, is_in in ((a, low_in), (b, high_in)) if end is not None and is_in]
    if a is not None and b is not None:
        return [*ends, *((a * k + b * (7 - k)) / 7 for k in (1, 3, 6) if not (a - b).contains(0))]
    if a is None and b is None:
        return [acb(fmpq(k, 3)) for k in (-7, -1, 1, 7)]
    end, sign = (b, -1) if a is None else (a, 1)
    return [*ends, *(end + arb(fmpq(sign * k, 3)) for k in (1, 4, 31))]


def _has_value(value: Node, name: str, point: object) -> bool:
    try:
        with precision(PRECISIONS[0]):
            others = {other: point_at(other, 0, "unit") for other in free(value) - {name}}
            found = evaluate(value, {**others, name: point})
    except UndefinedError:
        return False
    return bool(found.imag.contains(0))
