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

_ASCII_CONTROLS = bytes(number for number in range(0x80) if _CONTROLS.match(chr(number)))

_SWALLOWED = {
    "\x07": ("a", "lpha|ngle|pprox|ast|rc(?:sin|cos|tan)|symp|bs|leph"),
    "\x08": (
        "b",
        "egin|eta|inom|ar|ullet|mod|oxed|igl?|igr|ig(?:cup|cap|oplus|otimes|vee|wedge)|oldsymbol|ecause|ackslash|ot",
    ),
    "\t": ("t", "imes|heta|herefore|ext(?:bf|it|rm)?(?={)|frac|binom|riangle|au|ilde"),
    "\x0b": ("v", "ec|ar(?:phi|theta|epsilon|rho|nothing)|ert|dots|ee"),
    "\x0c": ("f", "rac|loor|orall|box"),
    "\r": ("r", "ight(?:(?:left)?arrow|(?:left)?harpoons|harpoonup)?|ho|floor|ceil|angle|brace|vert|Vert"),
    "\n": ("n", "eq|abla|otin|olimits|onumber|otag|exists(?= *\\\\)|subset(?:eq)?(?= *[A-Z\\\\{])"),
}
_CONTROL_COMMAND = re.compile(
    "|".join(f"(?<!\r){control}(?:{rest})(?![A-Za-z])" for control, (_, rest) in _SWALLOWED.items())
)
_IN_FORMULA = {
    "\t": "an|anh|o|op|ag",
    "\n": "e|u|i|ot|eg|mid|leq|geq|less|gtr|parallel|exists|cong|sim|prec|succ|(?:sub|sup)set(?:eq)?|(?:Left|Right|left|right)+arrow",
}
"""What a formula alone can mean: at the beginning of a line of prose `an`, `exists` and `parallel` are words."""
_FORMULA_COMMAND = re.compile(
    "|".join(f"(?<=[^\\s,;]){control}(?:{rest})(?![A-Za-z])" for control, rest in _IN_FORMULA.items())
)
_MAY_BE_COMMAND = re.compile("[\x07-\x0d]")
_INLINE = re.compile(r"(?<![\\$])\$(?!\$)([^$]{1,400})(?<!\\)\$(?!\$)")

_LATEX = {
    "n": (
        "nabla|natural|nearrow|neg|neq|nequiv|newcommand|newline|newpage|nexists|nleq|ngeq|nless|ngtr|nmid|nparallel|nobreak|nolimits|"
        "noindent|nolinebreak|nonumber|normalsize|normalfont|norm|notin|notag|not|nprec|nsim|nsubset|nsupset|nsucc|ntriangle|num|nvdash|"
        "nvDash|nwarrow|ncong|nRightarrow|nLeftarrow|nLeftrightarrow|nrightarrow|nleftarrow|nleftrightarrow|nVdash|nVDash|nshort|nicefrac|"
        "ne|ni|nu"
    ),
    "t": (
        "tag|tan|tau|tbinom|text|textbf|textit|textrm|textstyle|tfrac|th|the|theta|thetasym|thick|thicksim|thickapprox|thin|tilde|times|"
        "tiny|to|top|tr|triangle|tt|twoheadrightarrow|thousands|tg"
    ),
    "r": "r[A-Za-z{]",
}
_STARTS_COMMAND = {letter: re.compile(commands) for letter, commands in _LATEX.items()}
_ESCAPE = re.compile(r"(?<!\b[A-Za-z]:)(?<!\\)\\(?:r\\n|([nrt]))(?![\"'`])")
_FORMULAS = re.compile(FORMULA, re.DOTALL)
_CODE = re.compile(r"```|\bprintf?\s*\(|\bdef \w+\(|[\"'`]\\n[\"'`]")


def clean_characters(text: str) -> str:
    r"""Unix line ends, plain spaces, NFC, nothing invisible; white space at line ends and repeated blank lines go.

    >>> clean_characters("a\u00a0b\u200b \r\n\r\n\r\nc")
    'a b\n\nc'
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.replace("\u2028", "\n").replace("\u2029", "\n\n")
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
        if not _USES_JOINERS.search(text):
            text = _JOINERS.sub("", text)
        text = unicodedata.normalize("NFC", text)
    text = _without_controls(text)
    if " \n" in text or ("\t" in text and "\t\n" in text) or text.endswith((" ", "\t")):
        text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    return re.sub(r"\n{3,}", "\n\n", text) if "\n\n\n" in text else text


def _without_controls(text: str) -> str:
    """The text without control characters. Those of ASCII are found fastest among bytes, where the others begin with C2."""
    data = text.encode("utf-8", "surrogatepass")
    if b"\xc2" in data:
        return _CONTROLS.sub("", text)
    bare = data.translate(None, _ASCII_CONTROLS)
    return text if len(bare) == len(data) else bare.decode("utf-8", "surrogatepass")


def restore_commands(text: str) -> str:
    r"""A LaTeX command whose first letter was read as an escape: form feed and `rac{1}{2}` become `\frac{1}{2}` again.

    Line breaks and tabs stand before words as well, so there only what is no word counts, and within `$...$` some more.

    >>> restore_commands("\x0crac{1}{2} \times 3 \neq 4, be \x0cfixed")
    '\\frac{1}{2} \\times 3 \\neq 4, be \x0cfixed'
    >>> restore_commands("Let $E=h\nu$ and\nu = 1.")
    'Let $E=h\\nu$ and\nu = 1.'
    """
    if not _MAY_BE_COMMAND.search(text):
        return text
    text = _CONTROL_COMMAND.sub(_command, text)
    if "$" not in text or not _FORMULA_COMMAND.search(text):
        return text
    return _INLINE.sub(lambda formula: _FORMULA_COMMAND.sub(_command, formula[0]), text)


def _command(match: re.Match[str]) -> str:
    return "\\" + _SWALLOWED[match[0][0]][0] + match[0][1:]


def read_escapes(text: str) -> str:
    r"""`\n`, `\r\n` and `\t` written as two characters each become a line break and a tab, where they can be neither LaTeX nor code.

    A letter run that starts with a LaTeX command stays (`\nu`, `\neq`, `\times`), so `\next` stays too; within a formula every command.

    >>> read_escapes(r"Is it true?\r\nOptions:\n- yes $\nu \ne \nabla \nosuch$")
    'Is it true?\nOptions:\n- yes $\\nu \\ne \\nabla \\nosuch$'
    """
    if ("\\n" not in text and "\\t" not in text and "\\r" not in text) or _CODE.search(text):
        return text
    formulas = [match.span() for match in _FORMULAS.finditer(text)]
    number = 0
    pieces, end = [], 0
    for match in _ESCAPE.finditer(text):
        while number < len(formulas) and formulas[number][1] <= match.start():
            number += 1
        in_formula = number < len(formulas) and formulas[number][0] < match.start()
        if _is_command(match, in_formula):
            continue
        pieces += [text[end : match.start()], "\t" if match[1] == "t" else "\n"]
        end = match.end()
    return "".join([*pieces, text[end:]])


def _is_command(match: re.Match[str], in_formula: bool) -> bool:
    letter, rest = match[1], match.string[match.end() - 1 : match.end() + 23]
    if letter is None:
        return False
    if in_formula and rest[1:2].isascii() and rest[1:2].islower():
        return True
    if letter == "t" and rest[1:2].isalpha() and not rest[1:2].isupper():
        return True
    return bool(_STARTS_COMMAND[letter].match(rest))
