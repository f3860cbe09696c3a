"""What a piece of JSON text holds, in the dialects that files come in.

NaN is null, as pandas writes it where a value is missing; Infinity is the text. A float that would not be written the same again stays
as it was written, as a Decimal: `32.40`. Where strict JSON fails, the piece is read once more with what Python and JavaScript write:
single quotes, None, True, tuples, trailing commas, comments, keys without quotes. A call such as `array([1])` is neither.
"""

import ast
import codecs
import json
import re
import string
from decimal import Decimal
from typing import Any

from curation.sources.formats.limits import MAX_VALUES


class DoubledKeyError(ValueError):
    """An object has a key twice, with different values."""


class TooManyValuesError(ValueError):
    """More than `MAX_VALUES` values in one piece."""


def decode(raw: bytes) -> Any:
    """The value of a piece of JSON text in UTF-8.

    >>> decode(b"{'a': (1, NaN, None), b: True,}")
    {'a': [1, None, None], 'b': True}

    Raises:
        DoubledKeyError, TooManyValuesError: as they say.
        RecursionError: nested too deep.
        json.JSONDecodeError, ValueError: not JSON, in no dialect; the position is that of strict JSON.
    """
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_VALUES:
        raise TooManyValuesError(f"more than {MAX_VALUES} values")
    text = raw.decode("utf-8", "surrogatepass")
    try:
        return _STRICT.decode(text)
    except json.JSONDecodeError as error:
        try:
            plain = _DIALECT.sub(_as_json, text)
        except (ValueError, SyntaxError):
            raise error from None
        try:
            return _STRICT.decode(plain)
        except json.JSONDecodeError:
            raise error from None


def is_cut_off(raw: bytes) -> bool:
    """Whether a piece that is not JSON is the beginning of some: with its texts, lists and objects closed where it ends, it is.

    >>> is_cut_off(b'{"q": [1, "tw'), is_cut_off(b'{"q": [1, tw]')
    (True, False)
    """
    try:
        text = codecs.getincrementaldecoder("utf-8")("surrogatepass").decode(raw)  # without half a character at the end
    except UnicodeDecodeError:
        return False
    inside, quote = list[str](), ""
    for mark in _MARK.finditer(text):
        if mark[0] in _CLOSING:
            inside.append(_CLOSING[mark[0]])
        elif mark[0][0] in ("'", '"'):
            if not mark.lastindex:
                quote, text = mark[0][0], text[: mark.end()]
        elif not inside or inside.pop() != mark[0]:
            return False
    whole = _CUT_ESCAPE.sub(r"\1", text) + quote if quote else text.rstrip(_OF_WORDS)
    return bool(inside or quote) and any(_is_value(whole + more + "".join(reversed(inside))) for more in _MORE)


_CLOSING = {"{": "}", "[": "]", "(": ")"}
_MARK = re.compile(r"""[\[\]{}()]|"(?:[^"\\]++|\\.)*+(")?|'(?:[^'\\]++|\\.)*+(')?""", re.DOTALL)
"""A bracket, or a quoted text with its end where it has one."""
_CUT_ESCAPE = re.compile(r"((?<!\\)(?:\\\\)*+)\\u[0-9a-fA-F]{0,3}\Z")
_OF_WORDS = f"{string.ascii_letters}{string.digits}_$-+."
_MORE = ("", "null", ": null")
"""What may be missing in front of the closing brackets."""


def _is_value(text: str) -> bool:
    try:
        decode(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return False
    return True


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen and seen[key] != value:
                raise DoubledKeyError(f"key {key!r} stands twice, with {seen[key]!r:.60} and {value!r:.60}")
            seen[key] = value
    return found


def _number(text: str) -> float | Decimal:
    number = float(text)
    return number if repr(number) == text else Decimal(text)


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


_STRICT = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_number, parse_constant=_constant, strict=False)
"""Not strict about a line break or a tab inside a text."""
_DIALECT = re.compile(
    r"""(?P<text>u?"(?:[^"\\]|\\.)*+"|u?'(?:[^'\\]|\\.)*+')
    |(?P<comment>//[^\n]*+|/\*.*?\*/)
    |(?P<comma>,(?=(?:\s|//[^\n]*+|/\*.*?\*/)*+[\]})]))
    |(?P<number>[-+]?\d[\d.]*+(?:[eE][-+]?\d++)?)
    |(?P<word>-?[A-Za-z_$][\w$.]*+)(?P<named>\s*+:)?
    |(?P<tuple>[()])""",
    re.DOTALL | re.VERBOSE,
)
_WORDS = {"None": "null", "True": "true", "False": "false", "nan": "null", "NaN": "null", "undefined": "null"} | {
    word: word for word in ("null", "true", "false")
}
_ENDLESS = {"Infinity": "Infinity", "inf": "Infinity", "-Infinity": "-Infinity", "-inf": "-Infinity"}


def _as_json(match: re.Match[str]) -> str:
    """One token as JSON writes it."""
    whole = match[0]
    match match.lastgroup:
        case "text":
            return _as_json_text(whole)
        case "comment":
            return " "
        case "comma":
            return ""
        case "tuple":
            return "[" if whole == "(" else "]"
        case "named":
            return f"{json.dumps(match['word'])}:"
        case "word":
            if whole in _ENDLESS:
                return json.dumps(_ENDLESS[whole])
            if whole not in _WORDS:
                raise ValueError(f"unknown word {whole!r}")
            return _WORDS[whole]
    is_key = re.match(r"\s*+:", match.string[match.end() : match.end() + 20])
    return json.dumps(whole) if is_key else whole


def _as_json_text(token: str) -> str:
    """A quoted text of either language."""
    if token[0] == '"':
        try:
            json.loads(token, strict=False)
            return token
        except ValueError:
            pass
    return json.dumps(ast.literal_eval(token))
