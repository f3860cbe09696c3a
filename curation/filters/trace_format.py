r"""Keep traces in the form that the cold start teaches: one complete `<think>...</think>`, then an answer with `\boxed{}`.

The template is DeepSeek-R1's (arXiv 2501.12948, table 1) with the box that the reward reads (OVR 3.2). A trace that was cut off
mid-thought, thinks twice or never answers would teach just that.
"""

from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from rewards.extract import boxes

_OPEN, _CLOSE = "<think>", "</think>"


class TraceFormat(Filter):
    """Form only: whether the answer is right is the verifier's business."""

    kind: Literal["trace_format"] = "trace_format"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {
        "trace_without_thinking": "",
        "thinking_not_closed": "",
        "several_thinking_blocks": "",
        "thinking_does_not_come_first": "",
        "thinking_is_empty": "",
        "answer_missing_after_thinking": "",
        "no_boxed_answer": "need_box",
    }
    need_box: bool = True
    """Drop a trace whose answer has no `\\boxed{}` with something in it, as `no_boxed_answer`."""

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
        if not thinking.strip():
            return False, "thinking_is_empty"
        if not answer.strip():
            return False, "answer_missing_after_thinking"
        has_answer = not self.need_box or any(box.content.strip() for box in boxes(answer))
        return True if has_answer else (False, "no_boxed_answer")
