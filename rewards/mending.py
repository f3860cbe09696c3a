r"""LaTeX that was damaged on its way into a data set, put right where that is certain.

What storing does to `\frac{1}{4}`: the backslash is lost or doubled, `\f`, `\b`, `\t`, `\r`, `\v`, `\a` and `\n` become the characters
that they stand for, `\\` or `\ ` stays at the end, one `$` of a pair is gone.
"""

import re

_COMMANDS = (
    r"frac|dfrac|tfrac|sqrt|text|textbf|mathrm|mathbf|mathbb|left|right|boxed|binom|overline|pi|theta|alpha|beta|gamma|lambda|infty|times"
    r"|cdot|pm|leq|geq|le|ge|neq|cup|cap|circ|angle|triangle|ln|log|sin|cos|tan|sum|int|quad|begin|end|degree"
)
_WITH_BRACES = r"(?:[dt]?frac|sqrt|text|textbf|mathrm|mathbf|mathbb|boxed|binom|overline)"
_CONTROL = {"\f": "f", "\b": "b", "\t": "t", "\r": "r", "\v": "v", "\a": "a", "\n": "n"}
_TAILS = {
    "\f": r"rac\s*\{|box\s*\{", "\b": r"eta(?![a-z])|inom\s*\{|oxed\s*\{|egin\s*\{|ar\s*\{", "\v": r"ec\s*\{",
    "\t": r"ext\s*\{|heta(?![a-z])|imes(?![a-z])|frac\s*\{|an(?![a-z])|riangle", "\a": r"lpha(?![a-z])|ngle(?![a-z])|pprox",
    "\r": r"ight\s*[)\]}|.\\]|ho(?![a-z])", "\n": r"eq(?![a-z])|abla(?![a-z])",
}  # fmt: skip
_LOST = re.compile(rf"(?<![\\A-Za-z])(?={_WITH_BRACES}\s*\{{|[dt]?frac\d\d)")
_PLUS_MINUS = re.compile(r"(?<![\\A-Za-z])pm\s*\*\s*")
"""As programs write it: `y = pm*(1/2)*x`."""
_BARE_SIZES = re.compile(r"(?<![\\A-Za-z])left(?=\s*[(\[|{\\])"), re.compile(r"(?<![\\A-Za-z])right(?=\s*[)\]|}\\])")
_DOUBLED = re.compile(rf"\\\\(?=(?:{_COMMANDS})(?![A-Za-z]))")
_MISSPELT = re.compile(r"\\rac(?=\s*\{)")
_END = re.compile(r"(?:\s|(?<!\\)\\(?=\s*$)|\\\\|\\[,;:!])+$")
_DOLLAR = re.compile(r"(?<!\\)\$")
_OPEN = re.compile(r"\\(?:[dt]?frac\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*|sqrt)\{([^{}]+)$")
"""The last argument of a command, without its brace: it ends with the text where there is one term in it."""
_LEFT, _RIGHT = re.compile(r"\\left(?![a-z])\s*\.?"), re.compile(r"\\right(?![a-z])\s*\.?")


def unescaped(text: str) -> str:
    r"""Return the text with a backslash where a command lost it to a control character; to be done before white space is stripped.

    >>> unescaped("\x0crac{1}{4}"), unescaped("\times 3")
    ('\\frac{1}{4}', '\\times 3')
    """
    for sign, letter in _CONTROL.items():
        if sign in text:
            text = re.sub(f"{re.escape(sign)}(?={_TAILS[sign]})", f"\\\\{letter}", text)
    return text


def mended(text: str) -> str:
    r"""Return the text with its LaTeX put right.

    >>> mended("frac{1}{4}"), mended(r"\frac{1}{4}\\"), mended(r"$\\sqrt{2}"), mended(r"\frac{1}{4")
    ('\\frac{1}{4}', '\\frac{1}{4}', '\\sqrt{2}', '\\frac{1}{4}')
    """
    text = _MISSPELT.sub(r"\\frac", text)
    text = _LOST.sub(r"\\", text)
    text = _PLUS_MINUS.sub(r"\\pm ", text)
    if all(bare.search(text) for bare in _BARE_SIZES):
        for bare in _BARE_SIZES:
            text = bare.sub(r"\\\g<0>", text)
    if _DOUBLED.search(text) and all(len(run) % 2 == 0 for run in re.findall(r"\\+", text)):
        text = text.replace("\\\\", "\\")
    if r"\begin" not in text or not re.search(r"(?<!\\)\\[a-z]", text):
        text = _DOUBLED.sub(r"\\", text)
    text = _END.sub("", text) or text
    dollars = len(_DOLLAR.findall(text))
    if dollars == 1 and (re.search(r"[\\^_=]", text) or re.search(r"\D\$$", text)) and not re.match(r"-?\$\s?\d", text):
        text = _DOLLAR.sub("", text).strip()
    if len(_LEFT.findall(text)) != len(_RIGHT.findall(text)):
        text = _RIGHT.sub("", _LEFT.sub("", text))
    if (match := _OPEN.search(text)) and not re.search(r"[-+=,\s]", re.sub(r"\([^()]*\)", "", match[1])):
        text += "}"
    return text


def _braces_apart(text: str) -> int:
    """Return how many more braces are printed on one side than on the other."""
    return abs(text.count(r"\{") - text.count(r"\}"))


def damage(text: str) -> str:
    r"""Return what is still wrong with the LaTeX of a text, '' where nothing is seen.

    >>> damage(r"\frac{1}{2"), damage(r"\frac{1}{2}")
    ('braces that do not match', '')
    """
    if not re.search(r"\\[A-Za-z]|[\^_]\{|\d", text):
        return ""
    bare = text.replace("\\\\", " ").replace("\\{", " ").replace("\\}", " ")
    if bare.count("{") != bare.count("}"):
        return "braces that do not match"
    if _braces_apart(text) and r"\begin" not in text and r"\left" not in text:
        return "braces that do not match"
    signs = re.sub(r"\\[{}]", " ", text)
    if sum(map(signs.count, "([")) != sum(map(signs.count, ")]")) and not re.search(
        r"\\[lr]floor|\\[lr]ceil|\\langle", text
    ):
        return "brackets that do not match"
    is_odd = len(_DOLLAR.findall(text)) % 2 == 1 and re.search(r"[\\^_]", text) and not re.match(r"-?\$\s?\d", text)
    return "a $ that does not match" if is_odd else ""
