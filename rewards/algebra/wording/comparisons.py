"""Comparisons in words: `x is at least 5`, `5 or more`, `between 3 and 7`, `x is positive`."""

from rewards.algebra.token import SOMETHING, Token
from rewards.algebra.wording.phrases import COPULAS, CURRENCIES, STOPS, by_first, is_phrase, starts_value, word_of

_COMPARED = """
>=: greater than or equal to | more than or equal to | at least | no less than | not less than
>=: no fewer than | not fewer than | no smaller than | a minimum of
<=: less than or equal to | at most | no more than | not more than | no greater than
<=: not greater than | not exceeding | does not exceed | up to | a maximum of
>: greater than | more than | larger than | bigger than | higher than
>: exceeding | above | over | exceeds
<: less than | fewer than | smaller than | lower than | below
<: under
!=: not equal to
=: equal to | equals
"""
"""Signs, and the phrases that say them."""
_COMPARISONS = by_first(
    {
        tuple(phrase.split()): sign
        for sign, _, phrases in (line.partition(":") for line in _COMPARED.strip().splitlines())
        for phrase in phrases.split("|")
    }
)
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
_SIGNED = ("<", ">", "<=", ">=", "=", "!=")


def comparisons(tokens: list[Token]) -> list[Token]:
    """Return the tokens with comparisons in words as signs; what is compared is `something` where nothing is named."""
    if not any(t.kind == "text" for t in tokens):
        return tokens
    tokens = _ranged(_between(tokens))
    found: list[Token] = []
    at = 0
    start = 0  # of the statement
    subject: list[Token] = [Token("sym", SOMETHING)]
    while at < len(tokens):
        token = tokens[at]
        if sign := _sign_at(tokens, at, found, start):
            new, at = sign
            while len(found) > start and word_of(found[-1]) in COPULAS:
                found.pop()
            if len(found) == start:
                found += subject
            elif not any(t.kind == "text" or t.text in _SIGNED for t in found[start:]):
                subject = found[start:]
            found += new
            continue
        if word_of(token) == "but" and word_of(tokens[at + 1]) in _COMPARISONS:
            token = Token("op", "and")
        if after := _after_at(tokens, at, found, start):
            sign_text, at = after
            found[start:start] = [*subject, Token("op", sign_text)]
            continue
        found.append(token)
        at += 1
        if token.text in (",", ";", "and", "or"):
            start = len(found)
    return found


def _sign_at(tokens: list[Token], at: int, found: list[Token], start: int) -> tuple[list[Token], int] | None:
    for words, sign in _COMPARISONS.get(word_of(tokens[at]), ()):
        if is_phrase(tokens, at, words) and (
            starts_value(tokens[at + len(words)]) or tokens[at + len(words)].text in CURRENCIES
        ):
            if sign == "=" and len(found) == start:
                return None
            return [Token("op", sign)], at + len(words)
    copula = found and word_of(found[-1]) in COPULAS and len(found) > start + 1
    if copula and found[-2].kind == "sym":
        for words, (sign, number) in _SIGNS.items():
            if is_phrase(tokens, at, words) and (tokens[at + 1].kind == "last" or tokens[at + 1].text in STOPS):
                return [Token("op", sign), Token("num", number)], at + 1
    return None


def _after_at(tokens: list[Token], at: int, found: list[Token], start: int) -> tuple[str, int] | None:
    """Return the sign of `or more` behind a value, with or without a unit between."""
    if tokens[at].text != "or" or len(found) == start or any(t.text in _SIGNED for t in found[start:]):
        return None
    word = word_of(tokens[at + 1])
    if word not in _AFTER:
        return None
    closing = tokens[at + 2]
    if not (closing.kind == "last" or closing.text in STOPS):
        return None
    return _AFTER[word], at + 2


def _ranged(tokens: list[Token]) -> list[Token]:
    """Return `from 3 to 8` and `2 to 4 hours` as chains; `3 to 4` alone is a ratio."""
    start = int(word_of(tokens[0]) == "from")
    middle = start + 1
    if middle + 2 >= len(tokens) or word_of(tokens[middle]) not in ("to", "through"):
        return tokens
    low, high, rest = tokens[start], tokens[middle + 1], tokens[middle + 2 :]
    if not low.kind == high.kind == "num" or not (start or rest[0].kind == "text"):
        return tokens
    rest = rest[1:] if word_of(rest[0]) == "inclusive" else rest
    sign = Token("op", "<=")
    return [low, sign, Token("sym", SOMETHING), sign, high, *rest]


def _between(tokens: list[Token]) -> list[Token]:
    """Return `between 3 and 7` as a chain."""
    at = next((i for i, t in enumerate(tokens) if word_of(t) == "between"), None)
    if at is None:
        return tokens
    middle = next((i for i in range(at + 2, len(tokens)) if tokens[i].text == "and"), None)
    if middle is None:
        return tokens
    head = tokens[:at]
    while head and (word_of(head[-1]) in COPULAS or word_of(head[-1]) in ("lies", "lie")):
        head = head[:-1]
    name = head if head and all(t.kind == "sym" for t in head) else [Token("sym", SOMETHING)] if not head else None
    if name is None:
        return tokens
    sign, rest = Token("op", "<="), tokens[middle + 1 :]
    if word_of(rest[-2]) == "inclusive":
        rest = [*rest[: -3 if rest[-3].text == "," else -2], rest[-1]]
    return [*tokens[at + 1 : middle], sign, *name, sign, *rest]
