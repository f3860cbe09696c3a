"""What a filter is: a class of one idea, `judge(row) -> True | (False, reason) | (False, reason, detail)`. What it drops is counted.

class Length(Filter):
    kind: Literal["length"] = "length"
    max_chars: int = 20_000

    def judge(self, row: Row) -> Judgement:
        return True if len(row.question) <= self.max_chars else (False, "prompt_too_long")
"""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from curation.core.plugins import ByKind, Plugin
from curation.core.row import Row

Judgement = Literal[True] | tuple[Literal[False], str] | tuple[Literal[False], str, str]


class Filter(Plugin):
    """One reason to drop a row. The reason is a short code, counted in the summary; the detail is in the row's line of the ledger.
    `remedies` names every reason and the options that decide it."""

    of_traces: ClassVar[bool] = False
    """Whether it looks at the trace alone, so that it has nothing to say of a row whose trace is still to be distilled."""

    @abstractmethod
    def judge(self, row: Row) -> Judgement:
        """True to keep the row, (False, reason) or (False, reason, detail) to drop it. Pure: the same row gets the same judgement."""

    def judge_prompt(self, row: Row) -> Judgement:
        """The judgement of a row whose trace is still to come."""
        return True if self.of_traces else self.judge(row)


AnyFilter = Annotated[Filter, ByKind(Filter)]
