"""Flags of options and of the golds that name one."""

import re
import string

from curation.core.row import BadRow
from curation.reading.flag import RowFlag
from curation.reading.view import View
from curation.text.options import options_in
from rewards.kinds.choice import Choice

_ONE = r"(?:[(（]\s?[A-Ja-j]\s?[)）]|[A-J])"
_MORE = rf"(?:\s?(?:[,，、;&]|and|和)\s?{_ONE}){{0,8}}"
_LETTER = re.compile(
    rf"\A[\s$*]{{0,3}}(?:\\(?:text|mathrm|boxed)(?:bf)?\{{\s?)?(?:选|[Oo]ption )?{_ONE}{_MORE}\}}?[\s$*.。、:：)]{{0,3}}\Z"
)
"""What stands for an option: `B`, `(b)`, `选D`, `D、`, `\\text{(B)}`, `A, C`."""


class LetterGoldsWithoutOptions(RowFlag):
    """A gold that is the letter of an option, where no option is: neither in a field nor in the question. Any letter would be a guess."""

    name = "letter_golds_without_options"
    remedy = "name the options in `fields.options`"

    def quote(self, row: View) -> str | None:
        if not row.gold:
            return None
        if row.is_choice:
            return "" if row.choices else f"kind {row.row.answer_kind}, gold {row.gold!r}, no option"
        if row.row.answer_kind not in ("math", "text") or not _LETTER.match(row.gold) or options_in(row.question):
            return ""
        return f"gold {row.gold!r} to {row.question!r}"


class GoldsOutsideOptions(RowFlag):
    """A gold that is none of the row's options, such as F of four; records that were refused for it count too."""

    name = "golds_outside_options"
    remedy = "check `fields.answer` and `fields.options`; give `gold.option_base` for numbers"

    def quote(self, row: View) -> str | None:
        if not row.is_choice or not row.gold or not row.choices:
            return None
        if len(row.gold) == 1 and row.gold in string.ascii_uppercase[: len(row.choices)]:
            return ""
        if row.row.answer_kind == "choice":
            is_one = Choice(choices=tuple(row.choices)).index(row.gold) is not None
        else:
            known = string.ascii_uppercase[: len(row.choices)]
            is_one = len(row.choices) > len(known) or set(re.findall(r"\b[A-Z]\b", row.gold)) <= set(known)
        return "" if is_one else f"gold {row.gold!r} of {len(row.choices)} options"

    def bad(self, row: BadRow) -> None:
        self.of += 1
        if row.reason == "gold_not_in_options":
            if not self.count:
                self.source_id, self.quoted = row.source_id, row.detail
            self.count += 1


_LABELLED = re.compile(r"^[ \t]*[(（]?([A-J])[)）.:：．、]", re.MULTILINE)
_TWICE = re.compile(r"^[ \t]*[(（]?([A-J])[)）.:：．、]+[ \t]*[(（]?\1[)）.:：．、]", re.MULTILINE)


class RepeatedOptionLetters(RowFlag):
    """Options that carry their letter already, so that it is shown twice (`A. A. 12 cm`), or that the question lists twice."""

    name = "repeated_option_letters"
    remedy = "take the letters off the texts of the options, or say `options: $question` where the question lists them"

    def quote(self, row: View) -> str | None:
        if len(row.choices) < 2:
            return None
        both = zip(string.ascii_uppercase, row.choices, strict=False)
        lettered = [text for letter, text in both if re.match(rf"\s*[(（]?{letter}[)）.:：．、]\s*\S", text)]
        if len(lettered) >= max(2, len(row.choices) - 1):
            return f"options {row.choices}"
        labels = _LABELLED.findall(row.question)
        if len({*labels}) < len(labels) or len(_TWICE.findall(row.question)) > 1:
            return f"...{row.question[-100:]}"
        return ""


class OptionsRepeat(RowFlag):
    """Two options of one text: both are right or none is, and only one of them is paid."""

    name = "options_repeat"
    remedy = "check `fields.options`; drop such records from the file"

    def quote(self, row: View) -> str | None:
        if len(row.choices) < 2:
            return None
        texts = [" ".join(text.split()) for text in row.choices]
        return f"options {row.choices}" if len({*texts}) < len(texts) else ""


_LISTS = re.compile(r"(?:^|[\s({*])A\}?[)）.:：．、][^\0]{1,4000}?[\s({*]B\}?[)）.:：．、]")


class NumbersForOptions(RowFlag):
    """A gold that is a small number, where the question lists options and none of them is that number: it counts them, from 0 or from 1."""

    name = "numbers_for_options"
    remedy = "say `options: $question`, with `gold.option_base` for the number of the first one"
    share = 0.2

    def quote(self, row: View) -> str | None:
        if row.row.answer_kind not in ("math", "text", "number") or not row.gold or not _LISTS.search(row.question):
            return None
        if len(row.gold) > 1 or not row.gold.isdecimal() or not (options := options_in(row.question)):
            return ""
        said = any(re.search(rf"(?<![\d.]){row.gold}(?![\d]|\.\d)", option) for option in options)
        return "" if said else f"gold {row.gold!r}, options {options}"
