"""Flags of golds: one for all rows, whole solutions, and golds that the question gives away."""

import re
from typing import Self

from curation.reading.flag import Finding, Flag, Lookup, RowFlag, short
from curation.reading.values import ValuesOfQuestions
from curation.reading.view import View


class OneGold(Flag):
    """One gold for nearly all rows: who always says it is right."""

    name = "one_gold"
    remedy = "check `fields.answer`; where the first option is always the right one, shuffle them"
    least = 30
    share = 0.9

    def __init__(self) -> None:
        super().__init__()
        self.golds = ValuesOfQuestions()

    def read(self, row: View) -> None:
        if row.gold:
            self.golds.add(row.row.id, row.number, row.gold.casefold())

    def extend(self, other: Self, offset: int) -> None:
        self.golds.extend(other.golds, offset)

    def finding(self, rows: Lookup) -> Finding:
        self.of = len(self.golds.values)
        self.count, self.number = self.golds.values.most()
        self.quoted = f"gold {View(rows(self.number)).gold!r}" if self.count else ""
        return super().finding(rows)


class WorkedGolds(RowFlag):
    """Golds of many words: a worked solution or an essay, which no rule compares with an answer."""

    name = "worked_golds"
    remedy = "pick the answer out with `gold.answer_pattern`, or name another field in `fields.answer`"
    share = 0.1
    longest = 150

    def quote(self, row: View) -> str | None:
        if not row.gold or row.row.answer_kind not in ("math", "text", "number"):
            return None
        return f"{len(row.gold)} characters: {row.gold}" if len(row.gold) > self.longest else ""


_ANSWER = re.compile(
    r"(?:\b(?:correct |right |final )?answer(?: is)?|\bAns(?=[.:])\.?|####|(?:正确)?答案[是为]?)\s*[:：=]?\s*(?P<said>[^\n]{1,80})",
    re.IGNORECASE,
)
_ANSWER_SIGNS = ("answer", "ans.", "ans:", "####", "答案")


class GoldInQuestion(RowFlag):
    """The question gives its answer: `Answer: 42` stands in it, or it is the gold."""

    name = "gold_in_question"
    remedy = "take the answer out of the question: name another field, or cut it with `strip`"

    def quote(self, row: View) -> str | None:
        if not row.gold:
            return None
        question = row.question
        if question.strip() == row.gold:
            return f"the question is the gold {row.gold!r}"
        lower = question.casefold()
        if not any(sign in lower for sign in _ANSWER_SIGNS):
            return ""
        for found in _ANSWER.finditer(question, max(len(question) - 2_000, 0)):
            said = found["said"].strip(" *$.。\"'").removeprefix(r"\boxed{").removesuffix("}")
            if said.casefold() in self._answers(row):
                return short(found[0])
        return ""

    @staticmethod
    def _answers(row: View) -> list[str]:
        """What the answer may be called: the gold, or the option that its letter means, with and without the letter."""
        gold = row.gold
        number = ord(gold) - ord("A") if row.is_choice and len(gold) == 1 else -1
        option = row.choices[number] if 0 <= number < len(row.choices) else gold
        return [text.casefold() for text in (gold, option, f"({gold})", f"{gold}. {option}", f"({gold}) {option}")]
