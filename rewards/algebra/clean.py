r"""From what a model or a data set wrote to plain LaTeX of one style: one minus, one fraction command, no sizing, no
delimiters.

Repairs are those that real rows need: a form feed where `\f` of `\frac` was, doubled backslashes, `<sup>`, full-width
digits.
"""

import re
import unicodedata
from functools import lru_cache

from rewards.algebra.tree import TooBigError
from rewards.algebra.wording.numerals import chinese

MAX_CACHED_CHARS = 200
MAX_CHARS = 4096
"""Longest answer that is parsed, after runs of blanks are collapsed (the limit of inspect_ai's math scorer)."""

_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙ", "0123456789+-()n", strict=True))
_UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "＋": "+", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "÷": r"\div ", "∕": "/", "⁄": "/", "≤": r"\leq ", "≥": r"\geq ", "≦": r"\leq ", "≧": r"\geq ", "⩽": r"\leq ", "⩾": r"\geq ",
    "≠": r"\neq ", "≈": r"\approx ", "≡": r"\equiv ", "±": r"\pm ", "∓": r"\mp ", "∞": r"\infty ", "π": r"\pi ", "√": r"\sqrt ",
    "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "∖": r"\setminus ", "∣": "|", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "θ": r"\theta ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ",
    "δ": r"\delta ", "λ": r"\lambda ", "μ": r"\mu ", "ρ": r"\rho ", "φ": r"\phi ", "ϕ": r"\phi ", "ω": r"\omega ", "σ": r"\sigma ",
    "ε": r"\varepsilon ", "Δ": r"\Delta ", "…": r"\ldots ", "⋯": r"\ldots ", "∠": r"\angle ", "△": r"\triangle ", "°": r"^\circ ",
    "º": r"^\circ ", "℃": r"^\circ C",
    "℉": r"^\circ F", "′": "'", "’": "'", "″": "''", "“": '"', "”": '"', "，": ", ", "；": "; ", "：": ":", "、": ", ",
    "。": ".", "（": "(", "）": ")", "％": r"\%", "‰": " permille",
    "∀": r"\forall ", "∃": r"\exists ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
    "⌉": r"\rceil ", "→": r"\to ", "⇒": r"\Rightarrow ", "⟨": r"\langle ", "⟩": r"\rangle ", "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ",
    "€": " EUR ", "£": " GBP ", "¥": " CNY ", "￥": " CNY ", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    "₹": " INR ", "¢": " cents", "\u200b": "", "\u2061": "", "\u2062": "", "\ufeff": "",
}  # fmt: skip
_CIRCLED = {chr(0x2460 + i): f"({i + 1})" for i in range(20)}
_CIRCLED_RUN = re.compile("([\u2460-\u2473])\\s*(?=[\u2460-\u2473])")
_TRANSLATE = str.maketrans({**_UNICODE, **_CIRCLED})
_VULGAR = re.compile(r"(\d?)([¼½¾⅐-⅞])")
_HAN_TEXT = re.compile("\\\\text\\s*\\{([^{}]*[\u3007\u4e00-\u9fff；，、][^{}]*)\\}")
_WHEN = re.compile(
    r"(?:\\text\s*\{\s*)?[当若](?:\s*\})?([^当若则时]{1,60}?)(?:\\text\s*\{\s*)?(?:时[,，]?则?|[,，]?则)[,，]?(?:\s*\})?"
)
_PARTS = re.compile("(\\d+)\\s*分之\\s*(\\d+)")
_AND_A_HALF = re.compile("(\\d)(?:个半(?=小时|月|星期|世纪)|(?:天|年|小时|公斤|千米)半$)")
_HALF_LEAD = re.compile("^半个?(?=小时|月|年|天|公斤|千克)")
_LOST = re.compile(r"[\x07\x08\x0b\x0c]|\t(?=ext\b|ext\{|imes|frac|heta|an\b)|\r(?=ight|ho\b)")
_LOST_LETTER = {"\x07": r"\a", "\x08": r"\b", "\x0b": r"\v", "\x0c": r"\f", "\t": r"\t", "\r": r"\r"}
_COMMANDS = (
    "frac dfrac tfrac sqrt left right text begin end pi infty cdot times circ pm boxed"
    " sin cos tan log ln le ge leq geq cup cap in quad"
)
_DOUBLED = re.compile(rf"(?<!\\)\\\\(?=(?:{'|'.join(_COMMANDS.split())})(?![a-z]))")
_DOUBLED_ANY = re.compile(r"\\{2,}(?=[A-Za-z()\[\]])")
_NEWLINE = re.compile(r"(?<!\\)\\n(?![a-z])")
_HTML = (
    (re.compile(r"<sup>(.*?)</sup>", re.I), r"^{\1}"),
    (re.compile(r"<sub>(.*?)</sub>", re.I), r"_{\1}"),
    (re.compile(r"<br\s*/?>"), " "),
)
_ORDINAL = re.compile(
    r"(?<=\d)\s*\^\s*\{?\s*(?:\\(?:text[a-z]*|mathrm|mbox|rm)\s*\{?)?\s*(st|nd|rd|th)\s*\}{0,2}(?![A-Za-z])"
)
_MICRO = re.compile(r"\\mu\s*\\(?:text|mathrm|mathsf|rm)\s*\{\s*([A-Za-z]{1,3})\s*\}")
_MICRO_INSIDE = re.compile(r"(\\(?:text|mathrm|mathsf)\s*\{[^{}\\]*)\\mu\s*(?=[A-Za-z])")
_MICRO_BARE = re.compile(r"(?<=\d)\s*\\mu\s*([A-Za-z]{1,2})\s*$")
_US = re.compile(r"\b(?:US|U\.S\.)\s*\\\$")
_R_DOT = re.compile(r"(?<=\d)\s*[rR]\.\s*(?=\d|[a-z]{3})")
_DOTS = re.compile(r"\\text\s*\{\s*((?:\\ldots\s*)+)\}")
_CENTS = re.compile(r"\\(?:cancel|not)\s*\{?\s*c\s*\}?(?![a-z])|\\(?:text)?cent(?![a-z])")
_COUNTING = re.compile(
    r"((?:[,;(]|where|for|all|any)[\s\\,]*[a-z]\s*\\in\s*)\\mathbb\s*\{?[NZ]\}?\s*(?:\^\s*\{?\s*[*+]\s*\}?|_\s*\{?\s*[+*]\s*\}?|_\s*\{\s*>\s*0\s*\})"
)
_REMAINDER = re.compile(r"(?<=\d)(?:\s|\\[ ,;]|~)*\\(?:text|mathrm)\s*\{\s*[rR]\.?\s*\}(?:\s|\\[ ,;]|~)*(?=\d)")
_OHM = re.compile(r"(?<=\d)\s*(?:\\(?:text|mathrm)\s*\{\s*([kMGm])\s*\}|([kMGm]))?\s*\\(?:mathrm\{\s*)?Omega\s*\}?\s*$")
_SIZE = re.compile(r"\\(?:left|right|middle|[bB]ig{1,2}[lrm]?)(?![a-zA-Z])\s*(\.(?!\d))?")
_SKIP = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|nonumber|notag|rm|bf|it|boldmath|mathstrut|strut|centering)(?![a-zA-Z])"
    r"|\\(?:phantom|hspace|vspace|label|tag|color)\*?\{[^{}]*\}|\\(?:mathopen|mathclose)(?![a-z])"
)
_THIN = re.compile(r"(?<=\d)(?:\\[,;:! ]|\{,\}|,\\!|\{,\\!\}|~|\\,)\s*(?=\d{3}(?!\d))")
_COMMA_THIN = re.compile(r"(?<=\d),\s*\\!\s*(?=\d{3}(?!\d))")
_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
_GROUPS = re.compile(r"(?<![\d.,/a-zA-Z}])(\d{1,3}(?: \d{3})+)(?![\d/]| \d)")
_QUOTED_MARK = re.compile(r"\\text\{\s*([,.:;])\s*\}")
_ROOT = re.compile(r"\\sqrt\s*(\d+(?:\.\d+)?)")
_RECURRING = re.compile(r"(?<![\d.])(\d{1,9}\.\d{0,9}?)(\d{1,6}?)\2\2{1,9}\s?(?:\.{3}|\\[lc]?dots)")
_ROMAN_POWER = re.compile(r"(\\(?:mathrm|text|rm)\s*\{[^{}]*\^)\{(-?\d+)\}(?=(?:[^{}]|\{-?\d+\})*\})")
_CHOSEN = re.compile(
    r"\\?(?<![A-Za-z])(?:mathrm\{)?C\}?_\{?(\d{1,4})\}?\^\{?(\d{1,4})\}?(?![\d}])|(?:\{\s*\})?[_^]\{?(\d{1,4})\}?C_\{?(\d{1,4})\}?"
)
_EMPTY_GROUP = re.compile(r"(?<![\\\w])\{\s*\}")
_LINES = re.compile(r"(?<=[)\]\d])[ \t]*\n\s*(?=[(\[\d-])")
_PER_CENT = re.compile(r"\b[Pp]er cent\b(?! per)")
_RANK = re.compile(r"第\s*(\d+|[一二三四五六七八九十百]+)\s*个?(?=[质素偶奇]?数|[大小](?:的|\s*$))")
_THIN_SPACES = ("\\,", "\\;", "\\:", "\\!", "\\ ")
_GLUED = re.compile(r"(?<=[\d)}])(or|and)(?=[A-Z\d(\\])")
_SPACE = re.compile(
    r"(?<!\\)\\[,;:!>]|\\q?quad|\\(?:enspace|thinspace|medspace|thickspace|negthinspace|space|hfill|newline|par)(?![a-zA-Z])"
    r"|(?<!\\)\\ |~|\s+"
)
_DEGREE = re.compile(r"\^\s*\{?\s*(?:\\circ|\\textcirc|\\degree|\\textdegree)\s*\}?|\\degree|\\textdegree|\^\{o\}")
_FRAC = re.compile(r"\\[dtc]frac(?![a-z])")
_BINOM = re.compile(r"\\[dt]binom(?![a-z])")
_DELIMITER = re.compile(r"(?<!\\)\\[()\[\]]")
_EMPHASIS = re.compile(r"^(\*\*|__|`+|\*)(.+)\1$", re.DOTALL)
_BROKEN_BOX = re.compile(r"^\\*(?:begin|f)?box(?:ed)?\s*\{(.*?)(?:\}|(?<!\}))$", re.DOTALL)
_SENTENCE = re.compile(r"^((?:[A-Za-z']+[ ,:]+){2,12})\$([^$]+)\$[\s.]*$")
_NEGATION = re.compile(r"\b(?:not|no|never|except|isn't|or)\b", re.IGNORECASE)


def clean(raw: str) -> str:
    """Return the answer as plain LaTeX. TooBigError when it is longer than any answer."""
    return _cached(raw) if len(raw) <= MAX_CACHED_CHARS else _clean(raw)


def _clean(raw: str) -> str:
    """Return the same, without looking whether it was asked for just now.

    The order counts: what an escape lost is put back before commands are looked for, delimiters go before sizing, thin spaces
    inside numbers before spaces in general. The tests in front of a substitution only save time: most answers are short.
    """
    text = raw.strip()
    if text.isascii() and text.isdigit() and len(text) <= MAX_CHARS:
        return text
    if len(text) > MAX_CHARS:
        text = " ".join(text.split())
        if len(text) > MAX_CHARS:
            raise TooBigError(f"{len(text)} characters, the limit is {MAX_CHARS}")
    text = _without_thin_edges(text)
    if "\n" in text:
        text = _LINES.sub(", ", text)
    if not text.isascii():
        text = _to_ascii(text)
    if not text.isprintable():
        text = _LOST.sub(lambda m: _LOST_LETTER[m.group()], text)
    if "\\n" in text:
        text = _NEWLINE.sub(" ", text)
    if "\\\\" in text:
        text = (_DOUBLED if r"\begin" in text else _DOUBLED_ANY).sub(r"\\", text)
    if "<" in text and ">" in text:
        for tag, latex in _HTML:
            text = tag.sub(latex, text)
    if "er cent" in text:
        text = _PER_CENT.sub("percent", text)
    text = _undelimited(text)
    if "\\" in text:
        text = _SIZE.sub("", text)
        text = _SKIP.sub(" ", text)
        text = _FRAC.sub(r"\\frac", text)
        text = _BINOM.sub(r"\\binom", text)
        text = _DEGREE.sub("°", text.replace("{}^", "^"))
        text = _COMMA_THIN.sub("", text)
        text = _QUOTED_MARK.sub(r"\1", text)
        text = _ROOT.sub(r"\\sqrt{\1}", text)
        text = _US.sub(r"\\$", text.replace(r"\pounds", r"\text{GBP}"))
        if "c" in text and ("cancel" in text or "cent" in text or "not" in text):
            text = _CENTS.sub(r"\\text{ cents}", text)
        if "mu" in text:
            text = _MICRO_INSIDE.sub(r"\1mu", _MICRO.sub(r"\\text{ mu\1}", _MICRO_BARE.sub(r"\\text{ mu\1}", text)))
        if "Omega" in text:
            text = _OHM.sub(lambda m: f"\\text{{ {m[1] or m[2] or ''}Omega}}", text)
        if "rm" in text or "text" in text:
            text = _REMAINDER.sub(" R ", text)
            while (flat := _ROMAN_POWER.sub(r"\1\2", text)) != text:
                text = flat
        if "mathbb" in text:
            text = _COUNTING.sub(r"\1\\mathbb{N}", text)
    if "^" in text:
        text = _ORDINAL.sub(r"\1", text)
    if "C" in text:
        text = _CHOSEN.sub(_chosen, text)
    if "{:}" in text:
        text = text.replace("{:}", ":")
    if "r" in text or "R" in text:
        text = _R_DOT.sub(" R ", text)
    if "ldots" in text:
        text = _DOTS.sub(r"\1", text)
    if "..." in text or "dots" in text:
        text = _RECURRING.sub(r"\1\\overline{\2}", text)
    if "{" in text:
        text = _EMPTY_GROUP.sub("", text)
    if "\\" in text or "{,}" in text or "~" in text:
        text = _THIN.sub("", text)
        text = _DECIMAL_COMMA.sub(".", text)
    text = _SPACE.sub(" ", text)
    if "or" in text or "and" in text:
        text = _GLUED.sub(r" \1 ", text)
    if " " in text:
        text = _GROUPS.sub(lambda m: m.group().replace(" ", ""), text)
    return _trim(text)


_cached = lru_cache(maxsize=256)(_clean)


def _chosen(match: re.Match[str]) -> str:
    """Return `C_{10}^{3}` and `_{10}C_3` as a binomial, unless the upper number is too large for that."""
    n, k = (g for g in match.groups() if g)
    return f"\\binom{{{n}}}{{{k}}}" if int(n) >= int(k) else match.group()


def _without_thin_edges(text: str) -> str:
    r"""Return the text without `\,` and its like at either end."""
    while text[:2] in _THIN_SPACES or text[-2:] in _THIN_SPACES:
        text = (text[2:] if text[:2] in _THIN_SPACES else text[:-2]).strip()
    return text


def _trim(text: str) -> str:
    """Return the text without a final full stop, stray backslashes and quotes at the edges."""
    while True:
        before = text
        text = text.strip().strip('"').removesuffix("\\")
        if text.endswith((".", ",", ";", ":")) and not text.endswith(".."):
            text = text[:-1]
        if text == before:
            return text


def _to_ascii(text: str) -> str:
    text = _CIRCLED_RUN.sub(r"\1, ", text)
    if "第" in text:
        text = _RANK.sub(lambda m: f"{chinese(m[1]) or m[1]}th ", text)
    text = _VULGAR.sub(_vulgar, text)
    text = _HAN_TEXT.sub(r" \1 ", text)
    text = _WHEN.sub(r"\\text{ when }\1\\text{ then }", text)
    text = _PARTS.sub(r"\\frac{\2}{\1}", text)
    if "半" in text:
        text = _HALF_LEAD.sub("0.5", _AND_A_HALF.sub(r"\1.5", text))
    text = re.sub(
        f"[{''.join(map(re.escape, _SUPER))}]+", lambda m: "^{" + "".join(_SUPER[c] for c in m.group()) + "}", text
    )
    text = re.sub(f"[{''.join(_SUB)}]+", lambda m: "_{" + "".join(_SUB[c] for c in m.group()) + "}", text)
    return unicodedata.normalize("NFKC", text.translate(_TRANSLATE)).translate(_TRANSLATE)


def _vulgar(match: re.Match[str]) -> str:
    top, bottom = unicodedata.normalize("NFKC", match.group(2)).split("\u2044")
    return f"{match.group(1)}\\frac{{{top}}}{{{bottom or 1}}}"


def _undelimited(text: str) -> str:
    """Return the text without `$`, `\\(`, `\\[` around or inside, without emphasis marks. A single unpaired `$` is money."""
    if match := _EMPHASIS.match(text.strip()):
        text = match.group(2)
    while match := _BROKEN_BOX.match(text.strip()):
        text = match.group(1)
    if (match := _SENTENCE.match(text.strip())) and not _NEGATION.search(match.group(1)):
        text = match.group(2)  # "We find that $x < 3$."
    if "\\" in text:
        text = _DELIMITER.sub(" ", text)
    if "$" in text:
        plain = text.replace("\\$", "\0")
        plain = plain.replace("$$", " ") if plain.count("$$") % 2 == 0 else plain
        if plain.count("$") % 2 == 0:
            plain = plain.replace("$", " ")
        text = plain.replace("\0", "\\$").replace("$", "\\$").replace("\\\\$", "\\$")
    return text
