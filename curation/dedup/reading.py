r"""A question as its duplicates see it: its words in one spelling, and among them its facts, which no duplicate may change.

Facts are numbers, signs, operators, relations, brackets, TeX commands, variable names, names of points and units, capitalised names
and the words that mean such (not, even, half, twelve). They bear a `#`. Case, spacing, punctuation, TeX sizing and empty
scripts are gone:

>>> " ".join(read_question(r"Find  $\dfrac34$ of\, $x_{}^{}+1$."))
'find #3 #/ #4 of #x #+ #1'
>>> facts_of(read_question("Add -2 to twice that number!"))
('#-', '#2', '#twice')
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

GUARDED = frozenset(
    """
    no not none never neither nor without except unless even odd plus minus times less more greater fewer least most positive negative
    maximum minimum zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half third quarter twice
    thrice double triple first second fourth fifth sixth seventh eighth ninth tenth last
    """.split()  # noqa: SIM905 - a word list reads better as text
)
"""Words that say as much as a number or a sign."""

INSTRUCTIONS = frozenset(
    """
    find compute calculate determine evaluate what how please solve show give explain express write round use note assume answer
    question problem let suppose think
    """.split()  # noqa: SIM905
)
"""Capitalised, they begin a sentence, though the one before lacks its full stop; they are no names."""

SYNONYMS = {
    "\\le": "\\leq", "≤": "\\leq", "⩽": "\\leq", "\\leqslant": "\\leq", "\\ge": "\\geq", "≥": "\\geq", "⩾": "\\geq", "\\geqslant": "\\geq",
    "\\ne": "\\neq", "≠": "\\neq", "×": "\\times", "·": "\\cdot", "⋅": "\\cdot", "÷": "\\div", "±": "\\pm", "∞": "\\infty",
    "∠": "\\angle", "△": "\\triangle", "⊥": "\\perp", "√": "\\sqrt", "°": "\\circ", "\\degree": "\\circ", "−": "-", "–": "-", "′": "'",
    "\\prime": "'", "\\dots": "\\ldots", "\\cdots": "\\ldots", "…": "\\ldots", "⁄": "/", "\\lbrace": "\\{", "\\rbrace": "\\}",
    "\\lvert": "|", "\\rvert": "|", "\\vert": "|", "\\%": "%", "\\&": "&", "\\_": "_", "\\|": "\\Vert", "\\lt": "<", "\\gt": ">",
}  # fmt: skip
GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma"
    " sigma tau upsilon phi chi psi omega"
)
SYNONYMS |= {chr(ord("α") + i): f"\\{name}" for i, name in enumerate(GREEK.split())}
IGNORED = frozenset({"\\$", '\\"', "\\'", "\\-", "\\/", "\\#", "\\angle", "\\triangle"})

# A pattern that begins with its letter and looks behind that is searched for faster than one that begins by looking behind.
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_STYLE = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|limits|nolimits|[bB]ig+[lrm]?|quad|qquad|hspace|vspace|hfill|noindent|medskip|bigskip)(?![A-Za-z])"
    r"|\\[,;:! ]|~"
)
_TEXT = re.compile(r"\\(?:text\w*|math(?:rm|bf|it|sf)|mbox|emph|operatorname|hbox)\s*\{([^{}]*)\}")
_DIGIT_FRACTION = re.compile(r"\\[dtc]?frac\s*(?![\d]*[{])(\d)\s*(\d)")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!)(?=\d{3})")
_HAS_EMPTY = re.compile(r"\{\s*\}")
_EMPTY = re.compile(r"[_^]?\s*\{\s*\}")
_INLINE = re.compile(r"\\(?<!\\\\)[()\[\]]")
_DEGREE = re.compile(r"\^\s*\{?\s*\\circ(?![A-Za-z])\s*\}?")
_OVER = re.compile(r"\{([^{}]*?)\\over(?![A-Za-z])([^{}]*?)\}")
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\s*\{(?:align\w*|equation|split|gather\w*|center|array|displaymath|math)\*?\}"
)
_SHORT_FRACTION = re.compile(r"\\(?<![\^_]\\)frac\s*(\d+|[A-Za-z])\s+(\d+|[A-Za-z])(?=\s*(?:[^\w\\({^\s]|$))")
_BRACED = re.compile(r"\{(?<!\\\{)\s*((?:-\s*)?(?:\d+(?:\.\d+)?|[^\W\d_]|\\[A-Za-z]+))\s*\}")
_CURRENCY = re.compile(r"\\\$|\$(?=\d[\d,.]*\s+[a-z]{2})")
_OPTION = re.compile(r"\((?<![\w\\}]\()([A-J])\)(?=\s)")
_LETTERS = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:['’][a-z]+)?"
_GLYPH = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_FENCE = r"\$\$?"
_COMMAND = r"\\[A-Za-z]+|\\[^A-Za-z\s]"
_NUMBER = r"\d+(?:\.\d+)?|(?<![\w)])\.\d+"
_SIGN = r"""(?<=\d),(?=\s*[-+\d])|(?<=\d)\s*:\s*(?=\d)|(?<=[A-Za-z)}])'+|(?<![A-Za-z]{2})!|(?<![a-z]{2})-|-(?![a-z]{2})|_+
    |[+*/^=<>|%&()\[\]{}]|[^\w\s!-~‘’“”—]"""
_TOKEN = re.compile(f"{_LETTERS}|{_FENCE}|{_COMMAND}|{_NUMBER}|{_GLYPH}|{_SIGN}", re.VERBOSE)
_IS_LETTERS, _IS_GLYPH = re.compile(_LETTERS), re.compile(_GLYPH)
_NO_UNITS = frozenset(("by", "my", "why", "try", "dry", "fly", "sky", "cry", "shy", "mr", "mrs", "dr", "st", "ms"))
_AFTER_A_WORD = re.compile(r"[a-z,][ \t]+$")
_AFTER_AN_ARTICLE = re.compile(r"\s+(?:[^\W\d_]{2}|\d|\$)")
_LONGEST_KEPT = 4000
"""Letters of a question of which the spellings are kept: a hostile one may be a single word of megabytes."""


def read_question(text: str) -> list[str]:
    """The tokens of a question, facts with a `#` in front."""
    text = _spelled(text)
    found = _TOKEN.findall(text)
    spellings = map(_spellings if len(text) <= _LONGEST_KEPT else _spellings_of, found)
    tokens: list[str] = []
    in_math, at = False, 0
    for token, (in_formula, in_prose, name) in zip(found, spellings, strict=True):
        # `findall` is fast as it keeps no places, so they are searched for: right for letters, which are tokens wherever they occur;
        # a sign may be found before its place, but only letters ask for theirs.
        at = text.find(token, at)
        if token[0] == "$":
            in_math = not in_math
        elif in_math:
            tokens.append(in_formula)
        else:
            tokens.append(name if name and _is_name(token, text, at) else in_prose)
        at += len(token)
    return list(filter(None, tokens))


def _spellings_of(token: str) -> tuple[str, str, str]:
    """A token in a formula, in prose, and, where the text around it decides, as a name."""
    if token in SYNONYMS or not _IS_LETTERS.match(token):
        return (_spelling_of_sign(token),) * 2 + ("",)
    lower = token.lower()
    fact = "#" + (token if len(token) == 1 or token.isupper() else lower)
    if lower in GUARDED or _names_anywhere(token, lower):
        return "#" + token, fact, ""
    in_doubt = lower == "a" or (len(token) > 1 and token[0].isupper() and lower not in INSTRUCTIONS)
    return "#" + token, lower, fact if in_doubt else ""


_spellings = lru_cache(maxsize=1 << 14)(_spellings_of)


def _spelling_of_sign(token: str) -> str:
    """Of what is not letters."""
    if _IS_GLYPH.match(token):
        return token
    token = "_" if token[0] == "_" else token.strip()
    return "" if (spelled := SYNONYMS.get(token, token)) in IGNORED else f"#{spelled}"


def facts_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """The facts among the tokens, in their order."""
    return tuple(token for token in tokens if token[0] == "#")


def _spelled(text: str) -> str:
    """One spelling for what TeX and Unicode spell in several ways."""
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda found: "^{" + unicodedata.normalize("NFKC", found[0]) + "}", text)
        text = unicodedata.normalize("NFKC", text)
    if "\\" not in text and "{" not in text:
        return _OPTION.sub(r"\1.", _CURRENCY.sub(" ", text.replace("~", " ")))
    text = _STYLE.sub(" ", _THOUSANDS.sub(",", text))
    text = _DEGREE.sub(r" \\circ ", _INLINE.sub("$", text))
    text = _CURRENCY.sub(" ", _ENVIRONMENT.sub(" ", text))
    return _OPTION.sub(r"\1.", _without_braces(text))


def _without_braces(text: str) -> str:
    """TeX with its fractions in one spelling and no braces around what is one symbol."""
    if "\\over" in text:
        text = _OVER.sub(r"\\frac{\1}{\2}", text)
    if "frac" in text:
        text = text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
        text = _DIGIT_FRACTION.sub(r"\\frac{\1}{\2}", text)
    for _ in range(2):
        if _HAS_EMPTY.search(text):
            text = _EMPTY.sub(" ", text)
        text = _BRACED.sub(r" \1 ", _TEXT.sub(r" \1 ", text))
    return _SHORT_FRACTION.sub(r" \1/\2 ", text)


def _names_anywhere(token: str, lower: str) -> bool:
    """Whether letters outside of formulas name a variable, a point or a unit, wherever they are."""
    if len(token) == 1:
        return token.isascii() and token != "I" and lower != "a"
    return token.isupper() or (len(token) <= 3 and not set(lower) & set("aeiou") and lower not in _NO_UNITS)


def _is_name(token: str, text: str, start: int) -> bool:
    """Whether the letter a names a variable here; whether a capital letter is that of a person in the middle of a sentence."""
    before = text[max(0, start - 4) : start]
    if len(token) > 1:
        return bool(_AFTER_A_WORD.search(before))
    starts = not before.strip() or before.strip()[-1] in '.?!:;"('
    return not ((token == "a" or starts) and _AFTER_AN_ARTICLE.match(text, start + 1, start + 10))
