"""Live progress: tasks leave their counts in small files, the parent shows one line per stage (plain lines when not a terminal)."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

REPORT_EVERY_S = 0.5
PLAIN_EVERY_S = 10.0
SHARE_OF_READING = 20
"""Reading the counts takes a part in so many of the time: of thousands of tasks, on a network, it takes seconds."""
NOTED = "{desc}: {n_fmt}/{total_fmt} rows [{elapsed}{postfix}]"


class TaskProgress:
    """Counts the rows of one task; the parent sees them at most `REPORT_EVERY_S` late."""

    def __init__(self, folder: Path, rank: int) -> None:
        self.file = folder / f"{rank:05d}.json"
        self.rows = self.total = 0
        self.note = ""
        self._reported_at = 0.0

    def advance(self, rows: int = 1, total: int = 0, note: str = "") -> None:
        self.rows += rows
        self.total, self.note = total or self.total, note or self.note
        if self.is_due:
            self.flush()

    @property
    def is_due(self) -> bool:
        """Whether what is reported now would be seen at once."""
        return time.monotonic() - self._reported_at >= REPORT_EVERY_S

    def reach(self, rows: int) -> None:
        """Report that so many rows are done, unless more were reported already."""
        self.advance(max(rows - self.rows, 0))

    def clear(self) -> None:
        """Take what it shows off the line."""
        self.rows, self.total, self.note = 0, 0, ""
        self.flush()

    def flush(self) -> None:
        self._reported_at = time.monotonic()
        temporary = self.file.with_suffix(".tmp")
        with suppress(OSError):  # a disk that is full ends the build at the next row, not at a count of them
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"rows": self.rows, "total": self.total, "note": self.note}))
            os.replace(temporary, self.file)
            return
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _reported(file: Path) -> dict[str, Any]:
    """What a task has reported; nothing where its file is being replaced, or was left half written when the machine went down."""
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text())
        if isinstance(found, dict) and found.keys() == {"rows", "total", "note"}:
            return found
    return {}


class StageProgress:
    """One line for a stage: rows, rows/s, time left, and what the tasks note (tokens while sampling)."""

    def __init__(self, title: str, folder: Path, total: int | None) -> None:
        self.folder, self.total = folder, total
        # Off a terminal the line is repeated rarely, one below the other, so that a log stays readable.
        self._bar = tqdm(total=total, desc=title, unit=" rows", dynamic_ncols=True, mininterval=0.2, disable=None)
        self._title, self._plain_at, self._started_at = title, time.monotonic(), time.monotonic()
        self._read_next = 0.0

    def __enter__(self) -> "StageProgress":
        return self

    def refresh(self) -> None:
        if (began := time.monotonic()) < self._read_next:
            return
        tasks = list(filter(None, map(_reported, sorted(self.folder.glob("*.json")))))
        self._read_next = time.monotonic() + SHARE_OF_READING * (time.monotonic() - began)
        rows, note = sum(task["rows"] for task in tasks), " ".join(task["note"] for task in tasks if task["note"])
        total = sum(task["total"] for task in tasks) or self.total
        if not self._bar.disable:
            self._bar.total = total
            self._bar.bar_format = NOTED if note else None  # a line has no room for a bar as well
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(rows - self._bar.n)
        elif time.monotonic() - self._plain_at >= PLAIN_EVERY_S:
            self._plain_at = time.monotonic()
            elapsed = self._plain_at - self._started_at
            how = {"bar_format": NOTED} if note else {"ncols": 100}
            print(
                tqdm.format_meter(rows, total or 0, elapsed, prefix=self._title, unit=" rows", postfix=note, **how),
                flush=True,
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.leave = False
        self._bar.close()
