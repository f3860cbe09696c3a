"""Step time of ovr-train beside a plain TRL script: the same rows, model and options, in pairs in one process.

    python tests/benchmarks/training.py [--build DIR --model DIR] [--what grpo,sft,sft_packed] [--pairs 5] [--steps 30] [--cpu]

Without a build and a model they are made: the micro model untrained, and text rows. Each pair trains ours and plain TRL's, in turns which
first; the table has the median step of each and the ratio of each pair. Steps are timed from `on_step_begin` to the next, the loader's
work included; the first ones are left out. `--cpu` counts the process's CPU time, where others use the cores too. What is measured is a row of `PAIRS`: two functions that make a trainer.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
N_WARM = 5
CPU = {
    "report_to": "none",
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "save_strategy": "no",
    "logging_steps": 10,
    "disable_tqdm": True,
    "seed": 0,
}
Maker = Callable[[Path, Path, Path, int], Any]


def ours_sft(build: Path, model: Path, out: Path, n_steps: int, **options: Any) -> Any:
    from training.data.shards import read_shards
    from training.sft import sft_trainer

    rows = read_shards(build, "cold_start")
    return sft_trainer(str(model), sft_config(out, n_steps, **options), rows, language_only=True)


def plain_sft(build: Path, model: Path, out: Path, n_steps: int, **options: Any) -> Any:
    """As TRL's own script does it: rows from the Parquet files, TRL's preparation, the tower frozen."""
    from datasets import Dataset
    from trl import SFTTrainer

    from training.models.vision import freeze_vision

    files = sorted((build / "data" / "cold_start").glob("train-*.parquet"))
    rows = Dataset.from_parquet([str(file) for file in files], columns=["prompt", "completion"], cache_dir=str(out))
    trainer = SFTTrainer(str(model), args=sft_config(out, n_steps, **options), train_dataset=rows)
    freeze_vision(trainer.model)
    return trainer


def sft_config(out: Path, n_steps: int, **options: Any) -> Any:
    from trl import SFTConfig

    given = {"per_device_train_batch_size": 16, "max_length": 512, "learning_rate": 1e-4, **options}
    return SFTConfig(output_dir=str(out), max_steps=n_steps, **{**CPU, **given})


def packed(make: Callable[..., Any]) -> Maker:
    return lambda *args: make(*args, packing=True, per_device_train_batch_size=2)


def ours_grpo(build: Path, model: Path, out: Path, n_steps: int) -> Any:
    from training.data.shards import read_shards
    from training.grpo import grpo_trainer

    return grpo_trainer(str(model), grpo_config(out, n_steps), read_shards(build, "rl"))


def plain_grpo(build: Path, model: Path, out: Path, n_steps: int) -> Any:
    """TRL's trainer on the text rows, which is what it takes of a mixed set."""
    from datasets import Dataset
    from trl import GRPOTrainer

    from rewards.adapters.trl import accuracy

    columns = ["prompt", "answer", "answer_kind", "answer_options"]
    files = sorted((build / "data" / "rl").glob("train-*.parquet"))
    rows = Dataset.from_parquet([str(file) for file in files], columns=columns, cache_dir=str(out))
    return GRPOTrainer(str(model), reward_funcs=[accuracy], args=grpo_config(out, n_steps), train_dataset=rows)


def grpo_config(out: Path, n_steps: int) -> Any:
    from trl import GRPOConfig

    given = {"per_device_train_batch_size": 32, "num_generations": 8, "max_completion_length": 24, "beta": 0.0}
    return GRPOConfig(output_dir=str(out), max_steps=n_steps, learning_rate=1e-4, **{**CPU, **given})


PAIRS: dict[str, tuple[Maker, Maker]] = {
    "grpo": (ours_grpo, plain_grpo),
    "sft": (ours_sft, plain_sft),
    "sft_packed": (packed(ours_sft), packed(plain_sft)),
}


def step_times(trainer: Any, clock: Callable[[], float]) -> list[float]:
    from transformers import TrainerCallback

    begun: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            begun.append(clock())

        def on_train_end(self, *args: Any, **kwargs: Any) -> None:
            begun.append(clock())

    trainer.add_callback(Clock())
    trainer.train()
    return [end - start for start, end in itertools.pairwise(begun)][N_WARM:]


def measured(
    what: str, build: Path, model: Path, n_pairs: int, n_steps: int, clock: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """The median step of each run in seconds: ours, plain."""
    medians: tuple[list[float], list[float]] = ([], [])
    for pair in range(n_pairs):
        for at in (0, 1) if pair % 2 == 0 else (1, 0):
            with tempfile.TemporaryDirectory() as out:
                trainer = PAIRS[what][at](build, model, Path(out), n_steps + N_WARM)
                medians[at].append(statistics.median(step_times(trainer, clock)))
        print(
            f"{what}, pair {pair + 1}: ours {medians[0][-1]:.4f} s, plain {medians[1][-1]:.4f} s",
            file=sys.stderr,
            flush=True,
        )
    return medians


def made(folder: Path) -> tuple[Path, Path]:
    """A build with 2,000 text rows, and the micro model, untrained."""
    import torch

    from tests.training.conftest import row, write_shard
    from training.demo.micro_model import TRACE_WORDS, Recipe, new_model, new_processor

    numbers = random.Random(0)
    rows = [row(i) for i in range(2000)]
    for one in rows:
        one["completion"][0]["content"] *= numbers.randint(1, 6)
    for config in ("cold_start", "rl"):
        write_shard(folder / "data" / config / "train-00000-of-00001.parquet", rows)
    torch.manual_seed(0)
    processor = new_processor(TRACE_WORDS.splitlines(), Recipe())
    new_model(processor.tokenizer, Recipe()).save_pretrained(folder / "model")
    processor.save_pretrained(folder / "model")
    return folder, folder / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--what", default=",".join(PAIRS))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--cpu", action="store_true")
    args = parser.parse_args()
    clock = time.process_time if args.cpu else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        build, model = made(Path(folder)) if args.build is None else (args.build, args.model)
        lines = ["what           ours ms   plain ms   ratios                              median"]
        for what in args.what.split(","):
            ours, plain = measured(what, build, model, args.pairs, args.steps, clock)
            ratios = [one / other for one, other in zip(ours, plain, strict=True)]
            shown = " ".join(f"{ratio:.3f}" for ratio in ratios)
            lines.append(
                f"{what:<12} {1000 * statistics.median(ours):9.1f}  {1000 * statistics.median(plain):9.1f}   {shown:<35} "
                f"{statistics.median(ratios):.3f}"
            )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
