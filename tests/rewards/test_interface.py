"""The lasting interface: what importing costs, what the trainers call, batches, scoring."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rewards
from rewards.adapters import trl, verl
from rewards.score import score

ROOT = Path(__file__).parents[2]


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, rewards, rewards.adapters.trl, rewards.adapters.verl, rewards.score; rewards.kinds(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "vllm", "datatrove", "sympy", "math_verify", "reasoning_gym"} & set(loaded)


def test_nothing_of_ours_is_imported() -> None:
    for path in (ROOT / "rewards").rglob("*.py"):
        assert not {"curation", "training"} & {
            line.split()[1].split(".")[0]
            for line in path.read_text().splitlines()
            if line.startswith(("import ", "from "))
        }


def test_rewards_of_outcomes() -> None:
    got = {outcome: rewards.Verdict(outcome).reward for outcome in rewards.OUTCOMES}
    assert got == {
        "correct": 1.0,
        "wrong": 0.0,
        "no_answer": 0.0,
        "unreadable_gold": None,
        "timeout": None,
        "undecided": None,
        "truncated": 0.0,
    }


def test_trl() -> None:
    completions = [
        [{"role": "assistant", "content": text}]
        for text in (r"\boxed{4}", r"\boxed{5}", "4", r"\boxed{B}", r"\boxed{1}")
    ]
    got = trl.accuracy(
        prompts=["?"] * 5,
        completions=completions,
        answer=["4", "4", "4", "duck", ""],
        answer_kind=["math", "math", "math", "choice", "math"],
        answer_options=["{}", "", "{}", json.dumps({"choices": ["swan", "duck"]}), "{}"],
        trainer_state=None,
    )
    assert got == [1.0, 0.0, 0.0, 1.0, None]
    assert trl.accuracy(completions=[r"\boxed{4}"], answer=["4"]) == [1.0]
    assert trl.accuracy(
        completions=[[{"role": "assistant", "content": [{"type": "text", "text": r"\boxed{4}"}]}]], answer=["4"]
    ) == [1.0]
    assert trl.format_reward(
        completions=[r"<think>a</think>\boxed{4}", r"<think>\boxed{4}", "4", r"\boxed{4}\boxed{5}"]
    ) == [1.0, 0.0, 0.0, 0.0]


def test_verl() -> None:
    assert verl.compute_score("gsm8k", r"\boxed{4}", "4") == 1.0
    assert verl.compute_score("x", r"\boxed{(B)}", "B", {"answer_kind": "choice"}) == 1.0
    assert verl.compute_score("x", r"\boxed{5}", "4", None) == 0.0


def test_batches_keep_their_order() -> None:
    golds = [str(n) for n in range(50)]
    responses = [rf"\boxed{{{n if n % 3 else n + 1}}}" for n in range(50)]
    got = [v.outcome for v in rewards.judge_many(golds, responses)]
    assert got == ["correct" if n % 3 else "wrong" for n in range(50)]
    with pytest.raises(ValueError, match="got 2 golds and 1 responses"):
        rewards.judge_many(["1", "2"], ["1"])


def test_a_verifier_travels() -> None:
    verifier = rewards.make_verifier("1/2", "math", {"timeout_s": 1.0})
    assert pickle.loads(pickle.dumps(verifier)).judge(r"\boxed{0.5}") == verifier.judge(r"\boxed{0.5}")


def test_score() -> None:
    got = score({"gold": "$x=3$", "response": r"\boxed{3}", "kind": "int"})
    assert set(got) >= {"outcome", "reward", "extracted", "gold_read", "tier", "ms"}
    assert (got["outcome"], got["reward"], got["extracted"], got["gold_read"]) == ("correct", 1.0, "3", "$x=3$")
    assert score({"gold": "3", "answer": "4"})["reward"] == 0.0
    assert score({"gold": "", "answer": "4"})["gold_read"] is None
    with pytest.raises(ValueError, match="a pair needs 'gold' and 'response' or 'answer'; got 'gold'"):
        score({"gold": "3"})


def test_threads_get_the_verdicts_of_one_thread() -> None:
    pairs = [(rf"\sqrt{{{n}}}+\pi", rf"\pi+\sqrt{{{n + n % 2}}}") for n in range(60)]
    alone = [rewards.Verifier(g).judge_answer(a) for g, a in pairs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda p: rewards.Verifier(p[0]).judge_answer(p[1]), pairs * 4))
    assert together == alone * 4
    assert [v.outcome for v in alone[:4]] == ["correct", "wrong", "correct", "wrong"]
