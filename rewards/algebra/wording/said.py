"""What the words around a value say: a unit, and labels (apples, east, increase, PM).

One side may leave words out. Where both say something they must say the same: units of one dimension are converted, and
the labels of one side must be among those of the other.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rewards.algebra.token import ORDINAL
from rewards.algebra.tree import SPACED, Node, free, joined, num, replace, walk
from rewards.algebra.vocabulary import word_set, word_table
from rewards.algebra.wording import units
from rewards.algebra.wording.relating import is_share, relation

_STOP = word_set("""
    a an the of in is are was be it its this that there to for and with all total altogether each about approximately around roughly
    exactly only answer value so thus have has had we get as by at on from which will would both s
    please mark correct since because given here note where when final result
""")
_WORD = re.compile(r"[A-Za-z\u3007\u4e00-\u9fff]+(?:'[a-z]+)?|\$|%|\d+")
_SAME = word_table("""
vertex: vertices
index: indices
matrix: matrices
axis: axes
radius: radii
focus: foci
leaf: leaves
loaf: loaves
knife: knives
wife: wives
goose: geese
fish: fishes
ox: oxen
anticlockwise: counterclockwise
person: people persons
man: men
woman: women
child: children
mouse: mice
foot: feet
tooth: teeth
die: dice
half: halves
increase: increased increasing increases rise rose growth
up: up upward upwards
down: downward downwards
decrease: decreased decreasing decreases drop reduction decline
east: eastward eastwards
west: westward westwards
north: northward
south: southward
left: leftward
right: rightward
gain: gains gained
loss: losses lost lose
profit: profits
""")
_NEVER_LEFT_OUT = word_set("""
    inverse doubled halved tripled squared tens zillion recurring repeating repeated base reciprocal conjugate transpose
    tenth hundredth thousandth cubed root myriad score half double twice triple thrice quadruple even odd multiple
    negative positive opposite mod modulo choose permille 折 零下 半
""")
"""Labels that carry a number, an operator or a condition."""
_TELLING = word_set("per less fewer smaller lower")
"""Labels that change what others beside them say."""
_COMPASS = word_set("north south east west")
_MAX_SPAN = 8


class Said(NamedTuple):
    """The unit (None where there is none), the labels as words in the singular, points of the compass in their order, the words
    that relate the value to something else, and whether it is said what the value is a part of.
    """

    unit: units.Unit | None = None
    labels: frozenset[str] = frozenset()
    course: tuple[str, ...] = ()
    relation: tuple[str, ...] = ()
    is_share: bool = False


NOTHING = Said()


@lru_cache(maxsize=4096)
def read(text: str) -> Said:
    """Return what words say: the longest run of them that is a unit, and the others."""
    whole = units.read(text)
    if whole.dimension is not None:
        return Said(whole)
    words = text.split()
    found: tuple[int, int, units.Unit] | None = None
    for start in range(len(words)):
        for end in range(min(len(words), start + _MAX_SPAN), start, -1):
            if found and end - start <= found[1] - found[0]:
                break
            unit = units.read(" ".join(words[start:end]))
            if unit.dimension is not None and not _belongs(words, start, end):
                found = (start, end, unit)
                break
    if found is None:
        return Said(None, _labels(text), _course(text), relation(text), is_share(text))
    labels = _labels(" ".join((*words[: found[0]], *words[found[1] :])))
    return Said(found[2], labels, _course(text), relation(text), is_share(text))


def _belongs(words: list[str], start: int, end: int) -> bool:
    """Return whether a unit is part of a rate of something else: the `day` of `apples per day`, the `square` of nothing."""
    before, after = words[start - 1] if start else "", words[end] if end < len(words) else ""
    if before in ("per", "/", "-", "^", "{") or after in ("^", "{"):
        return True
    alone = start > 0 and end - start == 1 and len(words[start]) == 1 and words[start].isalpha()
    return alone and len(words) > 1 and not (after in ("", ".", ",", "(") or before in ("", ".", ","))


def _labels(text: str) -> frozenset[str]:
    words = (w if len(w) == 1 and w.isupper() else _singular(w.casefold()) for w in _WORD.findall(text))
    return frozenset(word for word in words if word and word not in _STOP)


def _course(text: str) -> tuple[str, ...]:
    """Return the points of the compass in a text, in order: `north of east` is not `east of north`."""
    return tuple(word for found in _WORD.findall(text) if (word := _singular(found.casefold())) in _COMPASS)


def _singular(word: str) -> str:
    word = word.removesuffix("'s")
    if word in _SAME:
        return _SAME[word]
    if word in ("pm", "am") or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "shes", "ches", "sses")):
        return word[:-2]
    return word.removesuffix("s")


def compound(parts: Sequence[Node]) -> Node | None:
    """Return `2 hours 30 minutes` in the unit of its first part; None where the parts are not of smaller and smaller units."""
    found = [(part.args[0], read(str(part.value)).unit) for part in parts if part.op == "quantity"]
    known = [(value, unit) for value, unit in found if unit is not None]
    if len(known) != len(parts) or any(
        a.dimension != b.dimension or a.scale <= b.scale for (_, a), (_, b) in pairwise(known)
    ):
        return None
    first = known[0][1]
    scaled = tuple(Node("mul", (num(unit.scale / first.scale), value)) for value, unit in known)
    return Node("quantity", (Node("add", scaled),), str(parts[0].value))


def letter_as_unit(node: Node) -> tuple[Node, str] | None:
    """Return the value and the unit of `12 m`, `12 m/s^2`: a product whose one letter stands behind a space; None for anything else."""
    if node.op == "div" and (top := letter_as_unit(node.args[0])) and (bottom := _letter(node.args[1])):
        return top[0], f"{top[1]}/{bottom}"
    if node.op != "mul" or node.value != SPACED or any(free(a) for a in node.args[:-1]):
        return None
    text = _letter(node.args[-1])
    return (joined("mul", node.args[:-1]), text) if text and units.read(text).dimension is not None else None


def _letter(node: Node) -> str:
    base, power = node.args if node.op == "pow" else (node, None)
    if base.op != "sym" or (power is not None and power.op != "num"):
        return ""
    return str(base.value) + (f"^{power.value}" if power else "")


def with_letters_as_units(node: Node) -> Node:
    """Return a tree in which a letter behind a space is a unit; the tree itself where no other value has one, and it is no value alone."""
    if letter_as_unit(node) is None and not any(n.op == "quantity" and read(str(n.value)).unit for n in walk(node)):
        return node
    return replace(node, lambda n: Node("quantity", found[:1], found[1]) if (found := letter_as_unit(n)) else None)


def both(ours: Said, theirs: Said) -> Said:
    """Return what two sets of words around one value say together; of two units the first."""
    return Said(
        ours.unit or theirs.unit,
        ours.labels | theirs.labels,
        ours.course + theirs.course,
        ours.relation + theirs.relation,
        ours.is_share or theirs.is_share,
    )


def ratio(ours: Said, theirs: Said) -> Fraction | None:
    """Return what a value of the first must be multiplied with to be one of the second; 1 where one side says no unit. None where
    they contradict each other.
    """
    if not _is_related_alike(ours, theirs) or _contradict(ours, theirs) or _contradict(theirs, ours):
        return None
    one, other = ours.unit, theirs.unit
    if one is None or other is None:
        return Fraction(1)
    if one.dimension == other.dimension:
        return one.scale / other.scale
    if one.also and other.dimension == ((one.also, 1),):
        return 1 / other.scale
    if other.also and one.dimension == ((other.also, 1),):
        return one.scale
    if _is_generic(one) != _is_generic(other):
        return Fraction(1)  # "square units" may be cm^2
    return _alike(one, other)


def _is_related_alike(ours: Said, theirs: Said) -> bool:
    """Return whether two values relate to the same; a rank may leave out of what: `100th` is `the 100th digit`."""
    if ours.relation == theirs.relation:
        return True
    short, long = sorted((ours, theirs), key=lambda said: len(said.relation))
    return not short.relation and ORDINAL in short.labels and long.relation[0] == ORDINAL


def _contradict(ours: Said, theirs: Said) -> bool:
    """Return whether one side says what the other cannot leave out or says otherwise."""
    further = ours.labels - theirs.labels
    if further & _NEVER_LEFT_OUT or not (theirs.labels or theirs.unit):
        return bool(further & _NEVER_LEFT_OUT)
    is_rate = ours.unit is not None and all(power < 0 for _, power in ours.unit.dimension or ())
    return (
        bool(further & _TELLING)
        or bool(further and theirs.labels and not ours.labels >= theirs.labels)
        or bool(ours.course and theirs.course and ours.course != theirs.course)
        or (is_rate and theirs.unit is None)  # pages per hour are no pages
        or (ours.unit is not None and theirs.unit is None and not ours.labels)  # 4 ml are no 4 bananas
    )


def _is_generic(unit: units.Unit) -> bool:
    return any(name == "unit" for name, _ in unit.dimension or ())


def _alike(one: units.Unit, other: units.Unit) -> Fraction | None:
    """Return the factor between units that differ only in what counts: cycles, revolutions and radians per second are hertz."""
    bare = [tuple(p for p in unit.dimension or () if p[0] not in ("cycle", "decay")) for unit in (one, other)]
    return one.scale / other.scale if bare[0] == bare[1] else None
