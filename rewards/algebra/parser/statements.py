"""Relations, unions and ratios over expressions, and phrases in their place."""

from rewards.algebra.parser.atoms import Atoms
from rewards.algebra.parser.words import Words, meaning
from rewards.algebra.token import SOMETHING
from rewards.algebra.tree import Node, joined, sym
from rewards.algebra.vocabulary import SEPARATORS, ParseError
from rewards.algebra.wording.phrases import CURRENCIES

_OPERATORS = ("tr", "Tr", "trace", "rank", "rk", "Var", "Cov", "ord", "card", "nullity", "dist", "area", "Area")
MAX_NAME = 3
"""Words of a name in front of a colon."""
_RELATIONS = ("=", "<", ">", "<=", ">=", "!=", "~")


class Statements(Words, Atoms):
    """One statement: `x = 3`, `x \\in A \\cup B`, `3 : 4`, `no solution`."""

    def relation(self) -> Node:
        if self._is_command("therefore", "Rightarrow", "implies", "because"):
            self._at += 1
        while self._is("=", "~"):
            self._at += 1
        args, operators = [sym(SOMETHING) if self._is("<", ">", "<=", ">=") else self._side()], []
        while self._is(*_RELATIONS) or self._is_command("in", "equiv", "notin") or self._is("=="):
            operator = self._next().text
            if self._is("="):  # "< =" and "= ="
                operator += self._next().text
            operators.append({"==": "=", "equiv": "="}.get(operator, operator))
            args.append(self._side())
        if not operators:
            return args[0]
        return Node("rel", tuple(args), " ".join(operators))

    def _side(self) -> Node:
        if self._now.kind == "text":
            return self._phrase()
        ahead = [t.text for t in self._tokens[self._at + 1 : self._at + 5]]
        if self._now.kind == "sym" and self._applies and [*ahead[:1], *ahead[2:]] == ["(", ")", "="]:
            name = self._next().text  # y(t) = ...: a definition, whatever the letter
            return Node("apply", self._arguments(), name)
        return self._remainder(self.union())

    def _remainder(self, node: Node) -> Node:
        r"""Read `\bmod 7 =` after a number: an operation, whose value follows. Without one it is a class of residues."""
        here = self._at
        if self._is_command("bmod", "mod"):
            self._at += 1
            modulus = self.group() if self._is("{") else self.atom()
            if self._is("="):
                return Node("call", (node, modulus), "mod")
            self._at = here
        return node

    def union(self) -> Node:
        left = self.ratio()
        while self._is_command("cup", "cap", "setminus", "backslash", "cupdot", "sqcup"):
            operator = {"cup": "union", "cupdot": "union", "sqcup": "union", "cap": "inter"}.get(
                self._next().text, "minus"
            )
            left = Node(operator, (left, self.ratio()))
        return left

    def ratio(self) -> Node:
        parts = [self._sum_or_sets()]
        while (self._is(":") and not self._bars) or self._is_to():
            self._at += 1
            parts.append(self._sum_or_sets())
        return joined("ratio", parts)

    def _is_to(self) -> bool:
        """Return whether a `to` between two numbers is ahead, as in `3 to 4`."""
        here = self._at
        return (
            self._now.kind == "text"
            and self._now.text == "to"
            and self._tokens[here - 1].kind == self._tokens[here + 1].kind == "num"
        )

    def _sum_or_sets(self) -> Node:
        node = self.sum()
        if (
            node.op == "add"
            and len(node.args) == 2
            and node.args[1].op == "neg"
            and _is_set(node.args[0])
            and _is_set(node.args[1].args[0])
        ):
            return Node("minus", (node.args[0], node.args[1].args[0]))
        return node

    def _phrase(self) -> Node:
        """Read words alone: `Evelyn`, `no solution`, `\\$5`."""
        words: list[str] = []
        if self._now.text in _OPERATORS and (
            self._tokens[self._at + 1].text == "(" or self._tokens[self._at + 1].kind == "begin"
        ):
            name = self._next().text
            named = Node("apply", self._arguments() if self._is("(") else (self.atom(),), name)
            return self._equated(named) if self._take("=") else named
        if self._now.text in CURRENCIES:
            unit = self._next().text
            return Node("quantity", (self.relation(),), unit)
        while self._now.kind in ("text", "sym") or (self._now.kind == "op" and self._now.text in ("'", "-", ".", "*")):
            words.append(self._next().text)
        if self._now.kind not in ("last", "end", "row") and not self._is(*SEPARATORS, ")", "]", "}", "\\}"):
            if self._is(":") and len(words) <= MAX_NAME and (len(words[0]) > 2 or not words[0].isascii()):
                self._at += 1
                value = self.item()
                is_value = value.op in ("num", "neg", "quantity", "div", "percent", "mul")
                return Node("rel", (Node("text", (), " ".join(words)), value), "=") if is_value else value
            if self._take("="):
                return self._equated(Node("text", (), " ".join(words)))
            raise ParseError("words in front of a formula")
        return meaning(words)

    def _equated(self, name: Node) -> Node:
        """Read a chain of equal values behind a name."""
        args = [name, self.union()]
        while self._take("="):
            args.append(self.union())
        return Node("rel", tuple(args), " ".join(["="] * (len(args) - 1)))

    def _modulus(self, node: Node) -> Node:
        self._at += 1
        inner = self.group() if self._is("{") else self.atom()
        if node.op == "rel":
            node = node.args[-1]
        return Node("mod", (node, inner))


def _is_set(node: Node) -> bool:
    return (
        node == sym("bbR")
        or node.op in ("builder", "union", "inter", "minus")
        or (node.op == "seq" and node.value in ("set", "()", "[]", "(]", "[)"))
    )
