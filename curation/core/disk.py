"""Space on the disk, looked at before a stage and while it runs: a warning, once. What is full in the end is an error of whoever writes."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

RESERVE = 64 * 2**20
"""Less than so many bytes soon is nothing."""


class DiskSpace:
    """Compares what is free for a stage's folder with the bytes that the stage is about to need."""

    def __init__(self, folder: Path, needed: int) -> None:
        self._folder, self._warned = folder, False
        self._warn_below(max(needed, RESERVE), f"this stage may need {size(needed)}")

    def check(self) -> None:
        """Warn when nearly nothing is left."""
        self._warn_below(RESERVE, "the build ends where nothing is left")

    def _warn_below(self, n_bytes: int, why: str) -> None:
        with suppress(OSError):
            if not self._warned and (free := shutil.disk_usage(self._folder).free) < n_bytes:
                self._warned = True
                kept = "what is done stays, if it runs out"
                print(f"{self._folder}: {size(free)} are free; {why}; {kept}", file=sys.stderr)


def size(n_bytes: int) -> str:
    """A number of bytes as one reads it.

    >>> size(3_400_000_000), size(70_000_000), size(12)
    ('3.4 GB', '70 MB', '0 MB')
    """
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"
