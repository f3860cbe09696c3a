"""Words and option letters in their normal form: what `text`, `choice`, `assignment` and `math` compare by."""

import re
import unicodedata

_WRAPPER = re.compile(
    r"\\(?:text[a-z]*|mathrm|mathbf|mathit|mathsf|mbox|hbox|operatorname|boxed|fbox|underline|emph|bf|rm)\s*\{([^{}]*)\}"
)
_SPACING = re.compile(r"\\[,;:! ]|\\q?quad(?![a-z])|~|\\(?=\s|$)|\\[()\[\]]|[$*`]")
_EDGE = " \t\n.,;:!?'\"_()[]{}"
_LETTER = re.compile(
    r"^(?:(?:the\s+)?(?:correct\s+)?(?:answer|option|choice)\s*(?:is)?\s*:?\s*)?[\(\[{]?\s*([A-Za-z])\s*(?:[)\]}.:]+\s*(.*))?$",
    re.I | re.S,
)
_PRIMED = re.compile(r"^[\s$(]*[A-Z]'")
_ANOTHER = re.compile(r"^(?:or|and|,|;|/|&)(?:\W|$)|[\(\[][A-Z][)\]]|\b(?:or|and)\s+[A-Z]\b|(?:^|\s)[A-Z][).:](?:\s|$)")


def unwrap(text: str) -> str:
    """Return the text without LaTeX text commands, spacing and emphasis."""
    for _ in range(4):
        inner = _WRAPPER.sub(r"\1", text)
        if inner == text:
            break
        text = inner
    return _SPACING.sub(" ", text).strip()


def normal(text: str) -> str:
    """Return case-folded words separated by single spaces."""
    text = unicodedata.normalize("NFKC", unwrap(text))
    return " ".join(text.casefold().split()).strip(_EDGE)


def split_letter(answer: str) -> tuple[str, str] | None:
    """Return the letter that an answer names, upper case, and the text after it; None when it names none or more than one."""
    if _PRIMED.match(answer):
        return None
    match = _LETTER.match(" ".join(unwrap(answer).split()).strip(" \t\n$*`\"'.,;"))
    if not match:
        return None
    rest = (match.group(2) or "").strip()
    return None if _ANOTHER.search(rest) else (match.group(1).upper(), rest)


def letter_of(answer: str) -> str | None:
    """Return the letter that an answer names, whatever text follows it."""
    found = None if "mathbb" in answer else split_letter(answer)
    return found[0] if found else None
