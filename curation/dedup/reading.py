r"""A question as its duplicates see it: its words in one spelling, and among them its facts, which no duplicate may change.

Facts are numbers, signs, operators, relations, brackets, TeX commands, variable names, names of points and units, capitalised names
and the words that stand for such (not, even, half, twelve). They bear a `#`. Case, spacing, punctuation, TeX sizing and empty
scripts are gone:

>>> " ".join(read_question(r"Find  $\dfrac34$ of\, $x_{}^{}+1$."))
'find #3 #/ #4 of #x #+ #1'
>>> facts_of(read_question("Add -2 to twice that number!"))
('#-', '#2', '#twice')
"""

import re
import unicodedata
from collections.abc import Iterable

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
"""Capitalised they begin a sentence, though the one before lacks its full stop; they name nobody."""

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

_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_STYLE = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|limits|nolimits|[bB]ig+[lrm]?|quad|qquad|hspace|vspace|hfill|noindent|medskip|bigskip)(?![A-Za-z])"
    r"|\\[,;:! ]|~"
)
_TEXT = re.compile(r"\\(?:text\w*|math(?:rm|bf|it|sf)|mbox|emph|operatorname|hbox)\s*\{([^{}]*)\}")
_DIGIT_FRACTION = re.compile(r"\\[dtc]?frac\s*(?![\d]*[{])(\d)\s*(\d)")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!)(?=\d{3})")
_EMPTY = re.compile(r"[_^]?\s*\{\s*\}")
_FENCE = re.compile(r"(?<!\\)\\[()\[\]]")
_DEGREE = re.compile(r"\^\s*\{?\s*\\circ(?![A-Za-z])\s*\}?")
_OVER = re.compile(r"\{([^{}]*?)\\over(?![A-Za-z])([^{}]*?)\}")
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\s*\{(?:align\w*|equation|split|gather\w*|center|array|displaymath|math)\*?\}"
)
_SHORT_FRACTION = re.compile(r"(?<![\^_])\\frac\s*(\d+|[A-Za-z])\s+(\d+|[A-Za-z])(?=\s*(?:[^\w\\({^\s]|$))")
_BRACED = re.compile(r"(?<!\\)\{\s*((?:-\s*)?(?:\d+(?:\.\d+)?|[^\W\d_]|\\[A-Za-z]+))\s*\}")
_CURRENCY = re.compile(r"\\\$|\$(?=\d[\d,.]*\s+[a-z]{2})")
_OPTION = re.compile(r"(?<![\w\\}])\(([A-J])\)(?=\s)")
_TOKEN = re.compile(
    r"""(?P<letters>[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:['’][a-z]+)?)
    |(?P<fence>\$\$?)
    |(?P<command>\\[A-Za-z]+|\\[^A-Za-z\s])
    |(?P<number>\d+(?:\.\d+)?|(?<![\w)])\.\d+)
    |(?P<glyph>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])
    |(?P<sign>(?<=\d),(?=\s*[-+\d])|(?<=\d)\s*:\s*(?=\d)|(?<=[A-Za-z)}])'+|(?<![A-Za-z]{2})!|(?<![a-z]{2})-|-(?![a-z]{2})
        |_+|[+*/^=<>|%&()\[\]{}]|[^\w\s!-~‘’“”—])""",
    re.VERBOSE,
)
_NO_UNITS = frozenset(("by", "my", "why", "try", "dry", "fly", "sky", "cry", "shy", "mr", "mrs", "dr", "st", "ms"))


def read_question(text: str) -> list[str]:
    """The tokens of a question, facts with a `#` in front."""
    text = _spelled(text)
    tokens: list[str] = []
    in_math = False
    for found in _TOKEN.finditer(text):
        kind, token = found.lastgroup, found.group()
        if kind == "letters" and token not in SYNONYMS:
            lower = token.lower()
            is_fact = (
                in_math or lower in GUARDED or ((len(token) <= 3 or token != lower) and _is_name(token, text, found))
            )
            as_it_stands = is_fact and (in_math or len(token) == 1 or token.isupper())
            tokens.append(("#" if is_fact else "") + (token if as_it_stands else lower))
        elif kind == "fence":
            in_math = not in_math
        elif kind == "glyph":
            tokens.append(token)
        else:
            token = "_" if token[0] == "_" else token.strip()
            if (spelled := SYNONYMS.get(token, token)) not in IGNORED:
                tokens.append(f"#{spelled}")
    return tokens


def facts_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """The facts among the tokens, in their order."""
    return tuple(token for token in tokens if token[0] == "#")


def _spelled(text: str) -> str:
    """One spelling for what TeX and Unicode spell in several ways."""
    text = _SUPERSCRIPT.sub(lambda found: "^{" + unicodedata.normalize("NFKC", found[0]) + "}", text)
    text = unicodedata.normalize("NFKC", text)
    text = _THOUSANDS.sub(",", text)
    text = _STYLE.sub(" ", text)
    text = _DEGREE.sub(r" \\circ ", _FENCE.sub("$", text))
    text = _CURRENCY.sub(" ", _ENVIRONMENT.sub(" ", text))
    text = _OVER.sub(r"\\frac{\1}{\2}", text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac"))
    text = _DIGIT_FRACTION.sub(r"\\frac{\1}{\2}", text)
    for _ in range(2):
        text = _BRACED.sub(r" \1 ", _TEXT.sub(r" \1 ", _EMPTY.sub(" ", text)))
    text = _SHORT_FRACTION.sub(r" \1/\2 ", text)
    return _OPTION.sub(r"\1.", text)


def _is_name(token: str, text: str, found: re.Match[str]) -> bool:
    """Whether letters outside of formulas name a variable, a point, a unit, or a person in the middle of a sentence."""
    lower = token.lower()
    before = text[max(0, found.start() - 4) : found.start()]
    if len(token) == 1:
        return (
            token.isascii()
            and token != "I"
            and not (lower == "a" and _is_article(token, before, text[found.end() :][:9]))
        )
    if token.isupper():
        return True
    if len(token) <= 3 and not set(lower) & set("aeiou") and lower not in _NO_UNITS:
        return True
    return token[0].isupper() and lower not in INSTRUCTIONS and bool(re.search(r"[a-z,][ \t]+$", before))


def _is_article(token: str, before: str, after: str) -> bool:
    starts = not before.strip() or before.strip()[-1] in '.?!:;"('
    return (token == "a" or starts) and bool(re.match(r"\s+(?:[^\W\d_]{2}|\d|\$)", after))
