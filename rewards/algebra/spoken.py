"""What words say in mathematics: numbers, magnitudes, operators, comparisons and remainders among the tokens of an answer
become the tokens that notation would have given. What is left as words is a unit, a label or prose.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rewards.algebra import numerals
from rewards.algebra.token import ORDINAL, SOMETHING, Token
from rewards.algebra.vocabulary import word_set

_CURRENCIES = frozenset(("$", "EUR", "GBP", "CNY", "INR", "USD"))
_BEFORE_NUMBER = word_set("""
    is are was be equals equal to the about exactly approximately roughly around only a total of by at than least most over minus
    plus negative times remainder number and or with between answer root squared from point reciprocal for term per divided up
    increase decrease gain loss profit increased decreased quotient value
""")
_OPERATORS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("plus",): ("+",),
    ("minus",): ("-",),
    ("negative",): ("-",),
    ("times",): ("*",),
    ("multiplied", "by"): ("*",),
    ("divided", "by"): ("/",),
    ("over",): ("/",),
    ("squared",): ("^", "2"),
    ("cubed",): ("^", "3"),
    ("factorial",): ("!",),
    ("to", "the", "power", "of"): ("^",),
    ("to", "the", "power"): ("^",),
    ("raised", "to", "the", "power", "of"): ("^",),
    ("raised", "to"): ("^",),
}
_POSTFIX = frozenset((("squared",), ("cubed",), ("factorial",)))
_PREFIX = frozenset((("negative",), ("minus",), ("plus",)))
_FUNCTIONS = {
    ("square", "root", "of"): "\\sqrt",
    ("cube", "root", "of"): "\\sqrt[3]",
    ("reciprocal", "of"): "1/",
    ("cubic", "root", "of"): "\\sqrt[3]",
    ("absolute", "value", "of"): "abs",
    ("half", "of"): r"\frac{1}{2}*",
    ("twice",): "2*",
    ("double",): "2*",
    ("triple",): "3*",
    ("thrice",): "3*",
}
_COMPARED = """
>=: greater than or equal to | more than or equal to | at least | no less than | not less than
>=: no fewer than | not fewer than | no smaller than | a minimum of
<=: less than or equal to | at most | no more than | not more than | no greater than
<=: not greater than | not exceeding | up to | a maximum of
>: greater than | more than | larger than | bigger than | higher than
>: exceeding | above | over | exceeds
<: less than | fewer than | smaller than | lower than | below
<: under
!=: not equal to
=: equal to | equals
"""
"""Signs, and the phrases that say them."""
_Phrases = dict[str, list[tuple[tuple[str, ...], Any]]]


def _by_first(phrases: dict[tuple[str, ...], Any]) -> _Phrases:
    """Return phrases by their first word, longest first."""
    found: _Phrases = {}
    for words in sorted(phrases, key=len, reverse=True):
        found.setdefault(words[0], []).append((words, phrases[words]))
    return found


_COMPARISONS = _by_first(
    {
        tuple(phrase.split()): sign
        for sign, _, phrases in (line.partition(":") for line in _COMPARED.strip().splitlines())
        for phrase in phrases.split("|")
    }
)
_OPERATIONS = _by_first(_OPERATORS)
_CALLS = _by_first(_FUNCTIONS)
_AFTER = {
    **dict.fromkeys(("more", "greater", "above", "higher", "over", "larger", "up", "longer", "older"), ">="),
    **dict.fromkeys(("less", "fewer", "below", "lower", "under", "smaller", "younger", "shorter"), "<="),
}
_SIGNS = {
    ("positive",): (">", "0"),
    ("negative",): ("<", "0"),
    ("nonnegative",): (">=", "0"),
    ("nonpositive",): ("<=", "0"),
    ("nonzero",): ("!=", "0"),
    ("non-negative",): (">=", "0"),
    ("non-positive",): ("<=", "0"),
    ("non-zero",): ("!=", "0"),
}
_COPULAS = word_set("is are be must can was were")
_HEADINGS = word_set("sequence case solution root answer part equation")
_STOPS = (",", ";", "and", "or", "(", ")", "[", "]", "\\{", "\\}", "{", "}")
_REMAINDERS = word_set("remainder rem remaining")
_REMAINDER_NOISE = word_set("with a and the of is leaving leaves")


def spoken(tokens: list[Token]) -> list[Token]:
    """Return the tokens with words that are mathematics as mathematics; the same list where there are none."""
    if not any(t.kind == "text" or (t.kind == "sym" and t.text in "RKMBTkmbt") or t.text == "..." for t in tokens):
        return tokens
    tokens = _numbers(_unnumbered(tokens))
    tokens = _magnitudes(tokens)
    tokens = _remainders(tokens)
    tokens = _operators(tokens)
    return _comparisons(tokens)


def _text(token: Token) -> str:
    return token.text.lower() if token.kind == "text" or token.text in ("and", "or", "a") else "\0"


def _phrase(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    return at + len(words) <= len(tokens) and all(_text(tokens[at + i]) == word for i, word in enumerate(words))


def _lex(text: str) -> list[Token]:
    from rewards.algebra.lexer import tokens

    return [t for t in tokens(text) if t.kind != "last"]


def written(value: Fraction) -> list[Token]:
    """Return the tokens of a rational number."""
    if value.denominator == 1:
        return [Token("num", str(value.numerator), True)]
    sign = [Token("op", "-")] if value < 0 else []
    top, bottom = str(abs(value.numerator)), str(value.denominator)
    brace, end = Token("op", "{"), Token("op", "}")
    return [*sign, Token("cmd", "frac", True), brace, Token("num", top), end, brace, Token("num", bottom), end]


def _unnumbered(tokens: list[Token]) -> list[Token]:
    """Return the tokens without headings such as `Solution 1:`."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text.lower() in _HEADINGS and tokens[at + 1].kind == "num" and tokens[at + 2].text == ":":
            at += 3
        found.append(tokens[at])
        at += 1
    return found


# numbers


def _numbers(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        starts = token.kind == "text" or (
            token.kind == "num" and (tokens[at + 1].text == "and" or _text(tokens[at + 1]) in numerals.PARTS)
        )
        if starts and not _blocked(found) and (match := _number_at(tokens, at)):
            new, end = match
            if _repeats(found, new, tokens[end]):
                found.pop()
                at = end + 1
                continue
            if not (found and found[-1].text == "(" and len(found) > 1):
                found += new
                at = end
                continue
        found.append(token)
        at += 1
    return found


def _repeats(found: list[Token], new: list[Token], following: Token) -> bool:
    """Return whether a number in words only repeats the one in front of its bracket: `10 (ten)`."""
    return (
        len(found) > 1
        and found[-1].text == "("
        and following.text == ")"
        and len(new) == 1
        and found[-2].text == new[0].text
    )


def _blocked(found: list[Token]) -> bool:
    """Return whether the word in front makes a number word a word: `no one`, `5 second`."""
    if len(found) > 1 and found[-1].text == "-" and found[-2].kind == "text":
        return True
    return bool(found) and (
        found[-1].kind in ("num", "sym") or (found[-1].kind == "text" and found[-1].text.lower() not in _BEFORE_NUMBER)
    )


def _number_at(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    words, ends = list[str](), list[int]()
    here = at
    while here < len(tokens) and len(words) < 40:
        token = tokens[here]
        if token.kind == "text":
            for piece in token.text.lower().split("-"):
                words.append(piece)
                ends.append(here + 1)
        elif token.text in ("and", "a") or (here == at and token.kind == "num"):
            words.append(token.text)
            ends.append(here + 1)
        elif not (token.text == "-" and here > at and tokens[here - 1].kind == tokens[here + 1].kind == "text"):
            break
        here += 1
    number = numerals.read(words)
    if number is None or number.taken == 0 or words[number.taken - 1] == "and":
        return None
    end = ends[number.taken - 1]
    if number.taken < len(ends) and ends[number.taken] == end:
        return None  # half of a hyphenated word: one-to-one
    if words[0] in ("one", "second", "first", "third", "half") and number.taken == 1 and _goes_on(tokens, end):
        return None
    if (words[0] in ("a", "an") and number.taken < 2) or (tokens[at].kind == "num" and number.taken < 2):
        return None
    return [*written(number.value), *([Token("text", ORDINAL)] if number.ordinal else [])], end


def _goes_on(tokens: list[Token], end: int) -> bool:
    """Return whether more words than a label follow: `one of the answers`, `one - to - one`."""
    following = tokens[end]
    return following.text == "-" or (
        following.kind == "text" and following.text.lower() in ("of", "to", "that", "who", "which", "is")
    )


def _magnitudes(tokens: list[Token]) -> list[Token]:
    money = any(t.text in _CURRENCIES for t in tokens)
    found: list[Token] = []
    for index, token in enumerate(tokens):
        scale = _scale(token, money) if found and index + 1 < len(tokens) else None
        if scale is None or not found or not (found[-1].kind == "num" or found[-1].text in (")", "}")):
            found.append(token)
        elif found[-1].kind == "num":
            value = _exact(found[-1].text)
            if value is None:
                found.append(token)
            else:
                found[-1] = Token("num", _decimal(value * scale), found[-1].spaced)
        else:
            found += [Token("op", "*"), Token("num", str(scale))]
    return found


def _scale(token: Token, money: bool) -> int | None:
    word = token.text.lower()
    if token.kind == "text" and word in numerals.SCALES:
        return numerals.SCALES[word]
    if money and token.kind in ("text", "sym") and word in numerals.LETTER_SCALES and len(word) == 1:
        return numerals.LETTER_SCALES[word]
    return None


def _exact(text: str) -> Fraction | None:
    try:
        return Fraction(text.replace(",", "").rstrip("."))
    except ValueError:
        return None


def _decimal(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    places = 1
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str((value * 10**places).numerator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


# remainders


def _remainders(tokens: list[Token]) -> list[Token]:
    """Return `50 remainder 5`, `50 R 5`, `50 ... 5` and `quotient 50, remainder 5` with one sign for the remainder."""
    at = next((i for i, t in enumerate(tokens) if _parts_remainder(tokens, i)), None)
    if at is None:
        return tokens
    left, right = tokens[:at], tokens[at + 1 :]
    while left and (left[-1].text in (",", ";", "and", "=", "...", "(") or _text(left[-1]) in _REMAINDER_NOISE):
        left = left[:-1]
    closing = tokens[at - 1].text == "(" if at else False
    while right and (right[0].text in ("=", ":", "...") or _text(right[0]) in _REMAINDER_NOISE):
        right = right[1:]
    if closing:
        right = [t for t in right if t.text != ")"]
    if left and _text(left[0]) == "the":
        left = left[1:]
    if left and _text(left[0]) == "quotient":
        left = left[1:]
        while left and (left[0].text in ("=", ":") or _text(left[0]) in ("is", "of")):
            left = left[1:]
    if not left or len(right) < 2:
        return tokens
    return [*left, Token("op", "rem", True), *right]


def _parts_remainder(tokens: list[Token], at: int) -> bool:
    token, before, after = tokens[at], tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
    if before is None or after is None:
        return False
    if token.kind == "text" and token.text.lower() in _REMAINDERS:
        return after.kind != "last"
    if token.kind in ("sym", "text") and token.text in ("R", "r") and before.kind == after.kind == "num":
        return token.text == "R" or token.spaced
    is_end = at + 2 < len(tokens) and tokens[at + 2].kind == "last"
    return token.text == "..." and after.kind == "num" and is_end and at > 0 and tokens[0].kind == "num" and {
        t.text for t in tokens[1 : at + 1]} == {"..."}  # fmt: skip


# operators


def _operators(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "text" and (match := _operator_at(tokens, at, found)):
            new, at = match
            found += new
            continue
        found.append(tokens[at])
        at += 1
    return found


def _operator_at(tokens: list[Token], at: int, found: list[Token]) -> tuple[list[Token], int] | None:
    start = at + (_text(tokens[at]) == "the")
    for words, latex in _CALLS.get(_text(tokens[start]), ()):
        if _phrase(tokens, start, words) and _starts(tokens[start + len(words)]):
            return _function(latex, tokens, start + len(words))
    before = found[-1] if found else None
    has_left = before is not None and (before.kind in ("num", "sym") or before.text in (")", "}", "!"))
    if (
        _phrase(tokens, at, ("point",))
        and has_left
        and before is not None
        and before.kind == "num"
        and "." not in before.text
    ):
        digits, end = "", at + 1
        while tokens[end].kind == "num" and tokens[end].text.isdigit():
            digits, end = digits + tokens[end].text, end + 1
        if digits:
            found[-1] = Token("num", f"{before.text}.{digits}", before.spaced)
            return [], end
    if (
        _phrase(tokens, at, ("of",))
        and before is not None
        and before.text in ("}", "%")
        and tokens[at + 1].kind == "num"
    ):
        return [Token("op", "*")], at + 1  # two thirds of 9
    for words, signs in _OPERATIONS.get(_text(tokens[at]), ()):
        if not _phrase(tokens, at, words):
            continue
        end = at + len(words)
        has_right = _starts(tokens[end])
        if words in _POSTFIX:
            if has_left:
                return [Token("num" if s.isdigit() else "op", s) for s in signs], end
        elif (
            words in _PREFIX
            and has_right
            and (not found or before is None or has_left or before.kind == "op" or before.text in _COPULAS)
        ):
            if words == ("negative",) and has_left:
                return None
            return [Token("op", signs[0])], end
        elif has_left and has_right:
            if (
                words[0] == "over"
                and before is not None
                and not (before.kind in ("num", "sym") or before.text in (")", "}"))
            ):
                return None
            return [Token("op", s) for s in signs], end
    return None


def _starts(token: Token) -> bool:
    return token.kind in ("num", "sym", "cmd") or token.text in ("(", "{", "-", "\\{")


def _function(latex: str, tokens: list[Token], at: int) -> tuple[list[Token], int]:
    head = _lex(latex) if latex != "abs" else []
    depth, end = 0, at
    while tokens[end].kind != "last":
        text = tokens[end].text
        depth += (text in ("(", "{")) - (text in (")", "}"))
        if depth < 0 or (
            depth == 0 and (text in (*_STOPS[:4], "+", "=", "<", ">") or tokens[end].kind == "text") and end > at
        ):
            break
        end += 1
    inner = tokens[at:end]
    if latex == "abs":
        return [Token("op", "|"), *inner, Token("op", "|")], end
    if latex[-1] in "/*":
        return [*head, Token("op", "("), *inner, Token("op", ")")], end
    return [*head, Token("op", "{"), *inner, Token("op", "}")], end


# comparisons


def _comparisons(tokens: list[Token]) -> list[Token]:
    if not any(t.kind == "text" for t in tokens):
        return tokens
    tokens = _between(tokens)
    found: list[Token] = []
    at = 0
    start = 0  # of the statement
    subject: list[Token] = [Token("sym", SOMETHING)]
    while at < len(tokens):
        token = tokens[at]
        if sign := _sign_at(tokens, at, found, start):
            new, at = sign
            while len(found) > start and _text(found[-1]) in _COPULAS:
                found.pop()
            if len(found) == start:
                found += subject
            elif not any(t.kind == "text" or t.text in _SIGNED for t in found[start:]):
                subject = found[start:]
            found += new
            continue
        if after := _after_at(tokens, at, found, start):
            sign_text, at = after
            found[start:start] = [*subject, Token("op", sign_text)]
            continue
        found.append(token)
        at += 1
        if token.text in (",", ";", "and", "or"):
            start = len(found)
    return found


_SIGNED = ("<", ">", "<=", ">=", "=", "!=")


def _sign_at(tokens: list[Token], at: int, found: list[Token], start: int) -> tuple[list[Token], int] | None:
    for words, sign in _COMPARISONS.get(_text(tokens[at]), ()):
        if _phrase(tokens, at, words) and (
            _starts(tokens[at + len(words)]) or tokens[at + len(words)].text in _CURRENCIES
        ):
            if sign == "=" and len(found) == start:
                return None
            return [Token("op", sign)], at + len(words)
    copula = found and _text(found[-1]) in _COPULAS and len(found) > start + 1
    if copula and found[-2].kind == "sym":
        for words, (sign, number) in _SIGNS.items():
            if _phrase(tokens, at, words) and (tokens[at + 1].kind == "last" or tokens[at + 1].text in _STOPS):
                return [Token("op", sign), Token("num", number)], at + 1
    return None


def _after_at(tokens: list[Token], at: int, found: list[Token], start: int) -> tuple[str, int] | None:
    """Return the sign of `or more` behind a value, with or without a unit between."""
    if tokens[at].text != "or" or len(found) == start or any(t.text in _SIGNED for t in found[start:]):
        return None
    word = _text(tokens[at + 1])
    closing = tokens[at + 2]
    if word not in _AFTER or not (closing.kind == "last" or closing.text in _STOPS):
        return None
    return _AFTER[word], at + 2


def _between(tokens: list[Token]) -> list[Token]:
    """Return `between 3 and 7` as a chain."""
    at = next((i for i, t in enumerate(tokens) if _text(t) == "between"), None)
    if at is None:
        return tokens
    middle = next((i for i in range(at + 2, len(tokens)) if tokens[i].text == "and"), None)
    if middle is None:
        return tokens
    head = tokens[:at]
    while head and (_text(head[-1]) in _COPULAS or _text(head[-1]) in ("lies", "lie")):
        head = head[:-1]
    name = head if head and all(t.kind == "sym" for t in head) else [Token("sym", SOMETHING)] if not head else None
    if name is None:
        return tokens
    sign = Token("op", "<=")
    return [*tokens[at + 1 : middle], sign, *name, sign, *tokens[middle + 1 :]]
