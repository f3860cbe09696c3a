"""The words of a question, as decontamination compares them: layout, notation and instructions gone, numbers kept.

Comparison is made to find one problem in two data sets, which differ in markup (`∠A=80°`, `angle A = 80.0`), in the list of options, and in
what the model is asked to do. It errs on the side of sameness; what identifies a row is `row.normalise_prompt`.
"""

import re
import unicodedata

MIN_STEM_WORDS = 8
"""A question this long is compared alone; a shorter one ("Which of these is true?") is compared with its options."""

_SYMBOLS = {
    "∠": "angle", "△": "triangle", "▵": "triangle", "Δ": "triangle", "⊙": "circle", "∥": "parallel", "⊥": "perpendicular",
    "▱": "parallelogram", "π": "pi", "√": "sqrt", "≤": "le", "≥": "ge", "∈": "in", "⌒": "arc", "≌": "congruent", "∽": "similar",
}  # fmt: skip
_AS_WORDS = {ord(symbol): f" {word} " for symbol, word in _SYMBOLS.items()}

_NOT_TEXT = re.compile(
    r"\[asy\].*?(?:\[/asy\]|\Z)"  # a figure as code
    r"|<image[ _]?\d{0,3}>|<img[^>]{0,200}>|!\[[^\]]{0,200}\]\([^)]{0,200}\)|\\includegraphics[^}]{0,200}\}",
    re.DOTALL | re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\\boxed\s*\{\s*\}|\b(?:reason|think)\b.{0,20} step[- ]by[- ]step|^answer the question (?:with|using|by)\b"
    r"|^answer with the (?:option|letter)",
    re.IGNORECASE,
)
"""A phrase that says how to answer."""
_MAY_INSTRUCT = re.compile(r"boxed|step|answer", re.IGNORECASE)
_PHRASE_END = re.compile(r"(?<=[.!?])\s+|\n")
_LABEL = re.compile(r"^\s*(?:question|problem|hint)\s*:", re.IGNORECASE)
_OPTIONS = re.compile(
    r"\n[ \t]*(?:answer )?(?:choices|options)[ \t]*:|\bchoices?[ \t]*:[ \t]*\(A\)|\n[ \t]*\[['\"]"
    r"|\s\(A\)\s(?=.{0,300}\(B\))|\n[ \t]*A[.):]\s?(?=.{0,300}\sB[.):])",
    re.DOTALL | re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!|,)(?=\d{3}(?!\d))")
_SPACED_LETTERS = re.compile(r"\b[A-Z](?: [A-Z])+\b")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_SILENT = re.compile(
    r"left|right|text(bf|it|style|rm)?|math(rm|bf|it)|operatorname|displaystyle|q?quad|limits|begin|end|boxed|circ|degree|[cl]?dots?|"
    r"[cdt]?frac|item|bf|rm|it|mbox|[bB]igg?[lr]?|overline|[hv]space"
)
"""Commands that say how something looks."""
_WORD = re.compile(r"\d+(?:\.\d+)?|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")


def question_words(question: str) -> list[str]:
    """The words to compare: of the question without its options, or with them where it is too short to identify a problem.

    >>> question_words("In $\\\\triangle ABC$, if $\\\\angle A=80^{\\\\circ}$, how large is its smallest angle?\\nA. 10\\nB. 20")[:6]
    ['in', 'triangle', 'abc', 'if', 'angle', 'a']
    """
    options = _OPTIONS.search(question)
    stem = words_of(question[: options.start()]) if options else []
    return stem if len(stem) >= MIN_STEM_WORDS else words_of(question)


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers and single Chinese characters; LaTeX and symbols as words; signs and layout gone.

    >>> words_of("If $∠A = 80.0^{\\\\circ}$ and $S=1{,}200$, find $\\\\frac{S}{2}$")
    ['if', 'angle', 'a', '80', 'and', 's', '1200', 'find', 's', '2']
    """
    text = _without_instructions(_NOT_TEXT.sub(" ", unicodedata.normalize("NFKC", text))).translate(_AS_WORDS)
    text = _SPACED_LETTERS.sub(lambda found: found[0].replace(" ", ""), text)  # `$A B C D$` for ABCD
    text = _COMMAND.sub(_command, _THOUSANDS.sub("", text)).casefold()
    return [_number(word) if word[0].isdigit() else word for word in _WORD.findall(text)]


def is_number(word: str) -> bool:
    return word[0].isdigit()


def template_words(words: list[str]) -> list[str]:
    """The words without the numbers: equal for two variants of one problem."""
    return [word for word in words if not is_number(word)]


def _without_instructions(text: str) -> str:
    text = _LABEL.sub("", text)
    if not _MAY_INSTRUCT.search(text):
        return text
    return " ".join(phrase for phrase in _PHRASE_END.split(text) if not _INSTRUCTION.search(phrase))


def _number(word: str) -> str:
    return word.rstrip("0").rstrip(".") if "." in word else word


def _command(found: re.Match[str]) -> str:
    return " " if _SILENT.fullmatch(found[1]) else f" {found[1]} "
