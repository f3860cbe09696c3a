"""Drop traces whose answer is a refusal or talks about being a language model.

The openings follow the refusal prefixes of Zou et al. 2023 (arXiv 2307.15043, appendix B). Only the beginning of the answer after
the thinking is looked at: "sorry" inside a reasoning is a figure of speech.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_REFUSAL = re.compile(
    r"\b(?:I(?:'|’| a)?m (?:really |very |so )?sorry\b|I apologi[sz]e\b|as an AI\b|as a (?:large )?language model\b|"
    r"I(?:'|’| a)?m (?:just |only )?an? AI\b|I(?:'|’| a)?m (?:not able|unable) to (?:assist|help|provide|answer|comply|fulfill?)\b|"
    r"I (?:can(?:'|’)?t|can ?not|won(?:'|’)t|will not) (?:assist|help|provide|answer|comply|fulfill?|engage|discuss)\b)"
    r"|^(?:sorry,|抱歉|对不起|很抱歉|作为一个(?:人工智能|AI|语言模型))",
    re.IGNORECASE,
)


class Refusal(Filter):
    """A refusal in the first 300 characters of the answer."""

    kind: Literal["refusal"] = "refusal"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {"refusal": ""}

    def judge(self, row: Row) -> Judgement:
        answer = row.completion.rpartition("</think>")[2].strip()
        return (False, "refusal") if _REFUSAL.search(answer[:300]) else True
