r"""From tokens to the object that an answer states: lists, tuples, sets, intervals, relations, unions, units."""

from __future__ import annotations

import itertools

from rewards.maths import units
from rewards.maths.expression import ExpressionParser
from rewards.maths.lexer import Token
from rewards.maths.tree import Node, num, sym, walk
from rewards.maths.vocabulary import NOTES, ParseError

_RELATIONS = ("=", "<", ">", "<=", ">=", "!=", "~")
_SEPARATORS = (",", ";", "and", "or")
_HARMLESS = frozenset(
    [
        "only",
        "answer",
        "answers",
        "is",
        "are",
        "the",
        "final",
        "value",
        "values",
        "solution",
        "solutions",
        "set",
        "all",
        "a",
        "an",
        "x",
        "therefore",
        "thus",
        "hence",
    ]
)
"""Words that may stand in front of a value without changing it. `not`, `about`, `June` are not among them."""
MAX_LEAD = 10
_LEADS = frozenset(["is", "are", "equals", "equal"])
_QUALIFYING = frozenset(["not", "isn't", "no", "except", "but", "maybe", "perhaps", "wrong", "if", "when", "unless"])
_DOUBTFUL = _QUALIFYING.union(
    ["aren't", "incorrect", "never", "nor", "neither", "cannot", "false", "about", "approximately", "nearly", "almost"],
    ["roughly", "least", "most", "between", "other"],
)
"""Words after a value, and words in front of one, that say that it is not quite the answer."""
_EMPTY = frozenset(("no solution", "no solutions", "empty set", "no real solution", "no real solutions"))
_WHOLE = ("bbZ", "bbN", "Z", "N")
_OBJECTS = frozenset(("seq", "union", "inter", "minus", "builder", "matrix"))
_ALL = frozenset(
    ("all real numbers", "all reals", "all real values", "real numbers", "any real number", "all real number")
)
_SAME_WORDS = {
    "dne": "does not exist",
    "infinitely many solutions": "infinitely many",
    "infinite solutions": "infinitely many",
}
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


class AnswerParser(ExpressionParser):
    """Lists, relations and sets over the arithmetic of ExpressionParser."""

    def __init__(self, found: list[Token], *, applies: bool = True) -> None:
        super().__init__(found, applies=applies)
        self.note = ""

    def answer(self) -> Node:
        self._skip_harmless()
        node = self.contents()
        if self._now.kind != "last":
            raise ParseError(f"cannot go on at {self._now.text!r}")
        return node

    def _skip_harmless(self) -> None:
        here = self._at
        while self._now.kind == "text" and self._now.text.lower() in _HARMLESS:
            self._at += 1
        self._skip_lead()
        if self._is(":", "="):
            self._at += 1
        if self._now.kind == "last":
            self._at = here

    def _skip_lead(self) -> None:
        """A sentence up to its value: `the sum of the roots is`, unless a word of it says that this is not so."""
        words = [t.text.lower() for t in itertools.takewhile(lambda t: t.kind == "text", self._tokens[self._at :])]
        if 0 < len(words) <= MAX_LEAD and words[-1] in _LEADS and not _DOUBTFUL & set(words):
            self._at += len(words)

    def contents(self) -> Node:
        """Statements with separators between. One alone is itself."""
        items, joiners, groups = [self._item()], set[str](), list[int]()
        while True:
            if self._is(*_SEPARATORS):
                while self._is(*_SEPARATORS):
                    joiners.add(self._now.text)
                    if self._next().text == ";":
                        groups.append(len(items))
                if self._now.kind in ("last", "end", "row") or self._is(")", "]", "}", "\\}", "&"):
                    break
            elif not (self._now.kind in ("num", "sym") or self._is("(")) or items[-1].op != "quantity":
                break
            if self._is_note():
                if "or" in joiners:
                    raise ParseError("an alternative that is not named")
                self._read_note()
                break
            items.append(self._item())
        if not joiners and len(items) > 1:
            return _compound(items)
        items = self._without_domains(items)
        if len(items) == 1:
            return items[0]
        if groups and "," in joiners:  # `p = 5, q = 2; p = 7, q = 2`: a list of tuples
            starts = [0, *groups]
            parts = [tuple(items[a:b]) for a, b in zip(starts, [*groups, len(items)], strict=True) if b > a]
            if len(parts) > 1:
                return Node("seq", tuple(Node("seq", p, "()") if len(p) > 1 else p[0] for p in parts), "bare")
        style = "or" if "or" in joiners else "and" if joiners == {"and"} else "bare"
        return Node("seq", tuple(items), style)

    def _without_domains(self, items: list[Node]) -> list[Node]:
        r"""Members like `k \in \mathbb{Z}` say what a letter of the others may be; they are noted, not compared."""
        kept = []
        for item in items:
            domain = (
                item.args[1].value if item.op == "rel" and item.value == "in" and item.args[1].op == "sym" else None
            )
            if domain in ("bbZ", "bbN", "bbR", "Z", "N") and any(
                item.args[0] in walk(o) for o in items if o is not item
            ):
                self.note += " integer" if domain not in ("bbR",) else ""
            else:
                kept.append(item)
        return kept or items

    def _is_note(self) -> bool:
        return self._now.kind == "text" and self._now.text.lower() in NOTES

    def _read_note(self) -> None:
        rest = self._tokens[self._at :]
        stop = next(
            i
            for i, t in enumerate(rest)
            if t.kind == "last" or (not self._depth_open(rest[:i]) and t.text in (")", "]", "\\}"))
        )
        self.note += " ".join(t.text for t in rest[:stop])
        self._at += stop

    @staticmethod
    def _depth_open(passed: list[Token]) -> bool:
        return sum((t.text in ("(", "[", "\\{")) - (t.text in (")", "]", "\\}")) for t in passed) > 0

    def _item(self) -> Node:
        """A statement and the words after it."""
        if self._now.kind == "text":
            phrase = self._phrase()
            return self._with_unit(phrase) if phrase.op in ("quantity", "rel") and self._now.kind == "text" else phrase
        if self._now.kind == "op" and self._now.text in ("...",):
            self._at += 1
            return Node("dots")
        node = self.relation()
        if self._is("(") and self._tokens[self._at + 1].text.lower() in NOTES:
            self._at += 1
            self._read_note()
            self._expect(")")
        elif self._is_note():
            self._read_note()
        elif self._now.kind == "text":
            node = self._with_unit(node)
        elif self._is_domain():
            self._at += 1
            domain = self.relation()
            self._expect(")")
            self.note += " integer" if domain.args[-1].value in _WHOLE else ""
        elif self._in_brackets_only_words():
            self._at += 1
            node = self._with_unit(node)
            self._expect(")")
        if self._now.kind == "cmd" and self._now.text in ("pmod", "bmod", "mod"):
            node = self._modulus(node)
        elif self._is("(") and self._tokens[self._at + 1].text == "mod":
            self._at += 1
            node = self._modulus(node)
            self._expect(")")
        return node

    def _phrase(self) -> Node:
        """Words alone: `Evelyn`, `no solution`, `\\$5`."""
        words: list[str] = []
        if self._now.text == "$" or self._now.text in ("EUR", "GBP", "CNY", "USD", "INR"):
            unit = self._next().text
            return Node("quantity", (self.relation(),), unit)
        while self._now.kind in ("text", "sym") or (self._now.kind == "op" and self._now.text in ("'", "-", ".", "*")):
            words.append(self._next().text)
            if self._now.kind == "text" and words[-1].lower() in _HARMLESS and self._tokens[self._at + 1].kind == "num":
                continue
        if self._now.kind not in ("last", "end", "row") and not self._is(*_SEPARATORS, ")", "]", "}", "\\}"):
            if self._is(":") and len(words) == 1 and len(words[0]) > 3:
                self._at += 1
                return self._item()
            if self._is("="):
                self._at += 1
                return Node("rel", (Node("text", (), " ".join(words)), self.union()), "=")
            raise ParseError("words in front of a formula")
        phrase = " ".join(words).casefold()
        if phrase in _EMPTY:
            return sym("emptyset")
        if phrase in _ALL:
            return sym("bbR")
        return num(_NUMBERS.index(phrase)) if phrase in _NUMBERS else Node("text", (), _SAME_WORDS.get(phrase, phrase))

    def _with_unit(self, node: Node) -> Node:
        """Words after a value: a unit (`cm^2`, `miles per hour`) or prose that says nothing else."""
        words: list[str] = []
        here = self._at
        while True:
            token = self._now
            if (
                token.kind in ("text", "sym")
                or (token.kind == "op" and token.text in ("^", "/", "-", "'", "{", "}", "*", "."))
                or (token.kind == "num" and words and words[-1] in ("^", "{"))
            ):
                words.append(self._next().text)
            elif (
                token.kind == "num"
                and words
                and len(token.text) == 1
                and self._tokens[self._at + 1].kind == "last"
                and len(words) == 1
            ):
                words.extend(["^", self._next().text])  # cm2
            else:
                break
        if {word.lower() for word in words} & _QUALIFYING:
            self._at = here
            raise ParseError("words that qualify the value")
        if node.op == "rel":
            return node._replace(args=(*node.args[:-1], Node("quantity", (node.args[-1],), " ".join(words))))
        unit = " ".join(words)
        return node if node.op in _OBJECTS and units.read(unit).dimension is None else Node("quantity", (node,), unit)

    def _modulus(self, node: Node) -> Node:
        self._at += 1
        inner = self.group() if self._is("{") else self.atom()
        if node.op == "rel":
            node = node.args[-1]
        return Node("mod", (node, inner))

    def relation(self) -> Node:
        if self._now.kind == "cmd" and self._now.text in ("therefore", "Rightarrow", "implies", "because"):
            self._at += 1
        while self._is("=", "~"):
            self._at += 1
        args, operators = [self._side()], []
        while (
            self._is(*_RELATIONS)
            or (self._now.kind == "cmd" and self._now.text in ("in", "equiv", "notin"))
            or self._is("==")
        ):
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
        return self.union()

    def union(self) -> Node:
        left = self.ratio()
        while self._now.kind == "cmd" and self._now.text in ("cup", "cap", "setminus", "backslash", "cupdot", "sqcup"):
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
        return parts[0] if len(parts) == 1 else Node("ratio", tuple(parts))

    def _is_to(self) -> bool:
        """`3 to 4` between two numbers."""
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

    def bracket(self, opening: str) -> Node:
        if opening in ("(", "[", "]"):
            return self._round(opening)
        if opening == "\\{":
            return self._braces()
        if opening == "{":
            return self._plain_braces()
        return super().bracket(opening)

    def _round(self, opening: str) -> Node:
        if self._is(")", "]"):
            self._at += 1
            return Node("seq", (), "()")
        bars, self._bars = self._bars, 0
        inner = self.contents()
        self._bars = bars
        if not self._is(")", "]", "["):
            raise ParseError("an open bracket")
        closing = self._next().text
        if inner.op == "seq" and inner.value == "bare":
            style = ("(" if opening in "(]" else "[") + (")" if closing in ")[" else "]")
            return inner._replace(value=style)
        if (opening, closing) in (("(", ")"), ("[", "]")):
            return inner
        raise ParseError("brackets that do not match")

    def _braces(self) -> Node:
        if self._is("\\}"):
            self._at += 1
            return sym("emptyset")
        bars, self._bars = self._bars, 1
        inner = self.contents()
        if self._is("|", ":"):
            self._at += 1
            self._bars = 0
            condition = self.contents()
            inner = Node("builder", (inner, condition))
        self._bars = bars
        self._expect("\\}")
        if inner.op == "builder":
            return inner
        items = inner.args if inner.op == "seq" and inner.value in ("bare", "and") else (inner,)
        return Node("seq", items, "set")

    def _plain_braces(self) -> Node:
        """`{1, 2}` prints as `1, 2`: a list without brackets; `{x | x < 1}` is a set builder whose backslashes were lost."""
        self._at -= 1
        here = self._at
        try:
            inner = self.group()
        except ParseError:
            if self._depth > 1:  # trying again at every level would double the work at each
                raise
            self._at, self._depth = here + 1, 1
            bars, self._bars = self._bars, 1
            left = self.contents()
            if not self._is("|", ":"):
                raise
            self._at += 1
            self._bars = bars
            inner = Node("builder", (left, self.contents()))
            self._expect("}")
        return inner


def _compound(items: list[Node]) -> Node:
    """`2 hours 30 minutes`, in the unit of its first part."""
    parts = [(i.args[0], units.read(str(i.value))) for i in items if i.op == "quantity"]
    if len(parts) != len(items) or any(u.dimension is None or u.dimension != parts[0][1].dimension for _, u in parts):
        raise ParseError("values side by side")
    scaled = tuple(Node("mul", (num(u.scale / parts[0][1].scale), value)) for value, u in parts)
    return Node("quantity", (Node("add", scaled),), str(items[0].value))


def _is_set(node: Node) -> bool:
    return (
        node == sym("bbR")
        or node.op in ("builder", "union", "inter", "minus")
        or (node.op == "seq" and node.value in ("set", "()", "[]", "(]", "[)"))
    )
