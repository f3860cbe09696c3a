"""`ovr_run.json` in every checkpoint: what the run was made from, so that another run cannot go on from it unnoticed."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from training.runs.checkpoints import RECORD, STATE

ORDER = (
    "seed",
    "data_seed",
    "world_size",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "packing",
    "max_length",
    "num_generations",
    "steps_per_generation",
    "num_iterations",
    "shuffle_dataset",
    "dataloader_drop_last",
    "train_sampling_strategy",
    "optim",
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
)
"""Options by which rows come in another order or in other batches, and those that are in the optimizer's state."""
LEARNING = (
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "max_steps",
    "num_train_epochs",
    "beta",
    "loss_type",
    "max_grad_norm",
    "bf16",
    "fp16",
    "temperature",
    "top_p",
    "top_k",
    "scale_rewards",
    "max_completion_length",
    "use_vllm",
    "entropy_coef",
    "epsilon",
    "epsilon_high",
    "vllm_importance_sampling_mode",
    "mask_truncated_completions",
)
"""Options that a user may change on purpose from here on."""
COUNTERS = ("_total_train_tokens",)
"""What TRL's trainers count over a run and keep in no checkpoint."""


def record_checkpoints(trainer: Any, record: dict[str, Any]) -> None:
    """Make the trainer write the record into each checkpoint before anything else of it.

    transformers writes `trainer_state.json` last, so that a checkpoint with it is whole. That of an earlier run at the same step is removed
    first: a save that is killed then leaves no mixture of two runs that looks whole.
    """
    save = trainer._save_checkpoint

    def save_with_record(*args: Any, **kwargs: Any) -> None:
        if trainer.is_world_process_zero():
            folder = Path(trainer.args.output_dir) / f"checkpoint-{trainer.state.global_step}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / STATE).unlink(missing_ok=True)
            counters = {name: getattr(trainer, name) for name in COUNTERS if hasattr(trainer, name)}
            (folder / RECORD).write_text(json.dumps({**record, "counters": counters}, indent=1) + "\n")
        save(*args, **kwargs)

    trainer._save_checkpoint = save_with_record


def run_record(command: str, config: Any, rows: str, base: str = "") -> dict[str, Any]:
    """What decides the order of rows, what decides a step, and versions; `rows` is `shards_digest`, `base` is `frozen_digest`."""

    def chosen(names: Iterable[str]) -> dict[str, Any]:
        return {name: _plain(getattr(config, name)) for name in names if hasattr(config, name)}

    versions = {name: version(name) for name in ("torch", "transformers", "trl")}
    return {
        "command": command,
        "rows": rows,
        "base": base,
        "order": chosen(ORDER),
        "learning": chosen(LEARNING),
        "versions": versions,
    }


def read_record(checkpoint: Path) -> dict[str, Any] | None:
    """The record in a checkpoint; None where there is none.

    Raises:
        ValueError: it is not a record.
    """
    try:
        record: dict[str, Any] = json.loads((checkpoint / RECORD).read_text())
        return {**{"order": {}, "learning": {}, "versions": {}, "counters": {}}, **record}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{checkpoint / RECORD} is not what a run wrote: {error}") from error


def compare_records(before: dict[str, Any], now: dict[str, Any], checkpoint: Path) -> list[str]:
    """Lines on what changed since the checkpoint and may change: options of learning, versions.

    Raises:
        ValueError: the checkpoint is of another command, of other rows, or rows came in another order.
    """
    again = "a run goes on with the same, or begins anew in another --output_dir"
    if before.get("command") != now["command"]:
        raise ValueError(f"{checkpoint} was made by {before.get('command')}, this is {now['command']}")
    if before.get("rows") != now["rows"]:
        raise ValueError(
            f"{checkpoint} was made with other rows (the shards, or the options that choose among them); {again}"
        )
    if (base := before.get("base", now["base"])) != now["base"]:
        raise ValueError(
            f"{checkpoint} is an adapter on a base model with other weights ({base}, now {now['base']}); {again}"
        )
    for name, value in before["order"].items():
        if value != now["order"].get(name):
            raise ValueError(f"{checkpoint} was made with {name} {value}, now it is {now['order'].get(name)}; {again}")
    return [
        f"going on with {name} {now[part].get(name)}; {checkpoint} was made with {value}"
        for part in ("learning", "versions")
        for name, value in before[part].items()
        if value != now[part].get(name)
    ]


def restore_counters(before: dict[str, Any], trainer: Any) -> None:
    """Let the trainer count on from where the checkpoint was."""
    for name, value in before["counters"].items():
        setattr(trainer, name, value)


def shards_digest(files: Iterable[Path], chosen: Any = None) -> str:
    """Sixteen hex digits of the shards' names and footers (sizes, statistics, schema), and of what chooses among their rows."""
    digest = hashlib.sha256(repr(chosen).encode())
    for path in files:
        with path.open("rb") as file:
            file.seek(-8, 2)
            n_footer = int.from_bytes(file.read(4), "little")
            file.seek(-8 - n_footer, 2)
            digest.update(f"{path.name} {path.stat().st_size} ".encode() + file.read(n_footer))
    return digest.hexdigest()[:16]


def _plain(value: Any) -> Any:
    value = getattr(value, "value", value)  # enums of transformers
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
