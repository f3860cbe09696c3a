"""The shapes of answers, one node at a time: what a node stands for before two of them are compared."""

from itertools import product

from rewards.algebra.exact import rational
from rewards.algebra.relations import core
from rewards.algebra.tree import Node, free, has, key, replace, sym, walk


def is_periodic(node: Node) -> bool:
    r"""Return whether a node holds a term like `2k\pi` or `360^\circ k`."""
    return any(
        n.op == "mul" and _is_turn(n.args) and any(a.op == "sym" and a.value in ("k", "n", "m") for a in n.args)
        for n in walk(node)
    )


def _is_turn(factors: tuple[Node, ...]) -> bool:
    return sym("pi") in factors or any(a.op == "degree" for a in factors)


def bound_names(node: Node) -> tuple[str, ...]:
    """Return the variables that a definition binds: x in `f(x) = ...`."""
    if node.op == "rel" and node.args[0].op == "apply" and all(a.op == "sym" for a in node.args[0].args):
        return tuple(str(a.value) for a in node.args[0].args)
    return ()


def spread(node: Node) -> Node:
    """Return `x = y = z = 1` as three equations, `x = -y = 1` as two."""
    names, value = node.args[:-1], node.args[-1] if node.args else node
    if node.op != "rel" or len(names) < 2 or any(_unsigned(n).op != "sym" for n in names) or free(value):
        return node
    parts = (Node("rel", (_unsigned(n), Node("neg", (value,)) if n.op == "neg" else value), "=") for n in names)
    return Node("seq", tuple(parts), "bare")


def _unsigned(node: Node) -> Node:
    return node.args[0] if node.op == "neg" else node


def expand(node: Node) -> list[Node]:
    r"""Return the values that `\pm` stands for: `1 \pm \sqrt 2` is two. Several `\pm` are independent, a `\mp` follows the `\pm`."""
    count = sum(n.op == "pm" for n in walk(node))
    if node.op == "seq" and node.value in ("bare", "or", "and", "set"):
        items = [value for a in node.args for value in expand(a)]
        return [node] if len(items) == len(node.args) else [node._replace(args=tuple(items))]
    if not 0 < count <= 4:
        return [node]
    # Every combination of signs gives one value. The tree is walked from the top, so `left` hands the signs to the `\pm` in print
    # order; a `\mp` takes the opposite of the first.
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


def family(node: Node) -> Node:
    r"""Return what `\{k\pi \mid k \in \mathbb{Z}\}` lists."""
    if node.op != "builder" or node.args[1].op != "rel" or node.args[1].value != "in":
        return node
    element, (letter, domain) = node.args[0], node.args[1].args
    is_listed = element.op not in ("sym", "rel", "seq") and letter.op == "sym" and str(letter.value) in free(element)
    return element if is_listed and domain.value in ("bbZ", "bbN") else node


def said_twice(node: Node) -> Node | None:
    """Return the first of one value in two spellings side by side: 1/2 in `1/2 (0.5)`, which could be a product as well."""
    if node.op != "mul" or len(node.args) != 2:
        return None
    first, second = node.args
    spellings = {_spelling(first), _spelling(second)}
    return first if len(spellings) == 2 and None not in spellings and rational(first) == rational(second) else None


def _spelling(node: Node) -> str | None:
    if node.op == "num":
        return "decimal" if node.digits else None
    if node.op == "add" and [a.op for a in node.args] == ["num", "div"]:
        return "mixed" if rational(node) is not None else None
    return "fraction" if node.op == "div" and all(a.op == "num" for a in node.args) else None


def without_label(node: Node) -> Node:
    """Return the coordinates in `P(2, 5)`."""
    if node.op == "apply" and str(node.value).isupper() and len(node.args) > 1:
        return Node("seq", node.args, "()")
    if node.op == "mul" and len(node.args) == 2 and node.args[0].op == "sym" and str(node.args[0].value).isupper():
        return node.args[1] if node.args[1].op == "seq" and node.args[1].value == "()" else node
    return node


def as_matrix(node: Node) -> Node:
    """Return `[[1, 2], [3, 4]]` and `((1, 2), (3, 4))` as a matrix."""
    rows = node.args if node.op == "seq" and node.value in ("[]", "()") and len(node.args) > 1 else ()
    if rows and all(a.op == "seq" and a.value in ("[]", "()") and len(a.args) == len(rows[0].args) for a in rows):
        return Node("matrix", tuple(a._replace(value="()") for a in rows))
    return node


def in_round_brackets(node: Node) -> Node:
    """Return `[1, 2]` as `(1, 2)`: beside a matrix it is no interval; of a transposed matrix its columns as rows."""
    if node.op == "seq" and node.value == "[]":
        return node._replace(value="()")
    if node.op == "pow" and node.args[0].op == "matrix" and node.args[1] in (sym("T"), sym("top")):
        rows = [row.args for row in node.args[0].args]
        return Node("matrix", tuple(Node("seq", column, "()") for column in zip(*rows, strict=True)))
    return node


def as_vector(node: Node) -> Node:
    """Return a single column or row of a matrix as a tuple, a product of a number and a matrix multiplied out."""
    if node.op == "matrix" and node.value is None:
        if all(len(row.args) == 1 for row in node.args):
            return Node("seq", tuple(row.args[0] for row in node.args), "()")
        if len(node.args) == 1:
            return Node("seq", node.args[0].args, "()")
    if node.op == "mul" and node.args[-1].op == "matrix" and not has(Node("mul", node.args[:-1]), "matrix", "seq"):
        rows = (tuple(Node("mul", (*node.args[:-1], x)) for x in row.args) for row in node.args[-1].args)
        return as_vector(Node("matrix", tuple(Node("seq", row, "()") for row in rows)))
    return node


def names_of(node: Node) -> list[str]:
    """Return the names in `a = 1, b = 2`, empty unless every member has one."""
    names = [key(a.args[0]) for a in node.args if a.op == "rel" and str(a.value) == "=" and core(a) is not None]
    return names if len(names) == len(node.args) else []


def are_symbols(names: list[str]) -> bool:
    """Return whether names are different unknowns (x, y), which give an order: not roots of one (x_1, x_2), not words (maximum)."""
    return bool(names) and all(n[0] != "t" for n in names) and len({n.split("_")[0] for n in names}) == len(names)
