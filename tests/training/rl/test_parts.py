"""What GRPO has beyond TRL, part by part: schedule, rewards by name, figures, difficulty as seen."""

from math import nan
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from training.rl.figures import Sampled, batch_figures
from training.rl.refill import Refill
from training.rl.rewards import reward_functions
from training.rl.schedule import parse_schedule
from training.rl.seen import DifficultySeen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("24576", "expected STEP:TOKENS,STEP:TOKENS, such as 0:24576,300:32768"),
        ("0:10,a:20", "expected STEP:TOKENS"),
        ("0:10:5", "expected STEP:TOKENS"),
        ("", "expected STEP:TOKENS"),
        ("5:10", "expected steps that begin at 0 and rise, got 5"),
        ("0:10,300:20,300:30", "expected steps that begin at 0 and rise, got 0, 300, 300"),
        ("0:10,5:0", "expected limits of 1 token or more, got 0"),
    ],
)
def test_a_schedule_that_is_none_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_schedule(text)


def test_the_papers_schedule() -> None:
    schedule = parse_schedule("0:24576, 300:32768, 700:49152")
    assert [schedule.at(step) for step in (0, 299, 300, 699, 700, 5000)] == [24576, 24576, 32768, 32768, 49152, 49152]
    assert schedule.longest == 49152


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (["acuracy"], "unknown reward 'acuracy'; known: accuracy, format, soft_overlong, or the dotted path"),
        (["accuracy:much"], "expected NAME or NAME:WEIGHT, got the weight 'much'"),
        (["accuracy", "accuracy:2"], "accuracy is named twice"),
        (["no_module.at_all"], "no function no_module.at_all: No module named 'no_module'"),
        (["math.tau"], "math.tau is a float, expected a function"),
        (["math.nothing"], "no function math.nothing: module 'math' has no attribute 'nothing'"),
    ],
)
def test_a_reward_that_is_none_is_one_line(chosen: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reward_functions(chosen)


def test_rewards_by_name_and_path_with_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_rewards.py").write_text(
        "def shortness(completions, **columns):\n    return [1.0 for _ in completions]\n"
    )
    monkeypatch.chdir(tmp_path)
    functions, weights = reward_functions(["accuracy", "format:0.1", "own_rewards.shortness:-0.5"])
    assert [function.__name__ for function in functions] == ["accuracy", "format_reward", "shortness"]
    assert weights == [1.0, 0.1, -0.5]


def test_accuracy_keeps_its_verdicts_beside_the_completions() -> None:
    ((accuracy,), _) = reward_functions(["accuracy"])
    logged: dict[str, list[Any]] = {}
    said = [[{"role": "assistant", "content": text}] for text in (r"\boxed{4}", r"\boxed{5}", "I do not know")]
    rows = {"id": ["a", "a", "b"], "domain": ["logic"] * 3, "stratum": [None] * 3, "answer_kind": ["number"] * 3}
    rewards = accuracy(completions=said, answer=["4", "4", "oops"], log_extra=logged.__setitem__, **rows)
    assert rewards == [1.0, 0.0, None]
    assert logged == {
        "row_id": ["a", "a", "b"],
        "domain": ["logic"] * 3,
        "stratum": [None] * 3,
        "outcome": ["correct", "wrong", "unreadable_gold"],
        "extracted": ["4", "5", logged["extracted"][2]],
    }


def test_figures_by_domain_and_stratum() -> None:
    rewards = {
        ("logic", "easy"): (1.0, 0.0),
        ("logic", "hard"): (0.0, 0.0),
        ("chart", ""): (nan, 1.0),
        ("chart", "easy"): (nan, nan),
    }
    sampled = [
        Sampled(domain, stratum, 10 * (1 + (domain == "chart")), reward == 0, reward)
        for (domain, stratum), group in rewards.items()
        for reward in group
    ]
    figures = batch_figures(sampled, 2)
    assert figures["unjudged"] == 3 / 8
    assert figures["effective_groups"] == 1 / 4
    assert {name: value for name, value in figures.items() if name.startswith("domain/")} == {
        "domain/logic/reward": 0.25,
        "domain/logic/length": 10,
        "domain/logic/truncated": 0.75,
        "domain/logic/unjudged": 0,
        "domain/logic/effective_groups": 0.5,
        "domain/chart/reward": 1,
        "domain/chart/length": 20,
        "domain/chart/truncated": 0,
        "domain/chart/unjudged": 0.75,
        "domain/chart/effective_groups": 0,
    }
    assert {name.split("/")[1] for name in figures if name.startswith("stratum/")} == {"easy", "hard"}
    assert figures["stratum/easy/reward"] == 0.5


def test_difficulty_as_seen_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    seen = DifficultySeen({"a": 0.25, "b": None})
    seen.add(["a", "a", "b"], [1.0, 0.0, nan], step=1)
    seen.save(tmp_path / "checkpoint-1")
    seen.add(["a"], [1.0], step=2)  # lost with the process that was killed
    resumed = DifficultySeen({"a": 0.25, "b": None})
    resumed.load(tmp_path / "checkpoint-1")
    resumed.add(["a", "c"], [1.0, 1.0], step=2)
    resumed.save(tmp_path)
    rows = {row.pop("id"): row for row in pq.read_table(tmp_path / "difficulty_seen.parquet").to_pylist()}
    assert rows["a"] == {
        "n": 3,
        "n_correct": 2,
        "n_judged": 3,
        "pass_rate": 2 / 3,
        "last_step": 2,
        "shard_pass_rate": 0.25,
    }
    assert rows["b"] == {
        "n": 1,
        "n_correct": 0,
        "n_judged": 0,
        "pass_rate": None,
        "last_step": 1,
        "shard_pass_rate": None,
    }
    path = tmp_path / "difficulty_seen.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"difficulty_seen.parquet is not whole"):
        resumed.load(tmp_path)


def test_what_is_drawn_goes_by_seed_and_step_alone_and_never_to_two_processes() -> None:
    rows = [{"id": number} for number in range(40)]
    of_process = [Refill(rows, 3, 2, seed=1, process=process, n_processes=2) for process in (0, 1)]
    drawn = [
        [row["id"] for n_drawn, n in ((0, 4), (4, 3)) for row in refill.draw(7, n_drawn, n)] for refill in of_process
    ]
    assert all(ids[::2] == ids[1::2] for ids in drawn)  # each prompt twice
    assert len({*drawn[0], *drawn[1]}) == 14
    assert [row["id"] for row in of_process[0].draw(7, 0, 4)] == drawn[0][:8]
    assert [row["id"] for row in of_process[0].draw(8, 0, 4)] != drawn[0][:8]


@pytest.mark.parametrize(
    ("factor", "lacking", "sampled", "n"),
    [(2, 3, 8, 3), (2, 8, 8, 8), (2, 3, 15, 1), (2, 3, 16, 0), (3, 0, 8, 0), (1.5, 8, 8, 4)],
)
def test_the_factor_bounds_what_is_sampled(factor: float, lacking: int, sampled: int, n: int) -> None:
    assert Refill([], factor, 2, 0, 0, 1).n_next(lacking, 8, sampled) == n
