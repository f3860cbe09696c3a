"""Remainders of division: `50 remainder 5`, `50 R 5`, `50 ... 5`, `quotient 50, remainder 5`."""

from rewards.algebra.token import Token
from rewards.algebra.vocabulary import word_set
from rewards.algebra.wording.phrases import word_of

_REMAINDERS = word_set("remainder rem remaining")
_LEFT = word_set("left leftover")
_REMAINDER_NOISE = word_set("with a and the of is leaving leaves")


def remainders(tokens: list[Token]) -> list[Token]:
    """Return `50 remainder 5`, `50 R 5`, `50 ... 5` and `quotient 50, remainder 5` with the sign `rem`."""
    if word_of(tokens[0]) in _REMAINDERS | {"quotient"} and not any(_is_part(t) for t in tokens[1:]):
        return _named(tokens)
    tokens = _left_over(_quotient_first(tokens))
    at = next((i for i, t in enumerate(tokens) if _parts_remainder(tokens, i)), None)
    if at is None:
        return tokens
    left, right = tokens[:at], tokens[at + 1 :]
    equal = max((i for i, t in enumerate(left) if t.text == "="), default=-1)
    if tokens[at].text in ("...", "R") and equal >= 0:
        left = left[equal + 1 :]  # 125 / 8 = 15 ... 5
    while left and (left[-1].text in (",", ";", "and", "=", "...", "(") or word_of(left[-1]) in _REMAINDER_NOISE):
        left = left[:-1]
    closing = tokens[at - 1].text == "(" if at else False
    while right and (right[0].text in ("=", ":", "...") or word_of(right[0]) in _REMAINDER_NOISE):
        right = right[1:]
    if closing:
        right = [t for t in right if t.text != ")"]
    if left and word_of(left[0]) == "the":
        left = left[1:]
    if left and word_of(left[0]) == "quotient":
        left = left[1:]
        while left and (left[0].text in ("=", ":") or word_of(left[0]) in ("is", "of")):
            left = left[1:]
    if not left or len(right) < 2:
        return tokens
    return [*left, Token("op", "rem", True), *right]


def _left_over(tokens: list[Token]) -> list[Token]:
    """Return `19 with 4 left over` as `19 remainder 4`."""
    end = -3 if word_of(tokens[-2]) == "over" and len(tokens) > 3 else -2
    middle = next((i for i, t in enumerate(tokens) if word_of(t) == "with"), 0)
    if not middle or len(tokens) < 5 or word_of(tokens[end]) not in _LEFT:
        return tokens
    return [*tokens[:middle], Token("text", "remainder", True), *tokens[middle + 1 : end], tokens[-1]]


def _quotient_first(tokens: list[Token]) -> list[Token]:
    """Return `remainder 7, quotient 5` in the other order."""
    middle = next((i for i, t in enumerate(tokens) if i and word_of(t) == "quotient"), None)
    if middle is None or word_of(tokens[0]) not in _REMAINDERS:
        return tokens
    first, second = tokens[:middle], tokens[middle:-1]
    while first and (first[-1].text in (",", ";", "and") or word_of(first[-1]) in _REMAINDER_NOISE):
        first = first[:-1]
    return [*second, Token("op", ","), *first, tokens[-1]]


def _named(tokens: list[Token]) -> list[Token]:
    """Return `remainder is 7` as a value with this label."""
    rest = tokens[1:]
    while word_of(rest[0]) in ("is", "of") or rest[0].text in ("=", ":"):
        rest = rest[1:]
    if rest[0].kind != "num" or rest[1].kind != "last":
        return tokens
    return [rest[0], tokens[0]._replace(text=f"as {tokens[0].text}", spaced=True), rest[1]]


def _is_part(token: Token) -> bool:
    return word_of(token) in _REMAINDERS or token.text in (",", ";", "and", "...")


def _parts_remainder(tokens: list[Token], at: int) -> bool:
    token, before, after = tokens[at], tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
    if before is None or after is None:
        return False
    if token.kind == "text" and token.text.lower() in _REMAINDERS:
        return after.kind != "last"
    if token.kind in ("sym", "text") and token.text in ("R", "r") and before.kind == after.kind == "num":
        return token.text == "R" or token.spaced
    is_end = at + 2 < len(tokens) and tokens[at + 2].kind == "last"
    start = max((i + 1 for i, t in enumerate(tokens[:at]) if t.text == "="), default=0)
    return token.text == "..." and after.kind == "num" and is_end and at > 0 and tokens[start].kind == "num" and {
        t.text for t in tokens[start + 1 : at + 1]} == {"..."}  # fmt: skip
