"""The gold answer of a record: picked out of its field, cleaned a little, with the kind that judges it."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, JsonValue

from curation.core.errors import BadRowError
from curation.core.plugins import Options, Pattern
from curation.sources.formats.answers import answers_in, by_frequency
from curation.sources.formats.expression import MISSING
from rewards import Unreadable, make_verifier, read_gold
from rewards.gold import gold_text
from rewards.kinds._letters import letters_in
from rewards.kinds.number import measured
from rewards.mending import unescaped
from rewards.naming import OptionBase, Unnamed, label_of, named_options
from rewards.stored import Stored
from rewards.words import is_name

_EXACT_FLOAT = 1e15
_OF_OPTIONS = ("choice", "choices")
_OF_WORDS = (*_OF_OPTIONS, "math", "number", "text")
"""Kinds whose golds are single texts; those of others are JSON, and lists and records belong to them."""
_ASKS_FOR_A_LETTER = re.compile(
    r"\b(?:which|letters?|labell?ed|region|points?|fill in|simplify|express|name|who|(?:at|from|in|into|on|to) what)\b|哪|填",
    re.IGNORECASE,
)
_WANTS_A_LETTER = re.compile(
    r"\b(?:which|what)(?:\s+is)?(?:\s+[a-z]+){0,2}\s+letter\b(?!\s+(?:of|for|that|next|before)\b)|(?:什么|哪个|哪一个|的)字母",
    re.IGNORECASE,
)
"""The answer is a letter by what is asked: `what letter is written in the picture?`"""
_STATES_LETTERS = re.compile(r"\b(?:enter|write|list|type)\b[^.]{0,80}\b[A-J], [A-J]\b")
_LISTS_OPTIONS = re.compile(r"\b(?:following|options?|choose|select|multiple.choice)\b|下列|以下|选", re.IGNORECASE)


_LETTERS = re.compile(r"\(?[A-J]\)?(?:\s*[,\s]\s*\(?[A-J]\)?)*")


class ReadGold(NamedTuple):
    """A gold with the kind that judges it; `note` says what was changed, empty where nothing was."""

    answer: str
    kind: str
    options: dict[str, Any]
    note: str


NO_GOLD = ReadGold("", "math", {}, "")


class Rule(Options):
    """A kind of answer and when it applies: `choice` and `choices` to rows with options, `number` to golds that are one, others always."""

    kind: str
    """A reward kind: one of `ovr-curate kinds`."""
    when: Pattern = ""
    """A regular expression that the whole gold must match; empty: any gold."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of the kind, such as {rel_tol: 0.05}."""

    def fits(self, gold: str, choices: list[str]) -> bool:
        if self.when and not re.fullmatch(self.when, gold):
            return False
        if self.kind in _OF_OPTIONS:
            return bool(choices)
        return measured(gold) is not None if self.kind == "number" else True


class GoldOptions(Options):
    """How the value that `fields.answer` names becomes the gold."""

    renamed: ClassVar[dict[str, str]] = {"first_option": "option_base"}

    answer_pattern: Pattern = ""
    """A regular expression whose last match's first group is the answer: '#### (.+)$'. With two groups, all matches become a
    JSON object {first: second}, the gold of kind `assignment`."""
    rules: tuple[Rule, ...] = ()
    """The first rule that fits decides the kind. Without rules a row with options is `choice` (`choices` where several are right), the
    others are `math`, `text` or `assignment`, by what the gold is."""
    option_base: OptionBase = None
    """Where the gold is a number and the row has options: the number of the first option (0 in ScienceQA), or `text` where the number is
    an option's text."""
    letters: bool = False
    """A gold of letters always means the options at those places, never one whose text is the letter, and is judged by the letters alone
    where the options are not known, being in the image, or are letters themselves."""
    several: Literal["", "any", "all"] = ""
    """What several different golds mean: `any` of them is right, or `all` of them together. Without it a field whose name says that it
    holds accepted answers (`answers`, `aliases`, ...) means any unless they are different numbers, several letters of options mean all,
    and others are bad (`several_answers`)."""
    missing: tuple[str, ...] = ()
    """Texts that mean that there is no answer: ["None."]."""
    required: bool = True
    """A record without an answer is bad (`answer_missing`); false keeps it, for traces that have none."""
    unreadable: Literal["drop", "keep"] = "drop"
    """A record whose answer no rule can judge, a proof, several parts, a sentence, is bad (`gold_unreadable`); `keep` lets it in as of the
    kind `unreadable`, for traces: `cold_start.judge_answers` puts it to a model. `rl` drops it all the same."""

    def read(
        self,
        raw: Any,
        choices: list[str],
        question: str = "",
        *,
        labels: Sequence[str] = (),
        is_any: bool = False,
        aliases: Any = None,
    ) -> ReadGold:
        """The gold of a record with these options and their labels. `is_any`: any of several golds is right; `aliases`: more of them.

        Raises:
            BadRowError: no answer, an answer that no rule can judge, one that is none of the options or may be several, several answers.
        """
        texts, says_any = self._texts(raw)
        more = [] if _is_missing(aliases) else [as_text(item) for item in answers_in(aliases)[0]]
        means_any = is_any or says_any
        options = Stored(choices, list(labels))
        if self.letters and len(texts) == 1 and (letters := self._letters(texts[0], options)):
            return ReadGold(letters, "choices" if "," in letters else "choice", {}, self._note(letters, raw))
        rule = next((rule for rule in self.rules if rule.fits(texts[0], choices)), None)
        if choices and (rule.kind in _OF_OPTIONS if rule else not self.rules):
            gold = self._of_options(texts + more, options)
        else:
            texts, golds = self._each(_merged(texts + more), choices, question)
            gold = self._together(texts, golds, means_any, bool(more))
        is_letter = gold.kind in _OF_OPTIONS or (rule is None and _are_letters(gold.answer, question))
        is_letter = is_letter or (rule is None and gold.kind in ("math", "text") and _is_dressed_letter(gold.answer))
        if is_letter and not gold.options.get("choices") and not _names_itself(gold.answer, question):
            hint = "name them by fields.options, or the kind by gold.rules: [{kind: text}]"
            raise BadRowError(
                "letter_without_options", f"{gold.answer!r}, and no options in the row or its question; {hint}"
            )
        if isinstance(raw, bool) and gold.kind == "text" and not self.rules:
            gold = gold._replace(options=gold.options | {"aliases": ["yes" if raw else "no"]})
        kind = "math" if gold.kind == "choice" and not gold.options.get("choices") else gold.kind  # a name, of no list
        return gold._replace(kind=kind, note=self._note(gold.answer, raw))

    def _texts(self, raw: Any) -> tuple[list[str], bool]:
        """The answers inside the field, the most frequent first, and whether any of them is right."""
        whole = as_text(raw)
        if self.answer_pattern or any(rule.kind not in _OF_WORDS for rule in self.rules) or _is_assignment(raw):
            return [self._pick(whole)], False
        answers, says_any = answers_in(raw)
        texts = [text for answer in answers if (text := as_text(answer)) and text not in self.missing]
        if not texts or whole in self.missing:
            raise BadRowError("answer_missing", repr(raw)[:80])
        return by_frequency(texts), says_any

    def _pick(self, text: str) -> str:
        """The answer inside the field's text."""
        if not text or text in self.missing:
            raise BadRowError("answer_missing", repr(text)[:80])
        if not self.answer_pattern:
            return text
        matches = list(re.finditer(self.answer_pattern, text, re.MULTILINE))
        if not matches:
            raise BadRowError("gold_unreadable", f"gold.answer_pattern does not match {text[-80:]!r}")
        if matches[0].re.groups > 1:
            return json.dumps({match[1]: match[2] for match in matches}, ensure_ascii=False)
        return str(matches[-1][matches[-1].re.groups]).strip()

    def _letters(self, text: str, options: Stored) -> str:
        """The letters of a gold that is nothing else, '' where it is, or where the options would be read as saying the same."""
        if not _LETTERS.fullmatch(text):
            return ""
        letters = sorted(set(re.findall("[A-Z]", text)))
        with suppress(BadRowError):
            if options.texts and [label_of(place) for place in self._places(text, options)] == letters:
                return ""
        return ", ".join(letters)

    def _of_options(self, texts: list[str], options: Stored) -> ReadGold:
        """The gold as the letters of the options that it names."""
        named = [self._places(text, options) for text in texts]
        places = sorted({place for each in named for place in each})
        rule = next((rule for rule in self.rules if rule.fits(texts[0], options.texts)), None)
        shown: dict[str, Any] = {"choices": options.texts} | (dict(rule.options) if rule else {})
        if len(places) == 1 and not (rule and rule.kind == "choices"):
            return ReadGold(label_of(places[0]), "choice", shown, "")
        if self.several == "any" and all(len(each) == 1 for each in named):
            first, *others = dict.fromkeys(label_of(each[0]) for each in named)
            return ReadGold(first, "choice", shown | {"aliases": others}, "")
        return ReadGold(", ".join(map(label_of, places)), "choices", shown, "")

    def _places(self, text: str, options: Stored) -> list[int]:
        """The places of the options that one answer names."""
        places = named_options(text, options, self.option_base)
        if isinstance(places, Unnamed) and isinstance(last := gold_text(text), str) and last != text:
            places = named_options(last, options, self.option_base)  # a solution that ends in a box
        if isinstance(places, Unnamed):
            raise BadRowError(places.reason, places.detail)
        for place in places:
            letter = label_of(place)
            if any(o.strip().strip("().").upper() == letter and i != place for i, o in enumerate(options.texts)):
                raise BadRowError(
                    "options_ambiguous", f"{letter!r} is the text of another option of {options.texts!r}"[:300]
                )
        return places

    def _single(self, text: str, choices: list[str], question: str) -> ReadGold:
        """One gold that is judged without options."""
        rule = next((rule for rule in self.rules if rule.fits(text, choices)), None)
        if rule is not None:
            return ReadGold(text, rule.kind, dict(rule.options), "")
        if self.rules:
            raise BadRowError("gold_unreadable", f"{text[:80]!r} fits no rule of gold.rules ({len(choices)} options)")
        gold = read_gold(text, {"question": question})
        if isinstance(gold, Unreadable):
            reason = "answer_missing" if gold.reason == "empty" else "gold_unreadable"
            hint = "; where that is an answer, gold.rules: [{kind: text}]" if reason == "answer_missing" else ""
            raise BadRowError(reason, f"{gold.reason}: {text[:80]!r}{hint}")
        return ReadGold(gold.answer, gold.answer_kind, json.loads(gold.options), "")

    def _each(self, texts: list[str], choices: list[str], question: str) -> tuple[list[str], list[ReadGold]]:
        """The golds that the texts are, those that can be judged first; beside one, others count as they are written."""
        found, as_written, errors = [], [], []
        for text in texts:
            try:
                found.append((text, self._single(text, choices, question)))
            except BadRowError as error:
                errors.append(error)
                if error.reason != "answer_missing":
                    as_written.append((text, ReadGold(text, "text", {}, "")))
        if self.unreadable == "keep" and not found and [error.reason for error in errors] == ["gold_unreadable"]:
            return texts, [ReadGold(texts[0], "unreadable", {}, "")]
        if errors and (not found or self.several == "all"):
            raise errors[0]
        kept, golds = zip(*found, *as_written, strict=True)
        return list(kept), list(golds)

    def _together(self, texts: list[str], golds: list[ReadGold], means_any: bool, is_stated: bool) -> ReadGold:
        """One gold of several: the first with the others as aliases, or all of them as a set. Golds of several kinds are text."""
        if len({gold.kind for gold in golds}) > 1:
            golds = [ReadGold(text, "text", {}, "") for text in texts]
        first, *others = golds
        others = [gold for gold in others if not _same(first, gold)]
        if not others:
            return first
        shown = ", ".join(repr(gold.answer[:40]) for gold in (first, *others[:4]))
        are_numbers = (
            sum(measured(gold.answer) is not None for gold in (first, *others) if not is_name(gold.answer)) > 1
        )
        if self.several == "any" or (not self.several and (is_stated or (means_any and not are_numbers))):
            return first._replace(options=first.options | {"aliases": [gold.answer for gold in others]})
        if self.several != "all":
            raise BadRowError("several_answers", f"{shown}; gold.several: any (each is right) or all (together)")
        if any("," in gold.answer for gold in golds):
            raise BadRowError("several_answers", f"{shown}: with commas of their own they are no list")
        return ReadGold(
            ", ".join(gold.answer for gold in (first, *others)), "math" if first.kind == "math" else "set", {}, ""
        )

    def _note(self, answer: str, raw: Any) -> str:
        before = raw.strip() if isinstance(raw, str) else as_text(raw)
        return "" if answer == before else f"answer {before[-80:]!r} read as {answer!r}"


def _is_missing(value: Any) -> bool:
    return value is None or value is MISSING


def _is_assignment(raw: Any) -> bool:
    """Whether a record says who is what, the gold of kind `assignment`."""
    if not isinstance(raw, Mapping):
        return False
    gold = read_gold(as_text(raw))
    return not isinstance(gold, Unreadable) and gold.answer_kind == "assignment"


def _merged(texts: list[str]) -> list[str]:
    """The texts of which no earlier one is the same but for case, spacing and a full stop."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(" ".join(text.casefold().split()).rstrip("."), text)
    return list(found.values())


def _same(one: ReadGold, other: ReadGold) -> bool:
    """Whether the judge of one gold takes the other."""
    if one.answer == other.answer:
        return True
    options = dict(one.options) | ({"symbolic": False} if one.kind == "math" else {})
    return make_verifier(one.answer, one.kind, options).judge_answer(other.answer).outcome == "correct"


def _are_letters(text: str, question: str) -> bool:
    """Whether a gold that is no choice has the letters of several options: `A, C`, and in order `AC` where the question asks which."""
    letters = letters_in(text)
    if len(letters) < 2 or not all("A" <= letter <= "J" for letter in letters) or not re.search("[A-J]", text):
        return False
    return not text.isalpha() or (
        letters == sorted(letters) and re.search(r"\bwhich\b|哪|选", question, re.I) is not None
    )


def _is_dressed_letter(text: str) -> bool:
    """Whether a gold is the letter of one option and says so: `\\textbf{(B)}`, `选B`, `Option C`."""
    return (
        len(text) > 1
        and "'" not in text
        and len(letters := letters_in(text)) == 1
        and "A" <= letters[0] <= "J"
        and letters[0] in text
    )


def _names_itself(letters: str, question: str) -> bool:
    """Whether letters are the names of things in the question, which asks for one, and no options of a list that is not there."""
    if len(letters) > 1 and _STATES_LETTERS.search(question):
        return True
    if _LISTS_OPTIONS.search(question):
        return False
    if len(letters) == 1 and _WANTS_A_LETTER.search(question):
        return True
    if not _ASKS_FOR_A_LETTER.search(question):
        return False
    found = (
        re.search(rf"(?<![a-z\\]){letter}(?![a-z'])" + "(?! [a-z])" * (letter in "AI"), question)  # no article
        for letter in re.findall("[A-Z]", letters)
    )
    return all(match is not None for match in found)


def as_text(raw: Any) -> str:
    """A gold as text: numbers as written, a list of one as its item, other lists and objects as JSON; '' for none."""
    if raw is None or raw is MISSING:
        return ""
    if isinstance(raw, list) and len(raw) == 1:
        return as_text(raw[0])
    if isinstance(raw, list | dict):
        return json.dumps(raw, ensure_ascii=False, default=str) if raw else ""
    if isinstance(raw, float | Decimal):
        number = float(raw)
        return str(int(number)) if abs(number) < _EXACT_FLOAT and number.is_integer() else str(raw)
    return unescaped(str(raw)).strip()
