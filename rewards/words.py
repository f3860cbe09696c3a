r"""Words and names against products of letters: `cat` is a word, `ab` an answer of algebra."""

import re
from collections.abc import Iterator

from rewards.algebra.tree import Node, walk
from rewards.kinds._words import unwrap

_WORD = re.compile(r"[A-Za-z]{2,}")
_CONSONANTS = re.compile(r"[^aeiouyAEIOUY]+")
_SHORT = frozenset(
    [
        "am",
        "an",
        "as",
        "at",
        "be",
        "by",
        "do",
        "go",
        "he",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "of",
        "on",
        "or",
        "so",
        "to",
        "up",
    ]
)
_FORMULA = re.compile(r"\$+([^$]{1,400})\$+|\\\((.{1,400}?)\\\)|\\\[(.{1,400}?)\\\]", re.DOTALL)
_ALONE = re.compile(r"(?<![A-Za-z\\'])([A-Za-z]|[A-Z]{2,4})(?![A-Za-z'])")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_NAME = re.compile(r"[A-Z]+[a-z]*-?\d{1,4}[A-Za-z]?(?:\d{1,4})?")
_STATEMENTS = re.compile(r"(?:[(（]\d{1,2}[)）]\s*[、,，和]?\s*){2,}")
_INITIALS = re.compile(r"(?:(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St)\. ?){1,3}[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_ASKS_WHO = re.compile(r"\b(?:who|whose|whom|name|author|signed|signature|president|inventor|writer)\b", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}[/-]\d{1,2}[/-]\d{1,2}|\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?|\d{1,2}月\d{1,2}日"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? '?\d{{2,4}})?|{_MONTH} \d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},?(?: '?\d{{2,4}})?",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}(?::\d\d){1,2} ?[ap]\.? ?m\.?", re.IGNORECASE)
_ARTICLE = re.compile(
    r"(?:An?|an?)\s+(?!(?:because|since|is|as|and|or|by|for|the|has|was|with|only|alone|then|but|not|are|will|does|correct|true|right|wrong|to|in)\b)"
    r"[a-z]{2,}(?:[ -][a-z]{2,}){0,3}\.?"
)
"""`A crater`, which is no letter of an option with an explanation behind it."""
_BRACKETS = re.compile(r"[()\[\]{}<>\s]+")
_EMPTY = ("{}", "[]", "()", "<", ">")


def is_product(node: Node) -> bool:
    """Whether a reading is nothing but letters one behind the other."""
    return node.op == "mul" and len(node.args) > 1 and all(n.op in ("mul", "sym") for n in walk(node))


def is_word(text: str, question: str = "") -> bool:
    r"""Whether letters that could be a product are a word: in \text{}, of a question without variables, or with a vowel and not in order.

    >>> is_word("cat"), is_word("ab"), is_word("abc"), is_word("mgh"), is_word("act", "Unscramble."), is_word("cab", "Simplify $abc$.")
    (True, False, False, False, True, False)
    """
    bare = unwrap(text).strip(" .,;:!?'\"")
    if not _WORD.fullmatch(bare):
        return False
    if bare != text.strip(" .,;:!?'\"$"):
        return True
    variables = set(_variables(question))
    if set(bare) <= variables:
        return False
    if len(bare) == 2:
        return bare.casefold() in _SHORT or (bool(question) and not variables and (bare.isupper() or bare.istitle()))
    if not question and set(bare.casefold()) <= set("abcdxyz"):
        return False
    in_order = all(a < b for a, b in zip(bare.casefold(), bare.casefold()[1:], strict=False))
    if question and not variables:
        return True
    if bare.isupper() and len(bare) < 4:
        return False
    has_vowel = not _CONSONANTS.fullmatch(bare)
    return has_vowel and (bare.isupper() or bare.islower() or bare.istitle()) and not in_order


def is_name(text: str, question: str = "") -> bool:
    """Whether a text with numbers in it is a name, a date or a time, or is made of brackets alone.

    >>> is_name("COVID-19"), is_name("January 8, 1993"), is_name("3:45 PM"), is_name("] ]"), is_name("3/4")
    (True, True, True, True, False)
    >>> is_name("A crater"), is_name("A because it is round")
    (True, False)
    """
    bare = unwrap(text).strip(" .,;")
    if _BRACKETS.fullmatch(text) and text.replace(" ", "") not in _EMPTY:
        return True
    if any(pattern.fullmatch(bare) for pattern in (_DATE, _TIME, _STATEMENTS)):
        return True
    if _INITIALS.fullmatch(bare) and (bare[0] > "J" or len(bare.split(".")) > 2 or _ASKS_WHO.search(question)):
        return True
    if _ARTICLE.fullmatch(bare):
        return True
    letters = set(re.findall("[A-Za-z]", bare))
    return (
        _NAME.fullmatch(bare) is not None
        and not letters <= set(_variables(question))
        and bool(question or len(letters) > 2)
    )


def _variables(question: str) -> Iterator[str]:
    """The letters that a question uses as names of quantities and points: in formulas, and alone in the text."""
    for formula in _FORMULA.finditer(question):
        yield from re.findall("[A-Za-z]", _COMMAND.sub(" ", formula[1] or formula[2] or formula[3]))
    for match in _ALONE.finditer(_FORMULA.sub(" ", question)):
        if match[1] not in ("a", "A", "I"):
            yield from match[1]
