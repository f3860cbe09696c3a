"""A file that is to be released: where it is here, what it is called there, and the digests that the Hub compares by."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from curation.core.errors import PushError

CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class LocalFile:
    """`remote` is the path in the repository; `is_data` is true of shards, which go first."""

    remote: str
    local: Path
    is_data: bool = False

    @cached_property
    def stamp(self) -> tuple[int, int, int]:
        """Size, time and inode, as they were before the file was read."""
        return self._stamp()

    @property
    def size(self) -> int:
        return self.stamp[0]

    def check_unchanged(self) -> None:
        """Make sure that the file is the one whose digests are known: the Hub is told them, and may take others' bytes for it.

        Raises:
            PushError: it is not.
        """
        if self._stamp() != self.stamp:
            raise PushError(f"{self.local}: changed while it was pushed; push again when nothing writes to its folder")

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self.local.stat()
        except OSError as error:
            raise PushError(f"cannot read {self.local}: {error.strerror}") from error
        return found.st_size, found.st_mtime_ns, found.st_ino

    @cached_property
    def digests(self) -> tuple[str, str]:
        """SHA-256, by which the Hub knows large files, and the git object id, by which it knows small ones; one reading for both.

        Raises:
            PushError: unreadable.
        """
        sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
        try:
            with self.local.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    sha256.update(chunk)
                    git.update(chunk)
        except OSError as error:
            raise PushError(f"cannot read {self.local}: {error.strerror}") from error
        return sha256.hexdigest(), git.hexdigest()

    @property
    def sha256(self) -> str:
        return self.digests[0]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of the repository. `sha256` is empty where the Hub keeps it as a git object; then `blob` is that of its bytes."""

    size: int
    blob: str
    sha256: str = ""

    def equals(self, file: LocalFile) -> bool:
        """Whether the bytes are the same."""
        sha256, blob = file.digests
        return self.size == file.size and (self.sha256 == sha256 if self.sha256 else self.blob == blob)
