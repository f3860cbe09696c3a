"""The words of answers: which commands are letters, which symbols are functions, which words only explain; and numerals."""

from __future__ import annotations

from fractions import Fraction

from rewards.algebra.tree import Node, TooBigError

APPLIED = frozenset(["f", "g", "h", "F", "G", "H", "P", "Q", "W", "Pr", "E", "Var"])
"""Symbols before a bracket that read as functions; any other symbol is multiplied."""

NOTES = frozenset(["where", "for", "because", "since", "with", "as", "so", "which", "such", "here", "note", "given"])
"""Words after which an answer only explains itself."""

GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "ell",
        "hbar",
        "partial",
        "nabla",
        "aleph",
        "imath",
        "jmath",
        "zzz",
    ]
)
DECORATIONS = frozenset(
    [
        "overline",
        "bar",
        "hat",
        "widehat",
        "tilde",
        "widetilde",
        "dot",
        "ddot",
        "underline",
        "overarc",
        "overset",
        "angle",
        "triangle",
        "parallelogram",
        "odot",
    ]
)
BIG = frozenset(["sum", "prod", "int", "iint", "oint", "lim", "limsup", "liminf", "bigcup", "bigcap"])
STARTS_ATOM = frozenset(["(", "[", "\\{", "{", "|"])
SEPARATORS = (",", ";", "and", "or")
"""What stands between the members of a list."""

BASES = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "sixteen": 16,
}


class ParseError(ValueError):
    """Not an expression of the subset; the text may still be words."""


def number(text: str) -> Node:
    """A numeral, exactly; `digits` counts the significant digits of a decimal."""
    plain = text.replace(",", "")
    mantissa = plain.lower().split("e")[0]
    digits = len(mantissa.replace(".", "").lstrip("0")) if "." in mantissa.rstrip(".") else 0
    if "e" in plain.lower() and abs(int(plain.lower().split("e")[1])) > 1000:
        raise TooBigError(f"the exponent of {text!r} is over 1000")
    return Node("num", (), Fraction(plain.rstrip(".")), digits)
