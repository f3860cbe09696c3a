"""Operators in words: `5 plus 2`, `5 point 7`, `5 squared`, `the square root of 11`, `half of 40`."""

from rewards.algebra.token import ORDINAL, Token
from rewards.algebra.wording.phrases import COPULAS, STOPS, by_first, is_phrase, starts_value, word_of

_OPERATORS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("plus", "or", "minus"): ("pm",),
    ("out", "of"): ("/",),
    ("in",): ("/",),
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
    ("raised", "to", "the", "power"): ("^",),
    ("raised", "to"): ("^",),
}
_OF_TWO = {"sum": "+", "product": "*", "difference": "-", "quotient": "/"}
_POSTFIX = frozenset((("squared",), ("cubed",), ("factorial",)))
_PREFIX = frozenset((("negative",), ("minus",), ("plus",), ("plus", "or", "minus")))
_FUNCTIONS = {
    ("square", "root", "of"): "sqrt",
    ("cube", "root", "of"): "sqrt [ 3 ]",
    ("cubic", "root", "of"): "sqrt [ 3 ]",
    ("reciprocal", "of"): "1 /",
    ("opposite", "of"): "-",
    ("absolute", "value", "of"): "|",
    ("half", "of"): "1 / 2 *",
    ("twice",): "2 *",
    ("double",): "2 *",
    ("triple",): "3 *",
    ("thrice",): "3 *",
}
"""Words in front of a value, and the tokens that stand there instead."""
_OPERATIONS = by_first(_OPERATORS)
_CALLS = by_first(_FUNCTIONS)


def operators(tokens: list[Token]) -> list[Token]:
    """Return the tokens with operators in words as signs."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text == "log" and (match := _logarithm(tokens, at)):
            new, at = match
            found += new
            continue
        if tokens[at].kind == "text" and (match := _operator_at(tokens, at, found)):
            new, at = match
            found += new
            continue
        found.append(tokens[at])
        at += 1
    return found


def _operator_at(tokens: list[Token], at: int, found: list[Token]) -> tuple[list[Token], int] | None:
    """Return what a phrase says and where it ends; `found` is what stands in front of it."""
    start = at + (word_of(tokens[at]) == "the")
    for words, notation in _CALLS.get(word_of(tokens[start]), ()):
        if is_phrase(tokens, start, words) and starts_value(tokens[start + len(words)]):
            return _function(notation, tokens, start + len(words))
    if (rest := _point(tokens, at, found) or _between(tokens, start) or _turned(tokens, at, found)) is not None:
        return rest
    before = found[-1] if found else Token("last", "")
    if word_of(tokens[at]) == "of" and before.text in ("}", "%") and tokens[at + 1].kind == "num":
        return [Token("op", "*")], at + 1  # two thirds of 9
    for words, signs in _OPERATIONS.get(word_of(tokens[at]), ()):
        end = at + len(words)
        if is_phrase(tokens, at, words) and _fits(words, before, tokens[end]):
            return [Token(_kind(sign), sign) for sign in signs], end
    return _power(tokens, at, before)


def _kind(text: str) -> str:
    return "num" if text.isdigit() else "cmd" if text.isalpha() else "op"


def _power(tokens: list[Token], at: int, before: Token) -> tuple[list[Token], int] | None:
    """Return `to the fourth power`, behind a value, as an exponent."""
    if not is_phrase(tokens, at, ("to", "the")) or not _is_value(before) or tokens[at + 2].kind != "num":
        return None
    end = at + 3
    if tokens[end].text != ORDINAL:
        return None
    end += 1 + (word_of(tokens[end + 1]) == "power" if end + 1 < len(tokens) else 0)
    return [Token("op", "^"), Token("op", "{"), tokens[at + 2], Token("op", "}")], end


def _is_value(token: Token) -> bool:
    return token.kind in ("num", "sym") or token.text in (")", "}", "!", "pi", "e", "infty")


def _fits(words: tuple[str, ...], before: Token, after: Token) -> bool:
    """Return whether an operator has its values: `squared` one in front, `plus` one on either side, `minus` one behind."""
    has_left = _is_value(before)
    if words in (("in",), ("out", "of")) and not before.kind == after.kind == "num":
        return False
    if words in _POSTFIX:
        return has_left
    if words in _PREFIX and starts_value(after):
        starts = before.kind in ("last", "op") or before.text in COPULAS
        return starts or (has_left and words != ("negative",))
    return has_left and starts_value(after)


def _logarithm(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """Return `log base 2 of 5` in notation."""
    if word_of(tokens[at + 1]) != "base" or tokens[at + 2].kind not in ("num", "sym"):
        return None
    end = at + 3 + (word_of(tokens[at + 3]) == "of")
    return [tokens[at]._replace(kind="cmd"), Token("op", "_"), Token("op", "{"), tokens[at + 2], Token("op", "}")], end


def _between(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """Return `sum of 9 and 6` as `(9 + 6)`."""
    sign = _OF_TWO.get(word_of(tokens[at]))
    if sign is None or word_of(tokens[at + 1]) != "of":
        return None
    middle = next((i for i in range(at + 3, len(tokens)) if tokens[i].text == "and"), None)
    if middle is None or not all(_is_plain(t) for t in tokens[at + 2 : middle]):
        return None
    end = middle + 1
    while _is_plain(tokens[end]):
        end += 1
    if end == middle + 1:
        return None
    sides = tokens[at + 2 : middle], tokens[middle + 1 : end]
    opening, closing = Token("op", "("), Token("op", ")")
    return [opening, opening, *sides[0], closing, Token("op", sign), opening, *sides[1], closing, closing], end


def _is_plain(token: Token) -> bool:
    return token.kind in ("num", "sym", "cmd") or token.text in ("{", "}", "^", "+", "-", "*", "/", "(", ")")


def _turned(tokens: list[Token], at: int, found: list[Token]) -> tuple[list[Token], int] | None:
    """Return `5 more than x` as `5 + x`, `5 less than x` as `-5 + x`, `10 choose 3` as a binomial."""
    word, before = word_of(tokens[at]), found[-1] if found else Token("last", "")
    if before.kind != "num" or len(found) > 1:
        return None
    if word == "choose" and tokens[at + 1].kind == "num":
        found.pop()
        brace, end = Token("op", "{"), Token("op", "}")
        return [Token("cmd", "binom"), brace, before, end, brace, tokens[at + 1], end], at + 2
    is_than = word in ("more", "less", "fewer") and word_of(tokens[at + 1]) == "than"
    if is_than and (starts_value(tokens[at + 2]) or word_of(tokens[at + 2]) in _CALLS):
        if word != "more":
            found[-1:] = [Token("op", "-"), before]
        return [Token("op", "+")], at + 2
    return None


def _point(tokens: list[Token], at: int, found: list[Token]) -> tuple[list[Token], int] | None:
    """Put the digits of `5 point 7` behind the number in front; return nothing new, and where they end."""
    before = found[-1] if found else Token("last", "")
    digits, end = "", at + 1
    if word_of(tokens[at]) != "point" or before.kind != "num" or "." in before.text:
        return None
    while tokens[end].kind == "num" and tokens[end].text.isdigit():
        digits, end = digits + tokens[end].text, end + 1
    if not digits:
        return None
    found[-1] = Token("num", f"{before.text}.{digits}", before.spaced)
    return [], end


def _function(notation: str, tokens: list[Token], at: int) -> tuple[list[Token], int]:
    """Return a notation with its argument, which goes on to the next sign, word or closing bracket."""
    head = [Token(_kind(t), t) for t in notation.split()]
    depth, end = 0, at
    while tokens[end].kind != "last":
        text = tokens[end].text
        depth += (text in ("(", "{")) - (text in (")", "}"))
        if depth < 0 or (
            depth == 0 and (text in (*STOPS[:4], "+", "=", "<", ">") or tokens[end].kind == "text") and end > at
        ):
            break
        end += 1
    inner = tokens[at:end]
    if notation == "|":
        return [*head, *inner, *head], end
    opening, closing = ("(", ")") if notation[-1] in "/*-" else ("{", "}")
    return [*head, Token("op", opening), *inner, Token("op", closing)], end
