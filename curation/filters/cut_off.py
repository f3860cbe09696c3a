r"""Drop traces that stop before their end: in the thought, in a sentence, in a formula, in an open bracket or environment, in code.

C4 keeps no line that ends without a punctuation mark (Raffel et al. 2020, arXiv 1910.10683, 2.2). An answer may: it is a number, a letter,
code, a table, a list, the result. So only the last sentence is looked at, what no sentence ends on counts at once, and plain words at the
end count where 80 % of the lines before do end on a mark. A thought that its budget closed in the middle of a sentence counts too.
"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import without_formulas
from curation.text.traces import parts_of
from rewards.extract import boxes

_TAIL = 3000
"""Characters at the end that are looked at."""
_MARKS = "*_`~# \t\r\n\"'”’»"
_NEVER_LAST = re.compile(
    r"(?:(?<![\w\\$])(?:the|an|of|and|or|but|to|with|by|from|at|for|(?<!\d )in|on|is|are|was|were|that|which|if|because|since|when"
    r"|where|than|as|these|its|their|our|we|can|will|would|should|let|let's|so|then|thus|hence|therefore|i'll|it's|whose|into|between"
    r"|(?:we|you|i|and|to|it|this|which) (?:get|obtain|gives?|gets|obtains|yields?|becomes|equals)|equal to|(?<!all )(?<!what )we have"
    r"|some|any|every|alternatively|however|moreover|furthermore|additionally|similarly|specifically|suppose|assume|given)"
    r"|[,，、(\[{=\\]|(?<=\s)[+*/<>&^_−–-]"
    r"|\\(?:frac|sqrt|times|cdot|left|right|text|math[a-z]{2,4}|leq?|geq?|approx|equiv|implies|to|pm|sum|int|in)"
    r"|因为|如果|那么|因此|所以|以及|等于)\Z",
    re.IGNORECASE,
)
"""Words and signs that no sentence and no formula ends on; `12 in` is a length."""
_SAYS_THE_ANSWER = re.compile(
    r"(?:answer|result|solution|total|conclusion)s?\b[^.!?\n]{0,60}?(?:\bis\b|\bare\b|:|=)\W*(?:[^\s]+\s+){0,5}\S*\Z",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w{1,20}\*?)\}")
_MATH = re.compile(r"\\[\[\]()]|(?<!\\)\$\$")
_DOLLAR = re.compile(r"(?<![\\$])\$(?!\$)")
_PRICE = re.compile(r"\d[\d,.]*(?:[\s.,;:!?)]|\Z)")
_FENCE = re.compile(r"^\s{0,8}(?:```|~~~)", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?。！？:：][*)\]\"'”’]{0,4}(?:\s|\Z)")
_ITEM = re.compile(r"\s*(?:[-*•+]|\d{1,3}[.)]|\(?[a-zA-Z][.)]|#+|\||>)\s")
_BARE_ITEM = re.compile(r"(?<!answer):\**\s*\n\s*(?:1[.)]|[-•])\**\Z", re.IGNORECASE)
"""A list that was announced and has no first item."""
_WORD = re.compile(r"[^\W\d_]+")


class CutOff(Filter):
    """An end that is none: of the answer, of a thought without one, and of the thought before it."""

    kind: Literal["cut_off"] = "cut_off"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {
        "cut_off_in_thinking": "",
        "cut_off_in_code": "",
        "cut_off_in_formula": "",
        "cut_off_in_brackets": "",
        "cut_off_in_sentence": "min_words",
        "cut_off_thought": "thought",
    }
    min_words: int = Field(default=6, ge=1)
    """Words of a last sentence before its missing end counts; a shorter one may be a heading or the answer."""
    thought: bool = True
    """Look at the end of the thought before an answer too, where a word or sign stands on which no sentence ends."""

    def judge(self, row: Row) -> Judgement:
        thought, answer, is_closed = parts_of(row.completion)
        if not is_closed:
            return False, "cut_off_in_thinking", thought[-80:]
        if (end := judged_end(answer, self.min_words)) is not True:
            return end
        if self.thought and answer and _NEVER_LAST.search(thought[-40:].rstrip(_MARKS)):
            return False, "cut_off_thought", thought[-80:]
        return True


def judged_end(text: str, min_words: int = 6) -> Judgement:
    r"""Whether the end of a text is one.

    >>> judged_end("So 42"), judged_end("It is \\[ x = 1"), judged_end("```\nprint(")
    (True, (False, 'cut_off_in_formula', 'It is \\[ x = 1'), (False, 'cut_off_in_code', '```\nprint('))
    """
    text = text.rstrip()
    if len(_FENCE.findall(text)) % 2:
        return False, "cut_off_in_code", text[-80:]
    if not text or text.endswith(("```", "~~~")):
        return True
    tail = text[-_TAIL:]
    paragraph = tail[tail.rfind("\n\n") + 1 :]
    if _is_in_formula(tail, paragraph):
        return False, "cut_off_in_formula", text[-80:]
    last = text.rstrip(_MARKS)
    if _BARE_ITEM.search(tail[-80:]):
        return False, "cut_off_in_sentence", text[-80:]
    if _ends_sentence(last):
        return True
    if _is_in_brackets(paragraph):
        return False, "cut_off_in_brackets", text[-80:]
    return (False, "cut_off_in_sentence", text[-80:]) if _is_in_sentence(tail, last[-200:], min_words) else True


def _ends_sentence(text: str) -> bool:
    return text.endswith((".", "!", "?", "…", "。", "！", "？", "}", "$", ")", "]"))


def _is_in_formula(tail: str, paragraph: str) -> bool:
    """Whether a formula, an environment or a brace of LaTeX is open, and no blank line behind its beginning: that would be a slip."""
    open_at = -1
    for mark in _MATH.finditer(tail):
        opens = open_at < 0 if mark[0] == "$$" else mark[0] in (r"\[", r"\(")
        open_at = mark.start() if opens else -1
    if open_at >= 0 and "\n\n" not in tail[open_at:].strip():
        return True
    environments: list[str] = []
    for side, name in _ENVIRONMENT.findall(tail):
        if side == "begin":
            environments.append(name)
        elif name in environments:
            environments.remove(name)
    if environments:
        return True
    if "\\" in paragraph and (paragraph.count("{") - paragraph.count("\\{")) > (
        paragraph.count("}") - paragraph.count("\\}")
    ):
        return True
    dollars = [found.end() for found in _DOLLAR.finditer(paragraph)]
    if len(dollars) % 2 == 0:
        return False
    inside = paragraph[dollars[-1] :].strip()
    return (
        not _PRICE.match(inside)
        and not re.search(r"\n|[.!?]\s|[.!?]\Z", inside)
        and re.search(r"[\\^_=]", inside) is not None
    )


def _is_in_brackets(paragraph: str) -> bool:
    bare = without_formulas(paragraph)
    opened = bare.rfind("(")
    return (
        opened >= 0
        and ")" not in bare[opened:]
        and bare[opened - 1 : opened] in ("", " ", "\n")
        and "\n" not in bare[opened:].strip()
    )


def _is_in_sentence(tail: str, last: str, min_words: int) -> bool:
    if _NEVER_LAST.search(last) or last.endswith((":", "：")):
        return True
    if not last[-1:].isalpha() or not last[-1].islower() or _is_cjk(last[-1]):
        return False
    *before, line = [one for one in tail.split("\n") if one.strip()]
    ends = [found.end() for found in _SENTENCE_END.finditer(line.rstrip())]
    sentence = line[ends[-1] :] if ends else line
    if len(_WORD.findall(sentence)) < min_words or boxes(sentence) or _SAYS_THE_ANSWER.search(last):
        return False
    is_item = bool(_ITEM.match(line))
    others = [one.rstrip(_MARKS) for one in before if len(one) > 30 and bool(_ITEM.match(one)) == is_item]
    if len(others) < 2:
        return not is_item and len(ends) >= 2
    return sum(one.endswith((".", "!", "?", ":", "]", "$", ")", "}")) for one in others) >= 0.8 * len(others)


def _is_cjk(sign: str) -> bool:
    return "぀" <= sign <= "鿿" or "가" <= sign <= "힣"
