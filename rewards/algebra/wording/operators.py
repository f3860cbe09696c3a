"""Operators in words: `5 plus 2`, `5 point 7`, `5 squared`, `the square root of 11`, `half of 40`."""

from rewards.algebra.token import Token
from rewards.algebra.wording.phrases import COPULAS, STOPS, by_first, is_phrase, starts_value, word_of

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
    ("square", "root", "of"): "sqrt",
    ("cube", "root", "of"): "sqrt [ 3 ]",
    ("cubic", "root", "of"): "sqrt [ 3 ]",
    ("reciprocal", "of"): "1 /",
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
        if tokens[at].kind == "text" and (match := _operator_at(tokens, at, found)):
            new, at = match
            found += new
            continue
        found.append(tokens[at])
        at += 1
    return found


def _operator_at(tokens: list[Token], at: int, found: list[Token]) -> tuple[list[Token], int] | None:
    start = at + (word_of(tokens[at]) == "the")
    for words, notation in _CALLS.get(word_of(tokens[start]), ()):
        if is_phrase(tokens, start, words) and starts_value(tokens[start + len(words)]):
            return _function(notation, tokens, start + len(words))
    before = found[-1] if found else None
    has_left = before is not None and (before.kind in ("num", "sym") or before.text in (")", "}", "!"))
    if (
        is_phrase(tokens, at, ("point",))
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
        is_phrase(tokens, at, ("of",))
        and before is not None
        and before.text in ("}", "%")
        and tokens[at + 1].kind == "num"
    ):
        return [Token("op", "*")], at + 1  # two thirds of 9
    for words, signs in _OPERATIONS.get(word_of(tokens[at]), ()):
        if not is_phrase(tokens, at, words):
            continue
        end = at + len(words)
        has_right = starts_value(tokens[end])
        if words in _POSTFIX:
            if has_left:
                return [Token("num" if s.isdigit() else "op", s) for s in signs], end
        elif (
            words in _PREFIX
            and has_right
            and (not found or before is None or has_left or before.kind == "op" or before.text in COPULAS)
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


def _function(notation: str, tokens: list[Token], at: int) -> tuple[list[Token], int]:
    head = [Token("num" if t.isdigit() else "cmd" if t.isalpha() else "op", t) for t in notation.split()]
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
    opening, closing = ("(", ")") if notation[-1] in "/*" else ("{", "}")
    return [*head, Token("op", opening), *inner, Token("op", closing)], end
