r"""Drop traces whose answer states two final results that differ, or takes one back.

The reward reads the last box (OVR, arXiv 2507.05255, 3.2), so a trace with two results can be verified as correct and still teach to hedge.
A result is a box, or `the answer is` with a plain number or letter. It conflicts with the last one when the reward's own rules find them
different, both are called the answer (or stand alone in their paragraph), and neither is a part: of a list, of a question in parts,
of what has another name (`x =`, `(a)`, `Case 2`). Boxes of steps on the way are none.
"""

import re
from itertools import pairwise
from typing import ClassVar, Literal, NamedTuple

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.filters.several_questions import SeveralQuestions
from curation.text.traces import parts_of
from rewards.agree import equal_answers
from rewards.extract import after_box, boxes

_STATED = re.compile(
    r"\b(?P<hedge>(?:if|whether|not|wrong|incorrect|common|initial|previous|earlier|first|your|approximate|expected|given|original|possible|"
    r"each|intermediate|partial|suppose|unless|claimed)\s+(?:that\s+)?(?:the\s+)?)?(?:final\s+|correct\s+)?answer\**\s*(?:is|:|=)\s*:?\s*\**\s*(?:\\[(\[]|\$)?\s*"
    r"(?P<value>[-−]?\d[\d,]*(?:\.\d+)?(?:\s?/\s?\d+)?(?:\s?\\?%)?|\(?[A-J]\)?)\s*(?:\$|\\[)\]])?\**(?=\s*(?:\Z|\n|[.;,](?:\s|\Z)))",
    re.IGNORECASE,
)
_CLAIMS = re.compile(r"answer|final|conclu|therefore|thus\b|hence\b|\bso\b|consequently|答案|所以|因此", re.IGNORECASE)
_PART = re.compile(
    r"(?:^|\s)[(（]?(?:[a-h]|[1-9]|i{1,3}|iv|v|[一二三四])[)）]|\b(?:part|case|step|claim|option|method|question|scenario|sub-?question)s?\s+[(\w]"
    r"|\b(?:first|second|third|other|another|alternativ\w+|respectively|smallest|largest|minimum|maximum|if|when|for)\b|^\s*(?:[-*•]|\d{1,2}[.)])\s"
    r"|第[一二三]",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(
    r"([A-Za-z\\]\w{0,8}(?:\([^()]{0,10}\))?(?:_\{?\w{1,4}\}?)?)\s*(?:=|:|\\approx|≈|is|are)\s*[$\\\[( {*]*\Z"
)
_MENTION = frozenset(
    ("answer", "result", "solution", "solutions", "answers", "that", "it", "this", "which", "value", "is")
)
_EMPTY = re.compile(r"\\phantom\{[^{}]{0,40}\}|\\(?:square|quad|qquad|hspace\{[^}]*\}|underline\{\s*\})|[_\s?.$]+")
_STYLED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|boxed)\s*\{([^{}]{0,80})\}")
_OPERATOR = re.compile(r"[-+*/^=<>\\_]")
_TOKEN = re.compile(r"[^\W_]+(?:\.\d+)?")
_CORRECTS = re.compile(
    r"\b(?:no[,:.!]|no wait|wait\b|sorry|oops|correction|i mean|i meant|actually|scratch that|(?:it )?should be|must be instead)"
    r"|不对|错了|更正|应该是",
    re.IGNORECASE,
)
"""Between two boxes: the first is taken back."""
_DECIMAL = re.compile(r"\d\.\d|\\approx|≈")


NEAR = 120
"""Characters between boxes that belong together."""


class _Statement(NamedTuple):
    values: tuple[str, ...]
    start: int
    name: str
    is_final: bool
    is_part: bool


class ConflictingAnswers(Filter):
    """Two results in the part behind the thinking."""

    kind: Literal["conflicting_answers"] = "conflicting_answers"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {"conflicting_answers": "", "answer_taken_back": ""}

    def judge(self, row: Row) -> Judgement:
        answer = parts_of(row.completion).answer
        if answer.count("boxed") + answer.lower().count("answer") < 2 and "boxed" not in answer:
            return True
        if "boxed" in answer and after_box(answer)[0]:
            return False, "answer_taken_back", answer[-120:]
        if corrected := _corrected(answer, row):
            return False, "answer_taken_back", corrected
        statements = statements_of(answer)
        if len({value for one in statements for value in one.values}) < 2:
            return True
        *before, last = statements
        others = [
            one for one in before if one.is_final and not one.is_part and not last.is_part and not _are_named(one, last)
        ]
        for other in others:
            if not _agree(other, last, row) and SeveralQuestions().judge(row) is True and not _has_parts(row.answer):
                return False, "conflicting_answers", f"{', '.join(other.values)[:60]} and {', '.join(last.values)[:60]}"
        return True


def _corrected(answer: str, row: Row) -> str:
    """A box and the other one that corrects it at once; empty where none is."""
    found = [box for box in boxes(answer) if _EMPTY.sub("", box.content)] if answer.count("boxed") > 1 else []
    for one, other in pairwise(found):
        between = answer[one.end : other.start]
        if len(between) < NEAR and _CORRECTS.search(between):
            first, second = (_Statement((box.content.strip(),), box.start, "", True, False) for box in (one, other))
            if not _agree(first, second, row):
                return answer[one.start : other.end][:NEAR]
    return ""


def statements_of(answer: str) -> list[_Statement]:
    """The results in their order; boxes of one paragraph are one statement."""
    found: list[_Statement] = []
    paragraph, end = -1, 0
    for box in boxes(answer):
        if not _EMPTY.sub("", box.content):
            continue
        at = answer.rfind("\n\n", 0, box.start)
        if found and at == paragraph and _same_list(answer[end : box.start]):
            last = found[-1]
            found[-1] = last._replace(values=(*last.values, box.content.strip()))
        else:
            line = answer[max(answer.rfind("\n", 0, box.start), box.start - 200) + 1 : box.start]
            before = answer[max(0, at, box.start - 250) : box.start]
            stands_alone = not re.search(
                r"\w", re.sub(r"\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+", "", before[-60:]).rpartition("\n\n")[2]
            )
            named = _NAME.search(before)
            name = named[1] if named and named[1].lower() not in _MENTION else ""
            is_final = stands_alone or bool(_CLAIMS.search(before))
            found.append(
                _Statement(
                    (box.content.strip(),),
                    box.start,
                    name,
                    is_final,
                    bool(_PART.search(line) or _PART.search(before[-80:])),
                )
            )
        paragraph, end = at, box.end
    for stated in _STATED.finditer(answer):
        if not stated["hedge"] and "boxed" not in stated[0]:
            found.append(_Statement((stated["value"].strip("()"),), stated.start(), "", True, False))
    return sorted(found, key=lambda one: one.start)


def _same_list(between: str) -> bool:
    return "\n\n" not in between and len(between) < NEAR


def _are_named(a: _Statement, b: _Statement) -> bool:
    return bool(a.name and b.name) and a.name != b.name


def _has_parts(gold: str) -> bool:
    """A gold of several values."""
    return bool(re.search(r"[;；]|,\s|\band\b|\bor\b|\\text\{\s*(?:and|or)", gold))


def _agree(a: _Statement, b: _Statement, row: Row) -> bool:
    """Whether one value of the one is a value of the other by the reward's rules, or by its digits where one is rounded."""
    kind, options = (row.answer_kind, row.answer_options) if row.answer.strip() else ("math", None)
    for one in a.values:
        for other in b.values:
            if _says_more(one, other) or _says_more(other, one):
                return True
            pairs = [(kind, options)]
            if _DECIMAL.search(one + other):
                pairs.append(("number", '{"rel_tol": 0.01}'))
            if any(len(equal_answers({0: one, 1: other}, *pair)) == 1 for pair in pairs):
                return True
    return False


def _says_more(value: str, other: str) -> bool:
    """Whether one is the other with further words, such as a unit."""
    value, other = (_STYLED.sub(r"\1", one.lower()) for one in (value, other))
    return not _OPERATOR.search(value + other) and set(_TOKEN.findall(other)) <= set(_TOKEN.findall(value))
