r"""Keep traces in the form that the cold start teaches: one complete `<think>...</think>`, then an answer with `\boxed{}`.

The template is DeepSeek-R1's (arXiv 2501.12948, table 1) with the box that the reward reads (OVR 3.2). A trace that was cut off
mid-thought, thinks twice or never answers would teach just that.
"""

from typing import Literal

from pydantic import Field

from curation.filters.base import Filter, Judgement
from curation.row import Row

_OPEN, _CLOSE, _BOX = "<think>", "</think>", "\\boxed{"


class TraceFormat(Filter):
    """Form only: whether the answer is right is the verifier's business."""

    kind: Literal["trace_format"] = "trace_format"
    min_thinking_chars: int = Field(default=1, ge=0)
    need_box: bool = True

    def judge(self, row: Row) -> Judgement:
        trace = row.completion.strip()
        opened, closed = trace.count(_OPEN), trace.count(_CLOSE)
        if not opened and not closed:
            return False, "trace_without_thinking"
        if not closed:
            return False, "thinking_not_closed"
        if opened > 1 or closed > 1:
            return False, "several_thinking_blocks"
        thinking, _, answer = trace.removeprefix(_OPEN).partition(_CLOSE)
        if not trace.startswith(_OPEN):
            return False, "thinking_does_not_come_first"
        if len(thinking.strip()) < max(self.min_thinking_chars, 1):
            return False, "thinking_is_empty"
        if not answer.strip():
            return False, "answer_missing_after_thinking"
        return True if not self.need_box or has_complete_box(answer) else (False, "no_boxed_answer")


def has_complete_box(text: str) -> bool:
    r"""Whether the text has a `\boxed{...}` whose braces close and that is not empty.

    >>> has_complete_box(r"so \boxed{\frac{1}{2}}"), has_complete_box(r"\boxed{\frac{1"), has_complete_box(r"\boxed{}")
    (True, False, False)
    """
    start = text.find(_BOX)
    while start >= 0:
        begin = start + len(_BOX)
        depth, end = 1, begin
        while end < len(text) and depth:
            depth += (text[end] == "{") - (text[end] == "}")
            end += 1
        if not depth and text[begin : end - 1].strip():
            return True
        start = text.find(_BOX, begin)
    return False
