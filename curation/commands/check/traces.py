"""The trace of a row says what its verdict says: it is read again, by the stage's own reader."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.cold_start.verify.verdict import read_trace
from curation.commands.check.base import Finding, RowCheck, Said, Skipped
from curation.commands.check.identity import bare
from curation.commands.check.subject import Frame
from curation.core.errors import CurationError
from curation.core.row import Row

CORRECT = ("correct", "correct_without_box")


class Traces(RowCheck):
    """One assistant message, with one closed `<think>` where the manifest asks for that; a verdict that the trace still gets."""

    kind: Literal["traces"] = "traces"
    place: ClassVar[int] = 90
    of_controls: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = (
        "id",
        "prompt",
        "completion",
        "answer",
        "answer_kind",
        "answer_options",
        "verified",
    )
    configs: ClassVar[tuple[str, ...]] = ("cold_start",)

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        todo = "build the set again; the trace was changed or is another row's"
        completion = record["completion"] or []
        if [message["role"] for message in completion] != ["assistant"] or not completion[0]["content"].strip():
            yield Finding("", "its completion is not one assistant message with text", todo)
            return
        trace = completion[0]["content"]
        if frame.trace_format and (trace.count("<think>"), trace.count("</think>")) != (1, 1):
            yield Finding("", "its trace has not one closed <think> ... </think>", todo)
        if record["verified"] in ("", "no_gold"):
            yield Skipped(f"traces, their verdict: it is {record['verified'] or 'empty'!r}", 1)
            return
        prompt = tuple(bare(frame.template, record["prompt"]) or ())
        gold = {name: record[name] for name in ("answer", "answer_kind", "answer_options")}
        row = Row(record["id"], record["source"], record["source_id"], prompt, completion=trace, **gold)
        try:
            now = read_trace(row)
        except CurationError:
            return  # the check of golds says it
        if "cannot_judge" in (now.verified, record["verified"]) and now.verified != record["verified"]:
            yield Skipped("traces that the judge had not decided by its deadline, now or in the build", 1)
        elif (now.verified in CORRECT) != (record["verified"] in CORRECT):
            yield Finding(
                "", f"verified is {record['verified']!r}, and its trace is {now.verified}: {now.line[:200]}", todo
            )
