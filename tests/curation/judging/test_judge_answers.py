"""A build that puts to a model what its rules cannot judge: traces with unreadable golds, and golds against which samples agree."""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
import yaml

from curation.build.build import BuildOptions, build
from curation.build.dry_run import dry_run
from curation.build.load import load_manifest
from curation.cli import main
from curation.cold_start.verify.verdict import verify_completion
from curation.core.decision import Decision
from curation.core.errors import CurationError, ManifestError
from curation.core.parquet import read_records
from curation.core.row import Message, Row
from curation.judging.answers.options import JudgeAnswers, JudgeTraces
from curation.judging.answers.stage import ANSWERS_FILE, JudgeAnswersStage
from curation.judging.answers.votes import Pair, judge_pairs
from tests.curation.conftest import Write, shard_bytes
from tests.curation.judging.answering import Judge, engine, knows, says, shown
from tests.curation.judging.answering_server import answering_server
from tests.curation.stages import decisions, stored

ROOT = Path(__file__).parents[3]
MANY = "There are infinitely many of them, as Euclid showed long ago"
PARTS = "(a) f is odd; (b) g is even"
TRACES = [
    ("many", MANY, r"So \boxed{an infinite number}."),
    ("few", MANY, r"So \boxed{finitely many}."),
    ("parts", PARTS, "We are done.\nThe answer is: f is odd, g is even"),
    ("open", PARTS, "<think>and so on"),
    ("dots", PARTS, r"So \boxed{...}"),
    ("back", PARTS, r"So \boxed{f is odd}. Scratch that, I was wrong."),
    ("long", PARTS, rf"So \boxed{{{'odd ' * 200}}}"),
    ("babble", PARTS, r"So \boxed{babble}"),
    ("unsure", PARTS, r"So \boxed{unsure}"),
    ("right", "7", r"So \boxed{7}."),
    ("wrong", "7", r"So \boxed{8}."),
]
SAME = [(MANY, "an infinite number"), (PARTS, "f is odd, g is even")]
FATES = {
    "many": "keep", "few": "model_wrong", "parts": "keep", "open": "judge_not_asked", "dots": "judge_not_asked",
    "back": "judge_not_asked", "long": "judge_not_asked", "babble": "judge_failed", "unsure": "model_cannot_tell",
    "right": "keep", "wrong": "verified_wrong",
}  # fmt: skip


def judge(prompt: str, before: int) -> str:
    texts = set(shown(prompt).values())
    if "babble" in texts:
        return "Well, <verdict>SAME</verdict> as far as I see, or <verdict>DIFFERENT</verdict>"
    return "<verdict>CANNOT_TELL</verdict>" if "unsure" in texts else knows(SAME)(prompt, before)


def cold_start(
    folder: Path, server: Any, keep_verified: tuple[str, ...] = ("correct",), **answers: Any
) -> dict[str, Any]:
    rows = [
        {
            "id": name,
            "q": f"Question {name}: what can be said?",
            "a": gold,
            "c": f"<think>The secret thought of {name}.</think> {end}",
        }
        for name, gold, end in TRACES
    ]
    (folder / "traces.jsonl").write_text("\n".join(map(json.dumps, rows)))
    fields = {"id": "id", "question": "q", "answer": "a", "completion": "c"}
    source = {
        "kind": "table",
        "name": "t",
        "path": "traces.jsonl",
        "fields": fields,
        "gold": {"unreadable": "keep"},
        "accept": ["one_gold"],
    }
    options = {"judge": {"engine": engine(server), "sampling": {"temperature": 0}}, **answers}
    return {"cold_start": {"sources": [source], "keep_verified": list(keep_verified), "judge_answers": options}}


def fates(out: Path) -> dict[str, str]:
    """source_id -> keep, or the reason of its end."""
    return {
        line["source_id"]: "keep" if line["stage"] == "shards" else line["reason"]
        for line in read_records(out / "ledger.parquet")
    }


def rows_of(out: Path, config: str) -> dict[str, dict[str, Any]]:
    return {row["source_id"]: row for shard in (out / "data" / config).glob("*") for row in read_records(shard)}


def test_traces_that_no_rule_judges_stay_on_a_models_word(write_manifest: Write, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with answering_server(judge) as server:
        summary = build(write_manifest(cold_start(tmp_path, server, trust=True)), out)
        prompts = [body["messages"][-1]["content"] for body in server.bodies]
    assert summary["balanced"]
    assert fates(out) == FATES
    rows = rows_of(out, "cold_start")
    assert {name: (row["verified"], row["judge_verdict"]) for name, row in rows.items()} == {
        "many": ("cannot_judge", "model_correct"), "parts": ("cannot_judge", "model_correct"), "right": ("correct", ""),
    }  # fmt: skip
    assert ["judge_answers", f"model_correct by judge: 'an infinite number' for the gold {MANY!r}"] in json.loads(
        rows["many"]["provenance"]
    )
    details = {line["source_id"]: line["detail"] for line in read_records(out / "ledger.parquet")}
    assert details["few"] == f"'finitely many' for the gold {MANY!r}"
    assert details["open"] == f"no_answer: '' for the gold {PARTS!r}"
    assert len(prompts) == 2 * 5
    assert not any("secret thought" in prompt for prompt in prompts)
    counts = summary["configs"]["cold_start"]["judge_answers"]["t"]["unreadable_gold"]
    assert counts == {
        "model_correct": 2, "model_wrong": 1, "model_cannot_tell": 1, "failed": 1, "reply_unparsable": 2, "not_asked": 4, "kept": 2,
        "not_asked_no_answer": 2, "not_asked_taken_back": 1, "not_asked_long_answer": 1,
    }  # fmt: skip
    lines = {line["source_id"]: line for line in read_records(out / ANSWERS_FILE)}
    assert lines.keys() == FATES.keys() - {"right", "wrong"}
    assert (lines["babble"]["judge_says"], lines["babble"]["failures"]) == ("failed", ["unparsable"] * 2)
    assert lines["parts"]["answer"] == "f is odd, g is even"
    assert all(line["is_kept"] == (FATES[name] == "keep") for name, line in lines.items())


def decided(reply: Judge, keep_verified: tuple[str, ...], folder: Path, **answers: Any) -> dict[str, Decision]:
    """What the stage alone says of the traces that come past the rules."""
    rows = []
    for name, gold, end in TRACES:
        kind = "math" if gold == "7" else "unreadable"
        row = Row(
            name, "t", name, (Message("user", f"{name}?"),), (), gold, kind, completion=f"<think>So.</think> {end}"
        )
        rows.append(replace(row, verified=verify_completion(row)))
    rows = [row for row in rows if row.verified != "wrong"]
    with answering_server(reply) as server:
        options = JudgeTraces.model_validate({"judge": {"engine": engine(server)}, **answers})
        stage = JudgeAnswersStage(options=options, keep_verified=keep_verified)
        found = decisions(stage, stored([rows], folder / "rows"), folder / "judge_answers", config="cold_start")
    return {row.id: one for row, one in zip(rows, found, strict=True)}


UNJUDGED = FATES.keys() - {"wrong", "right"}


@pytest.mark.parametrize(
    ("keep_verified", "answers", "kept"),
    [
        (("correct",), {"on_correct": "mark"}, {"right"}),
        (("correct", "cannot_judge"), {"on_correct": "mark"}, {"right", *UNJUDGED}),
        (("correct", "cannot_judge"), {"trust": True}, {"right", *UNJUDGED} - {"few"}),
        (("correct", "cannot_judge"), {"trust": True, "of": ["cannot_judge"]}, {"right", *UNJUDGED}),
        (("correct",), {"trust": True, "of": ["cannot_judge"]}, {"right"}),
    ],
)
def test_what_is_no_verdict_or_only_noted_is_left_to_the_manifest(
    keep_verified: tuple[str, ...], answers: dict[str, Any], kept: set[str], tmp_path: Path
) -> None:
    found = decided(judge, keep_verified, tmp_path, **answers)
    assert {name for name, one in found.items() if one.action == "keep"} == kept
    told = {name: one.columns["judge_verdict"] for name, one in found.items() if one.action == "keep"}
    asked = "cannot_judge" not in answers.get("of", ())
    assert told.get("few", "model_wrong" * asked) == "model_wrong" * asked
    assert told["right"] == ""
    assert not any("verified" in one.columns for one in found.values())


@pytest.mark.parametrize(
    "text", ["SAME, the verdict is SAME", "cut: <verdict>SAME</verdict>", "<think><verdict>SAME</verdict>"]
)
def test_a_judge_that_babbles_gives_no_verdict_at_all(text: str, tmp_path: Path) -> None:
    found = decided(says(text), ("correct",), tmp_path, trust=True)
    assert {name: one.reason for name, one in found.items() if one.reason != "judge_not_asked"} == {
        "right": "", **dict.fromkeys(("many", "few", "parts", "babble", "unsure"), "judge_failed"),
    }  # fmt: skip


def test_nothing_acts_without_a_certificate(
    write_manifest: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering_server(judge) as server:
        with pytest.raises(
            ManifestError, match=r"cold_start.judge_answers: acts on a model's word without a `certificate`"
        ):
            load_manifest(write_manifest(cold_start(tmp_path, server)))
        path = write_manifest(cold_start(tmp_path, server, certificate="judge.json"))
        with pytest.raises(CurationError, match=r"judge\.json: no such certificate"):
            build(path, tmp_path / "out")
        assert server.bodies == []
        assert not (tmp_path / "out" / "stages").exists()
        golds = write_manifest(cold_start(tmp_path, server, trust=True))
        build(golds, tmp_path / "golds")
        path = write_manifest(cold_start(tmp_path, server, certificate="judge.json"))
        assert main(["certify", str(tmp_path / "golds"), "--judge", str(path)]) == 1
        assert json.loads((tmp_path / "judge.json").read_text())["trusted"] is False
        with pytest.raises(CurationError, match=r"the judge 'judge' is not to be trusted: it "):
            build(path, tmp_path / "out")
    assert f"{tmp_path / 'judge.json'}: not trusted" in capsys.readouterr().out


def test_a_dry_run_tells_what_judging_costs_and_its_pilot_is_found(write_manifest: Write, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with answering_server(judge) as server:
        path = write_manifest(cold_start(tmp_path, server, trust=True))
        assert "at most 0 answers" not in dry_run(path, out, BuildOptions())
        assert server.bodies == []
        told = dry_run(path, out, BuildOptions(), pilot=2)
        assert len(server.bodies) == 2
        assert "10 samples: 2 in the store, 8 to come" in told
        assert "about 40 tokens: 8 in the store, about 32 to come" in told
        build(path, out)
        assert len(server.bodies) == 10
        again = dry_run(path, tmp_path / "out", BuildOptions())
    assert "finished, nothing would run" in again


@pytest.mark.slow
def test_a_killed_build_asks_nothing_twice(tmp_path: Path) -> None:
    pauses = [0.1]

    def slow(prompt: str, before: int) -> str:
        time.sleep(pauses[0])
        return judge(prompt, before)

    with answering_server(slow) as server:
        manifest = cold_start(tmp_path, server, trust=True)
        options = manifest["cold_start"]["judge_answers"]
        options["judge"]["engine"]["concurrency"] = 2
        rows = [
            json.dumps({"id": i, "q": f"{i}: what?", "a": PARTS, "c": f"<think>So.</think> It is {i} and odd."})
            for i in range(20)
        ]
        (tmp_path / "traces.jsonl").write_text(
            "\n".join([*rows, json.dumps({"id": "x", "q": "?", "a": "7", "c": r"\boxed{7}"})])
        )
        path = tmp_path / "manifest.yaml"
        path.write_text(yaml.safe_dump({"name": "killed", **manifest}))
        out, whole = tmp_path / "out", tmp_path / "whole"
        command = [sys.executable, "-m", "curation.cli", "build", str(path), "--out", str(out)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while not list((out / "rollouts").glob("segment-*")):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        assert not psutil.wait_procs(children, timeout=30)[1]
        kept = {
            seed for file in (out / "rollouts").glob("segment-*") for seed in pq.read_table(file)["seed"].to_pylist()
        }
        before = len(server.bodies)
        assert 0 < len(kept) <= before < 40
        pauses[0] = 0.0
        build(path, out)
        asked = Counter(body["seed"] for body in server.bodies[before:])
        assert not asked.keys() & kept
        assert set(asked.values()) == {1}
        assert len(asked) + len(kept) == 40
        build(path, whole)
    assert shard_bytes(out) == shard_bytes(whole)
    assert (out / ANSWERS_FILE).read_bytes() == (whole / ANSWERS_FILE).read_bytes()


Sampled = Callable[[str, int], str]


def sampled(agreed: dict[str, tuple[str, int]]) -> tuple[Sampled, list[str]]:
    """A sampler that is wrong once on every other question; `agreed` are other answers to some, and how many samples give them."""
    seen: Counter[str] = Counter()
    prompts: list[str] = []

    def reply(prompt: str, before: int) -> str:
        if "<answer_1>" in prompt:
            prompts.append(prompt)
            return knows([("7", "9"), ("7", "VII")])(prompt, before)
        number = int(prompt.partition(":")[0])
        seen[prompt] += 1
        text, n = agreed.get(str(number), ("8", number % 2))
        return rf"So it is \boxed{{{text if seen[prompt] <= n else 7}}}."

    return reply, prompts


@pytest.mark.slow
@pytest.mark.parametrize("on_correct", ["drop", "mark"])
def test_samples_that_agree_against_a_gold_are_put_to_a_model(
    on_correct: str, write_manifest: Write, tmp_path: Path
) -> None:
    agreed = {
        "60": ("9", 7),
        "61": ("11", 7),
        "62": ("9", 8),
        "63": ("11", 8),
        "64": ("the week has that many days", 8),
    }
    reply, prompts = sampled(agreed)
    rows = [json.dumps({"id": str(i), "q": f"{i}: how many?", "a": "7"}) for i in range(65)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    source = {
        "kind": "table", "name": "t", "path": "rows.jsonl", "fields": {"id": "id", "question": "q", "answer": "a"},
        "gold": {"rules": [{"kind": "number"}]}, "accept": ["one_gold"],
    }  # fmt: skip
    with answering_server(reply) as server:
        answers = {"judge": {"engine": engine(server)}, "on_correct": on_correct, "trust": True}
        difficulty = {"sampler": engine(server), "n": 8, "sampling": {"max_tokens": 64}}
        section = {"sources": [source], "difficulty": difficulty, "judge_answers": answers, "dedup": {"near": False}}
        summary = build(write_manifest({"prompt_template": "{question}", "rl": section}), tmp_path / "out")
    ends = fates(tmp_path / "out")
    assert {i: ends[str(i)] for i in range(60, 65)} == {
        60: "rule_missed" if on_correct == "drop" else "keep", 61: "keep", 62: "suspect_gold", 63: "suspect_gold", 64: "unread_answer",
    }  # fmt: skip
    details = {line["source_id"]: line["detail"] for line in read_records(tmp_path / "out" / "ledger.parquet")}
    assert on_correct == "mark" or details["60"] == "'9' for the gold '7'"
    says_ = {
        line["source_id"]: (line["what"], line["judge_says"]) for line in read_records(tmp_path / "out" / ANSWERS_FILE)
    }
    assert says_ == {
        "60": ("doubtful_gold", "model_correct"),
        "61": ("doubtful_gold", "model_wrong"),
        "62": ("suspect_gold", "model_correct"),
        "63": ("suspect_gold", "model_wrong"),
        "64": ("unread_answer", "model_wrong"),
    }
    assert len(prompts) == 10
    kept = rows_of(tmp_path / "out", "rl")
    assert kept["61"]["judge_verdict"] == "model_wrong"
    assert {row["judge_verdict"] for name, row in kept.items() if int(name) < 60} == {""}
    assert summary["configs"]["rl"]["judge_answers"]["t"]["suspect_gold"]["model_correct"] == 1
    assert not {"judge_answers", "model_correct"} & summary["configs"]["rl"]["pass_rates"].keys()


def test_a_model_that_has_learned_nothing_moves_no_row(lm: Path, tmp_path: Path) -> None:
    """A random model through transformers: whatever it writes is no verdict."""
    shutil.copytree(lm, tmp_path / "lm")
    config = tmp_path / "lm" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "max_position_embeddings": 4096}))
    options = {
        "judge": {"engine": {"kind": "transformers", "model": str(tmp_path / "lm")}, "sampling": {"temperature": 0, "max_tokens": 4}}
    }  # fmt: skip
    judge = JudgeAnswers.model_validate(options)
    pairs = [Pair(f"row{i}", f"{i}?", gold, answer) for i, (gold, answer) in enumerate([*SAME, ("7", "8")])]
    found = [one for _, one in judge_pairs(pairs, judge.judge, 1, tmp_path / "rollouts", seed=0)]
    assert [one.verdict for one in found] == ["failed"] * 3
    assert {failure for one in found for failure in one.failures} <= {"truncated", "unparsable"}
    assert all(reply.text for one in found for reply in one.replies)
