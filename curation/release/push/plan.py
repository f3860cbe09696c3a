"""What is to be done: the files here against those in the repository. Nothing is remembered elsewhere, so an interrupted push goes on by
planning again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from curation.release.push.files import LocalFile, RemoteFile

MAX_OPERATIONS = 50
"""In one commit; the Hub advises fewer than 100 files."""
MAX_COMMIT_BYTES = 2 * 2**30
"""What is sent before it is committed: where a push is killed, no more than this has to be sent again."""
OURS = re.compile(r"data/[^/]+/[^/]+-\d{5}-of-\d{5}\.parquet")
"""Shards, which a release replaces as a whole."""

Operation = LocalFile | str
"""A file to add, or the path of one to delete."""


@dataclass(frozen=True)
class Plan:
    """The files that are new, changed or the same, and the paths in the repository that an earlier release left."""

    new: tuple[LocalFile, ...]
    changed: tuple[LocalFile, ...]
    same: tuple[LocalFile, ...]
    stale: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed or self.stale)

    @property
    def n_bytes(self) -> int:
        """Of what is sent."""
        return sum(file.size for file in (*self.new, *self.changed))

    def commits(self) -> Iterator[tuple[Operation, ...]]:
        """The operations of every commit: the data, then deletions, then the small files, with the card and the lock at the very end. A set
        that fits is one commit, so that nobody ever loads half of it.
        """
        files = sorted((*self.new, *self.changed), key=lambda file: file.remote)
        first: list[Operation] = [*(file for file in files if file.is_data), *self.stale]
        last: list[Operation] = [*sorted((file for file in files if not file.is_data), key=_rank)]
        batches = list(_batches(first))
        if batches and len(batches[-1]) + len(last) <= 2 * MAX_OPERATIONS:
            last = [*batches.pop(), *last]
        yield from batches
        if last:
            yield tuple(last)

    def lines(self) -> list[str]:
        """One line a file that is not the same."""
        told = {"new": self.new, "changed": self.changed}
        lines = [f"  {word:<8} {file.size:>15,}  {file.remote}" for word, files in told.items() for file in files]
        return [*lines, *(f"  {'deleted':<8} {'':>15}  {path}" for path in self.stale)]

    def summary(self) -> str:
        return (
            f"{len(self.new)} new, {len(self.changed)} changed, {len(self.same)} the same, {len(self.stale)} deleted;"
            f" {self.n_bytes:,} bytes to send"
        )


def make_plan(files: Sequence[LocalFile], remote: Mapping[str, RemoteFile], owned: Iterable[str]) -> Plan:
    """Compare. Of files that are only in the repository, shards and those that are `owned` (names of a release) are stale; all others are
    somebody's and stay.
    """
    here = {file.remote for file in files}
    names = set(owned)
    stale = sorted(path for path in remote if path not in here and (path in names or OURS.fullmatch(path)))
    both = [file for file in files if file.remote in remote]
    same = tuple(file for file in both if remote[file.remote].equals(file))
    return Plan(
        new=tuple(file for file in files if file.remote not in remote),
        changed=tuple(file for file in both if file not in same),
        same=same,
        stale=tuple(stale),
    )


def is_done(operation: Operation, remote: Mapping[str, RemoteFile]) -> bool:
    """Whether the repository is as the operation leaves it."""
    if isinstance(operation, str):
        return operation not in remote
    return operation.remote in remote and remote[operation.remote].equals(operation)


LAST = ("README.md", "manifest.lock.yaml")


def _rank(file: LocalFile) -> tuple[int, str]:
    return LAST.index(file.remote) + 1 if file.remote in LAST else 0, file.remote


def _batches(operations: Iterable[Operation]) -> Iterator[tuple[Operation, ...]]:
    batch: list[Operation] = []
    n_bytes = 0
    for operation in operations:
        size = 0 if isinstance(operation, str) else operation.size
        if batch and (len(batch) >= MAX_OPERATIONS or n_bytes + size > MAX_COMMIT_BYTES):
            yield tuple(batch)
            batch, n_bytes = [], 0
        batch.append(operation)
        n_bytes += size
    if batch:
        yield tuple(batch)
