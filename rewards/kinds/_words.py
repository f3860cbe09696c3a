"""Words and option letters in their normal form: what `text`, `choice`, `assignment` and `math` compare by."""

import re
import unicodedata

_WRAPPER = re.compile(
    r"\\(?:text[a-z]*|mathrm|mathbf|mathit|mathsf|mbox|hbox|operatorname|boxed|fbox|underline|emph|bf|rm)\s*\{([^{}]*)\}"
)
_SPACING = re.compile(r"\\[,;:! ]|\\q?quad(?![a-z])|~|\\(?=\s|$)|\\[()\[\]]|[$*`]")
_EDGE = " \t\n.,;:!?'\"_()[]{}"
_LETTER = re.compile(
    r"^(?:(?:the\s+)?(?:correct\s+)?(?:answer|option|choice)\s*(?:is)?\s*:?\s*)?[\(\[{]?\s*([A-Za-z])\s*(?:[)\]}.:、]+\s*(.*))?$",
    re.I | re.S,
)
_FULL_WIDTH = str.maketrans(
    {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
    | {ord(full): half for full, half in zip("（）［］【】．：，；。", "()[][].:,;.", strict=True)}
)
_PREFACE = re.compile(
    r"(?:(?:the\s+)?(?:correct\s+|right\s+|final\s+)*(?:answers?|options?|choices?)\b\s*(?:is|are)?\s*:?\s*"
    r"|(?:故|因此|所以|综上|应|本题|正确|,|\s){0,4}(?:答案|选项|选择|选)(?:应为|应选|为|是)?\s*:?\s*){1,3}",
    re.IGNORECASE,
)
_PRIMED = re.compile(r"^[\s$(]*[A-Z]'")
_SEVERAL = re.compile(r"\(?[A-Z]\)?(?:\s*、\s*\(?[A-Z]\)?|\.[A-Z])+(?![A-Za-z'])")
"""`A、C`, `A.C.D`: letters without a text."""
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


def without_preface(text: str) -> str:
    """Return the text with signs in half width and without words that only announce an answer: `故选：`, `The answers are`."""
    text = text.translate(_FULL_WIDTH)
    match = _PREFACE.match(text)
    return text[match.end() :] if match else text


def split_letter(answer: str) -> tuple[str, str] | None:
    """Return the letter that an answer names, upper case, and the text after it; None when it names none or more than one."""
    if _PRIMED.match(answer):
        return None
    bare = " ".join(unwrap(answer).split()).translate(_FULL_WIDTH).strip(" \t\n$*`\"'.,;、")
    match = _LETTER.match(bare) or _LETTER.match(bare := without_preface(bare))
    if not match or _SEVERAL.match(bare):
        return None
    rest = (match.group(2) or "").strip()
    return None if _ANOTHER.search(rest) else (match.group(1).upper(), rest)


def letter_of(answer: str) -> str | None:
    """Return the letter that an answer names, whatever text follows it."""
    found = None if "mathbb" in answer else split_letter(answer)
    return found[0] if found else None
