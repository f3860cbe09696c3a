"""The gold answer of a record: picked out of its field, cleaned a little, with the kind that judges it."""

import json
import re
import string
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from pydantic import Field, JsonValue

from curation.core.errors import BadRowError
from curation.core.plugins import Options, Pattern
from curation.sources.formats.expression import MISSING
from curation.text.options import read_letter
from rewards.gold import Unreadable, read_gold
from rewards.kinds.number import measured

_EXACT_FLOAT = 1e15


class ReadGold(NamedTuple):
    """A gold with the kind that judges it; `note` says what was changed, empty where nothing was."""

    answer: str
    kind: str
    options: dict[str, Any]
    note: str


NO_GOLD = ReadGold("", "math", {}, "")


class Rule(Options):
    """A kind of answer and when it applies: `choice` to rows with options, `number` to golds that are one, others always."""

    kind: str
    when: Pattern = ""
    """A regular expression that the whole gold must match."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of the kind, such as {rel_tol: 0.05}."""

    def fits(self, gold: str, choices: list[str]) -> bool:
        if self.when and not re.fullmatch(self.when, gold):
            return False
        if self.kind == "choice":
            return bool(choices)
        return measured(gold) is not None if self.kind == "number" else True


class GoldOptions(Options):
    """How the value that `fields.answer` names becomes the gold."""

    renamed: ClassVar[dict[str, str]] = {"first_option": "option_base"}

    answer_pattern: Pattern = ""
    """A regular expression whose last match's first group is the answer: '#### (.+)$'. With two groups, all matches become a
    JSON object {first: second}, the gold of kind `assignment`."""
    rules: tuple[Rule, ...] = ()
    """The first rule that fits decides the kind. Without rules a row with options is `choice`, the others as `rewards.read_gold` says."""
    option_base: int | None = None
    """The number of the first option, where the gold is an option's number: 0 in ScienceQA."""
    missing: tuple[str, ...] = ()
    """Texts that mean that there is no answer: ["None."]."""
    required: bool = True
    """A record without an answer is bad (`answer_missing`); false keeps it, for traces that have none."""

    def read(self, raw: Any, choices: list[str], question: str = "") -> ReadGold:
        """The gold of a record with these options.

        Raises:
            BadRowError: no answer, an answer that no rule can judge, or one that is none of the options.
        """
        text = self._pick(raw)
        rule = next((rule for rule in self.rules if rule.fits(text, choices)), None)
        if self.rules and rule is None:
            raise BadRowError("gold_unreadable", f"{text[:80]!r} fits no rule of gold.rules ({len(choices)} options)")
        if choices and (rule is None or rule.kind == "choice"):
            letter = self._letter(text, choices)
            return ReadGold(letter, "choice", {"choices": choices}, self._note(letter, raw))
        if rule is not None:
            return ReadGold(text, rule.kind, dict(rule.options), self._note(text, raw))
        gold = read_gold(text, {"question": question})
        if isinstance(gold, Unreadable):
            reason = "answer_missing" if gold.reason == "empty" else "gold_unreadable"
            raise BadRowError(reason, f"{gold.reason}: {text[:80]!r}")
        return ReadGold(gold.answer, gold.answer_kind, json.loads(gold.options), self._note(gold.answer, raw))

    def _pick(self, raw: Any) -> str:
        """The answer's text inside the field."""
        text = as_text(raw)
        if not text or text in self.missing:
            raise BadRowError("answer_missing", repr(raw)[:80])
        if not self.answer_pattern:
            return text
        matches = list(re.finditer(self.answer_pattern, text, re.MULTILINE))
        if not matches:
            raise BadRowError("gold_unreadable", f"gold.answer_pattern does not match {text[-80:]!r}")
        if matches[0].re.groups > 1:
            return json.dumps({match[1]: match[2] for match in matches}, ensure_ascii=False)
        return str(matches[-1][matches[-1].re.groups]).strip()

    def _letter(self, text: str, choices: list[str]) -> str:
        if self.option_base is not None and re.fullmatch(r"\d+", text):
            number = int(text) - self.option_base
            if not 0 <= number < len(choices):
                raise BadRowError("gold_not_in_options", f"{text!r} of {len(choices)} options")
            letter: str | None = string.ascii_uppercase[number]
        elif (letter := read_letter(text, choices)) is None and choices.count(text) < 2:
            gold = read_gold(text, {"options": choices})  # a letter with an explanation
            letter = None if isinstance(gold, Unreadable) else gold.answer
        if letter is None:
            raise BadRowError("gold_not_in_options", f"{text[:80]!r} in {choices!r}"[:300])
        if any(o.upper() == letter and string.ascii_uppercase[i] != letter for i, o in enumerate(choices)):
            raise BadRowError("options_ambiguous", f"{letter!r} is the text of another option of {choices!r}"[:300])
        return letter

    def _note(self, answer: str, raw: Any) -> str:
        before = as_text(raw)
        return "" if answer == before else f"answer {before[-80:]!r} read as {answer!r}"


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
    return str(raw).strip()
