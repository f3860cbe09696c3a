"""The words of a question, as decontamination compares them: layout, notation and instructions gone, numbers kept.

Comparison is made to find one problem in two data sets, which differ in markup (`∠A=80°`, `angle A = 80.0`), in the list of options, and in
what the model is asked to do. It errs on the side of sameness; what identifies a row is `row.normalise_prompt`.
"""

import re
import unicodedata
from collections.abc import Callable

MIN_STEM_WORDS = 8
"""A question this long is compared alone; a shorter one ("Which of these is true?") is compared with its options."""

_SYMBOLS = {
    "∠": "angle", "△": "triangle", "▵": "triangle", "Δ": "triangle", "⊙": "circle", "∥": "parallel", "⊥": "perpendicular",
    "▱": "parallelogram", "π": "pi", "√": "sqrt", "≤": "le", "≥": "ge", "∈": "in", "⌒": "arc", "≌": "congruent", "∽": "similar",
}  # fmt: skip
_AS_WORDS = {ord(symbol): f" {word} " for symbol, word in _SYMBOLS.items()}

_FIGURE = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL | re.IGNORECASE)
"""A figure as code."""
_PLACEHOLDER = re.compile(
    r"<\|?image[ _-]?\d{0,3}\|?>|\[IMG\]|<img[^>]{0,200}>|!\[[^\]]{0,200}\]\([^)]{0,200}\)|\\includegraphics[^}]{0,200}\}",
    re.IGNORECASE,
)
_MAY_HOLD_A_PLACE = re.compile(r"[<!\\\[]")
_INSTRUCTION = re.compile(
    r"\\boxed\s*\{\s*\}|\b(?:reason|think)\b.{0,20} step[- ]by[- ]step|^answer the question (?:with|using|by)\b"
    r"|^answer with the (?:option|letter)",
    re.IGNORECASE,
)
"""A phrase that says how to answer."""
_MAY_INSTRUCT = re.compile(r"boxed|step|answer", re.IGNORECASE)
_PHRASE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n")
_LABEL = re.compile(r"^\s*(?:question|problem|hint)\s*:", re.IGNORECASE)
_OPTIONS = re.compile(
    r"\n[ \t]*(?:answer )?(?:choices|options)[ \t]*:|\bchoices?[ \t]*:[ \t]*\(A\)|\n[ \t]*\[['\"]"
    r"|[\s\]]\(A\)\s(?=.{0,300}\(B\))|\n[ \t]*A[.):]\s?(?=.{0,300}\sB[.):])",
    re.DOTALL | re.IGNORECASE,
)
_BETWEEN_OPTIONS = re.compile(
    r"(?:^|\n)[ \t]*(?:answer )?(?:choices?|options)[ \t]*:|(?:(?<=\s)|^)\(?[A-J][.):](?=\s|\d|\$|$)"
    r"|\n|['\"],\s*['\"]|\n[ \t]*\[['\"]|['\"]\]",
    re.IGNORECASE,
)
"""A label, a line's end, or what parts the values of a list."""
_MAY_HAVE_OPTIONS = re.compile(r"[\n(]")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!|,)(?=\d{3}(?!\d))")
_SPACED_LETTERS = re.compile(r"\b[A-Z](?: [A-Z])+\b")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_SILENT = re.compile(
    r"left|right|text(bf|it|style|rm)?|math(rm|bf|it)|operatorname|displaystyle|q?quad|limits|begin|end|boxed|circ|degree|[cl]?dots?|"
    r"[cdt]?frac|item|bf|rm|it|mbox|[bB]igg?[lr]?|overline|[hv]space"
)
"""Commands that say how something looks."""
_NO_SIGN = re.compile(r"[\w\s$.,;:'\"?~&{}\\]+")
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ")
_OPERATIONS = {
    "frac": "/", "dfrac": "/", "tfrac": "/", "cfrac": "/", "div": "/", "times": "*", "cdot": "*", "ast": "*", "pm": "±", "mid": "|",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "lt": "<", "gt": ">", "lvert": "|", "rvert": "|",
}  # fmt: skip
_OPERATION = re.compile(r"[+*/=<>^!|±≤≥]|(?<![^\W\d_]{2})-|-(?![^\W\d_]{2})")
_WORD = re.compile(r"\d+(?:\.\d+)?|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")


def question_words(question: str) -> list[str]:
    """The words to compare: of the question without its options, or with them where it is too short to identify a problem.

    >>> question_words("In $\\\\triangle ABC$, if $\\\\angle A=80^{\\\\circ}$, how large is its smallest angle?\\nA. 10\\nB. 20")[:6]
    ['in', 'triangle', 'abc', 'if', 'angle', 'a']
    """
    return readings(question)[0]


def readings(question: str) -> tuple[list[str], list[str]]:
    """`question_words`, and the words with nothing cut, for what is hidden among them, such as one question behind another with options.
    The second are empty where they would say nothing more."""
    stem = _stem(question)
    kept = _kept(stem)
    words = in_stem = _words(kept)
    options = question[len(stem) :]
    if options and len(in_stem) < MIN_STEM_WORDS:
        words = [*in_stem, *_option_words(options, words_of)]
    # An instruction that is all there is is the question, and so are signs.
    words = words or _words(question) or [sign for sign in question if not sign.isspace()]
    if kept == stem and not options:
        return words, []
    more = [*(in_stem if kept == stem else _words(stem)), *_option_words(options, _words)]
    return words, more if len(more) > len(words) else []


def options_of(question: str) -> set[str]:
    """The options, without their labels and without those that are but a label."""
    options = _BETWEEN_OPTIONS.split(question[len(_stem(question)) :])
    return {
        " ".join(words) for words in map(words_of, options) if words and not (len(words) == 1 and len(words[0]) == 1)
    }


def _option_words(options: str, words: Callable[[str], list[str]]) -> list[str]:
    """Those of the options, which are a set: in any order, under any labels; without the word that asks for the answer."""
    sets = sorted(map(words, _BETWEEN_OPTIONS.split(options))) if options else []
    return [word for option in sets if option != ["answer"] for word in option]


def _stem(question: str) -> str:
    """What stands before the options."""
    options = _OPTIONS.search(question) if _MAY_HAVE_OPTIONS.search(question) else None
    return question[: options.start()] if options else question


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers and single Chinese characters; LaTeX and symbols as words; signs and layout gone.

    >>> words_of("If $∠A = 80.0^{\\\\circ}$ and $S=1{,}200$, find $\\\\frac{S}{2}$")
    ['if', 'angle', 'a', '80', 'and', 's', '1200', 'find', 's', '2']
    """
    return _words(_kept(text))


def _words(text: str) -> list[str]:
    """Those of all of the text but what stands for an image."""
    if _MAY_HOLD_A_PLACE.search(text):
        text = _PLACEHOLDER.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_AS_WORDS)
    text = _SPACED_LETTERS.sub(lambda found: found[0].replace(" ", ""), text)  # `$A B C D$` for ABCD
    text = _THOUSANDS.sub("", text) if "," in text else text
    text = (_COMMAND.sub(_command, text) if "\\" in text else text).casefold()
    return [_number(word) if "." in word else word for word in _WORD.findall(text)]


def signs_of(question: str) -> str:
    """What stands between the words and could change the problem, before the options: signs of arithmetic, of order, brackets.

    >>> signs_of("Compute $3 + 5$."), signs_of("compute 3*5")
    ('+', '*')
    """
    stem = _PLACEHOLDER.sub(" ", _stem(question))
    return _NO_SIGN.sub("", _COMMAND.sub(" ", unicodedata.normalize("NFKC", stem)))


def operations_of(question: str) -> str:
    """The signs of arithmetic and of order before its options.

    >>> operations_of("In a well-known game, $x^2 - \\\\frac{3}{4} < y$.")
    '^-/<'
    """
    text = _DEGREES.sub("", _PLACEHOLDER.sub(" ", _FIGURE.sub(" ", _stem(question)))).translate(
        {ord("×"): "*", ord("÷"): "/"}
    )
    return "".join(_OPERATION.findall(_COMMAND.sub(lambda found: _OPERATIONS.get(found[1], " "), text)))


def is_number(word: str) -> bool:
    return word[0].isdigit()


def template_words(words: list[str]) -> list[str]:
    """The words without the numbers: equal for two variants of one problem."""
    return [word for word in words if not word[0].isdigit()]


def _kept(text: str) -> str:
    """The text without figures and instructions; itself where it has none."""
    kept = _LABEL.sub("", _FIGURE.sub(" ", text) if "[" in text else text)
    if not _MAY_INSTRUCT.search(kept):
        return kept
    phrases = _PHRASE_END.split(kept)
    others = [phrase for phrase in phrases if not _INSTRUCTION.search(phrase)]
    return kept if len(others) == len(phrases) else " ".join(others)


def _number(word: str) -> str:
    return word.rstrip("0").rstrip(".")


def _command(found: re.Match[str]) -> str:
    return " " if _SILENT.fullmatch(found[1]) else f" {found[1]} "
