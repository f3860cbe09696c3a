"""Flags of text: what a template, a wrong field, a wrong encoding or a web page leaves in a question."""

import re
from typing import Self

from curation.reading.flag import Finding, Flag, Lookup, RowFlag, around
from curation.reading.view import View

_KEYS = "text|label|labels|choices|options|option|answer|role|content|type|bytes|path|url|image|value|from"
_CODE = re.compile(
    r"\barray\(\[|\bdtype=(?:object|int|float|['<])|<PIL\.|\bb'\\x[0-9a-f]{2}|\bb'(?:\\x89PNG|\\xff\\xd8)|\bOrderedDict\(|data:image/\w+;base64,"
    rf"|[\[{{(,]\s*['\"](?:{_KEYS})['\"]\s*:"
    r"|^[ \t]*(?:[\w ]{1,30}:[ \t]*)?\[\s*(?:'[^'\n]{2,}'|\"[^\"\n]{2,}\")(?:,?\s*(?:'[^'\n]*'|\"[^\"\n]*\"))*\s*\][ \t]*$"
    r"|\[\s*'[^'\n\]]+'(?:,?\s+'[^'\n\]]+')+\s*\]|(?:[Oo]ptions|[Cc]hoices): ?\[\s*['\"\d]",
    re.MULTILINE,
)
_CODE_SIGNS = (
    "array([", "dtype=", "<PIL", "b'\\x", "Dict(", "data:image", "':", '":', "' :", '" :', "['", '["', "[ '", '[ "', "ptions:", "hoices:",
)  # fmt: skip
"""One of them stands in whatever the pattern matches."""


class CodeInQuestion(RowFlag):
    """Python or JSON text in a question or an option: a list or a mapping was written where its text should stand."""

    name = "code_in_question"
    remedy = "name the text inside by a dotted path (choices.text), or the field as `fields.options`"

    def quote(self, row: View) -> str | None:
        return found_in([row.question, *row.choices], _CODE, _CODE_SIGNS)


class CodeInGold(RowFlag):
    """A gold that is the text of a Python or JSON list or mapping."""

    name = "code_in_gold"
    remedy = "name the answer inside by a dotted path (answer.text), or say `gold.several`"

    def quote(self, row: View) -> str | None:
        if not row.gold or row.row.answer_kind not in ("math", "text", "number"):
            return None
        return row.gold if _CODE.search(row.gold) or _LITERAL.match(row.gold) else ""


_LITERAL = re.compile(r"\A\{\s*['\"]\w[^{}]*['\"]\s*:|\A\[\s*(['\"])[^\n]*\1\s*\]\Z")

_HTML = re.compile(
    r"<(?:img|br|hr|div|span|table|tbody|tr|td|th|ul|ol|li|font|strong|blockquote|iframe|script|style|h[1-6])\b[^<>]{0,300}>"
    r"|<(?P<tag>p|b|i|u|a|em|sub|sup|center)\b[^<>]{0,300}>[^<>]{0,300}</(?P=tag)\s*>|</?p>|&(?:nbsp|lt|gt|amp|quot|#\d{2,5});",
    re.IGNORECASE,
)


class HtmlInQuestion(RowFlag):
    """The markup of a web page in a question: what it marked up (powers, tables, images) is not where a model would see it."""

    name = "html_in_question"
    remedy = "take the markup out of the data first (images into a field of their own)"

    def quote(self, row: View) -> str | None:
        return found_in([row.question, *row.choices], _HTML, ("<", "&"))


_MISSING = re.compile(
    r"(?:\A|\n|(?<![A-J]):)[ \t]*(?:nan|NaN|None|null|NULL|<NA>|NaT|undefined)[ \t]*(?=\n|\Z)|<NA>|\A(?:nan|NaN|null)\b|\b(?:nan|NaN)\s*\Z"
    r"|:[ \t]*(?:None|null|NULL|undefined)[ \t]+(?=[A-Z]\w*:)"
    r"|(?<![\w\\$-])nan(?![\w-])|\[object Object\]|(?<![\\\w^{])\{\{\s*[a-z_]{4,}\s*\}\}"
)
_MISSING_SIGNS = ("nan", "NaN", "None", "null", "NULL", "<NA>", "NaT", "undefined", "[object", "{{")
_MISSING_OPTION = re.compile(r"\A\s*(?:nan|NaN|<NA>|NaT|\[object Object\])\s*\Z")
_MISSING_GOLD = re.compile(r"\A\s*(?:nan|NaN|<NA>|NaT|None|null|NULL|\[object Object\])\s*\Z")


class NanText(RowFlag):
    """`nan`, `None`, `null` or `[object Object]` in the place of a text: a missing value that was written out."""

    name = "nan_text"
    remedy = "leave the field out of the template, or list the word under `gold.missing`"

    def quote(self, row: View) -> str | None:
        if quote := found_in([row.question], _MISSING, _MISSING_SIGNS):
            return quote
        if any(map(_MISSING_OPTION.match, row.choices)):
            return f"an option of {row.choices}"
        is_text = row.row.answer_kind in ("math", "text", "number")
        return f"the gold {row.gold!r}" if is_text and _MISSING_GOLD.match(row.gold) else ""


_RUN = re.compile(r"[\u0080-\u00ff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2,}")
_LOST = re.compile("\ufffd|锟斤拷|烫烫烫")
_EXPECTED = re.compile(r"[\u00a0-\u024f\u0370-\u052f\u2000-\u22ff\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]+\Z")
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Mojibake(RowFlag):
    """Text that was decoded with the wrong encoding: `Ã©` for `é`, `â€™` for an apostrophe, the replacement character."""

    name = "mojibake"
    remedy = "give the file's `encoding` (utf-8, cp1252, gbk, ...)"
    share = 0.01

    def quote(self, row: View) -> str | None:
        for text in row.texts:
            if not text.isascii() and (place := wrongly_decoded(text)) is not None:
                return around(text, *place)
        return ""


def wrongly_decoded(text: str) -> tuple[int, int] | None:
    """Where text stands that is UTF-8 when it is encoded as Windows-1252 again (after ftfy), or as GBK; None where there is none.

    >>> wrongly_decoded("cafÃ© au lait"), wrongly_decoded("café “à”")
    ((3, 5), None)
    """
    if found := _LOST.search(text):
        return found.span()
    for run in _RUN.finditer(text):
        if _is_utf8(bytes(map(_byte, run[0]))):
            return run.span()
    han = "".join(_HAN.findall(text))
    again = _HAN.findall(han.encode("gbk", "ignore").decode("utf-8", "ignore"))
    return (0, len(text)) if len(han) >= 4 and 3 * len(again) >= MOST_OF * 2 * len(han) else None


MOST_OF = 0.6
"""Of the bytes: where GBK was not meant, some were lost; of true Chinese text, few are UTF-8 by chance."""


def _byte(character: str) -> int:
    """What Windows-1252 read as this character; bytes that it leaves undefined it reads as they are."""
    return ord(character) if ord(character) < 256 else character.encode("cp1252")[0]


def _is_utf8(run: bytes) -> bool:
    """Whether some of it, from a first byte on, is a character of UTF-8 that texts have."""
    for start in range(len(run)):
        for end in range(start + 2, min(start + 4, len(run)) + 1):
            try:
                character = run[start:end].decode()
            except UnicodeDecodeError:
                continue
            if len(character) == 1 and _EXPECTED.match(character):
                return True
    return False


class ShortQuestions(RowFlag):
    """Questions of a few characters: the field holds a number, a title or a key, not a question."""

    name = "short_questions"
    remedy = "name the field that holds the whole question in `fields.question`"
    share = 0.05

    def quote(self, row: View) -> str | None:
        text = re.sub(r"<image[ \d]*>", "", row.question).strip()
        width = sum(2 if character > "\u2e7f" else 1 for character in text[:8])
        return (text or "(nothing)") if width < (3 if row.row.images else 8) else ""


class CutQuestions(Flag):
    """Many different questions of exactly the greatest length, cut within a sentence: whoever wrote the file cut its texts."""

    name = "cut_questions"
    remedy = "read the file from which this one was cut"
    share = 0.05
    shortest = 100

    def __init__(self) -> None:
        super().__init__()
        self.longest, self.first, self.last = self.shortest, "", ""

    def read(self, row: View) -> None:
        if row.choices:  # what ends there is an option
            return
        self.of += 1
        length = len(row.question)
        if length > self.longest:
            self._forget(length)
        if length == self.longest and _is_cut(row.question) and self._is_another(row.question):
            self.first, self.last = self.first or row.question, row.question
            self.mark(row, f"...{row.question[-60:]}")

    def extend(self, other: Self, offset: int) -> None:
        if other.longest > self.longest:
            self._forget(other.longest)
        of = self.of + other.of
        if other.longest == self.longest and other.count:
            goes_on = not self._is_another(other.first)
            super().extend(other, offset)
            self.count -= goes_on
            self.first, self.last = self.first or other.first, other.last
        self.of = of

    def _forget(self, longest: int) -> None:
        """What was found among shorter questions counts no more."""
        self.longest, self.count, self.first, self.last = longest, 0, "", ""

    def _is_another(self, question: str) -> bool:
        """Whether it differs from the last one of this length; at its beginning, or the length is a limit that people set: what fills a
        template often has one length.
        """
        is_limit = self.longest % 50 == 0 or self.longest & (self.longest + 1) == 0 or self.longest.bit_count() == 1
        return question != self.last if is_limit else question[:12] != self.last[:12]

    def finding(self, rows: Lookup) -> Finding:
        self.quoted = f"{self.longest} characters, {self.quoted!r}" if self.count else ""
        return super().finding(rows)


def _is_cut(text: str) -> bool:
    return bool(text) and text[-1] not in ".?!:;)]}$>\"'。？！：；）】”’_"


def found_in(texts: list[str], pattern: re.Pattern[str], signs: tuple[str, ...]) -> str:
    """The first place where a pattern matches one of the texts, '' where none does. One of `signs` stands in whatever it matches."""
    for text in texts:
        if any(sign in text for sign in signs) and (found := pattern.search(text)):
            return around(text, *found.span())
    return ""
