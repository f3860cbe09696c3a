r"""Whether two read answers are the same value or object.

The gold comes first everywhere. Only one rule looks at which side is which: a percent sign may be left out by the
response when the number is the same (50 for 50 %), and a bare gold accepts both 50 % for 50 and 50 % for 0.5; 0.5 is
not an answer to 50 %.
"""

from collections.abc import Callable
from functools import partial
from itertools import product

from rewards.algebra import shapes
from rewards.algebra.chains import identity_value, is_equation, is_false, named_value, shortened
from rewards.algebra.closeness import CloseError
from rewards.algebra.conditions import CONDITIONAL, branches, same_branches
from rewards.algebra.curves import same_curve, same_identity
from rewards.algebra.labels import compounded, is_labelled, relabelled, unmeasured
from rewards.algebra.pieces import NotASetError, same_pieces
from rewards.algebra.reading import Reading
from rewards.algebra.realsets import is_interval, to_pieces
from rewards.algebra.relations import (
    core,
    exact_part,
    inequality,
    linear_solution,
    proportional,
    same_chain,
)
from rewards.algebra.renaming import same_renamed
from rewards.algebra.scalars import OpenError, same_scalars
from rewards.algebra.systems import grouped, same_solutions
from rewards.algebra.tree import Node, free, has, joined, key, num, rename, replace, sym, take
from rewards.algebra.unknowns import same_unknowns
from rewards.algebra.vectors import components
from rewards.algebra.wording.said import ratio

_ARITHMETIC = frozenset(("num", "neg", "div", "add", "mul", "pow", "call", "sym"))
MAX_MEMBERS = 300
MAX_COMPARED = 40
"""Members without a partner of the same key, each of which is compared with every other."""


def equal(gold: tuple[Reading, ...], answer: tuple[Reading, ...]) -> bool | None:
    """Return whether any reading of the gold is any reading of the answer; None when nothing here can tell. CloseError where two
    of them are too close to tell.
    """
    is_open = False
    close: CloseError | None = None
    for g, a in product(gold, answer):
        try:
            if _same_readings(g, a):
                return True
        except OpenError:
            is_open = True
        except CloseError as error:
            close = error
    if close:
        raise close
    return None if is_open else False


def _same_readings(gold: Reading, answer: Reading) -> bool:
    """Return whether two readings are the same. A chain that is false is no answer to anything; an expression with its value is
    one for a gold that is nothing but a value.
    """
    if gold.note and answer.note and gold.is_natural != answer.is_natural and _are_integers(gold, answer):
        return False
    if gold.node.op in _ARITHMETIC and answer.node.op in _ARITHMETIC:  # most pairs: no chain, no list
        is_named = bool(free(gold.node) and free(answer.node))
        return same(gold.node, answer.node) or (is_named and same_renamed(gold, answer, same))
    if key(gold.node) != key(answer.node) and (is_false(answer.node, same) or is_false(gold.node, same)):
        return False
    gold, answer = (r._replace(node=grouped(shapes.family(_said_once(exact_part(r.node))))) for r in (gold, answer))
    if same(gold.node, answer.node) or same_renamed(gold, answer, same):
        return True
    value = None if has(gold.node, "rel") else named_value(exact_part(answer.node))
    return value is not None and same(gold.node, value)


def _are_integers(*readings: Reading) -> bool:
    return all("integer" in reading.note for reading in readings)


def _said_once(node: Node) -> Node:
    """Return `0.5 or 1/2` as 0.5: one value in two spellings."""
    if node.op != "seq" or node.value != "or" or any(_has_relations(a) and not is_equation(a) for a in node.args):
        return node
    first, *others = node.args
    if len({key(a.args[0]) for a in node.args if is_equation(a)}) > 1:  # x = 1 or y = 1
        return node
    return first if all(same(first, other) for other in others) else node


def same(gold: Node, answer: Node) -> bool:
    """Return whether two objects are the same. OpenError where that stays undecided.

    The order matters: `x < 2` and `(-\\infty, 2)` meet as sets before one of them is taken for an equation or a pair, and a
    `\\pm` is only spread once it cannot be the end of an interval any more.
    """
    if key(gold) == key(answer):
        return True
    if (gold.op in CONDITIONAL or answer.op in CONDITIONAL) and (branches(gold) or branches(answer)):
        return same_branches(gold, answer, same)
    if "remainder" in (gold.op, answer.op):
        return gold.op == answer.op and _same_in_order(gold, answer)
    gold, answer = exact_part(gold), exact_part(answer)
    if gold.op == answer.op == "seq":
        gold, answer = relabelled(gold, answer), relabelled(answer, gold)
    if (_has_relations(gold) or _has_relations(answer)) and (verdict := same_solutions(gold, answer, same)) is not None:
        return verdict
    if _is_relation_of_reals(gold) or _is_relation_of_reals(answer):
        return _same_sets(gold, answer)
    if gold.op == "rel" or answer.op == "rel":
        return _same_relations(gold, answer)
    if "seq" in (gold.op, answer.op):
        gold, answer = shapes.without_label(gold), shapes.without_label(answer)
        gold, answer = compounded(gold, answer), compounded(answer, gold)
    golds, answers = shapes.expand(gold), shapes.expand(answer)
    if golds != [gold] or answers != [answer]:
        return same(joined("seq", golds, "bare"), joined("seq", answers, "bare"))
    if any(n.op in ("seq", "matrix") or (n.op == "mul" and n.args[-1].op == "matrix") for n in (gold, answer)):
        return _same_collections(gold, answer)
    return same_scalars(gold, answer, same)


# sets of reals and relations


def _has_relations(node: Node) -> bool:
    return node.op == "rel" or (node.op == "seq" and any(map(_has_relations, node.args)))


def _is_relation_of_reals(node: Node) -> bool:
    if node.op in ("union", "inter", "minus", "builder") or is_interval(node) or node == sym("bbR"):
        return True
    if node.op == "rel":
        return any(o in ("<", ">", "<=", ">=", "!=", "in", "notin") for o in str(node.value).split())
    return node.op == "seq" and node.value in ("or", "and", "bare") and any(_is_relation_of_reals(a) for a in node.args)


def _same_sets(gold: Node, answer: Node) -> bool:
    if has(gold, "quantity") or has(answer, "quantity"):
        (gold, what), (answer, other) = unmeasured(gold), unmeasured(answer)
        if (factor := ratio(what, other)) is None:
            return False
        if factor != 1:
            gold = replace(gold, lambda n: Node("mul", (num(factor), n)) if n.op == "num" else None)
    if (verdict := same_unknowns(gold, answer)) is not None:
        return verdict
    try:
        return same_pieces(to_pieces(gold), to_pieces(answer))
    except NotASetError:
        pass
    if gold.op == "rel" and answer.op == "rel":
        return same_chain(gold, answer, same) or inequality(gold, answer)
    if gold.op == answer.op == "seq" and len(gold.args) == len(answer.args):
        return _matched(gold.args, answer.args)
    if gold.op == answer.op and gold.op in ("union", "inter", "minus", "builder"):
        return _same_in_order(gold, answer)
    return False


def _same_relations(gold: Node, answer: Node) -> bool:
    """Compare equations, and values with a name in front.

    A value with a name meets a bare value (`x = 3` and 3), two equations meet up to a factor, and an equation that is linear
    in an unknown meets the value that it gives for it (`2x = 6` and 3); nothing else is solved for the answer.
    """
    if gold.op == "seq" or answer.op == "seq":
        ours, theirs = core(gold), core(answer)
        gold, answer = shapes.spread(gold), shapes.spread(answer)
        if gold.op == answer.op:
            return _same_collections(gold, answer)
        if ours is not None or theirs is not None:
            return same(gold if ours is None else ours, answer if theirs is None else theirs)
        return _same_collections(gold, answer)
    ours, theirs = core(gold), core(answer)
    if gold.op == answer.op == "rel":
        if ours is not None and theirs is not None and _same_values(gold, answer, ours, theirs):
            return True
        golds, answers = shapes.expand(gold), shapes.expand(answer)
        if len(golds) == len(answers) > 1:
            return _matched(tuple(golds), tuple(answers))
        gold, answer = shortened(gold), shortened(answer)
        return proportional(gold, answer) or same_curve(gold, answer) or same_identity(gold, answer)
    if gold.op == "rel":
        if ours is not None and _same_values(gold, answer, ours, answer):
            return True
        return linear_solution(gold, answer) or ((value := identity_value(gold)) is not None and same(value, answer))
    if theirs is not None and _same_values(gold, answer, gold, theirs):
        return True
    return linear_solution(answer, gold) or ((value := identity_value(answer)) is not None and same(gold, value))


def _same_values(gold: Node, answer: Node, ours: Node, theirs: Node) -> bool:
    bound_ours, bound_theirs = shapes.bound_names(gold), shapes.bound_names(answer)
    if bound_ours and bound_theirs and len(bound_ours) == len(bound_theirs):
        return same(
            rename(ours, {n: f"@{i}" for i, n in enumerate(bound_ours)}),
            rename(theirs, {n: f"@{i}" for i, n in enumerate(bound_theirs)}),
        )
    if same(ours, theirs):
        return True
    bound, other = (bound_ours, theirs) if bound_ours else (bound_theirs, ours)
    names = free(other)
    if len(bound) == len(names) == 1 and bound[0] not in names:
        other = rename(other, {next(iter(names)): bound[0]})
        return same(ours, other) if bound_ours else same(other, theirs)
    return False


# lists, sets, tuples, matrices


def _same_collections(gold: Node, answer: Node) -> bool:
    if "matrix" in (gold.op, answer.op):
        gold, answer = (shapes.as_matrix(shapes.in_round_brackets(n)) for n in (gold, answer))
    if gold.op == "matrix" and answer.op == "matrix":
        return gold.value == answer.value and _same_in_order(gold, answer, _same_in_order)
    gold, answer = shapes.as_vector(gold), shapes.as_vector(answer)
    gold, answer = components(gold, answer), components(answer, gold)
    if gold.op == answer.op == "matrix":
        return _same_collections(gold, answer)
    if gold.op != "seq" or answer.op != "seq":
        return _same_single(gold, answer)
    if len(gold.args) != len(answer.args) and 1 in (len(gold.args), len(answer.args)):
        one, other = (gold, answer) if len(gold.args) == 1 else (answer, gold)
        if one.value in ("set", "bare") and one.args[0].op == "seq" and str(other.value)[0] == "(":
            return same(one.args[0], other)  # {(1, 2)} and (1, 2)
    # Brackets of one side decide for both: a pair is no set and no interval, but "1, 2" may stand for either. Where neither
    # has an order, names give one (`x = 1, y = 2`), unless they are roots of one unknown.
    ours, theirs = str(gold.value), str(answer.value)
    ordered, other_ordered = ours[0] in "([", theirs[0] in "(["
    if len(gold.args) != len(answer.args):
        return False
    if ordered and other_ordered and len(gold.args) == 2 and ours != theirs:
        return False
    if (ordered or other_ordered) and not (ordered and other_ordered) and {ours, theirs} & {"set", "or"}:
        return False
    names, other_names = shapes.names_of(gold), shapes.names_of(answer)
    if names and other_names and sorted(names) == sorted(other_names) and len(set(names)) == len(names):
        by_name = dict(zip(other_names, answer.args, strict=True))
        return all(same(g, by_name[n]) for n, g in zip(names, gold.args, strict=True))
    named = [shapes.are_symbols(n) for n in (names, other_names)]
    if all(named):
        return False  # other names
    distinct = any(named)
    if distinct and {ours, theirs} & {"set", "or"}:
        return False  # x = 1, y = 2 is no set
    if ordered or other_ordered or distinct or is_labelled(gold) != is_labelled(answer):
        return _same_in_order(gold, answer)
    return _matched(gold.args, answer.args)


def _same_in_order(gold: Node, answer: Node, same_part: Callable[[Node, Node], bool] = same) -> bool:
    return len(gold.args) == len(answer.args) and all(map(same_part, gold.args, answer.args))


def _same_single(gold: Node, answer: Node) -> bool:
    """Compare a list of one with its member; anything longer against one value is wrong."""
    seq, value = (gold, answer) if gold.op == "seq" else (answer, gold)
    if seq.op == "seq" and len(seq.args) == 1 and value.op not in ("seq", "matrix"):
        return same(seq.args[0], value) if seq is gold else same(value, seq.args[0])
    return False


def _matched(golds: tuple[Node, ...], answers: tuple[Node, ...]) -> bool:
    """Return whether the members pair off one to one, in any order; how often each occurs counts.

    Equality is transitive, percent signs aside, so the first partner that fits is as good as any: no search. Equal keys go
    first, because they cost nothing; what is left may take a numeric comparison for each pair.
    """
    if len(golds) != len(answers) or len(golds) > MAX_MEMBERS:
        return False
    rest = list(answers)
    unmatched = [g for g in golds if not take(rest, lambda a: key(a) == key(g))]  # noqa: B023
    return len(unmatched) <= MAX_COMPARED and all(take(rest, partial(same, g)) for g in unmatched)
