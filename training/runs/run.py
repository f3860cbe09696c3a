"""A training run, from where it begins or goes on to the saved model: the same for sft and grpo."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.models.adapters import check_output
from training.models.precision import precision_notes
from training.runs.checkpoints import STATE, checkpoint_to_resume, is_sharded_by_a_backend
from training.runs.steps import check_batches, check_trained


def run(command: str, trainer: Any, rows: str, options: Mapping[str, Any] | None = None) -> int:
    """Train, save to `output_dir`, and say so; the exit code. `rows` is the digest of the rows that are trained on, `options` are ours that
    decide what is learnt.

    A run that goes on has the weights of its checkpoint, compared with the files, the same rows in the same order, and the state of the
    optimizer, the schedule and the random numbers. SIGTERM and Ctrl-C save a checkpoint at the end of the step.

    Raises:
        ValueError: the checkpoint is not whole, or was made with other rows or another order.
    """
    from training.runs.metrics import MetricsFile
    from training.runs.record import compare_records, read_record, record_checkpoints, restore_counters, run_record
    from training.runs.stopping import StopAtSignal
    from training.runs.weights import exact_loading, frozen_digest

    config = trainer.args
    check_batches(trainer)
    check_output(trainer)
    checkpoint, lines = checkpoint_to_resume(config.resume_from_checkpoint, Path(config.output_dir))
    lines += precision_notes(trainer)
    record = run_record(command, config, rows, base=frozen_digest(trainer))
    record["learning"] |= {name: str(value) for name, value in (options or {}).items()}
    record_checkpoints(trainer, record)
    stop = StopAtSignal(command, every := steps_between_samples(config))
    for callback in (MetricsFile(), stop):
        trainer.add_callback(callback)
    if checkpoint is not None:
        if before := read_record(checkpoint):
            lines += compare_records(before, record, checkpoint)
            restore_counters(before, trainer)
        else:
            lines.append(
                f"{checkpoint} does not say which rows and options it was made with: their order is not compared"
            )
        _check_generation(every, checkpoint)
        _check_steps_left(trainer, checkpoint)
        if hasattr(trainer, "resume_from"):
            trainer.resume_from(checkpoint)
        _add_start(command, trainer, checkpoint)
    is_first = trainer.is_world_process_zero()
    for line in lines if is_first else ():
        print(f"{command}: {line}", flush=True)
    with stop.listening(), exact_loading(trainer):
        trainer.train(resume_from_checkpoint=checkpoint and str(checkpoint))
    if stop.stopped_at is not None and stop.stopped_at < trainer.state.max_steps:
        if is_first:
            where = Path(config.output_dir) / f"checkpoint-{stop.stopped_at}"
            how = (
                "go on with --resume_from_checkpoint latest"
                if not config.save_only_model
                else "weights alone (--save_only_model), no run goes on from them"
            )
            print(
                f"{command}: stopped after step {stop.stopped_at}; saved {where}; {how}",
                flush=True,
            )
        return stop.exit_code
    check_trained(trainer)
    trainer.save_model(config.output_dir)
    if is_first:
        print(f"{command}: saved to {config.output_dir}", flush=True)
    return 0


def steps_between_samples(config: Any) -> int:
    """After how many steps GRPO has used up its samples, which no checkpoint holds; 1 for SFT and for strictly on-policy GRPO.

    Raises:
        ValueError: `save_steps` asks for checkpoints from which no run can go on exactly.
    """
    micro_batches = getattr(config, "num_iterations", 1) * (getattr(config, "steps_per_generation", None) or 1)
    every = micro_batches // math.gcd(micro_batches, config.gradient_accumulation_steps)
    if every > 1 and config.save_strategy == "steps" and config.save_steps >= 1 and config.save_steps % every:
        raise ValueError(
            f"--save_steps {config.save_steps:g}: a checkpoint holds no samples, and {every} steps share theirs "
            f"(num_iterations x steps_per_generation / gradient_accumulation_steps); expected a multiple of {every}"
        )
    return every


def _check_generation(every: int, checkpoint: Path) -> None:
    """Make sure that the checkpoint lies where new samples are drawn.

    Raises:
        ValueError: it lies between two steps that share their samples.
    """
    step = json.loads((checkpoint / STATE).read_text())["global_step"]
    if step % every:
        raise ValueError(
            f"{checkpoint} lies between steps that share their samples ({every} steps each), which it does not hold"
        )


def _check_steps_left(trainer: Any, checkpoint: Path) -> None:
    """transformers takes one more step of a run that is done.

    Raises:
        ValueError: the checkpoint is at the last step, or behind it.
    """
    step = json.loads((checkpoint / STATE).read_text())["global_step"]
    max_steps = trainer.set_initial_training_values(trainer.args, trainer.get_train_dataloader())[-1]
    if step >= max_steps:
        raise ValueError(
            f"{checkpoint} is at step {step} of {max_steps}: nothing is left to train; raise --max_steps or --num_train_epochs"
        )


def _add_start(command: str, trainer: Any, checkpoint: Path) -> None:
    """Right before the first step: the weights are compared with the checkpoint's, and options that its states have overwritten hold."""
    from transformers import TrainerCallback

    from training.runs.weights import check_weights

    class Start(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            state.compute_steps(
                args, state.max_steps
            )  # the checkpoint's logging_steps, save_steps and eval_steps otherwise
            set_learning_rate(kwargs["optimizer"], kwargs["lr_scheduler"], args.learning_rate)
            if is_sharded_by_a_backend(checkpoint) or trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
                what = "FSDP or DeepSpeed loaded its weights, which are not compared with the files"
            else:
                what = (
                    f"{check_weights(trainer.accelerator.unwrap_model(trainer.model), checkpoint)} weights are its own"
                )
            if state.is_world_process_zero:
                print(f"{command}: going on from {checkpoint}, step {state.global_step}; {what}", flush=True)

    trainer.add_callback(Start())


def set_learning_rate(optimizer: Any, scheduler: Any, learning_rate: float) -> None:
    """Let the schedule go on at its step with another rate: the states of a checkpoint hold the one it was made with."""
    inner = getattr(scheduler, "scheduler", scheduler)  # accelerate's wrapper
    rates = getattr(inner, "base_lrs", None)
    if not rates or not max(rates) or max(rates) == learning_rate:
        return
    factor = learning_rate / max(rates)
    inner.base_lrs = [rate * factor for rate in rates]
    inner._last_lr = [rate * factor for rate in inner._last_lr]
    for group in optimizer.param_groups:
        group["lr"] *= factor
        if "initial_lr" in group:
            group["initial_lr"] *= factor
