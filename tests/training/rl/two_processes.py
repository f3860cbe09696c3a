"""python -m tests.training.rl.two_processes MODEL OUT RUN [RUN ...]

Runs on mixed rows whose steps have text on one rank and images on the other, in one process (`one`) or in two with gloo (`ddp`, `fsdp`):
GRPO whose responses are given, the same in every run; with `-sampled` it samples with transformers, with `-frozen` the vision tower stands
still, and `-sft` is supervised. OUT/RUN.json holds what is logged. The processes are forks of this one, so that trl is imported once.
"""

import json
import multiprocessing
import os
import random
import socket
import sys
from pathlib import Path
from typing import Any

from tests.training.conftest import ON_CPU, png, row, write_shard

N_STEPS = 20
KINDS = ("ttii", "iitt", "titi", "tiii", "tttt")
"""The rows of a step, t text and i image: the first two are on rank 0, the others on rank 1."""
OPTIONS: dict[str, Any] = {
    "max_steps": N_STEPS,
    "learning_rate": 1e-3,
    "logging_steps": 1,
    "save_strategy": "no",
    **ON_CPU,
    "dataloader_drop_last": False,
}
GRPO: dict[str, Any] = {"num_generations": 2, "max_completion_length": 6, "shuffle_dataset": False}


def rows() -> list[dict[str, Any]]:
    """Ten steps of four rows and one row over, so that an epoch ends in a batch that is not full; some rows have two images."""
    kinds = "".join(KINDS * 2) + "i"
    made = [row(number, "red" if kind == "i" else None) for number, kind in enumerate(kinds)]
    for one in made[3::9]:
        one["images"] += [{"bytes": png("blue"), "path": None}] if one["images"] else []
    return made


def even(completion_ids: list[list[int]], id: list[str], **columns: Any) -> list[float | None]:
    """The share of even tokens; none of step 1's first two rows, all that rank 0 has, can be judged."""
    rewards = [sum(token % 2 == 0 for token in ids) / len(ids) for ids in completion_ids]
    return [None if int(name, 16) in (4, 5) else reward for name, reward in zip(id, rewards, strict=True)]


def given_responses(prompts: list[Any], trainer: Any) -> dict[str, Any]:
    """A rollout function of TRL: responses that follow from the prompt's text and the number in its group."""
    ids, _, _ = trainer._tokenize_prompts(prompts)
    responses = []
    for at, prompt in enumerate(prompts):
        text = next(part["text"] for part in prompt[-1]["content"] if part["type"] == "text")
        draw = random.Random(f"{text} {at % GRPO['num_generations']}")
        tokens = [draw.randrange(40, 90) for _ in range(draw.randint(2, 5))]
        responses.append([*tokens, trainer.processing_class.tokenizer.eos_token_id])
    return {"prompt_ids": ids, "completion_ids": responses, "logprobs": None}


def train(model: str, out: Path, run: str) -> None:
    """One rank of one run."""
    import torch

    from training.models.vision import freeze_vision

    torch.set_num_threads(1)
    options = {**OPTIONS, "output_dir": str(out / run)}
    options["per_device_train_batch_size"] = 8 // int(os.environ.get("WORLD_SIZE", "1"))
    if run.startswith("fsdp"):
        options |= {"fsdp": "full_shard", "fsdp_config": {"version": 2, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP"}}
    trainer = (sft if run.endswith("sft") else grpo)(model, out / "shards", run, options)
    if "frozen" in run:
        freeze_vision(trainer.model)
    trainer.train()
    if trainer.accelerator.is_main_process:
        (out / f"{run}.json").write_text(json.dumps(trainer.state.log_history))


def grpo(model: str, shards: Path, run: str, options: dict[str, Any]) -> Any:
    """The trainer of `ovr-train grpo`; what is sampled in two processes is refilled too."""
    from trl import GRPOConfig

    from training.arguments import GRPOArguments
    from training.data.shards import read_shards
    from training.grpo import grpo_trainer

    sampled = run.endswith("sampled")
    config = GRPOConfig(**{**options, **GRPO, **({"max_steps": 4} if sampled else {})})
    ours = GRPOArguments(
        rewards=["tests.training.rl.two_processes.even"], dynamic_sampling=2.0 if run == "ddp-sampled" else 1.0
    )
    trainer = grpo_trainer(model, config, read_shards(shards, "rl"), ours)
    if not sampled:
        trainer.rollout_func = given_responses
    return trainer


def sft(model: str, shards: Path, run: str, options: dict[str, Any]) -> Any:
    """The trainer of `ovr-train sft`, its vision tower not frozen."""
    from trl import SFTConfig

    from training.data.shards import read_shards
    from training.sft import sft_trainer

    def messages(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {name: batch[name] for name in ("prompt", "completion", "images")}

    options["per_device_train_batch_size"] //= 4
    rows = read_shards(shards, "rl").only(["prompt", "completion", "images"]).dataset(messages)
    return sft_trainer(model, SFTConfig(max_length=None, **options), rows, language_only=False)


def _rank(rank: int, n: int, port: int, *task: Any) -> None:
    if n > 1:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(n), "LOCAL_WORLD_SIZE": str(n)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    train(*task)


def main() -> int:
    """All runs, one after the other; 1 as soon as a process fails."""
    model, out, *runs = sys.argv[1:]
    write_shard(Path(out) / "shards" / "train-00000-of-00001.parquet", rows())
    import training.rl.trainer  # noqa: F401

    fork = multiprocessing.get_context("fork")
    for run in runs:
        n = 1 if run.startswith("one") else 2
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ranks = [
            fork.Process(target=_rank, args=(rank, n, port, model, Path(out), run), daemon=True) for rank in range(n)
        ]
        for process in ranks:
            process.start()
        while any(process.exitcode is None for process in ranks):
            for process in ranks:
                process.join(0.1)
            if any(process.exitcode for process in ranks):
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
