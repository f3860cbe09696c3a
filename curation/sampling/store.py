"""The rollout store: a folder of Parquet segments that holds every sampled response, once.

    with RolloutStore(folder) as store:
        held = store.load(setting, prompts, max_tokens=4096)     # prompt -> {sample number: Rollout}
        numbers = missing(held[prompt], n=8)
        store.append(rollouts)                                   # one segment: all of it or nothing

A segment is written under a temporary name, flushed to disk and renamed, so `kill -9` at any moment loses at most
the batch in flight. `SELECT * FROM 'rollouts/*.parquet'` reads the store in DuckDB; the columns are `rollout.SCHEMA`.

Memory holds a hash and a segment number per prompt (about 100 bytes), never a text. Reading back in the order of
writing is cheap: a chunk of prompts comes from the segment it went to.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from curation.sampling.rollout import SCHEMA, Rollout, Setting, from_line, response_limit, to_line
from curation.sampling.segments import (
    list_segments,
    lock_folder,
    next_segment,
    read_segment,
    remove_stale,
    unlock_folder,
    write_segment,
)

_KEY = ["prompt", "model", "revision", "template_hash", "temperature", "top_p"]


class RolloutStore:
    """The store in `folder`, open for its one writer.

    Raises:
        SamplingError: another process has it open, or a segment is damaged.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self._lock = lock_folder(self.folder)
        try:
            remove_stale(self.folder)
            self._segments = list_segments(self.folder)
            self._index: dict[int, tuple[int, ...]] = {}
            for number, path in enumerate(self._segments):
                self._add_to_index(number, read_segment(path, _KEY))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "RolloutStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another writer in."""
        unlock_folder(self.folder, self._lock)

    def load(
        self, setting: Setting, prompts: Iterable[str], max_tokens: int, max_model_len: int | None = None
    ) -> dict[str, dict[int, Rollout]]:
        """What is held for `prompts` (see `prompt_hash`) and is a draw under the limit (see `response_limit`), by sample
        number.

        A response that was cut off below the limit is left out; one longer than the limit comes as cut off (`length`),
        with its whole text.
        """
        found: dict[str, dict[int, Rollout]] = {prompt: {} for prompt in prompts}
        for rollout in self._read(setting, found):
            limit = response_limit(max_tokens, max_model_len, rollout.prompt_tokens)
            if (usable := _under_limit(rollout, limit)) is not None:
                found[rollout.prompt].setdefault(rollout.sample.number, usable)
        return found

    def append(self, rollouts: Sequence[Rollout]) -> None:
        """Write `rollouts` as one segment; when this returns they are on disk. A sample that is already held is left
        out.
        """
        new: dict[tuple[str, Setting, int, int], Rollout] = {}
        for rollout in rollouts:
            new.setdefault(_identity(rollout), rollout)
        for setting in {rollout.setting for rollout in rollouts}:
            for held in self._read(setting, {rollout.prompt for rollout in rollouts}):
                new.pop(_identity(held), None)
        if not new:
            return
        path = next_segment(self._segments, self.folder)
        table = pa.Table.from_pylist([to_line(rollout) for rollout in new.values()], schema=SCHEMA)
        write_segment(table, path)
        self._segments.append(path)
        self._add_to_index(len(self._segments) - 1, table.select(_KEY))

    def _read(self, setting: Setting, prompts: Iterable[str]) -> Iterator[Rollout]:
        """Every rollout of `prompts`, oldest first."""
        wanted: dict[int, list[str]] = {}
        for prompt in prompts:
            for segment in self._index.get(_index_key(prompt, *astuple(setting)), ()):
                wanted.setdefault(segment, []).append(prompt)
        for segment, held in sorted(wanted.items()):
            only = pc.field("prompt").isin(held)
            for line in read_segment(self._segments[segment], only=only).to_pylist():
                rollout = from_line(line)
                if rollout.setting == setting:
                    yield rollout

    def _add_to_index(self, segment: int, keys: pa.Table) -> None:
        for line in keys.group_by(_KEY).aggregate([]).to_pylist():
            key = _index_key(*(line[name] for name in _KEY))
            self._index[key] = (*self._index.get(key, ()), segment)


def missing(held: Container[int], n: int) -> tuple[int, ...]:
    """The numbers below `n` that are still to be sampled."""
    return tuple(number for number in range(n) if number not in held)


def _under_limit(rollout: Rollout, limit: int) -> Rollout | None:
    """The rollout as it would be under `limit`, None where it was cut off too early to tell or the prompt fills all."""
    sample = rollout.sample
    if limit < 1:
        return None
    if sample.n_tokens > limit:
        return replace(rollout, sample=replace(sample, finish_reason="length", n_tokens=limit))
    if sample.finish_reason == "length" and rollout.max_tokens < limit:
        return None
    return rollout


def _identity(rollout: Rollout) -> tuple[str, Setting, int, int]:
    return rollout.prompt, rollout.setting, rollout.sample.number, rollout.max_tokens


def _index_key(prompt: str, *setting: str | float) -> int:
    """64 bits: a collision costs a look into one more segment, nothing else."""
    return int.from_bytes(hashlib.blake2b(repr((prompt, *setting)).encode(), digest_size=8).digest(), "big")
