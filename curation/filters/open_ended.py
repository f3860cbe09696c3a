"""Drop proof and open-ended questions: no rule can compare their answers (OVR 3.3, step 7).

Kimi k1.5 (arXiv 2501.12599, 2.1) and Big-Math (Albalak et al. 2025, arXiv 2502.17387, 3.2) remove proofs by the same kind of
pattern. A question that also asks for a value ("Show that ... Find x.") is kept, and so is multiple choice: both have something that
a rule can judge.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import folded_lines, without_figures
from curation.text.hints import folded, holds

_START = r"(?:^|[.?!;:,)\]$]\s*|\n\s*|\b(?:and|then|also|please|to|or|must|should|can you|could you)\s+)"
_PROOF = re.compile(
    _START
    + r"(?:prove|disprove|show)\s+(?:that|the|this|or|your|whether|,|:|\$|\\|by|each|every|there|these|those|if|it|for|how)"
    r"|\bprove (?:or disprove|that)\b|\bgive (?:a|an?other) (?:\w+ )?proof\b|证明|求证",
    re.IGNORECASE,
)
_OPEN = re.compile(
    _START + r"(?:explain|justify|discuss|describe|comment on|argue|interpret|compare and contrast|summari[sz]e)\b"
    r"|(?:^|[.?!]\s+)(?:sketch|construct|design) (?:a|an|the)\b|\bexplain (?:why|how|your)\b"
    r"|\bin your own words\b|\bgive (?:a reason|reasons|an example)\b"
    r"|请?说明理由|简述|简析|试述|阐述|论述|评析|赏析|谈谈|概述|为什么|(?:分析|说明|概括|归纳|指出|评价)[^。？?；，\n]{0,24}"
    r"(?:原因|理由|意义|影响|作用|主旨|启示|措施|建议)"
    r"|不(?:少|多|得少|得超过|超过)于?\s*\d{2,4}\s*个?[字词]",
    re.IGNORECASE,
)
_IMPERATIVE = (
    r"(?:^|[.?!;:。！？；]\s*|\n\s*|\b(?:please|now|then|can you|could you|help me|i want you to|you (?:are|need) to) )"
)
_TEXT = (
    r"(?:essays?|stor(?:y|ies)|poems?|haikus?|limericks?|paragraphs?|letters? (?:to|from)|e-?mails?"
    r"|articles?|speech(?:es)?|reports?|reviews?"
    r"|songs?|lyrics|blog(?: posts?)?|tweets?|dialogues?"
    r"|scripts?|compositions?|summar(?:y|ies)|slogans?|cover letters?|press release|captions?|screenplays?)"
)
_CODE = (
    r"(?:programs?|scripts?|subroutines?|(?:python|java|javascript|c\+\+|c#|sql|bash|rust|ruby|matlab|r|go|vba|html|regex)(?: \w+)?"
    r"|(?:code|functions?|methods?|class(?:es)?|algorithms?) (?:that|which|to|in|for|called|named|using|with)"
    r"|(?:sql )?quer(?:y|ies)|unit tests?|pseudo-?code|code)"
)
_TO_WRITE = re.compile(
    _IMPERATIVE
    + rf"(?:write|compose|draft|generate|create|produce)(?: me| us)?(?: (?:a|an|the|your|some|two|three|\d+))?"
    rf"(?: [\w,'-]{{1,20}}){{0,4}}? {_TEXT}\b"
    rf"|(?:{_IMPERATIVE})(?:write|implement|code|debug|refactor)(?: me| us)?(?: (?:a|an|the|your|some))?"
    rf"(?: (?!expression|equation)\w{{1,20}})? (?!function (?:that|which|to|for|with|in)\b"
    rf"(?![^.?!\n]{{0,80}}\b(?:takes|returns?|prints?|accepts|list|string|array|input)\b)){_CODE}(?!\w)"
    rf"|{_IMPERATIVE}(?:give|send|share|provide|find|post)(?: me| us)? (?:a |an |the |some )?(?:\w+ ){{0,3}}(?:links?|urls?)\b"
    r"|写(?:一(?:篇|段|封|首|则)|作[。:：]|出一篇)|(?:完成|的|篇)作文|书面表达|短文改错"
    r"|(?:编写|编一?个|写一?个)[^。？\n]{0,20}(?:程序|代码|函数|脚本)|(?:翻译|译)成(?:现代汉语|中文|英文|英语|汉语)",
    re.IGNORECASE,
)
"""A text or a program that is to be written: whatever else it asks for, no rule judges that."""
_TO_WRITE_WORDS = (
    "writ", "compose", "draft", "generat", "creat", "produc", "implement", "code", "debug", "refactor", "link", "url",
    "写", "编", "译", "作文", "短文", "书面",
)  # fmt: skip
_RUNS = re.compile(
    r"\bwhat (?:is|does|will|would|are)\b[^.?!\n]{0,60}\b(?:output|print|return|display|result|value)", re.IGNORECASE
)
_VALUE = re.compile(
    r"\b(?<!can )(?<!cannot )(?<!always )find\b"
    r"|\b(?:determine|compute|calculate|evaluate|solve|simplify|how (?:many|much|long|far|old)|"
    r"what (?:is|are|was|were|does|fraction|percent\w*|number|value)|which (?:of|one)|"
    r"enter (?:the|your|all)|express (?:your answer|[^.]{1,80}?(?:closed form|in terms of|as an?\b))|list all)\b"
    r"|求(?!证)|计算|多少|等于",
    re.IGNORECASE,
)


_DEMAND_WORDS = (
    "prov", "show", "proof", "explain", "justify", "discuss", "describe", "comment on", "argue", "interpret", "compare",
    "summari", "sketch", "construct", "design", "in your own words", "give ",
    "证明", "求证", "简", "述", "析", "谈", "概", "为什么", "说明", "归纳", "指出", "评价", "于",
)  # fmt: skip
"""Of a proof or of prose."""


class OpenEnded(Filter):
    """A demand for a proof or for prose and none for a value, or for an essay, code or a link."""

    kind: Literal["open_ended"] = "open_ended"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(("open_ended", "proof"), "")

    def judge(self, row: Row) -> Judgement:
        if row.answer_kind in ("choice", "choices"):
            return True
        question = folded_lines(without_figures(row.question))
        words = folded(question)
        if holds(words, _TO_WRITE_WORDS) and _TO_WRITE.search(question) and not _RUNS.search(question):
            return False, "open_ended"
        if not holds(words, _DEMAND_WORDS) or _VALUE.search(question):
            return True
        if _PROOF.search(question):
            return False, "proof"
        return (False, "open_ended") if _OPEN.search(question) else True
