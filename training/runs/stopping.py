"""SIGTERM, Ctrl-C and SIGHUP (of a terminal that is gone): the step that is under way ends, a checkpoint is saved, the run ends with 143,
130 or 129 and goes on exactly from there.

transformers' own `enable_jit_checkpoint` takes another step after the signal, saves after that step's samples were drawn, and exits 0.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from transformers import TrainerCallback

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}


class StopAtSignal(TrainerCallback):  # type: ignore[misc]
    """Ends a run at the end of a step, on all processes together, where one of them got a signal."""

    def __init__(self, command: str, every: int = 1) -> None:
        """`every` is the number of steps that share their samples: a run goes on only from where they are used up."""
        self.command = command
        self.every = every
        self.received: signal.Signals | None = None
        self.stopped_at: int | None = None

    @property
    def exit_code(self) -> int:
        """0 for a run that was not stopped."""
        return 0 if self.stopped_at is None else CODES[self.received or signal.SIGTERM]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within, the first signal asks for the end of the step; a second one ends the process as ever."""
        heard = [
            number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP
        ]
        before = {number: signal.signal(number, self._receive) for number in heard}
        self._before = before
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for a checkpoint and the end; log with every checkpoint, so that a mean over steps never spans one."""
        if state.global_step % self.every == 0 and _any_process(args, self.received is not None):
            self.stopped_at = state.global_step
            args.save_only_model = False  # a checkpoint to go on from
            control.should_save = control.should_training_stop = True
        if control.should_save:
            control.should_log = True

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See `on_step_end`."""
        if control.should_save:
            control.should_log = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        for each, handler in self._before.items():
            signal.signal(each, handler)
        with suppress(OSError):  # the terminal may be gone
            print(
                f"{self.command}: {self.received.name}: saving at the end of this step; once more ends at once",
                file=sys.stderr,
                flush=True,
            )


def _any_process(args: Any, received: bool) -> bool:
    """Whether one of the processes received a signal; asked of all of them, so that none waits for another's gradients."""
    if args.world_size == 1:
        return received
    import torch
    from torch import distributed

    flag = torch.tensor(int(received), device=args.device)
    distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
    return bool(flag.item())
