"""Live progress: TRL's bar on a terminal, plain lines elsewhere (a log file, a pipe, a pipeline's child process)."""

import sys
import time
from typing import Any

from transformers import PrinterCallback, ProgressCallback, TrainerCallback

SHOWN = ("loss", "reward", "reward_std", "completions/mean_length", "completions/clipped_ratio", "learning_rate")


class PlainProgress(TrainerCallback):  # type: ignore[misc]
    """One line a log step: step, time left and the figures one watches.

    >>> print(progress_line("sft", 20, 120, 10.0, {"loss": "0.531"}))
    sft 20/120  50 s left  loss 0.531
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock."""
        self.started, self.first_step = time.monotonic(), state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Print the line."""
        if not state.is_world_process_zero or not logs or "train_runtime" in logs:
            return
        done = state.global_step - self.first_step
        elapsed_s = (time.monotonic() - self.started) * state.global_step / max(done, 1)
        print(progress_line(self.name, state.global_step, state.max_steps, elapsed_s, logs), flush=True)


def progress_line(name: str, step: int, max_steps: int, elapsed_s: float, logs: dict[str, Any]) -> str:
    """`name step/max  time left  figures`; a figure that is None, such as the reward of responses that nobody could judge, is `none`.

    >>> progress_line("grpo", 1, 2, 3.0, {"reward": None, "learning_rate": 1e-6})
    'grpo 1/2  3 s left  reward none  learning_rate 1e-06'
    """
    left_s = elapsed_s / max(step, 1) * (max_steps - step)
    figures = [
        f"{key.removeprefix('completions/')} {'none' if logs[key] is None else format(float(logs[key]), '.4g')}"
        for key in SHOWN
        if key in logs
    ]
    return "  ".join([f"{name} {step}/{max_steps}", f"{left_s:.0f} s left", *figures])


def show_progress(trainer: Any, name: str) -> None:
    """Replace the trainer's own printing by plain lines where standard error is not a terminal."""
    if not sys.stderr.isatty():
        trainer.remove_callback(ProgressCallback)
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(PlainProgress(name))
