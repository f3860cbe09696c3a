"""The words of an answer: those in front of a value, units, notes, and words that are the answer."""

import itertools

from rewards.algebra import conditions
from rewards.algebra.parser.cursor import Cursor
from rewards.algebra.token import Token
from rewards.algebra.tree import Node, members, sym
from rewards.algebra.vocabulary import CONDITIONS, NOTES, SEPARATORS, ParseError, word_set
from rewards.algebra.wording import said, units
from rewards.algebra.wording.denials import DENIALS, denies, takes_back
from rewards.algebra.wording.phrases import CURRENCIES

_HARMLESS = word_set("""
    only answer answers is are the final value values solution solutions set all a an x therefore thus hence
""")
"""Words that may be in front of a value without changing it. `not`, `about`, `June` are not among them."""
MAX_LEAD = 10
_LEADS = word_set("is are equals equal")
_QUALIFYING = DENIALS | word_set("no except but maybe perhaps if when unless probably possibly")
_DOUBTFUL = _QUALIFYING | word_set("about approximately nearly almost roughly least most between other")
"""Words after a value, and words in front of one, that say that it is not quite the answer."""
_EMPTY = frozenset(("no solution", "no solutions", "empty set", "no real solution", "no real solutions"))
_OBJECTS = frozenset(("seq", "union", "inter", "minus", "builder", "matrix"))
_ALL = frozenset(
    (
        *("all real numbers", "all reals", "all real values", "real numbers", "any real number", "all real number"),
        *("全体实数", "任意实数", "一切实数"),
    )
)
_SAME_WORDS = {
    "dne": "does not exist",
    "infinitely many solutions": "infinitely many",
    "infinite solutions": "infinitely many",
}
_CHANGES = word_set("""
    increase increases increased decrease decreases decreased rise rose drop dropped fall fell gain gained loss lost lose
    profit up down north south east west left right growth reduction per
""")
"""Words in front of a number that say in which direction it goes."""
OTHERWISE = word_set("otherwise else elsewhere")
_CONDITION_WORDS = CONDITIONS | word_set("that all any every each real")


class Words(Cursor):
    """Reads or skips words."""

    def _skip_harmless(self) -> None:
        here = self._at
        while self._now.kind == "text" and self._now.text.lower() in _HARMLESS:
            self._at += 1
        self._skip_lead()
        self._take(":", "=")
        if self._now.kind == "last":
            self._at = here

    def _skip_lead(self) -> None:
        """Read a sentence up to its value: `the sum of the roots is`, unless a word of it says that this is not so."""
        words = [t.text.lower() for t in itertools.takewhile(lambda t: t.kind == "text", self._tokens[self._at :])]
        if 0 < len(words) <= MAX_LEAD and words[-1] in _LEADS and not _DOUBTFUL & set(words):
            self._at += len(words)

    def _lead(self) -> str:
        """Read the words in front of a value that are part of it: `an increase of`, `east`, a name in Chinese; '' where there are none."""
        end = self._at
        while self._tokens[end].kind == "text" or self._tokens[end].text in ("a", "n"):
            end += 1
        if end == self._at:
            return ""
        words = [t.text for t in self._tokens[self._at : end]]
        starts = (
            self._tokens[end].kind == "num"
            or self._tokens[end].text in ("-", "$", "frac", "sqrt", "pi")
            or self._tokens[end].text in CURRENCIES
        )
        says = any(not w.isascii() for w in words) or {w.lower() for w in words} & _CHANGES
        if not words or len(words) > MAX_LEAD or not starts or not says or {w.lower() for w in words} & _DOUBTFUL:
            return ""
        if words[-1] in CURRENCIES:
            end, words = end - 1, words[:-1]
        self._at = end if words else self._at
        return " ".join(words)

    def _is_condition(self) -> bool:
        """Return whether a word is ahead behind which a condition stands."""
        return self._now.kind == "text" and self._now.text.lower() in CONDITIONS

    def _condition(self) -> Node | None:
        """Read a condition: up to the end of its branch, or to the bracket that closes around it. None for a mere declaration."""
        words: list[str] = []
        while self._now.kind == "text" and self._now.text.lower() in _CONDITION_WORDS:
            words.append(self._next().text.lower())
            if words[-1] in OTHERWISE:
                return conditions.OTHERWISE
        start = self._at
        end = self._end_of_branch()
        text = " ".join([*words[1:], *(t.text for t in self._tokens[start:end])])
        if conditions.is_declaration(text):
            self._at = end
            self.note += text
            return None
        words = [word for word in words if word not in ("all", "any", "every", "each", "real")]
        found = self._relations(end)
        self._at = end
        if "unless" in words:
            return conditions.but_not(conditions.of_words(text))
        if found is not None and conditions.is_index(found):
            self.note += " integer"
            return None
        return conditions.of_words(text) if found is None else found

    def _leads(self) -> bool:
        """Return whether `then` ends the condition that is ahead."""
        ahead = (t.text for t in self._tokens[self._at :])
        return next((text for text in ahead if text in (";", "then")), "") == "then"

    def _leading_condition(self) -> tuple[Node | None] | None:
        """Read `if a > 0 then`, in front of the value; None, without moving, where no `then` follows."""
        if not self._leads():
            return None
        end = next(i for i in range(self._at, len(self._tokens)) if self._tokens[i].text == "then")
        tokens, self._tokens = self._tokens, [*self._tokens[:end], Token("last", "")]
        try:
            condition = self._condition()
        finally:
            self._tokens, self._at = tokens, end + 1
        self._take(",")
        return (condition,)

    def _label(self) -> str:
        """Read words to the end, behind a comma: the direction of `15 N, to the left`; '' where anything else is there."""
        words = [t.text for t in itertools.takewhile(lambda t: t.kind == "text", self._tokens[self._at :])]
        if not words or self._tokens[self._at + len(words)].kind != "last" or {w.lower() for w in words} & _DOUBTFUL:
            return ""
        self._at += len(words)
        return " ".join(words)

    def _declares(self) -> bool:
        """Read to the end where nothing but a declaration is left: `C is a constant`, `k an integer`."""
        end = self._end_of_branch()
        text = " ".join(t.text for t in self._tokens[self._at : end])
        is_said = any(t.kind == "text" for t in self._tokens[self._at : end]) and self._tokens[end].kind == "last"
        if not is_said or not conditions.is_declaration(text):
            return False
        self._at, self.note = end, self.note + text
        return True

    def _end_of_branch(self) -> int:
        """Return where the condition ends: at a bracket that closes around it, an end, or in front of another branch."""
        at, depth, cut = self._at, 0, None
        while self._tokens[at].kind not in ("last", "end", "row", "amp"):
            text = self._tokens[at].text
            if self._tokens[at].kind == "op" and text in ("(", "[", "\\{", "{"):
                depth += 1
            elif self._tokens[at].kind == "op" and text in (")", "]", "\\}", "}"):
                depth -= 1
                if depth < 0:
                    return at
            elif depth == 0 and self._tokens[at].kind == "op" and text in SEPARATORS:
                cut = at if cut is None else cut
            elif depth == 0 and self._tokens[at].kind == "text" and text.lower() in CONDITIONS and cut is not None:
                if self._tokens[at - 1].text not in SEPARATORS:
                    return cut
                cut = None
            if (
                cut is not None
                and at > cut
                and self._tokens[at].kind == "op"
                and text in SEPARATORS
                and self._tokens[at - 1].text not in SEPARATORS
            ):
                cut = at
            at += 1
        return at

    def _relations(self, end: int) -> Node | None:
        """Read relations up to a position; None where they are anything else."""
        here, depth, tokens = self._at, self._depth, self._tokens
        self._tokens = [*tokens[:end], Token("last", "")]
        try:
            node = self.contents()
        except ParseError:
            return None
        finally:
            read, self._tokens, self._at, self._depth = self._at, tokens, here, depth
        if read != end or not all(n.op in ("rel", "mod") for n in members(node)):
            return None
        return conditions.of_relation(node)

    def _is_note(self) -> bool:
        return self._now.kind == "text" and self._now.text.lower() in NOTES

    def _read_note(self) -> None:
        """Read up to the end, or to the bracket that closes around the note."""
        words, depth = list[str](), 0
        while self._now.kind != "last" and (depth or self._now.text not in (")", "]", "\\}")):
            words.append(self._next().text)
            depth += (words[-1] in ("(", "[", "\\{")) - (words[-1] in (")", "]", "\\}"))
        if denies(" ".join(words)):
            raise ParseError("words that deny the value")
        self.note += " ".join(words)

    def _with_unit(self, node: Node) -> Node:
        """Read words after a value: a unit (`cm^2`, `miles per hour`) or prose that says nothing else."""
        words: list[str] = []
        while True:
            token = self._now
            if (
                token.kind in ("text", "sym")
                or (token.kind == "op" and token.text in ("^", "/", "-", "'", "{", "}", "*", "."))
                or (
                    token.kind == "num"
                    and words
                    and (words[-1] in ("^", "{") or (words[-1] == "-" and words[-2:-1] in (["^"], ["{"])))
                )
            ):
                words.append(self._next().text)
            elif (
                token.kind == "num"
                and len(words) == len(token.text) == 1
                and not token.spaced
                and self._tokens[self._at + 1].kind == "last"
                and units.is_unit(words[0])
            ):
                words.extend(["^", self._next().text])  # cm2
            else:
                break
        if measured := said.letter_as_unit(node):  # 20 m above the ground
            node, words = measured[0], [measured[1], *words]
        if {word.lower() for word in words} & _QUALIFYING or takes_back(words):
            raise ParseError("words that qualify the value")
        if node.op == "rel":
            return node._replace(args=(*node.args[:-1], Node("quantity", (node.args[-1],), " ".join(words))))
        unit = " ".join(words)
        if node.op == "quantity" and words[0] in ("/", "per"):
            return node._replace(value=f"{node.value} {unit}")
        return node if node.op in _OBJECTS and said.read(unit).unit is None else Node("quantity", (node,), unit)


def meaning(words: list[str]) -> Node:
    """Return what words alone say: nothing, everything, a number, or themselves."""
    phrase = " ".join(words).casefold()
    if phrase in _EMPTY:
        return sym("emptyset")
    if phrase in _ALL:
        return sym("bbR")
    return Node("text", (), _SAME_WORDS.get(phrase, phrase))
