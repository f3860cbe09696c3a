"""The checks at the start of `ovr-train sft` and `grpo`: before the model is loaded, and on the trainer's own model before its first
step.
"""

import sys
from pathlib import Path
from typing import Any

from training.preflight.check import Problem
from training.preflight.flight import Flight
from training.preflight.subject import Subject


class PreflightError(ValueError):
    """Problems were found; each is printed."""


class Preflight:
    """A flight's problems, said as they are found. Every process looks for itself; what one finds the first one says, and all end."""

    def __init__(self, flight: Flight | None) -> None:
        self.flight = flight

    def before_loading(self) -> None:
        """Check files and rows.

        Raises:
            PreflightError: something is wrong.
        """
        if self.flight is not None:
            self._say(self.flight.check_data())

    def with_model(self, model: Any) -> None:
        """Check the model, and print the table.

        Raises:
            PreflightError: something is wrong.
        """
        if self.flight is not None:
            self._say(self.flight.check_model(model))
            if _is_first():
                print(self.flight.table(), flush=True)

    def _say(self, found: list[Problem]) -> None:
        from accelerate.utils import gather_object

        everywhere = list(dict.fromkeys(gather_object(found)))
        if _is_first():
            for problem in everywhere:
                print(problem, file=sys.stderr, flush=True)
        if n := sum(not problem.is_warning for problem in everywhere):
            problems = "1 problem" if n == 1 else f"{n} problems"
            raise PreflightError(
                f"preflight found {problems}; nothing was trained (--preflight false leaves the checks out)"
            )


def preflight_of(command: str, model: str, arguments: Any, options: Any, model_options: Any) -> Preflight:
    """The checks of a run; none where `--preflight false` leaves them out."""
    if not arguments.preflight:
        return Preflight(None)
    subject = Subject(command, Path(arguments.data), arguments.split, model, options, model_options, arguments)
    return Preflight(Flight(subject, all_images=arguments.all_images))


def _is_first() -> bool:
    from accelerate import PartialState

    return bool(PartialState().is_main_process)
