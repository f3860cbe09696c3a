r"""LaTeX that says the same with less: spaces at the ends of formulas, runs of `\ `, the signs that the AoPS wiki spelled as words."""

import re

_DOLLARS = re.compile(r"(?<!\\)(?:\\\\)*(\$+)")
_SPACING = r"(?:(?<!\\)[ \t]|(?<!\\)\\[,!;: ]|(?<!\\)\\q?quad(?![A-Za-z]))"
_LEADING = re.compile(rf"\A{_SPACING}+")
_TRAILING = re.compile(rf"{_SPACING}+\Z")
_NO_FORMULA = re.compile(
    r"(?<![\\A-Za-z{])(?!(?:sin|cos|tan|cot|sec|csc|log|max|min|mod|gcd|lcm|lim|det|exp)\b)[a-z]{3,}"
    r"|\b(?:or|and|to|is|of|in|at|by|if|a)\b(?= )|\n\s*\(?[A-J][.):]",
)
"""A word that is no command, or the next option of a list: the two dollar signs around it are prices."""
_CONTROL_SPACES = re.compile(r"(?<!\\)(?:\\ ){2,}")
_SIGNS = {"plus": "+", "minus": "-", "equal": "="}
_SIGN_WORDS = re.compile(r"(?<!\\)\\(plus|minus|equal)\{\}")


def spell_signs(text: str) -> str:
    r"""`a\plus{}b\equal{}c` as the AoPS wiki once stored it is `a+b=c`.

    >>> spell_signs(r"a\plus{}b\equal{}c\minus{}1")
    'a+b=c-1'
    """
    return _SIGN_WORDS.sub(lambda match: _SIGNS[match[1]], text) if "{}" in text else text


def trim_formulas(text: str) -> str:
    r"""No spaces just inside `$...$` and `$$...$$`. A text in which some pair of dollar signs holds no formula is left alone.

    >>> trim_formulas(r"Let $ x $ be $\, y\ \ z\,$."), trim_formulas("It costs $5 or $6 .")
    ('Let $x$ be $y\\ z$.', 'It costs $5 or $6 .')
    """
    text = _CONTROL_SPACES.sub(r"\\ ", text) if "\\ \\ " in text else text
    if "$" not in text:
        return text
    signs = list(_DOLLARS.finditer(text))
    pieces, end = [], 0
    for opening, closing in zip(signs[::2], signs[1::2], strict=False):
        inside = text[opening.end() : closing.start(1)]
        bare = _TRAILING.sub("", _LEADING.sub("", inside))
        if opening[1] != closing[1] or not bare or _NO_FORMULA.search(inside):
            return text
        pieces += [text[end : opening.end()], bare]
        end = closing.start(1)
    return "".join([*pieces, text[end:]]) if len(signs) % 2 == 0 else text
