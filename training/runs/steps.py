"""Whether a run takes a step at all: TRL and transformers save an untrained model as if nothing had happened."""

from typing import Any


def check_batches(trainer: Any) -> None:
    """Make sure that the rows fill a batch.

    Raises:
        ValueError: an epoch has no batch.
    """
    if trainer.args.max_steps == 0 or (trainer.args.max_steps < 0 and trainer.args.num_train_epochs <= 0):
        raise ValueError(
            f"--max_steps {trainer.args.max_steps}, --num_train_epochs {trainer.args.num_train_epochs:g}: no step would be taken"
        )
    if len(trainer.get_train_dataloader()):
        return
    config, n_rows = trainer.args, len(trainer.train_dataset)
    n_prompts = getattr(config, "generation_batch_size", None)
    needs = (
        f"a generation batch has {n_prompts // config.num_generations} prompts"
        if n_prompts
        else f"a batch has {config.per_device_train_batch_size * config.world_size}, and --dataloader_drop_last leaves out smaller ones"
    )
    raise ValueError(
        f"{n_rows} rows make no batch ({needs}): no step would be taken; lower the batch or give more rows"
    )


def check_trained(trainer: Any) -> None:
    """Make sure that a finished run has taken a step, in this process or before its checkpoint.

    Raises:
        ValueError: it has not.
    """
    if trainer.state.global_step == 0:
        raise ValueError(
            "no step was taken, nothing is saved; expected --max_steps or --num_train_epochs over 0 and rows for a batch"
        )
