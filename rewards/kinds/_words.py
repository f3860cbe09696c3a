"""Words and option letters in their normal form: what `text`, `choice`, `assignment` and `math` compare by."""

import re
import unicodedata

_WRAPPER = re.compile(
    r"\\(?:text[a-z]*|mathrm|mathbf|boldsymbol|bm|mathit|mathsf|mbox|hbox|operatorname|boxed|fbox|underline|emph|bf|rm)\s*\{([^{}]*)\}"
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
    r"|(?:故|因此|所以|综上|应该?|本题|正确|我|认为|,|\s){0,4}\[?(?:答案|选项|选择|选)\]?(?:应为|应选|为|是)?\s*:?\s*){1,3}",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"(?<!\S)[!~](?=\s?[A-Za-z(])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PRINTED = re.compile(r"[\"\u201c\u201d\u2018\u2019\u300c-\u300f\u3010\u3011\u300a\u300b`_]")
_ARTICLE = re.compile(r"(?<![\w.,;-])(?:[Tt]he|THE|an?|A(?= [a-z]{2})|An|AN)\s+(?=[^\W\d_]{2,})")
_PUNCTUATION = re.compile(
    r"[,;!?()\[\]{}\u3001\u3002\u2026'\u00b7]|\.(?!\d)|(?<!\d)\.(?=\d)(?<![\s])|(?<!\d):|:(?!\d)|(?<=[^\W\d_])[-\u2010\u2011\u2013\u2014](?=\w)|(?<=\d)[-\u2010\u2011](?=[^\W\d_])"
)
_INITIALS = re.compile(r"(?<![\w.])(?:[A-Za-z]\.\s?){2,}(?=$|[\s,;)\w])")
_HAN_SPACE = re.compile("(?<=[\u3007\u4e00-\u9fff]) | (?=[\u3007\u4e00-\u9fff])")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")
_LEAD = re.compile(
    r"\s*(?:(?:so|thus|therefore|hence)\b,?\s*)?(?:(?:the|my)\s+)?(?:(?:final|correct|right)\s+)*answer\s*(?:is|:)\s*:?\s*|\s*(?:故|所以|因此)?(?:最终)?答案(?:是|为)?\s*[:\uff1a]?\s*",
    re.IGNORECASE,
)
_IS_CORRECT = re.compile(
    r"(?<=[A-Za-z)])\s+is\s+(?:the\s+)?(?:correct|right|true)(?:\s+(?:answer|option|choice|one))?\s*\.?$", re.IGNORECASE
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


def bare(text: str) -> str:
    """Return words without case, articles and punctuation, one space between. A hyphen between letters parts words.

    >>> bare("The U.S. Navy"), bare("1,000 men"), bare("-5"), bare("Vitamin A"), bare("ice-cream, please!")
    ('us navy', '1000 men', '-5', 'vitamin a', 'ice cream please')
    """
    text = unicodedata.normalize("NFKC", unwrap(_NEGATED.sub("\u00ac", text)))
    text = _THOUSANDS.sub("", text.lower() if text.isupper() and len(text) > 1 and " " in text else text)
    text = _INITIALS.sub(lambda m: re.sub(r"[.\s]", "", m.group()) + " ", text)
    text = _ARTICLE.sub(" ", _PRINTED.sub(" ", text))
    text = _PUNCTUATION.sub(" ", text)
    return _HAN_SPACE.sub("", " ".join(text.casefold().split()))


def same_words(gold: str, answer: str) -> bool:
    """Return whether two texts have the same words; `north-east` is `north east` and `northeast`."""
    ours, theirs = bare(gold), bare(answer)
    return ours == theirs or (bare(_HYPHEN.sub("", gold)) == theirs) or (ours == bare(_HYPHEN.sub("", answer)))


def without_lead(text: str) -> str:
    """Return an answer without words that only announce it: `So the final answer is`, `答案是`."""
    plain = unwrap(text)
    match = _LEAD.match(plain)
    return plain[match.end() :] if match else text


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
    bare = _IS_CORRECT.sub("", bare).removesuffix("项").removesuffix("选")
    match = _LETTER.match(bare) or _LETTER.match(bare := without_preface(bare))
    if not match or _SEVERAL.match(without_preface(bare)):
        return None
    rest = (match.group(2) or "").strip()
    return None if _ANOTHER.search(rest) else (match.group(1).upper(), rest)


def letter_of(answer: str) -> str | None:
    """Return the letter that an answer names, whatever text follows it."""
    found = None if "mathbb" in answer else split_letter(answer)
    return found[0] if found else None
