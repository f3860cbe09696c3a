"""Distillation: a teacher on loopback, rejection by the verifier, and what becomes of the rows."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.commands.check import check
from curation.commands.why import why
from curation.core.errors import BuildError
from tests.curation.cold_start.distilling import RIGHT, ends, manifest, paid, prompt, shard_rows, sums, teacher
from tests.curation.cold_start.teacher import HOSTILE
from tests.curation.conftest import run

pytestmark = pytest.mark.slow

ENDS = {
    "empty": ("no_correct_trace", "of 3 samples 3 without an answer"),
    "closing": ("no_correct_trace", "of 3 samples 3 without an answer"),
    "open": ("no_correct_trace", "of 3 samples 3 without an answer"),
    "twice": ("trace_incomplete", "of 3 samples 3 correct but several_thinking_blocks"),
    "boxes": ("no_correct_trace", "of 3 samples 3 wrong"),
    "silent": ("no_correct_trace", "of 3 samples 3 without an answer"),
    "bare": ("trace_incomplete", "of 3 samples 3 correct but trace_without_thinking"),
    "hopeless": ("no_correct_trace", "of 3 samples 3 wrong"),
    "long": ("teacher_truncated", "of 3 samples 3 cut off"),
    "huge": ("teacher_truncated", "of 3 samples 3 cut off"),
    "rejected": ("teacher_refused", "no sample; stopped: refused: 400 maximum context length is 512 tokens"),
}
KEPT = {
    "swallowed": "<think>\nIt is 20.\n</think>\n\nSo \\boxed{20}.",
    "apart": None,
    "chinese": "<think>我们把它们加起来。</think>答案是 \\boxed{20}。",
}
"""First words of a prompt, and what they teach: of the second the teacher says its reasoning in a field of its own."""


def test_only_whole_and_correct_traces_become_rows(tmp_path: Path) -> None:
    words = [*HOSTILE, "long", "huge", "rejected", "apart"]
    assert set(words) == ENDS.keys() | KEPT.keys()
    records = [*sums(20), *(prompt(7, 13, word) for word in words)]
    with teacher(tmp_path) as server:
        summary = run(manifest(tmp_path, records, server.url, n_max=3), tmp_path / "out")
    out, found = ends(tmp_path / "out"), shard_rows(tmp_path / "out")
    assert {word: out[f"{word}7+13"] for word in ENDS} == ENDS
    for word, trace in KEPT.items():
        (message,) = found[f"{word}7+13"]["completion"]
        assert message["content"] == trace or (not trace and "</think>" in message["content"])
    for row in found.values():
        text = row["completion"][0]["content"]
        assert (row["verified"], row["teacher"]) == ("correct", "teacher")
        assert re.findall(r"\\boxed\{(\d+)\}", text)[-1] == row["answer"]
        noted = dict(json.loads(row["provenance"]))["distil"]
        assert re.fullmatch(r"sample \d of teacher @ teacher, .*; \d of \d judged are correct", noted)
    counts = summary["configs"]["cold_start"]["sources"]["sums"]
    assert (counts["in"], counts["added"], counts["out"] + counts["dropped"]) == (len(records), 0, len(records))
    told = summary["configs"]["cold_start"]["distil"]["sums"]
    assert told["prompts"] == len(records)
    assert told["distilled"] == told["traces"] == counts["out"] == len(found)
    assert told["samples"] == paid(server.path).total()
    assert "all valid" in check(tmp_path / "out")


def test_several_traces_are_rows_of_their_own_and_another_choice_pays_for_nothing(tmp_path: Path) -> None:
    with teacher(tmp_path) as server:
        path = manifest(tmp_path, sums(20), server.url, k=3, keep="shortest", section={"splits": {"test": 0.5}})
        summary = run(path, tmp_path / "out")
    described, found = summary["configs"]["cold_start"], shard_rows(tmp_path / "out")
    counts, told = described["sources"]["sums"], described["distil"]["sums"]
    assert counts["added"] == told["added"] == told["traces"] - told["distilled"] == len(found) - told["distilled"]
    assert counts["added"] > 20
    assert counts["in"] + counts["added"] == counts["out"] + counts["dropped"]
    assert "all valid" in check(tmp_path / "out")
    for name, row in found.items():
        first, _, number = name.partition("#trace")
        assert row["id"] == found[first]["id"] + (f".{number}" if number else "")
    traces = [(row["source_id"].partition("#")[0], row["completion"][0]["content"]) for row in found.values()]
    assert len(set(traces)) == len(traces)
    of_prompt = [text for name, text in traces if name == "0+1"]
    assert [len(text) for text in of_prompt] == sorted(len(text) for text in of_prompt)
    told_of = why(tmp_path / "out", "sums/0+1")
    assert told_of.count("kept, in split") == 3
    assert len(set(re.findall(r"kept, in split (\w+)", told_of))) == 1

    before = server.path.read_text()
    with teacher(tmp_path) as server:
        run(manifest(tmp_path, sums(20)[::-1], server.url, keep="varied"), tmp_path / "out")
    assert server.path.read_text() == before
    assert len(shard_rows(tmp_path / "out")) == told["distilled"]


def test_what_has_a_trace_is_not_sampled_unless_that_is_asked_for(tmp_path: Path) -> None:
    records = [
        prompt(1, 2),
        prompt(1, 2, id="again"),
        prompt(2, 3, trace=RIGHT.format(5)),
        prompt(2, 3, id="bare"),
        prompt(3, 4, trace=RIGHT.format(8)),
        prompt(4, 5, trace=RIGHT.format(10)),
        prompt(4, 5, trace=RIGHT.format(11), id="wrong too"),
    ]
    found: dict[str, tuple[list[str], dict[str, str]]] = {}
    for prompts in ("without_trace", "not_correct", "all"):
        folder = tmp_path / prompts
        folder.mkdir()
        with teacher(folder) as server:
            run(manifest(folder, records, server.url, prompts=prompts), folder / "out")
        asked = sorted({re.search(r"What is (\S+ \+ \S+)\?", text)[1] for text, _ in paid(server.path)})  # type: ignore[index]
        found[prompts] = asked, {name: reason for name, (reason, _) in ends(folder / "out").items()}
        rows = shard_rows(folder / "out")
        assert rows["2+3"]["completion"][0]["content"] == RIGHT.format(5)
        assert rows["2+3"]["teacher"] == ""
        assert ("2+3#trace2" in rows) == (prompts == "all")
        assert ("3+4" in rows) == (prompts != "without_trace")
        assert "all valid" in check(folder / "out")
    wrong = {"3+4": "verified_wrong", "4+5": "verified_wrong", "wrong too": "verified_wrong"}
    gone = {"again": "duplicate", "bare": "trace_elsewhere"}
    assert found["without_trace"] == (["1 + 2"], {**gone, **wrong})
    assert found["not_correct"] == (["1 + 2", "3 + 4", "4 + 5"], {**gone, "wrong too": "same_prompt"})
    assert found["all"][0] == ["1 + 2", "2 + 3", "3 + 4", "4 + 5"]
    assert found["all"][1] == {"again": "duplicate", "bare": "same_prompt", "wrong too": "same_prompt"}


def test_filters_of_traces_wait_for_the_trace_and_others_do_not(tmp_path: Path) -> None:
    long = prompt(1, 3) | {"question": "What is 1 + 3? " + "Take your time. " * 40}
    records = [prompt(1, 2), long, prompt(5, 6, trace="<think>It is 11.")]
    filters = [{"kind": "trace_format"}, {"kind": "length", "max_chars": 300, "min_completion_chars": 5_000}]
    with teacher(tmp_path) as server:
        path = manifest(tmp_path, records, server.url, section={"filters": filters})
        with pytest.raises(BuildError, match=r"in filter_distilled as completion_too_short \(filter length, min_comp"):
            run(path, tmp_path / "out")
        assert {text[:13] for text, _ in paid(server.path)} == {"What is 1 + 2"}
    assert {name: reason for name, (reason, _) in ends(tmp_path / "out").items()} == {
        "1+3": "prompt_too_long",
        "5+6": "thinking_not_closed",
        "1+2": "completion_too_short",
    }
    told = why(tmp_path / "out", "sums/1+2")
    assert "dropped in 09-cold_start-filter_distilled: completion_too_short" in told
    assert "gold: 3 (math)" in told
    assert "samples: 1 of the 1 that were counted are in" in told


def test_without_a_teacher_a_prompt_ends_for_want_of_a_trace_and_not_by_its_form(tmp_path: Path) -> None:
    records = [prompt(1, 2), prompt(5, 6, trace="<think>I add.</think>\\boxed{11}")]
    path = manifest(tmp_path, records, "http://nobody", section={"filters": [{"kind": "trace_format"}]})
    given = yaml.safe_load(path.read_text())
    del given["cold_start"]["distil"]
    path.write_text(yaml.safe_dump(given))
    run(path, tmp_path / "out")
    assert {name: reason for name, (reason, _) in ends(tmp_path / "out").items()} == {"1+2": "no_completion"}


def test_a_budget_ends_the_sampling_and_says_so(tmp_path: Path) -> None:
    with teacher(tmp_path) as server:
        path = manifest(tmp_path, sums(40), server.url, max_tokens_total=600, batch_prompts=1, n_max=4)
        run(path, tmp_path / "out")
        assert paid(server.path).total() < 40
    reasons = Counter(reason for reason, _ in ends(tmp_path / "out").values())
    assert reasons["unsampled"] > 10
    assert len(shard_rows(tmp_path / "out")) > 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": {"temperature": 0}}, "temperature: 0, under which all samples"),
        ({"k": 3, "candidates": 2}, "candidates: 2 and k: 3"),
        ({"k": 4, "n_max": 2}, "n_max: 2, expected at least the 4"),
        ({"template": "Solve it."}, "expected exactly one {question}"),
        ({"keep": "longest"}, "'first', 'shortest' or 'varied'"),
    ],
)
def test_options_that_cannot_be_are_one_clear_line(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=re.escape(message)):
        run(manifest(tmp_path, sums(1), "http://127.0.0.1:9/v1", **options), tmp_path / "out")
