"""The words of answers: which commands are letters, which names are functions, which words only explain; and numerals."""

from fractions import Fraction

from rewards.algebra.tree import Node, TooBigError


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, as a set."""
    return frozenset(text.split())


def word_list(text: str) -> tuple[str, ...]:
    """Return the words of a text in order."""
    return tuple(text.split())


def word_table(text: str) -> dict[str, str]:
    """Return what each word of lines like `meaning: word word` means.

    >>> word_table("km: 千米 公里")
    {'千米': 'km', '公里': 'km'}
    """
    lines = (line.rpartition(":") for line in text.strip().splitlines())
    return {word: meaning for meaning, _, words in lines for word in words.split()}


APPLIED = word_set("f g h F G H P Q W Pr E Var")
"""Symbols before a bracket that read as functions; any other symbol is multiplied."""

CONDITIONS = word_set("if when whenever for where provided given with such assuming unless otherwise else elsewhere")
"""Words after which it is said when an answer holds."""
NOTES = word_set("because since as so which here note see")
"""Words after which an answer only explains itself."""

GREEK = word_set("""
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar partial nabla
    aleph imath jmath
""")
FUNCTIONS = word_set("""
    sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth sech csch arsinh arcosh
    artanh ln log lg exp sqrt max min gcd lcm det abs floor ceil arg Re Im deg dim ker tg ctg arctg sgn sign mod
""")
WORD_COMMANDS = word_set("pi theta alpha beta gamma delta lambda mu rho phi omega sigma epsilon infty")
"""Commands that lost their backslash; FUNCTIONS are read without one as well."""
SHORT_WORDS = word_set("""
    and or is the of to no yes odd up sum even if for not all any be by on at so we it as are was has can both each when
    only none true false let out set see but too off her his its two one six ten red per pct day days men
""")
"""Runs of two or three letters that are words, not a product of symbols."""
DECORATIONS = word_set("""
    overline bar hat widehat tilde widetilde dot ddot underline overarc overset angle triangle parallelogram odot
""")
BIG = word_set("sum prod int iint oint lim limsup liminf bigcup bigcap")
STARTS_ATOM = frozenset(["(", "[", "\\{", "{", "|"])
SEPARATORS = (",", ";", "and", "or")
"""What separates the members of a list."""

BASES = dict(two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, twelve=12, sixteen=16)


class ParseError(ValueError):
    """The text is no expression of the subset; it may still be words."""


def number(text: str) -> Node:
    """Return a numeral, exactly; `digits` counts the significant digits of a decimal."""
    plain = text.replace(",", "")
    mantissa = plain.lower().split("e")[0]
    digits = len(mantissa.replace(".", "").lstrip("0")) if "." in mantissa.rstrip(".") else 0
    if "e" in plain.lower() and abs(int(plain.lower().split("e")[1])) > 1000:
        raise TooBigError(f"the exponent of {text!r} is over 1000")
    return Node("num", (), Fraction(plain.rstrip(".")), digits)
