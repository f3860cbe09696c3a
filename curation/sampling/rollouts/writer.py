"""Rollouts go to the store in groups while the engine goes on: what waits is written after a second, or as soon as it is large.

with RolloutWriter(store) as writer:
    writer.begin()
    for part in session.generate(...):
        writer.add(rollouts)                # on disk soon
    written = writer.flush()                # all of them
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from curation.sampling.rollouts.rollout import Rollout
from curation.sampling.rollouts.store import RolloutStore

WAIT_S = 1.0
"""How long a rollout waits at most."""
WAITING_CHARS = 2**22
"""Text that is written at once."""


class RolloutWriter:
    """Writes to a store while responses come. It has a thread of its own, because an engine may be silent for minutes.

    It gives every rollout its `seconds`: of the time that has passed since `begin`, the share of the tokens that are finished, less what
    was given before. `underway`: tokens of responses that are not finished. So all seconds of a batch are given out in its end, and what
    was written when it is killed has its own share alone.
    """

    def __init__(self, store: RolloutStore) -> None:
        self.store = store
        self.underway = 0
        self._waiting: list[Rollout] = []
        self._written: list[Rollout] = []
        self._chars = 0
        self._changed = threading.Condition()
        self._closed = self._flushing = self._is_writing = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._write_on, name="rollouts", daemon=True)
        self.begin()

    def __enter__(self) -> "RolloutWriter":
        self._thread.start()
        return self

    def begin(self) -> None:
        """From here on time counts."""
        self._since = self._started = time.perf_counter()
        self._tokens, self._given, self.underway = 0, 0.0, 0

    def add(self, rollouts: Sequence[Rollout]) -> None:
        """Take rollouts; they are in the store soon.

        Raises:
            what the store raised when others were written.
        """
        with self._changed:
            self._raise()
            if not self._waiting:
                self._since = time.perf_counter()
            self._waiting += rollouts
            self._chars += sum(len(rollout.sample.text) for rollout in rollouts)
            self._changed.notify_all()

    def flush(self) -> list[Rollout]:
        """Wait until all is written; returns what was since the last time.

        Raises:
            what the store raised.
        """
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error is not None or not (self._waiting or self._is_writing))
            self._flushing = False
            self._raise()
            written, self._written = self._written, []
            return written

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        if error is None:
            self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _write_on(self) -> None:
        """Write group after group until all is written behind the end; the thread."""
        try:
            while group := self._next_group():
                timed = self._with_seconds(group)
                self.store.append(timed, are_new=True)
                with self._changed:
                    self._written += timed
                    self._is_writing = False
                    self._changed.notify_all()
        except BaseException as error:  # whoever adds next, flushes or closes raises it
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _next_group(self) -> list[Rollout]:
        """What is to be written now, when there is something; empty at the end."""
        with self._changed:
            while not (self._closed or self._is_due()):
                left = self._since + WAIT_S - time.perf_counter() if self._waiting else None
                self._changed.wait(left)
            group, self._waiting, self._chars = self._waiting, [], 0
            self._is_writing = bool(group)
            return group

    def _is_due(self) -> bool:
        waited = time.perf_counter() - self._since
        return bool(self._waiting) and (self._flushing or waited >= WAIT_S or self._chars >= WAITING_CHARS)

    def _with_seconds(self, group: list[Rollout]) -> list[Rollout]:
        tokens = sum(rollout.sample.n_tokens for rollout in group)
        self._tokens += tokens
        passed = time.perf_counter() - self._started
        earned = passed * self._tokens / max(self._tokens + self.underway, 1)
        each = max(earned - self._given, 0.0) / max(tokens, 1)
        self._given = max(earned, self._given)
        return [replace(rollout, seconds=each * rollout.sample.n_tokens) for rollout in group]
