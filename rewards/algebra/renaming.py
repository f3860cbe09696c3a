r"""Names that are anybody's choice: the free integer in `x = 2k\pi`, the constants in `y = C_1\cos x + C_2\sin x`."""

import re
from collections.abc import Callable, Iterator
from itertools import permutations

from rewards.algebra import shapes
from rewards.algebra.chains import is_equation
from rewards.algebra.reading import Reading
from rewards.algebra.relations import bare_value, exact_part
from rewards.algebra.tree import Node, free, has, rename, walk
from rewards.algebra.vectors import is_combination

_INTEGERS = frozenset("knmltjpsr")
_PARAMETERS = _INTEGERS | {"C", "c"}
_ANY = "@"
_CONSTANT = re.compile(r"C|[Cc]_\d")
_MAY_BE_CONSTANT = re.compile(r"[A-HKMNabck]|[A-HKMNabck]_\d")
_VARIABLES = frozenset("xyztu")
_DECLARES = re.compile(r"constant|arbitrary", re.IGNORECASE)
_LISTS = ("bare", "or", "and", "set")
MAX_CONSTANTS = 3
Same = Callable[[Node, Node], bool]


def same_renamed(gold: Reading, answer: Reading, same: Same) -> bool:
    """Return whether two readings are the same but for such names."""
    return (
        _same_parameter(gold, answer, same)
        or _same_integers(gold, answer, same)
        or any(same(gold.node, renamed) for renamed in _with_constants(gold, answer))
    )


def _is_integer(gold: Reading, answer: Reading) -> bool:
    is_periodic = shapes.is_periodic(gold.node) and shapes.is_periodic(answer.node)
    return "integer" in gold.note + answer.note or is_periodic


def _same_parameter(gold: Reading, answer: Reading, same: Same) -> bool:
    r"""Compare `x = k\pi` with `n\pi`, and C with c, the constant of integration: one name on either side that the other has not."""
    names, other_names = free(bare_value(gold.node)), free(bare_value(answer.node))
    ours, theirs = names - other_names, other_names - names
    # x is mostly the question's own unknown, but a parameter in a tuple like (3x + 1, 2x)
    allowed = _PARAMETERS | {"x"} if has(gold.node, "seq") and has(answer.node, "seq") else _PARAMETERS
    if len(ours) != 1 or len(theirs) != 1 or not (ours | theirs) <= allowed:
        return False
    if ours | theirs != {"C", "c"} and not _is_integer(gold, answer):
        return False
    if (ours | theirs) & (_letters_in_front(gold.node) | _letters_in_front(answer.node)):
        return False
    return same(gold.node, rename(answer.node, {next(iter(theirs)): next(iter(ours))}))


def _same_integers(gold: Reading, answer: Reading, same: Same) -> bool:
    """Compare lists of families, each member of which may have an integer of another name."""
    if not _is_integer(gold, answer):
        return False
    ours, theirs = _anonymous(gold.node), _anonymous(answer.node)
    return ours is not None and theirs is not None and same(ours, theirs)


def _anonymous(node: Node) -> Node | None:
    """Return the values of a list with one name for the integer of each; None where it is the name of something else as well, or
    where the members are values of different unknowns, which share it.
    """
    node = exact_part(node)
    if node.op == "seq" and shapes.are_symbols(shapes.names_of(node)) and len(node.args) > 1:
        return None
    is_list = node.op == "seq" and node.value in _LISTS
    items = node.args if is_list else (node,)
    found = []
    for item in (value for i in items for value in shapes.expand(bare_value(i))):
        letters = free(item) & _INTEGERS
        if letters & _letters_in_front(node):
            return None
        found.append(rename(item, {next(iter(letters)): _ANY}) if len(letters) == 1 else item)
    style = "set" if node.value == "set" else "bare"
    return found[0] if len(found) == 1 and not is_list else Node("seq", tuple(found), style)


def _letters_in_front(node: Node) -> set[str]:
    """Return the letters of the names in front of values: a and n in `a_n = 2n`."""
    sides = [n.args[0] for n in walk(node) if is_equation(n)]
    names = [str(n.value) for side in sides for n in walk(side) if n.op in ("sym", "apply")]
    return {letter for name in names for letter in re.findall("[A-Za-z]", name)}


def _with_constants(gold: Reading, answer: Reading) -> Iterator[Node]:
    """Return the answer with its constants named as the gold names its own, in every order."""
    value, other = bare_value(gold.node), bare_value(answer.node)
    if has(value, "seq") or has(other, "seq"):
        return
    names = free(value)
    said = set(re.findall(r"\w+", gold.note)) if _DECLARES.search(gold.note) else set[str]()
    ours = sorted(n for n in names if n in said or _CONSTANT.fullmatch(n))
    variables = names - set(ours)
    theirs = free(other) - variables
    if (
        not 0 < len(ours) == len(theirs) <= MAX_CONSTANTS
        or not variables
        or not (variables <= _VARIABLES or set(ours) <= said)
        or not variables <= free(other)
        or not all(_MAY_BE_CONSTANT.fullmatch(n) for n in theirs)
        or (theirs & set(ours) and not (len(variables) == 1 and is_combination(value, frozenset(ours))))
    ):
        return
    for order in permutations(sorted(theirs)):
        yield rename(answer.node, dict(zip(order, ours, strict=True)))
