"""The tables of `tests/benchmarks/value.py`: what is in the sets, what models reach that were trained on them, what that cost."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from curation.core.parquet import read_records
from tests.benchmarks.value_parts.bench import CONTROL, PAIRS, Bench

DRAWS, RESPONSES = 10_000, 8
Rewards = npt.NDArray[np.float64]
"""Of an arm: seed, row."""


def report(bench: Bench, wall_s: float) -> str:
    """The tables as Markdown."""
    hard = beyond(bench)
    curves = {
        arm: [json.loads((bench.run(arm, seed) / "rewards.json").read_text()) for seed in bench.seeds]
        for arm in bench.arms
    }
    start = np.array(json.loads((bench.out / "start.json").read_text())["0"])
    final = {arm: np.array([run[str(bench.steps)] for run in runs]) for arm, runs in curves.items()}
    learnable = {arm: rewards[:, ~hard] for arm, rewards in final.items()}
    draws = drawn(learnable)
    figures = [what_it_reaches(bench, arm, learnable, draws, final[arm][:, hard]) for arm in bench.arms]
    points = [0, *bench.curve]
    rates = [
        [
            f"{start[~hard].mean():.3f}",
            *(f"{np.mean([np.array(run[str(step)])[~hard] for run in curves[arm]]):.3f}" for step in points[1:]),
        ]
        for arm in bench.arms
    ]
    return "\n\n".join([
        table(["set", "rows", "wrong golds", "not judged", "beyond the model", "copies", "groups that teach"], [[arm, *what_is_in(bench, arm)] for arm in bench.arms]),
        table(["trained on", "reward", "95 %", "by seed", f"beside {CONTROL}", "95 %", "beyond the model", "CPU-hours a run"], figures),
        table(["trained on", *(f"step {step}" for step in points)], [[arm, *line] for arm, line in zip(bench.arms, rates, strict=True)]),
        in_pairs(learnable, draws),
        costs(bench, wall_s, len(start), int(hard.sum())),
    ])  # fmt: skip


def draw(bench: Bench, file: Path) -> None:
    """The rewards on the held-back rows over steps: the mean of an arm's seeds, and from the lowest to the highest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    hard = beyond(bench)
    start = np.array(json.loads((bench.out / "start.json").read_text())["0"])[~hard].mean()
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for arm in bench.arms:
        runs = [json.loads((bench.run(arm, seed) / "rewards.json").read_text()) for seed in bench.seeds]
        means = np.array([[start, *(np.array(run[str(step)])[~hard].mean() for step in bench.curve)] for run in runs])
        (line,) = axes.plot([0, *bench.curve], means.mean(0), marker="o", markersize=3, label=arm)
        axes.fill_between([0, *bench.curve], means.min(0), means.max(0), color=line.get_color(), alpha=0.1)
    axes.set(xlabel="step", ylabel="reward on held-back rows")
    axes.legend(fontsize=8)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def beyond(bench: Bench) -> npt.NDArray[np.bool_]:
    """Of every held-back row whether it is of the puzzles beyond the model."""
    return np.array([row["source"].endswith("hard") for row in records(bench.out / "held_back")])


def records(folder: Path) -> list[dict[str, Any]]:
    shards = sorted((folder / "data/rl").glob("train-*"))
    return [row for shard in shards for row in read_records(shard, ["id", "source", "source_id"])]


def what_is_in(bench: Bench, arm: str) -> list[str]:
    """Rows of a set, and how many of them have what fault."""
    names = [row["source_id"] for row in records(bench.data(arm))]
    found = Counter(fault for name in names for fault in ("wrong", "unjudged", "copy") if f":{fault}" in name)
    hard = sum(name.startswith("hard") for name in names)
    shares = [f"{n} ({n / len(names):.1%})" for n in (found["wrong"], found["unjudged"], hard)]
    told = np.mean([signal(bench, arm, seed) for seed in bench.seeds])
    return [f"{len(names):,}", *shares, str(found["copy"]), f"{told:.0%}"]


def signal(bench: Bench, arm: str, seed: int) -> float:
    """Share of the groups whose rewards differ, over all steps of a run: from the others nothing is learnt."""
    differ = []
    for file in sorted((bench.run(arm, seed) / "completions").glob("*.parquet")):
        rewards = pq.read_table(file, columns=["accuracy"])["accuracy"].to_numpy().reshape(-1, RESPONSES)
        differ += [len({*group[~np.isnan(group)]}) > 1 for group in rewards]
    return float(np.mean(differ))


def drawn(rewards: dict[str, Rewards]) -> dict[str, Rewards]:
    """Arm -> its mean reward in every draw of seeds and rows; the rows of a draw are the same for all arms."""
    rng = np.random.default_rng(0)
    n_seeds, n_rows = next(iter(rewards.values())).shape
    weights = rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), DRAWS) / n_rows
    means = {}
    for arm, of_arm in rewards.items():
        seeds = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), DRAWS) / n_seeds
        means[arm] = np.einsum("ds,sd->d", seeds, of_arm @ weights.T)
    return means


def what_it_reaches(
    bench: Bench, arm: str, rewards: dict[str, Rewards], draws: dict[str, Rewards], hard: Rewards
) -> list[str]:
    """Reward with its interval, by seed, beside the control, of the rows beyond the model, and the CPU-hours."""
    by_seed = " ".join(f"{value:.3f}" for value in rewards[arm].mean(1))
    beside = ["", ""]
    if arm != CONTROL and CONTROL in rewards:
        difference = rewards[arm].mean() - rewards[CONTROL].mean()
        beside = [f"{difference:+.3f}", interval(draws[arm] - draws[CONTROL])]
    hours = np.mean([cpu(bench, bench.run(arm, seed).name) for seed in bench.seeds]) / 3600
    return [
        arm,
        f"{rewards[arm].mean():.3f}",
        interval(draws[arm]),
        by_seed,
        *beside,
        f"{hard.mean():.3f}",
        f"{hours:.3f}",
    ]


def in_pairs(rewards: dict[str, Rewards], draws: dict[str, Rewards]) -> str:
    """What two arms differ by that differ in one thing."""
    told = [
        f"{one} beside {other}: {rewards[one].mean() - rewards[other].mean():+.3f} ({interval(draws[one] - draws[other])})"
        for one, other in PAIRS
        if one in rewards and other in rewards
    ]
    return "; ".join(told) + "."


def interval(draws: Rewards) -> str:
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"


def cpu(bench: Bench, name: str, what: str = "cpu_s") -> float:
    return float(json.loads((bench.out / "logs" / f"{name}.json").read_text())[what])


def costs(bench: Bench, wall_s: float, n_rows: int, n_hard: int) -> str:
    """Seeds, rows, samples and seconds in words."""
    of_builds = ", ".join(f"{name} {cpu(bench, name):.0f}" for name in ("pool", "planted", "held_back"))
    total = sum(json.loads(file.read_text())["cpu_s"] for file in (bench.out / "logs").glob("*.json"))
    return (
        f"Seeds {', '.join(map(str, bench.seeds))}; {bench.steps} steps of 16 prompts and {RESPONSES} responses each; {n_rows - n_hard} held-back"
        f" rows and {n_hard} beyond the model, four responses each. {fate(bench)} CPU seconds of the builds: {of_builds}; of all together"
        f" {total:,.0f}, which is {total / 120:.0f} minutes of two cores. The last command took {wall_s / 60:.0f} minutes."
    )


def fate(bench: Bench) -> str:
    """What became of the wrong golds of the pool with planted ones, by the ledger."""
    lines = [
        line
        for line in read_records(bench.out / "planted/ledger.parquet")
        if line["source_id"].partition(":")[2].startswith("wrong")
    ]
    ends = Counter("in the set" if line["action"] == "out" else line["reason"] for line in lines)
    told = ", ".join(f"{n} {reason}" for reason, n in ends.most_common())
    return f"The {len(lines)} wrong golds of the pool with a fifth wrong: {told}."


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *lines])
