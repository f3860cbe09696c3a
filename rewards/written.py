r"""Lists and mappings that a text writes: in JSON, Python or numpy, with labels, one item a line, or between signs.

["x", "y"]   {'A': 'x', 'B': 'y'}   ['x' 'y']   array(['x', 'y'], dtype=object)   [x, y]
A. x B. y    1) x 2) y    {(a) x (b) y}    x | y    x; y    - x (one a line)
"""

import ast
import json
import re
from typing import Any

from rewards.options import options_in

_HEADING = re.compile(r"\A\s*(?:the\s+)?(?:options|choices|answer choices|选项)\s*[:：]?[ \t]*\n", re.IGNORECASE)
_BULLETED = re.compile(r"[-*•·]\s+(.+)")
_NUMPY = re.compile(r"""\[\s*((?:(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|None|nan|True|False)\s*)+)\]""")
_NUMPY_ITEM = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|None|nan|True|False""")
_NUMPY_NUMBERS = re.compile(r"\[\s*-?[\d.]+(?:e[-+]?\d+)?(?:\s+-?[\d.]+(?:e[-+]?\d+)?)*\s*\]")
_BREAK = re.compile(r"<br\s*/?>|</?(?:p|li|ul|ol|div)>", re.IGNORECASE)
_WORDS = {"null": None, "None": None, "nan": None, "NaN": None, "NA": None, "true": "True", "false": "False"}
_CALLS = frozenset(("array", "list", "tuple", "Series", "OrderedDict"))


def literal(text: str) -> Any:
    """Return the list or mapping that a text writes in JSON, Python or numpy; None where it writes none."""
    if not text.startswith(("[", "{", "(", "array", "np.array", "OrderedDict", "dict")):
        return None
    if (match := _NUMPY.fullmatch(text)) and len(items := _NUMPY_ITEM.findall(match[1])) > 1:
        return [_WORDS[item] if item in _WORDS else _quoted(item) for item in items]
    if _NUMPY_NUMBERS.fullmatch(text) and len(text[1:-1].split()) > 1:
        return text[1:-1].split()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _evaluated(ast.parse(text, mode="eval").body)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _quoted(item: str) -> str:
    try:
        return str(ast.literal_eval(item.replace("\n", "\\n")))
    except (ValueError, SyntaxError):
        return item.strip("'\"")


def _evaluated(node: ast.expr) -> Any:
    """The value of a literal, of `array([...], dtype=object)` and of `nan` as pandas and numpy print them; ValueError for any other."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_evaluated(item) for item in node.elts]
        case ast.Dict() if None not in node.keys:
            return {_evaluated(key): _evaluated(item) for key, item in zip(node.keys, node.values, strict=True) if key}
        case ast.Name() if node.id in _WORDS:
            return _WORDS[node.id]
        case ast.Call() if node.args and ast.unparse(node.func).rsplit(".", 1)[-1] in _CALLS:
            return _evaluated(node.args[0])
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    raise ValueError(f"no literal: {ast.unparse(node)[:80]}")


def listed(text: str) -> Any:
    """The options that a text lists with their labels, one a line, or between signs; the text itself where it lists none."""
    text = _BREAK.sub("\n", re.sub(r"\\n(?![a-z])", "\n", text) if "\n" not in text else text).strip()
    text = _HEADING.sub("", text)
    is_enclosed = text[:1] in "{[" and text[-1:] in "}]"
    if is_enclosed:
        text = text[1:-1].strip()
    if options := options_in(text):
        return _without_signs(options)
    if numbered := _numbered(text):
        return dict(zip(numbered, _without_signs(list(numbered.values())), strict=True))
    lines = [_BULLETED.fullmatch(line.strip()) for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and all(lines):
        return [line[1] for line in lines if line]
    for sign in ("\n", "\t", "|", ";", "；", " / ", *([","] if is_enclosed and not re.search("['\"]", text) else [])):
        parts = [part.strip() for part in text.strip(sign).split(sign)]
        parts = [part for part in parts if part] if sign == "\n" else parts
        if len(parts) > 1 and all(parts):
            return parts
    return text


def _without_signs(options: list[str]) -> list[str]:
    """Options without a sign between them that all but the last end with: `A) x | B) y`."""
    for sign in "|/;":
        if all(option.endswith(sign) for option in options[:-1]):
            return [option.removesuffix(sign).strip() for option in options]
    return options


def _numbered(text: str) -> dict[str, str]:
    """The options of `1. x 2. y`, `(1) x (2) y`, `a) x b) y` and `① x ② y` by their labels; {} where the text lists none."""
    for label in (r"(?:(?<=\s)|\A)\(?{0}[).:](?!\d)\s*", r"(?:(?<=\s)|\A)\(?{1}\)\s*", "{2}\\s*"):
        parts: list[str] = []
        rest = text
        for place in range(26):
            names = (str(place + 1), chr(ord("a") + place), chr(ord("①") + min(place, 19)))
            head, *tail = re.split(label.format(*names), rest, maxsplit=1)
            if not tail:
                break
            parts.append(head.strip(" \n;,；，"))
            rest = tail[0]
        options = [*parts[1:], rest.strip(" \n;,；，")] if parts and not parts[0] else []
        if len(options) > 1 and all(options):
            return {
                chr(ord("A") + place) if "{1}" in label else str(place + 1): text for place, text in enumerate(options)
            }
    return {}
