r"""Whether two read answers are the same value or object.

The gold comes first everywhere. Only one rule looks at which side is which: a percent sign may be left out by the
response when the number is the same (50 for 50 %), and a bare gold accepts both 50 % for 50 and 50 % for 0.5; 0.5 is
not an answer to 50 %.
"""

from __future__ import annotations

from itertools import product

from rewards.algebra.reading import Reading
from rewards.algebra.realsets import NotASetError, is_interval, same_pieces, to_pieces
from rewards.algebra.relations import core, exact_part, inequality, linear_solution, proportional, same_chain
from rewards.algebra.scalars import OpenError, same_scalars
from rewards.algebra.tree import Node, free, has, key, rename, replace, sym, walk

MAX_MEMBERS = 300
_PARAMETERS = frozenset(["k", "n", "m", "l", "t", "j", "p", "s", "x"])


def equal(gold: tuple[Reading, ...], answer: tuple[Reading, ...]) -> bool | None:
    """Whether any reading of the gold is any reading of the answer; None when nothing here can tell."""
    is_open = False
    for g, a in product(gold, answer):
        try:
            if same(g.node, a.node) or _same_renamed(g, a):
                return True
        except OpenError:
            is_open = True
    return None if is_open else False


def _same_renamed(gold: Reading, answer: Reading) -> bool:
    r"""`x = k\pi` and `n\pi`: an arbitrary integer may have any name, where something says that it is one."""
    ours, theirs = (
        free(_value(gold.node)) - free(_value(answer.node)),
        free(_value(answer.node)) - free(_value(gold.node)),
    )
    if len(ours) != 1 or len(theirs) != 1 or not (ours | theirs) <= _PARAMETERS | {"C", "c"}:
        return False
    if ours | theirs == {"C", "c"}:  # the constant of integration
        return same(gold.node, rename(answer.node, {next(iter(theirs)): next(iter(ours))}))
    if "integer" not in gold.note + answer.note and not (_periodic(gold.node) and _periodic(answer.node)):
        return False
    return same(gold.node, rename(answer.node, {next(iter(theirs)): next(iter(ours))}))


def _value(node: Node) -> Node:
    return core(exact_part(node)) or node


def _periodic(node: Node) -> bool:
    return any(
        n.op == "mul" and sym("pi") in n.args and any(a.op == "sym" and a.value in ("k", "n", "m") for a in n.args)
        for n in walk(node)
    )


def same(gold: Node, answer: Node) -> bool:
    """Whether two objects are the same. OpenError where that stays undecided."""
    if key(gold) == key(answer):
        return True
    gold, answer = exact_part(gold), exact_part(answer)
    if _is_relation_of_reals(gold) or _is_relation_of_reals(answer):
        return _same_sets(gold, answer)
    if gold.op == "rel" or answer.op == "rel":
        return _same_relations(gold, answer)
    if "seq" in (gold.op, answer.op):
        gold, answer = _labelled(gold), _labelled(answer)
    golds, answers = expand(gold), expand(answer)
    if golds != [gold] or answers != [answer]:
        return same(_listed(golds), _listed(answers))
    if gold.op == answer.op == "cases":
        return _matched(gold.args, answer.args)
    if any(n.op in ("seq", "matrix") or (n.op == "mul" and n.args[-1].op == "matrix") for n in (gold, answer)):
        return _same_collections(gold, answer)
    return same_scalars(gold, answer, same)


def _listed(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Node("seq", tuple(items), "bare")


# sets of reals and relations


def _is_relation_of_reals(node: Node) -> bool:
    if node.op in ("union", "inter", "minus", "builder") or is_interval(node) or node == sym("bbR"):
        return True
    if node.op == "rel":
        return any(o in ("<", ">", "<=", ">=", "!=", "in", "notin") for o in str(node.value).split())
    return node.op == "seq" and node.value in ("or", "and", "bare") and any(_is_relation_of_reals(a) for a in node.args)


def _same_sets(gold: Node, answer: Node) -> bool:
    try:
        return same_pieces(to_pieces(gold), to_pieces(answer))
    except NotASetError:
        pass
    if gold.op == "rel" and answer.op == "rel":
        return same_chain(gold, answer, same) or inequality(gold, answer)
    if gold.op == answer.op == "seq" and len(gold.args) == len(answer.args):
        return _matched(gold.args, answer.args)
    if gold.op == answer.op and gold.op in ("union", "inter", "minus", "builder"):
        return all(same(g, a) for g, a in zip(gold.args, answer.args, strict=True))
    return False


def _same_relations(gold: Node, answer: Node) -> bool:
    """Equations, and values with a name in front."""
    if gold.op == "seq" or answer.op == "seq":
        ours, theirs = core(gold), core(answer)
        gold, answer = _spread(gold), _spread(answer)
        if gold.op == answer.op:
            return _same_collections(gold, answer)
        if ours is not None or theirs is not None:
            return same(gold if ours is None else ours, answer if theirs is None else theirs)
        return _same_collections(gold, answer)
    ours, theirs = core(gold), core(answer)
    if gold.op == answer.op == "rel":
        if ours is not None and theirs is not None and _same_values(gold, answer, ours, theirs):
            return True
        golds, answers = expand(gold), expand(answer)
        if len(golds) == len(answers) > 1:
            return _matched(tuple(golds), tuple(answers))
        return proportional(gold, answer)
    if gold.op == "rel":
        if ours is not None and _same_values(gold, answer, ours, answer):
            return True
        return linear_solution(gold, answer)
    if theirs is not None and _same_values(gold, answer, gold, theirs):
        return True
    return linear_solution(answer, gold)


def _spread(node: Node) -> Node:
    """`x = y = z = 1` as three equations."""
    names, value = node.args[:-1], node.args[-1] if node.args else node
    if node.op != "rel" or len(names) < 2 or any(n.op != "sym" for n in names) or free(value):
        return node
    return Node("seq", tuple(Node("rel", (name, value), "=") for name in names), "bare")


def _bound(node: Node) -> tuple[str, ...]:
    """The variables that a definition binds: x in `f(x) = ...`."""
    if node.op == "rel" and node.args[0].op == "apply" and all(a.op == "sym" for a in node.args[0].args):
        return tuple(str(a.value) for a in node.args[0].args)
    return ()


def _same_values(gold: Node, answer: Node, ours: Node, theirs: Node) -> bool:
    bound_ours, bound_theirs = _bound(gold), _bound(answer)
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


def expand(node: Node) -> list[Node]:
    r"""The values that `\pm` stands for: `1 \pm \sqrt 2` is two. Several `\pm` are independent, a `\mp` follows the `\pm`."""
    count = sum(n.op == "pm" for n in walk(node))
    if node.op == "seq" and node.value in ("bare", "or", "and", "set"):
        items = [value for a in node.args for value in expand(a)]
        return [node] if len(items) == len(node.args) else [node._replace(args=tuple(items))]
    if not 0 < count <= 4:
        return [node]
    found = []
    for signs in product((True, False), repeat=count):
        left = iter(signs)

        def choose(n: Node, left: object = left, first: bool = signs[0]) -> Node | None:
            if n.op not in ("pm", "mp"):
                return None
            plus = next(left) if n.op == "pm" else not first  # type: ignore[call-overload]
            a, b = (replace(x, choose) for x in n.args)
            return Node("add", (a, b if plus else Node("neg", (b,))))

        found.append(replace(node, choose))
    return found


def _same_collections(gold: Node, answer: Node) -> bool:
    if "matrix" in (gold.op, answer.op):
        gold, answer = _rows(gold), _rows(answer)
    if gold.op == "matrix" and answer.op == "matrix":
        return (
            gold.value == answer.value
            and len(gold.args) == len(answer.args)
            and all(
                len(g.args) == len(a.args) and all(same(x, y) for x, y in zip(g.args, a.args, strict=True))
                for g, a in zip(gold.args, answer.args, strict=True)
            )
        )
    gold, answer = _vector(gold), _vector(answer)
    if gold.op == answer.op == "matrix":
        return _same_collections(gold, answer)
    if gold.op != "seq" or answer.op != "seq":
        return _same_single(gold, answer)
    if len(gold.args) != len(answer.args) and 1 in (len(gold.args), len(answer.args)):
        one, other = (gold, answer) if len(gold.args) == 1 else (answer, gold)
        if one.value in ("set", "bare") and one.args[0].op == "seq" and str(other.value)[0] == "(":
            return same(one.args[0], other)  # {(1, 2)} and (1, 2)
    ours, theirs = str(gold.value), str(answer.value)
    ordered, other_ordered = ours[0] in "([", theirs[0] in "(["
    if len(gold.args) != len(answer.args):
        return False
    if ordered and other_ordered and len(gold.args) == 2 and ours != theirs:
        return False
    if (ordered or other_ordered) and not (ordered and other_ordered) and {ours, theirs} & {"set", "or"}:
        return False
    names, other_names = _names(gold), _names(answer)
    if names and other_names and sorted(names) == sorted(other_names) and len(set(names)) == len(names):
        by_name = dict(zip(other_names, answer.args, strict=True))
        return all(same(g, by_name[n]) for n, g in zip(names, gold.args, strict=True))
    distinct = any(_are_symbols(n) for n in (names, other_names))
    if ordered or other_ordered or distinct:
        return all(same(g, a) for g, a in zip(gold.args, answer.args, strict=True))
    return _matched(gold.args, answer.args)


def _rows(node: Node) -> Node:
    """`[[1, 2], [3, 4]]` as a matrix."""
    rows = node.args if node.op == "seq" and node.value in ("[]", "()") and len(node.args) > 1 else ()
    if rows and all(a.op == "seq" and a.value == "[]" and len(a.args) == len(rows[0].args) for a in rows):
        return Node("matrix", tuple(a._replace(value="()") for a in rows))
    return node


def _labelled(node: Node) -> Node:
    """The coordinates in `P(2, 5)`."""
    if node.op == "apply" and str(node.value).isupper() and len(node.args) > 1:
        return Node("seq", node.args, "()")
    if node.op == "mul" and len(node.args) == 2 and node.args[0].op == "sym" and str(node.args[0].value).isupper():
        return node.args[1] if node.args[1].op == "seq" and node.args[1].value == "()" else node
    return node


def _vector(node: Node) -> Node:
    """A single column or row of a matrix as a tuple; a product of a number and a matrix multiplied out."""
    if node.op == "matrix" and node.value is None:
        if all(len(row.args) == 1 for row in node.args):
            return Node("seq", tuple(row.args[0] for row in node.args), "()")
        if len(node.args) == 1:
            return Node("seq", node.args[0].args, "()")
    if node.op == "mul" and node.args[-1].op == "matrix" and not has(Node("mul", node.args[:-1]), "matrix", "seq"):
        rows = (tuple(Node("mul", (*node.args[:-1], x)) for x in row.args) for row in node.args[-1].args)
        return _vector(Node("matrix", tuple(Node("seq", row, "()") for row in rows)))
    return node


def _same_single(gold: Node, answer: Node) -> bool:
    """A list of one against its member; anything longer against one value is wrong."""
    seq, value = (gold, answer) if gold.op == "seq" else (answer, gold)
    if seq.op == "seq" and len(seq.args) == 1 and value.op not in ("seq", "matrix"):
        return same(seq.args[0], value) if seq is gold else same(value, seq.args[0])
    return False


def _names(node: Node) -> list[str]:
    """The names in `a = 1, b = 2`, empty unless every member has one."""
    names = [key(a.args[0]) for a in node.args if a.op == "rel" and str(a.value) == "=" and core(a) is not None]
    return names if len(names) == len(node.args) else []


def _are_symbols(names: list[str]) -> bool:
    """Names of different unknowns (x, y), which give an order; not of roots of one (x_1, x_2) or words (maximum, minimum)."""
    return bool(names) and all(n[0] != "t" for n in names) and len({n.split("_")[0] for n in names}) == len(names)


def _matched(golds: tuple[Node, ...], answers: tuple[Node, ...]) -> bool:
    """Whether the members pair off one to one, in any order; how often each occurs counts."""
    if len(golds) != len(answers) or len(golds) > MAX_MEMBERS:
        return False
    rest = list(answers)
    unmatched = []
    for g in golds:
        at = next((i for i, a in enumerate(rest) if key(a) == key(g)), None)
        if at is None:
            unmatched.append(g)
        else:
            del rest[at]
    if len(unmatched) > 40:
        return False
    for g in unmatched:
        at = next((i for i, a in enumerate(rest) if same(g, a)), None)
        if at is None:
            return False
        del rest[at]
    return True
