"""A build from traces of sources: questions in another file, tags of several styles, and every flaw counted under its own reason."""

import json
from pathlib import Path

import yaml

from curation.core.parquet import read_records
from tests.curation.conftest import Write, run

ROOT = Path(__file__).parents[3]
FILTERS = [
    one
    for one in yaml.safe_load((ROOT / "manifests/ovr/cold_start.yaml").read_text().replace("!include", ""))[
        "cold_start"
    ]["filters"]
    if one["kind"] != "token_budget"
]
THOUGHT = "Each of the {n} boxes holds two marbles, so we add them up. Let me check it: the sum is {a}, and that is what was asked for."
MANY = " ".join(f"Box {i} holds marbles of kind {i * i % 97}, and box {3 * i} some more." for i in range(90))
GOOD = [
    "<think>\n{t}\n</think>\n\nThe sum is \\boxed{{{a}}}.",
    "<|begin_of_thought|>{t}<|end_of_thought|><|begin_of_solution|>The sum is \\boxed{{{a}}}.<|end_of_solution|>",
    "◁think▷{t}◁/think▷The sum is \\boxed{{{a}}}.",
    "## Thinking\n\n{t}\n\n## Final Response\n\nThe sum is \\boxed{{{a}}}.",
    "<|channel|>analysis<|message|>{t}<|end|><|start|>assistant<|channel|>final<|message|>The sum is \\boxed{{{a}}}.<|return|>",
]
FLAWED = {
    "cut_off_in_sentence": "<think>\n{t}\n</think>\n\nIt is \\boxed{{{a}}}. To see it we add up all of the marbles, and",
    "thinking_not_closed": "<think>\n{t} So the sum",
    "loops_at_the_end": f"<think>\n{MANY} No, wait, {'I should count them again. ' * 12}\n</think>\n\nIt is \\boxed{{{{{{a}}}}}}.",
    "prompt_in_answer": "<think>\n{t}\n</think>\n\nWe were asked: {q} It is \\boxed{{{a}}}.",
    "other_turns": "<think>\n{t}\n</think>\n\nIt is \\boxed{{{a}}}.\n\nUser: And with one box more?\n\nAssistant: Two more.",
    "script_changes": "<think>\n{t} 首先我们需要把所有的弹珠加起来，然后检查一下结果。\n</think>\n\nIt is \\boxed{{{a}}}.",
    "conflicting_answers": "<think>\n{t}\n</think>\n\nThe answer is \\boxed{{17}}.\n\nThe final answer is \\boxed{{{a}}}.",
    "several_thinking_blocks": "<think>\n{t}\n</think>\n\n<think>\n{t}\n</think>\n\nIt is \\boxed{{{a}}}.",
}


def test_every_flaw_of_a_trace_is_counted(write_manifest: Write, tmp_path: Path) -> None:
    questions = [
        {"id": n, "problem": f"There are {n} boxes with two marbles each in the {n}th room. How many marbles are in all of the boxes?",
         "answer": str(2 * n)}
        for n in range(20, 20 + len(GOOD) + len(FLAWED))
    ]  # fmt: skip
    traces = [
        {
            "qid": str(asked["id"]),
            "trace": form.format(
                t=THOUGHT.format(n=asked["id"], a=asked["answer"]), q=asked["problem"], a=asked["answer"]
            ),
        }
        for asked, form in zip(questions, [*GOOD, *FLAWED.values()], strict=True)
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    (tmp_path / "traces.jsonl").write_text("\n".join(map(json.dumps, traces)))
    source = {
        "kind": "table", "name": "traces", "license": "MIT", "path": "traces.jsonl", "language": "en",
        "join": {"asked": {"path": str(tmp_path / "questions.jsonl"), "on": "qid", "key": "id"}},
        "fields": {"question": "asked.problem", "answer": "asked.answer", "completion": "trace"},
        "accept": ["bad_rows", "little_left"],
    }  # fmt: skip
    out = tmp_path / "out"
    run(write_manifest({"cold_start": {"sources": [source], "filters": FILTERS, "dedup": {"near": False}}}), out)
    rows = [row for file in (out / "data/cold_start").glob("*.parquet") for row in read_records(file)]
    assert len(rows) == len(GOOD)
    assert {row["completion"][0]["content"].count("<think>") for row in rows} == {1}
    summary = json.dumps(json.loads((out / "summary.json").read_text()))
    for reason in FLAWED:
        assert f'{reason}": 1' in summary, reason
