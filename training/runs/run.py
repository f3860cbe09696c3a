"""A training run, from where it begins or goes on to the saved model: the same for sft and grpo."""

from typing import Any


def run(command: str, trainer: Any) -> int:
    """Train, save to `output_dir`, and say so; the exit code."""
    from training.runs.metrics import MetricsFile

    config = trainer.args
    trainer.add_callback(MetricsFile())
    trainer.train(resume_from_checkpoint=config.resume_from_checkpoint)
    trainer.save_model(config.output_dir)
    print(f"{command}: saved to {config.output_dir}", flush=True)
    return 0
