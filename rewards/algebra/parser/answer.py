"""An answer: statements with separators between, and what is said about them."""

from rewards.algebra.conditions import is_index
from rewards.algebra.parser.statements import Statements
from rewards.algebra.tree import Node, free, joined, walk
from rewards.algebra.vocabulary import CONDITIONS, NOTES, SEPARATORS, ParseError
from rewards.algebra.wording.said import compound

_INEQUALITIES = {"<", ">", "<=", ">=", "!="}
_WHOLE = ("bbZ", "bbN", "Z", "N")


class AnswerParser(Statements):
    """The whole grammar. `answer` reads all tokens."""

    def answer(self) -> Node:
        """Read all tokens. ParseError where they are no answer."""
        self._skip_harmless()
        node = self.contents()
        if self._now.kind != "last":
            raise ParseError(f"unexpected token {self._now.text!r}")
        return node

    def contents(self) -> Node:
        """Read statements with separators between. One alone is itself."""
        items, joiners, groups = [self.item()], set[str](), list[int]()
        if self._now.kind == "last":
            return items[0]
        while True:
            if self._is(*SEPARATORS):
                while self._is(*SEPARATORS):
                    joiners.add(self._now.text)
                    if self._next().text == ";":
                        groups.append(len(items))
                if self._now.kind in ("last", "end", "row") or self._is(")", "]", "}", "\\}", "&"):
                    break
            elif not (self._now.kind in ("num", "sym") or self._is("(")) or items[-1].op != "quantity":
                break
            if self._is_condition() and not self._leads():
                items[-1] = _under(items[-1], self._condition())
                if self._is(*SEPARATORS):
                    continue
                break
            if self._declares():
                break
            if len(items) == 1 and items[0].op in ("quantity", "degree") and (label := self._label()):
                items[-1] = Node("quantity", (items[-1],), label)
                break
            if self._is_note():
                if "or" in joiners:
                    raise ParseError("an alternative that is not named")
                self._read_note()
                break
            items.append(self.item())
        if not joiners and len(items) > 1:
            return _compound(items)
        items = self._without_domains(items)
        if "or" not in joiners:
            items = _with_conditions(items)
        if len(items) == 1:
            return items[0]
        if groups and "," in joiners:  # `p = 5, q = 2; p = 7, q = 2`: a list of tuples
            starts = [0, *groups]
            ends = zip(starts, [*groups, len(items)], strict=True)
            parts = [part for a, b in ends if (part := tuple(items[a:b]))]
            if len(parts) > 1:
                return Node("seq", tuple(Node("seq", p, "()") if len(p) > 1 else p[0] for p in parts), "bare")
        style = "or" if "or" in joiners else "and" if joiners == {"and"} else "bare"
        return Node("seq", tuple(items), style)

    def _without_domains(self, items: list[Node]) -> list[Node]:
        r"""Set aside members like `k \in \mathbb{Z}`, which say what a letter of the others may be; they are noted, not compared."""
        kept = []
        for item in items:
            domain = (
                item.args[1].value if item.op == "rel" and item.value == "in" and item.args[1].op == "sym" else None
            )
            if domain in (*_WHOLE, "bbR") and any(item.args[0] in walk(o) for o in items if o is not item):
                self.note += " integer" if domain in _WHOLE else ""
            else:
                kept.append(item)
        return kept or items

    def item(self) -> Node:
        """Read a statement and the words after it."""
        if self._is_condition() and (leading := self._leading_condition()) is not None:
            return _under(self.item(), leading[0])
        if lead := self._lead():
            value = self.item()
            if value.op == "quantity" and lead.startswith("per "):
                return value._replace(value=f"{value.value} {lead}")
            return Node("quantity", (value,), lead)
        if self._now.kind == "text":
            phrase = self._phrase()
            has_unit = phrase.op in ("quantity", "rel") and (self._now.kind == "text" or self._is_rate())
            return self._with_unit(phrase) if has_unit else phrase
        if self._take("..."):
            return Node("dots")
        node = self.relation()
        if self._now.kind == "last":
            return node
        if self._take("rem"):
            node = Node("remainder", (node, self.relation()))
        if self._is("(") and self._tokens[self._at + 1].text.lower() in NOTES:
            self._at += 1
            self._read_note()
            self._expect(")")
        elif self._is("(") and (
            self._tokens[self._at + 1].text.lower() in CONDITIONS or self._in_brackets_a_relation()
        ):
            self._at += 1
            node = _under(node, self._condition())
            self._expect(")")
        elif self._is_condition():
            node = _under(node, self._condition())
        elif self._is_note():
            self._read_note()
        elif self._now.kind == "text" or self._is_rate():
            node = self._with_unit(node)
            if self._take("rem"):
                node = Node("remainder", (node, self.relation()))
            if self._is_condition():
                node = _under(node, self._condition())
        elif self._is_domain():
            self._at += 1
            domain = self.relation()
            self._expect(")")
            self.note += " integer" if domain.args[-1].value in _WHOLE else ""
        elif self._in_brackets_only_words():
            self._at += 1
            node = self._with_unit(node)
            self._expect(")")
        if self._is_command("pmod", "bmod", "mod"):
            node = self._modulus(node)
        elif self._is("(") and self._tokens[self._at + 1].text == "mod":
            self._at += 1
            node = self._modulus(node)
            self._expect(")")
        return node


def _under(node: Node, condition: Node | None) -> Node:
    return node if condition is None else Node("given", (node, condition))


def _is_condition(relation: Node) -> bool:
    signs = set(str(relation.value).split())
    return signs <= _INEQUALITIES or (signs == {"in"} and relation.args[1].op in ("seq", "union"))


def _with_conditions(items: list[Node]) -> list[Node]:
    r"""Return `\frac{x}{x-2}, x > 2` as a value under a condition: inequalities at the end about a letter of the value in front."""
    at = len(items)
    while at and items[at - 1].op == "rel" and _is_condition(items[at - 1]):
        at -= 1
    if not 0 < at < len(items) or items[at - 1].op in ("quantity", "text", "given"):
        return items
    value, found = items[at - 1], items[at:]
    if value.op == "rel":
        if set(str(value.value).split()) != {"="}:
            return items
        names = free(value.args[-1])
    else:
        names = free(value)
    if not names or any(not free(condition) or not free(condition) <= names for condition in found):
        return items
    found = [condition for condition in found if not is_index(condition)]
    return [*items[: at - 1], _under(value, joined("seq", found, "and") if found else None)]


def _compound(items: list[Node]) -> Node:
    """Return `2 hours 30 minutes` in the unit of its first part."""
    if (found := compound(items)) is None:
        raise ParseError("values side by side")
    return found
