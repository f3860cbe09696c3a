"""`ovr_run.json` in every checkpoint: what the run was made from, so that another run cannot go on from it unnoticed."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from training.runs.checkpoints import RECORD

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
)
"""Options by which rows come in another order, or in other batches."""
LEARNING = (
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "max_steps",
    "num_train_epochs",
    "weight_decay",
    "beta",
    "loss_type",
)
"""Options that a user may change on purpose from here on."""
COUNTS = ("_total_train_tokens",)
"""What TRL's trainers count beside the state that transformers saves: `num_tokens` of sft."""


COUNTERS = ("_total_train_tokens",)
"""What TRL's trainers count over a run and keep in no checkpoint."""


class RunRecord(TrainerCallback):  # type: ignore[misc]
    """Writes the record into each checkpoint, after everything else of it."""

    def __init__(self, record: dict[str, Any], trainer: Any) -> None:
        self.record = record
        self.trainer = trainer

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write it, on the first process."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            counters = {name: getattr(self.trainer, name) for name in COUNTERS if hasattr(self.trainer, name)}
            (folder / RECORD).write_text(json.dumps({**self.record, "counters": counters}, indent=1) + "\n")


def run_record(command: str, config: Any, rows: str) -> dict[str, Any]:
    """What decides the order of rows, what decides a step, and versions; `rows` is `shards_digest`."""

    def chosen(names: Iterable[str]) -> dict[str, Any]:
        return {name: _plain(getattr(config, name)) for name in names if hasattr(config, name)}

    versions = {name: version(name) for name in ("torch", "transformers", "trl")}
    return {
        "command": command,
        "rows": rows,
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
