"""Drop questions whose gold is yes or no, true or false: half of the guesses are right, so the reward says little about the reasoning.

Big-Math removes true/false and yes/no questions (Albalak et al. 2025, arXiv 2502.17387, 3.2). The paper names no rule: leave the filter
out to keep them. Statements with a third answer ("cannot be determined") are kept, and so is a choice among more than two options.
"""

import json
import re
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_PAIRS = re.compile(r"yes|no|true|false|correct|incorrect|right|wrong|是|否|对|错|正确|错误|t|f|y|n", re.IGNORECASE)
_GOLD = re.compile(r"(?:yes|no|true|false|是|否|对|错|正确|错误)(?=\W*\Z|[,.;:，。]\s)", re.IGNORECASE)
_BARE = re.compile(r"\\(?:text|mathrm|textbf|boxed)\s*\{|[{}$\s*\"'.]")


class YesNo(Filter):
    """A gold that is yes, no, true or false, or starts with one; or a choice of the two."""

    kind: Literal["yes_no"] = "yes_no"

    def judge(self, row: Row) -> Judgement:
        if row.answer_kind == "choice":
            choices = json.loads(row.answer_options).get("choices", [])
            guessed = len(choices) == 2 and all(_PAIRS.fullmatch(_BARE.sub("", str(choice))) for choice in choices)
        else:
            guessed = bool(_GOLD.match(re.sub(r"\\text(?:bf)?\s*\{|[{}$*\"']", "", row.answer).strip()))
        return (False, "yes_no") if guessed else True
