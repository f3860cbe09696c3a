"""Amounts in words: `twenty-six` and `two and a half` as numerals, `3.5 million` and `$5K` written out."""

from fractions import Fraction

from rewards.algebra.token import ORDINAL, Token
from rewards.algebra.vocabulary import word_set
from rewards.algebra.wording import numerals
from rewards.algebra.wording.phrases import CURRENCIES, word_of

_BEFORE_NUMBER = word_set("""
    is are was be equals equal to the about exactly approximately roughly around only a total of by at than least most over minus
    plus negative times remainder number and or with between answer root squared from point reciprocal for term divided up
    increase decrease gain loss profit increased decreased quotient value
""")


def numbers(tokens: list[Token]) -> list[Token]:
    """Return the tokens with numbers in words as numerals."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        is_article = token.text == "a" and tokens[at + 1].kind == "text"
        starts = (
            token.kind == "text"
            or is_article
            or (token.kind == "num" and (tokens[at + 1].text == "and" or word_of(tokens[at + 1]) in numerals.PARTS))
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


def _is_behind_point(found: list[Token]) -> bool:
    """Return whether digits in words go on: `point two five`."""
    at = len(found) - 1
    while at > 0 and found[at].kind == "num":
        at -= 1
    return bool(found) and at < len(found) - 1 and word_of(found[at]) == "point"


def _blocked(found: list[Token]) -> bool:
    """Return whether the word in front makes a number word a word: `no one`, `5 second`."""
    if len(found) > 1 and found[-1].text == "-" and found[-2].kind == "text":
        return True
    if _is_behind_point(found):
        return False
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
    if tokens[at].kind == "num" and number.taken < 2:
        return None
    return [*_written(number.value), *([Token("text", ORDINAL)] if number.ordinal else [])], end


def _goes_on(tokens: list[Token], end: int) -> bool:
    """Return whether more words than a label follow: `one of the answers`, `one - to - one`."""
    following = tokens[end]
    return following.text == "-" or (
        following.kind == "text" and following.text.lower() in ("of", "to", "that", "who", "which", "is")
    )


def _written(value: Fraction) -> list[Token]:
    """Return the tokens of a rational number."""
    if value.denominator == 1:
        return [Token("num", str(value.numerator), True)]
    sign = [Token("op", "-")] if value < 0 else []
    top, bottom = str(abs(value.numerator)), str(value.denominator)
    brace, end = Token("op", "{"), Token("op", "}")
    return [*sign, Token("cmd", "frac", True), brace, Token("num", top), end, brace, Token("num", bottom), end]


def magnitudes(tokens: list[Token]) -> list[Token]:
    """Return the tokens with each number multiplied by the magnitude behind it."""
    money = any(t.text in CURRENCIES for t in tokens)
    found: list[Token] = []
    for index, token in enumerate(tokens):
        scale = _scale(token, money) if found and index + 1 < len(tokens) else None
        if scale is None or not (found[-1].kind == "num" or found[-1].text in (")", "}")):
            found.append(token)
        elif found[-1].kind == "num" and (value := _exact(found[-1].text)) is not None and not _is_bottom(found):
            found[-1] = Token("num", _decimal(value * scale), found[-1].spaced)
        else:
            found += [Token("op", "*"), Token("num", str(scale))]
    return found


def _is_bottom(found: list[Token]) -> bool:
    """Return whether the last number is the lower half of `1/2`."""
    return len(found) > 1 and found[-2].text == "/"


def _scale(token: Token, money: bool) -> int | None:
    word = token.text.lower()
    if token.kind == "text" and numerals.is_scale(token.text):
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
