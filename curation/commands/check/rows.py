"""The checks of rows, over all shards: each row group is read once, in a process of its own where there are several."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.commands.check.base import Finding, Looked, RowCheck, Said
from curation.commands.check.subject import Frame, Shard, Subject
from curation.core.plugins import load_plugins, loaded_plugins

BATCH_ROWS = 64
Of = tuple[str, Said]
"""The kind of a check, and what it says."""


def check_rows(subject: Subject, checks: Sequence[RowCheck]) -> Iterator[Of]:
    """What the checks say of every row of every readable shard."""
    tasks = [(shard, group) for shard in subject.shards for group in range(len(shard.groups))]
    setup = partial(load_plugins, loaded_plugins() if subject.manifest else ())
    frames = {shard.path: subject.frame(shard) for shard in subject.shards}
    look = partial(_look, checks=tuple(checks), root=subject.path)
    if subject.workers == 1:
        results: Iterator[list[Of]] = (look(shard, group, frames[shard.path]) for shard, group in tasks)
        yield from _noted(subject, tasks, results)
        return
    with ProcessPoolExecutor(subject.workers, get_context("forkserver"), setup) as pool:
        results = pool.map(look, *zip(*tasks, strict=True), (frames[shard.path] for shard, _ in tasks))
        yield from _noted(subject, tasks, results)


def _noted(subject: Subject, tasks: Sequence[tuple[Shard, int]], results: Iterable[list[Of]]) -> Iterator[Of]:
    """What was said of each row group; of a shard that cannot be read once, so that no other check compares it."""
    for (shard, _), said in zip(tasks, results, strict=True):
        unread = any(kind == "files" for kind, _ in said)
        yield from (of for of in said if of[0] != "files" or shard.path not in subject.broken)
        if unread:
            subject.broken.add(shard.path)


def _look(shard: Shard, group: int, frame: Frame, *, checks: Sequence[RowCheck], root: Path) -> list[Of]:
    """What the checks say of one row group. One that cannot be read is a finding of `files`."""
    said: list[Of] = []
    mine = [check for check in checks if check.is_for(frame)]
    name = shard.path.relative_to(root).as_posix()
    first, n = sum(shard.groups[:group]), 0
    try:
        with pq.ParquetFile(shard.path) as file:
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group]):
                for record in batch.to_pylist():
                    where = f"{name} row {first + n} ({record.get('id') or 'no id'})"
                    n += 1
                    for check in mine:
                        said += zip(repeat(check.kind), _of_row(check, frame, record, where), strict=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        what = f"row group {group} cannot be read: {' '.join(str(error).split())[:200]}"
        said.append(("files", Finding(name, what, "copy or build the file again")))
    return said + [(check.kind, Looked(n, "rows")) for check in mine]


def _of_row(check: RowCheck, frame: Frame, record: dict[str, Any], where: str) -> Iterator[Said]:
    """What one check says of a row, with its place. A row that a check cannot even read has another shape than the schema says."""
    try:
        for said in check.row(frame, record):
            yield replace(said, where=where) if isinstance(said, Finding) and not said.where else said
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        todo = "the row has not the form of the schema; build it again"
        yield Finding(where, f"cannot be looked at: {type(error).__name__} {' '.join(str(error).split())[:120]}", todo)
