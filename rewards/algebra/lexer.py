r"""Tokens of an answer: numbers, symbols, commands, words, brackets and operators.

Two readings are ambiguous and left to the caller: whether `1,234` is one number or two (`thousands`), and, in
`rewards.algebra.reading`, whether `2,74` is a decimal. Inside brackets a comma always separates: `(1,234)` is a pair.
"""

import re
from collections.abc import Sequence

from rewards.algebra.token import ORDINAL, Token
from rewards.algebra.tree import TooBigError
from rewards.algebra.vocabulary import FUNCTIONS, SHORT_WORDS, WORD_COMMANDS, word_set
from rewards.algebra.wording import chinese, numerals, units
from rewards.algebra.wording.phrases import CURRENCIES

MAX_TOKENS = 1500
MAX_DIGITS = 1000


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | \\(?:text[a-z]*|mbox|hbox|mathrm|mathsf|mathit|operatorname\*?)\s*\{(?P<words>[^{}]*)\}
  | \\begin\s*\{(?P<begin>[a-z]+)\*?\}(?:\s*\{[lcr|@\s]*\})?
  | \\end\s*\{(?P<end>[a-z]+)\*?\}
  | (?P<row>\\\\(?:\[[^\[\]]*\])?)
  | (?P<num>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|(?:\d+\.(?![.\d])|\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,4}(?![\dA-Za-z]))?)
  | \\mathbb\s*\{?(?P<set>[A-Z])\}?
  | \\(?P<cmd>[A-Za-z]+)
  | \\(?P<esc>[{}|%$&\#_])
  | (?P<word>[A-Za-z]+)
  | (?P<han>[\u3007\u4e00-\u9fff]+)
  | (?P<op><=|>=|!=|==|\*\*|->|=>|\.\.\.+|[-+*/^_=<>!,;:|()\[\]{}&%°'@?~])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+")

_ALIASES = {
    "leqslant": "<=", "leq": "<=", "le": "<=", "leqq": "<=", "geqslant": ">=", "geq": ">=", "ge": ">=", "geqq": ">=", "lt": "<", "gt": ">",
    "neq": "!=", "ne": "!=", "approx": "~", "simeq": "~", "sim": "~", "thickapprox": "~", "cong": "~", "doteq": "~", "equiv": "==",
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "lbrace": "{", "rbrace": "}",
    "lbrack": "[", "rbrack": "]", "land": "and", "wedge": "and", "lor": "or", "vee": "or", "dots": "...", "ldots": "...", "cdots": "...",
    "dotsc": "...", "dotsb": "...", "dotsm": "...", "vdots": "...", "colon": ":", "rightarrow": "->", "to": "->", "prime": "'",
    "langle": "(", "rangle": ")",
}  # fmt: skip
_SYNONYMS = {"tg": "tan", "ctg": "cot", "arctg": "arctan", "varphi": "phi", "overrightarrow": "vec"}
_ESCAPED = {"{": "\\{", "}": "\\}", "|": "|", "%": "%"}
_STYLES = word_set("mathbf boldsymbol bm mathcal mathscr mathfrak bold mathnormal")
_ORDINAL = frozenset(("st", "nd", "rd", "th"))
_PERCENT = frozenset(("percent", "percentage", "pct", "percents"))
_SEPARATORS = frozenset(("and", "or"))


def tokens(
    text: str, *, thousands: bool = True, digits: bool | None = None, before: Sequence[Token] = ()
) -> list[Token]:
    """Return the tokens of cleaned LaTeX, ending with `last`. Of a part `before` is what stands in front of it, `digits` whether the
    whole has a number. TooBigError over a cap.
    """
    found: list[Token] = []
    digits = any(c.isdigit() for c in text) if digits is None else digits
    position, depth, spaced = 0, 0, False
    size = len(text)
    while position < size:
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes anything
        if match.group("num") and "," in match.group("num") and (depth or not thousands):
            match = _PLAIN.match(text, position) or match
            new = [Token("num", match.group())]
        else:
            new = _classify(match, found or list(before), digits, spaced)
        position = match.end()
        if match.lastgroup == "space":
            spaced = True
            continue
        for token in new:
            if token.text in ("(", "[", "\\{"):
                depth += 1
            elif token.text in (")", "]", "\\}"):
                depth -= 1
            found.append(token._replace(spaced=spaced))
            spaced = False
        if len(found) > MAX_TOKENS:
            raise TooBigError(f"over {MAX_TOKENS} tokens")
    found.append(Token("last", ""))
    return found


def _classify(match: re.Match[str], before: list[Token], digits: bool, spaced: bool) -> list[Token]:
    group, text = match.lastgroup, match.group(match.lastgroup or 0)
    if group == "num":
        if len(text) > MAX_DIGITS:
            raise TooBigError(f"a number of {len(text)} digits, the limit is {MAX_DIGITS}")
        return [Token("num", text)]
    if group == "cmd":
        return _command(text)
    if group == "op":
        if text == "!=" and before and not spaced and (before[-1].kind in ("num", "sym") or before[-1].text == ")"):
            return [Token("op", "!"), Token("op", "=")]  # 6!=720
        return [Token("op", {"...": "...", "**": "^", "==": "=", "=>": "->"}.get(text, text))]
    if group == "word":
        has_script = match.string[match.end() : match.end() + 1] in ("^", "_")
        is_unit = _after_number(before) and units.is_unit(text)
        if len(text) < 4 and has_script and not is_unit and text not in FUNCTIONS and text not in WORD_COMMANDS:
            return [Token("sym", letter) for letter in text]  # Be^{3x}
        is_measured = _after_number(before) or bool(before and before[-1].text == "/")
        if text in _ALSO_WORDS and is_measured and not _ARGUMENT.match(match.string, match.end()):
            return [Token("text", text)]
        return _word(text, before, spaced)
    if group == "han":
        return _han(text, before, digits)
    if group == "words":
        return _words(text, before, digits)
    if group == "esc":
        return [Token("op", _ESCAPED[text]) if text in _ESCAPED else Token("text", text)]
    if group in ("begin", "end", "set"):
        return [Token(group, text)]
    if group == "row":
        return [Token("row", "")]
    return [Token("text", text)] if group == "other" else []


def _command(name: str) -> list[Token]:
    if name in _ALIASES:
        return [Token("op", _ESCAPED.get(_ALIASES[name], _ALIASES[name]))]
    if name in _STYLES:
        return []
    if name in ("top", "intercal"):  # of a transposed matrix
        return [Token("sym", "T")]
    return [Token("cmd", _SYNONYMS.get(name, name))]


def _is_compass(letter: str, before: list[Token]) -> bool:
    """Return whether a letter behind degrees is a point of the compass: `30° E`."""
    return letter in "NESW" and bool(before) and before[-1].text == "°"


def _after_number(before: list[Token]) -> bool:
    return bool(before) and (before[-1].kind in ("num", "text") or before[-1].text in (")", "}", "°", "%", "]"))


def _word(word: str, before: list[Token], spaced: bool) -> list[Token]:
    """Return what a run of letters outside any text command is: a function, words, a unit after a number, or a product of symbols.

    The order of the rules is the order of evidence: a name that is reserved beats what stands before the word, which beats its
    look. Only letters that nothing explains are multiplied, because `xy` is a product and `only` is not.
    """
    lower = word.lower()
    if lower in _SEPARATORS:
        return [Token("op", lower)]
    if word in FUNCTIONS or word in WORD_COMMANDS:
        return [Token("cmd", word)]
    if lower in ("infinity", "inf") or word == "oo":
        return [Token("cmd", "infty")]
    if lower in _PERCENT:
        return [Token("op", "%")]
    if word in CURRENCIES:
        return [Token("text", word)]
    if before and before[-1].kind == "num" and lower in _ORDINAL and not spaced:
        return [Token("text", ORDINAL)]
    if len(word) == 1:
        return [Token("text" if _is_compass(word, before) else "sym", word)]
    if spaced and before and before[-1].kind == "text" and word in ("an", "us", "per", "in", "go"):
        return [Token("text", word)]
    if spaced and before and before[-1].kind == "num" and _LABEL.fullmatch(word) and not set(word) <= _VARIABLES:
        return [Token("text", word)]
    if word == "DNE":
        return [Token("text", word)]
    if _after_number(before) and (
        numerals.is_scale(word) or (units.is_unit(word) and (spaced or not units.is_symbol_pair(word)))
    ):
        return [Token("text", word)]
    if (
        (lower in SHORT_WORDS and not word.isupper())
        or (len(word) >= 4 and word[1:].islower())
        or (len(word) >= 3 and word[0].isupper() and word[1:].islower())
    ):
        return [Token("text", word)]
    for name in sorted(FUNCTIONS, key=len, reverse=True):
        if len(name) >= 3 and word.endswith(name):  # "xsin": a product whose last factor is a function
            return [*(Token("sym", letter) for letter in word[: -len(name)]), Token("cmd", name)]
    return [Token("sym", letter) for letter in word]


def _han(run: str, before: list[Token], digits: bool) -> list[Token]:
    """Return Chinese words as the English words that are known."""
    last = next((t.text for t in reversed(before) if t.kind == "text"), "")
    found: list[Token] = []
    for word in chinese.words(
        run, last, digits=digits, measured=_after_number(before) or bool(before and before[-1].text == "/")
    ):
        if word in _SEPARATORS or word in ("=", "%"):
            found.append(Token("op", word))
        elif word[0].isdigit() or word[0] in "-\\":
            found += [t for t in tokens(word) if t.kind != "last"]
        else:
            found.append(Token("text", word))
    return found


_ALSO_WORDS = frozenset(("floor", "min", "sec", "deg"))
"""Functions that are a unit or a label behind a number, unless an argument follows."""
_ARGUMENT = re.compile(r"\s*[A-Za-z\d\\({^_]")
_VARIABLES = frozenset("abcdefxyz")
_LABEL = re.compile(r"(?=.?[aeiou])[a-z]{3}")
"""Three small letters that may be a word behind a number: `1 box`."""
_INNER = re.compile(r"^[\s(]*([A-Za-z])[\s).]*$")
_PIECE = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\S")


def _words(content: str, before: list[Token], digits: bool) -> list[Token]:
    r"""Return what is in `\text{}`: joining words separate, numbers stay numbers, a single letter is a symbol, the rest is words."""
    content = content.strip()
    if (match := _INNER.match(content)) and _is_compass(match.group(1), before):
        return [Token("text", match.group(1))]
    if match := _INNER.match(content):
        return [Token("text" if _after_number(before) and units.is_unit(match.group(1)) else "sym", match.group(1))]
    if _after_number(before) and content and "," not in content and units.read(content).dimension is not None:
        return [Token("text", content)]
    if chinese.HAN.search(content) or any(c.isdigit() for c in content):
        return [t for t in tokens(content, digits=digits, before=before[-2:]) if t.kind != "last"]
    found: list[Token] = []
    for piece in _PIECE.findall(content):
        lower = piece.lower()
        if lower in _SEPARATORS:
            found.append(Token("op", lower))
        elif lower in _PERCENT:
            found.append(Token("op", "%"))
        elif piece in FUNCTIONS:
            found.append(Token("cmd", piece))
        elif piece in ",;:()":
            found.append(Token("op", piece))
        elif len(piece) == 1 and not found and _after_number(before) and units.is_unit(piece):
            found.append(Token("text", piece))
        elif len(piece) == 1 and piece.isalpha() and not (lower == "a" and content[:2].lower() == "a "):
            found.append(Token("sym", piece))
        else:
            is_ordinal = lower in _ORDINAL and not found and before and before[-1].kind == "num"
            found.append(Token("text", ORDINAL if is_ordinal else piece))
    return found
