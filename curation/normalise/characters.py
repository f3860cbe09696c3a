r"""Characters: line ends, exotic spaces, invisible and control characters, escapes that were read once too often or once too little.

Unicode is composed canonically (NFC) and never by compatibility: NFKC would turn 2² into 22 and ½ into 1⁄2.
"""

import re
import unicodedata

from curation.text.formulas import FORMULA

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\u2061-\u2064\ufeff]")
_JOINERS = re.compile("[\u200c-\u200f\u202a-\u202e]")
_USES_JOINERS = re.compile("[\u0590-\u0dff\ufb1d-\ufdff\ufe70-\ufefc\U0001f000-\U0001faff]")
"""Right-to-left and Indic scripts and emoji: there joiners and direction marks are spelling."""
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_SWALLOWED = {
    "\x07": ("a", "lpha|leph|ngle|pprox|ast|rg|rc(?:sin|cos|tan)"),
    "\x08": ("b", "egin|eta|inom|ar|ullet|mod|ot|oxed|ig(?:[lr]|cup|cap)?|ecause|ackslash|oldsymbol|f(?= )"),
    "\t": ("t", "imes|heta|ext(?:bf|it|rm)?(?={)|frac|binom|riangle|au|ilde"),
    "\x0b": ("v", "ec|ar(?:phi|epsilon|theta|rho|sigma|nothing)|ert|dots|dash|ee"),
    "\x0c": ("f", "rac|lat|rown|loor|orall|box"),
    "\r": ("r", "ight(?:arrow|harpoonup)?|ho|floor|ceil|angle"),
}
_CONTROL_COMMAND = re.compile("|".join(f"{control}(?:{rest})(?![a-z])" for control, (_, rest) in _SWALLOWED.items()))

_IN_FORMULAS = re.compile(
    r"\n(?:abla|eq|eg|exists|otin|ot(?=\\)|olimits|onumber|ewline|earrow|warrow|leq|geq|subseteq|cong)(?![a-z])"
    r"|(?<=[A-Za-z0-9)}] )\ne(?= ?[0-9A-Za-z\\-])(?! ?[a-z]{2})|\t(?:an|o|op|ag|iny)(?![a-z])"
)
"""White space and what may be a word: a command's rest only inside a formula."""
_FORMULA = re.compile(FORMULA, re.DOTALL)

_LATEX_N = (
    "nabla|natural|ne|nearrow|neg|neq|nequiv|newcommand|newline|nexists|ni|nleq|ngeq|nless|ngtr|nmid|nparallel|nobreak|nolimits|"
    "noindent|nolinebreak|nonumber|normalsize|norm|not|notin|nprec|nsim|nsubset|nsupset|nsucc|ntriangle|nu|num|nvdash|nwarrow|ncong|"
    "nRightarrow|nLeftarrow|nLeftrightarrow|nVdash|nVDash"
)
_LATEX_T = (
    "tag|tan|tau|tbinom|text|textbf|textit|textrm|textstyle|tfrac|th|the|theta|thetasym|thick|thicksim|thickapprox|thin|tilde|times|"
    "tiny|to|top|tr|triangle|tt|twoheadrightarrow|thousands|tg"
)
_STARTS_COMMAND = re.compile(rf"(?:{_LATEX_N}|{_LATEX_T})")
_ESCAPE = re.compile(r"(?<!\b[A-Za-z]:)(?<!\\)(?:\\r(?=\\n))?\\([nt])(?![\"'`])|(?<!\\)\\(r)(?=\s|\Z)")
_CODE = re.compile(r"```|\bprintf?\s*\(|\bdef \w+\(|[\"'`]\\n[\"'`]")


def clean_characters(text: str) -> str:
    r"""Unix line ends, plain spaces, NFC, nothing invisible; white space at line ends and repeated blank lines go.

    >>> clean_characters("a\u00a0b\u200b \r\n\r\n\r\nc")
    'a b\n\nc'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.replace("\u2028", "\n").replace("\u2029", "\n\n")
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
        if not _USES_JOINERS.search(text):
            text = _JOINERS.sub("", text)
        text = unicodedata.normalize("NFC", text)
    lines = _CONTROLS.sub("", text).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip(" \t") for line in lines))


def restore_commands(text: str) -> str:
    r"""A LaTeX command whose first letter was read as an escape: form feed and `rac{1}{2}` become `\frac{1}{2}` again.

    >>> restore_commands("\x0crac{1}{2} \times 3, be \x0cfixed")
    '\\frac{1}{2} \\times 3, be \x0cfixed'
    """
    text = _CONTROL_COMMAND.sub(lambda match: "\\" + _SWALLOWED[match[0][0]][0] + match[0][1:], text)
    if "\n" not in text and "\t" not in text:
        return text
    letter = {"\n": "n", "\t": "t"}
    return _FORMULA.sub(
        lambda formula: _IN_FORMULAS.sub(lambda match: "\\" + letter[match[0][0]] + match[0][1:], formula[0]), text
    )


def read_escapes(text: str) -> str:
    r"""`\n` and `\t` written as two characters become a line break and a tab, where they can be neither LaTeX nor code.

    A letter run that starts with a LaTeX command stays (`\nu`, `\neq`, `\times`), so `\next` stays too.

    >>> read_escapes(r"Is it true?\nOptions:\n- yes $\nu \ne \nabla$")
    'Is it true?\nOptions:\n- yes $\\nu \\ne \\nabla$'
    """
    if _CODE.search(text):
        return text

    def read(match: re.Match[str]) -> str:
        if match[2]:
            return "\n"
        rest = text[match.start(1) : match.start(1) + 23]
        if _STARTS_COMMAND.match(rest) or (match[1] == "t" and rest[1:2].isalpha() and not rest[1:2].isupper()):
            return match[0]
        return "\n" if match[1] == "n" else "\t"

    return _ESCAPE.sub(read, text)
