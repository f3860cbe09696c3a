"""Drop proof and open-ended questions: no rule can compare their answers (OVR 3.3, step 7).

Kimi k1.5 (arXiv 2501.12599, 2.1) and Big-Math (Albalak et al. 2025, arXiv 2502.17387, 3.2) remove proofs by the same kind of
pattern. A question that also asks for a value ("Show that ... Find x.") is kept, and so is multiple choice: both have something that
a rule can judge.
"""

import re
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import folded_lines, without_figures

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
    r"|\bin your own words\b|\bgive (?:a reason|reasons|an example)\b|"
    r"\bwrite (?:(?:a|an|the|some) )?(?:[\w-]+ ){0,3}"
    r"(?:essay|story|poem|paragraph|program|letter|code|script|article|summary|report|speech)\b"
    r"|\bimplement (?:a|an|the) (?:\w+ ){0,2}(?:function|class|algorithm|program|method)\b"
    r"|(?:请|要求)?说明理由|简述|谈谈|写一篇|作文|翻译成|论述|赏析|简析|阐述|评述",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?<!can )(?<!cannot )(?<!always )find\b"
    r"|\b(?:determine|compute|calculate|evaluate|solve|simplify|how (?:many|much|long|far|old)|"
    r"what (?:is|are|was|were|does|fraction|percent\w*|number|value)|which (?:of|one)|"
    r"enter (?:the|your|all)|express (?:your answer|[^.]{1,80}?(?:closed form|in terms of|as an?\b))|list all)\b"
    r"|(?<![要需请追寻征恳])求(?!证)|计算|多少|等于",
    re.IGNORECASE,
)


class OpenEnded(Filter):
    """A demand for a proof or for prose, and no demand for a value."""

    kind: Literal["open_ended"] = "open_ended"

    def judge(self, row: Row) -> Judgement:
        question = folded_lines(without_figures(row.question))
        if row.answer_kind in ("choice", "choices") or _VALUE.search(question):
            return True
        if _PROOF.search(question):
            return False, "proof"
        return (False, "open_ended") if _OPEN.search(question) else True
