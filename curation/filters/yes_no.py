"""Drop questions whose gold is yes or no, true or false: half of the guesses are right, so the reward says little about the reasoning.

Big-Math removes true/false and yes/no questions (Albalak et al. 2025, arXiv 2502.17387, 3.2). The paper names no rule: leave the filter
out to keep them. Statements with a third answer ("cannot be determined") are kept, and so is a choice among more than two options.
"""

import json
import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_PAIRS = re.compile(r"yes|no|true|false|correct|incorrect|right|wrong|是|否|对|错|正确|错误|t|f|y|n", re.IGNORECASE)
_GOLD = re.compile(r"(?:yes|no|true|false|是|否|对|错|正确|错误)(?=\W*\Z|[,.;:，。]\s)", re.IGNORECASE)
_THIRD = re.compile(
    r"\b(?:true|false|yes|no)\b[^.?!\n]{0,60}(?:\bor\b|/)\W{0,3}(?:\w+ ){0,3}"
    r"(?:uncertain|unknown|undetermined|undecided|unsure|neither|maybe|neutral"
    r"|not (?:enough|sure|known|given)|cannot|can(?:'|’)t|insufficient)\b"
    r"|(?:是|否|对|错|真|假|正确|错误)[^。？?\n]{0,20}(?:或|、|还是|/)[^。？?\n]{0,6}(?:无法|不能|不可)?(?:确定|判断|未知|不知)",
    re.IGNORECASE,
)
"""A question that allows a third answer: it is no toss of a coin."""
_BARE = re.compile(r"\\(?:text|mathrm|textbf|boxed)\s*\{|[{}$\s*\"'.]")


class YesNo(Filter):
    """A gold that is yes, no, true or false, or starts with one; or a choice of the two."""

    kind: Literal["yes_no"] = "yes_no"
    remedies: ClassVar[dict[str, str]] = {"yes_no": ""}

    def judge(self, row: Row) -> Judgement:
        if row.answer_kind == "choice":
            choices = json.loads(row.answer_options).get("choices", [])
            guessed = len(choices) == 2 and all(_PAIRS.fullmatch(_BARE.sub("", str(choice))) for choice in choices)
        else:
            guessed = bool(_GOLD.match(re.sub(r"\\text(?:bf)?\s*\{|[{}$*\"']", "", row.answer).strip()))
            guessed = guessed and not _THIRD.search(row.question)
        return (False, "yes_no") if guessed else True
