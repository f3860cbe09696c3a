"""What becomes of a trace by its verdict, and of those that nothing could judge."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.build.manifest import Manifest
from curation.build.plan import plan
from curation.cold_start.verify.cap import CapUnjudged, most_unjudged
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.errors import CurationError
from curation.core.row import Row, make_row
from curation.core.rows import Rows, file_of
from curation.core.stage import Run
from curation.dedup.survivor import CRITERIA

THOUGHT = "<think>\n7 and 5.\n</think>\n\n"


def row(completion: str, gold: str = "12", kind: str = "math", **options: Any) -> Row:
    return make_row(
        source="test",
        source_id="0",
        question="What is it?",
        answer=gold,
        answer_kind=kind,
        answer_options=options,
        completion=completion,
    )


@pytest.mark.parametrize(
    ("completion", "gold", "reason", "detail"),
    [
        (THOUGHT + "It is \\boxed{13}.", "12", "verified_wrong", "read '13'"),
        (THOUGHT + "The answer is 13.", "12", "verified_wrong", "read 'The answer is 13.'"),
        (THOUGHT + "I added both.", "12", "verified_wrong", "no answer was read; no box, and the end states no answer"),
        ("<think>The answer is 12.", "12", "verified_wrong", "no answer was read; the thinking is not closed"),
        (
            THOUGHT + "Answer: 13\n\nAnswer: 12",
            "12",
            "verified_wrong",
            "read 'Answer: 12'; before it the answer is '13'",
        ),
        (THOUGHT + "The answer is 12.", "", "verified_no_gold", "no answer was read"),
        (" ", "12", "no_completion", ""),
    ],
)
def test_who_ends_here_and_what_was_read(completion: str, gold: str, reason: str, detail: str) -> None:
    decision = VerifyTraces().map(row(completion, gold))
    assert (decision.reason, decision.detail) == (reason, detail)


def test_a_trace_that_is_right_without_a_box_says_so() -> None:
    decision = VerifyTraces().map(row(THOUGHT + "So the answer is 12."))
    assert decision.columns == {"verified": "correct_without_box", "completion": None}
    assert decision.note == "correct without a box: read '12'"
    boxed = VerifyTraces().map(row(THOUGHT + "It is \\boxed{12}."))
    assert (boxed.columns["verified"], boxed.note) == ("correct", "")
    assert (
        VerifyTraces(keep=("correct",)).map(row(THOUGHT + "The answer is 12.")).reason == "verified_correct_without_box"
    )


@pytest.mark.parametrize(
    ("end", "gold", "kind", "options", "box"),
    [
        ("So the answer is $\\frac{1}{2}$.", "0.5", "math", {}, "\\frac{1}{2}"),
        ("The answer is 36 km.", "36", "math", {}, "36 km"),
        ("Answer: (B)", "B", "choice", {"choices": ["swan", "duck"]}, "(B)"),
        ("The answer is } then {.", "} then {", "text", {}, None),
    ],
)
def test_a_box_is_appended_that_is_judged_correct(
    end: str, gold: str, kind: str, options: dict[str, Any], box: str | None
) -> None:
    decision = VerifyTraces(append_box=True).map(row(THOUGHT + end, gold, kind, **options))
    if box is None:
        assert decision.reason == "gold_fails_itself"
        return
    assert decision.columns["completion"] == f"{THOUGHT}{end}\n\n\\boxed{{{box}}}"
    assert decision.note.endswith(", box appended")
    again = VerifyTraces().map(row(decision.columns["completion"], gold, kind, **options))
    assert again.columns["verified"] == "correct"


def traces(**options: Any) -> Manifest:
    source = {"kind": "table", "path": "x.jsonl", "fields": {"question": "q", "answer": "a", "completion": "c"}}
    return Manifest.model_validate({"name": "t", "cold_start": {"sources": [source], **options}})


def test_where_boxes_are_appended_they_are_asked_for_behind() -> None:
    def of(append_box: bool) -> dict[str, Any]:
        manifest = traces(filters=[{"kind": "trace_format"}], verify={"append_box": append_box})
        return {stage.kind: stage for stage in plan(manifest, "cold_start")}

    asked = of(append_box=True)
    assert (asked["filter"].filters[0].need_box, asked["verify_traces"].need_box) == (False, True)
    early = of(append_box=False)
    assert (early["filter"].filters[0].need_box, early["verify_traces"].need_box) == (True, False)
    stage = VerifyTraces(keep=("correct_without_box", "no_gold"), append_box=True, need_box=True)
    assert stage.map(row(THOUGHT + "The answer is 12.")).action == "keep"
    assert stage.map(row(THOUGHT + "The answer is 12.", "")).reason == "no_boxed_answer"
    assert "need_box" in stage.remedy("no_boxed_answer")


def test_rows_that_a_teacher_is_to_answer_stay_with_a_gold_that_can_be_judged() -> None:
    stage = VerifyTraces(to_distil=True)
    assert stage.map(row("")).action == "keep"
    assert stage.map(row("", "")).reason == "no_gold"
    assert stage.map(row("", "many", "number")).reason == "unreadable_gold"


VERDICTS = ["correct", "no_gold", "correct_without_box", "cannot_judge", "no_gold"] * 200
JUDGED = {i for i, verdict in enumerate(VERDICTS) if verdict.startswith("correct")}


@pytest.fixture
def judged_run(tmp_path: Path) -> Run:
    """A thousand rows of which the columns that the cap reads are there."""
    ids = [f"{i:032x}" for i in range(len(VERDICTS))]
    pq.write_table(pa.table({"id": ids, "verified": VERDICTS}), tmp_path / "rows.parquet")
    return Run("cold_start", "cap_unjudged", tmp_path, tmp_path, Rows([file_of(tmp_path / "rows.parquet")]))


def kept_by(run: Run, share: float, seed: int = 0) -> set[int]:
    decisions = CapUnjudged(share=share, seed=seed).decide(run.rows, run)
    return {i for i, decision in enumerate(decisions) if decision.action == "keep"}


def test_the_share_of_unjudged_traces_is_met(judged_run: Run) -> None:
    for share in (0, 0.1, 0.3, 0.55, 0.6, 1):
        kept = kept_by(judged_run, share)
        n_unjudged = len(kept - JUDGED)
        assert kept >= JUDGED
        assert n_unjudged <= share * len(kept)
        assert n_unjudged == 600 or n_unjudged + 1 > share * (len(kept) + 1)
    assert kept_by(judged_run, 0.1) < kept_by(judged_run, 0.3)
    assert kept_by(judged_run, 0.1) != kept_by(judged_run, 0.1, seed=1)
    assert [most_unjudged(n, 0.3) for n in (0, 7, 70)] == [0, 3, 30]


def test_a_cap_on_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of them there"):
        traces(verify={"max_unjudged": 0.1})
    kinds = [
        stage.kind
        for stage in plan(traces(verify={"max_unjudged": 0.1}, keep_verified=["correct", "no_gold"]), "cold_start")
    ]
    assert kinds.index("cap_unjudged") == kinds.index("mixture") - 1


def test_verdicts_are_a_column_of_the_mixture_of_traces_alone() -> None:
    caps = {"mixture": {"target": 10, "caps": {"verified": {"no_gold": 0.2}}}}
    assert traces(**caps).cold_start
    with pytest.raises(ValueError, match="only `cold_start` has"):
        Manifest.model_validate({"name": "t", "rl": {"sources": [{"kind": "visual_puzzles", "count": 1}], **caps}})


def test_a_copy_in_a_box_is_preferred() -> None:
    order = ["correct", "correct_without_box", "no_gold", "wrong"]
    ranks = [CRITERIA["verified"][1]({"verified": verdict}) for verdict in order]
    assert ranks == sorted(set(ranks))


def test_an_unknown_kind_is_one_line() -> None:
    with pytest.raises(CurationError, match=r"test/0: "):
        VerifyTraces().map(row(THOUGHT, kind="maths"))
