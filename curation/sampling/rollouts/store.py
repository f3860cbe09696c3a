"""The rollout store: a folder of Parquet segments that holds every sampled response, once.

    with RolloutStore(folder) as store:                          # as many at once as there are processes
        held = store.load(setting, prompts, max_tokens=4096)     # prompt -> {sample number: Rollout}
        numbers = missing(held[prompt], n=8)
        store.append(rollouts)                                   # all of them or none

`kill -9` at any moment loses at most what was not appended yet (see `segment_log`; `writer` appends every
second). `SELECT * FROM 'rollouts/*.parquet'` reads the store in DuckDB; the columns are `rollout.SCHEMA`. A sample
that was cut off and drawn again under a longer limit has a line for each `max_tokens`. Where two writers have drawn the
same sample, the one with the smaller `rollout` counts, for every reader.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.sampling.rollouts.rollout import (
    LAYOUT,
    SETTING,
    Rollout,
    Setting,
    draw_order,
    from_line,
    response_limit,
    to_line,
)
from curation.sampling.rollouts.scan import scan
from curation.sampling.rollouts.segment_log import SegmentLog

_MEASURES = ["number", "n_tokens", "finish_reason", "max_tokens", "prompt_tokens", "seconds", "rollout"]


_MEASURED = pa.schema(
    [("place", pa.int32()), ("counted", pa.int64()), *(LAYOUT.schema.field(name) for name in _MEASURES)]
)


class Measures(NamedTuple):
    """Samples without their texts, an entry for each: the place of its prompt among those asked for, its number, tokens and seconds."""

    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    tokens: NDArray[np.int64]
    seconds: NDArray[np.float64]


class RolloutStore(SegmentLog):
    """The store in `folder`.

    Raises:
        SamplingError: a segment is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, LAYOUT)

    def load(
        self, setting: Setting, prompts: Iterable[str], max_tokens: int, max_model_len: int | None = None
    ) -> dict[str, dict[int, Rollout]]:
        """What is held for `prompts` (see `prompt_hash`) and is a draw under the limit (see `response_limit`), by sample
        number.

        A response that was cut off below the limit is left out; one longer than the limit comes as cut off (`length`),
        with its whole text.
        """
        found: dict[str, dict[int, Rollout]] = {prompt: {} for prompt in prompts}
        orders: dict[tuple[str, int], tuple[Any, ...]] = {}
        for line in self._read(setting, found):
            draw, order = (line["prompt"], line["number"]), draw_order(line)
            usable = under_limit(from_line(line), response_limit(max_tokens, max_model_len, line["prompt_tokens"]))
            if usable is not None and (draw not in orders or order < orders[draw]):
                found[usable.prompt][usable.sample.number], orders[draw] = usable, order
        return found

    def measure(
        self, setting: Setting, prompts: Sequence[str], max_tokens: int, max_model_len: int | None = None
    ) -> Measures:
        """How long the samples are that `load` would find; no text is read. `prompts` are different ones."""
        asked, sampled = pa.array(prompts, pa.string()), astuple(setting)
        parts = [_MEASURED.empty_table()]
        for lines in self.find_lines(((prompt, *sampled) for prompt in prompts), [*SETTING, *_MEASURES]):
            for name, value in zip(SETTING, sampled, strict=True):
                lines = lines.filter(pc.equal(lines[name], value))
            tokens, reason, drawn_under, prompt_tokens = (lines[name].to_numpy() for name in _MEASURES[1:5])
            lengths, which = np.unique(prompt_tokens, return_inverse=True)
            limits = np.array([response_limit(max_tokens, max_model_len, n) for n in lengths.tolist()], np.int64)[which]
            usable = _is_usable(tokens, reason == "stop", drawn_under, limits)
            held = [pc.index_in(lines["prompt"], asked), pa.array(np.minimum(tokens, limits), pa.int64())]
            parts.append(pa.table([*held, *lines.select(_MEASURES).columns], schema=_MEASURED).filter(pa.array(usable)))
        order = ["place", "number", "max_tokens", "rollout", "n_tokens", "finish_reason", "prompt_tokens", "seconds"]
        found = pa.concat_tables(parts).sort_by([(name, "ascending") for name in order])
        place, number = (found[name].to_numpy().astype(np.int64) for name in ("place", "number"))
        _, first = np.unique(place * 2**31 + number, return_index=True)
        tokens, seconds = found["counted"].to_numpy(), found["seconds"].to_numpy()
        return Measures(place[first], number[first], tokens[first], seconds[first])

    def settings(self) -> Counter[Setting]:
        """What the samples in the store are draws of, and how many are of each."""
        found: Counter[Setting] = Counter()
        for lines in scan(self.folder, LAYOUT, SETTING):
            for line in lines.group_by(list(SETTING), use_threads=False).aggregate([([], "count_all")]).to_pylist():
                found[Setting(*(line[name] for name in SETTING))] += line["count_all"]
        return found

    def append(self, rollouts: Sequence[Rollout], are_new: bool = False) -> None:
        """Add `rollouts`; when this returns they are on disk. A sample that is already held is left out; who has looked, and has found
        that none is held (`are_new`), saves a look-up.
        """
        new: dict[tuple[Any, ...], Rollout] = {}
        for rollout in rollouts:
            new.setdefault(_identity(rollout), rollout)
        for lines in self.find_lines(() if are_new else map(_key, rollouts), LAYOUT.identity):
            for held in zip(*(lines[name].to_pylist() for name in LAYOUT.identity), strict=True):
                new.pop(held, None)
        self.append_lines([to_line(rollout) for rollout in new.values()])

    def _read(self, setting: Setting, prompts: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Every line of `prompts`, perhaps twice."""
        sampled = astuple(setting)
        for lines in self.find_lines((prompt, *sampled) for prompt in prompts):
            for line in lines.to_pylist():
                if tuple(line[name] for name in SETTING) == sampled:
                    yield line


def missing(held: Container[int], n: int) -> tuple[int, ...]:
    """The numbers below `n` that are still to be sampled."""
    return tuple(number for number in range(n) if number not in held)


def under_limit(rollout: Rollout, limit: int) -> Rollout | None:
    """The rollout as it would be under `limit`, None where it was cut off before the limit or the prompt fills all."""
    sample = rollout.sample
    if not _is_usable(sample.n_tokens, sample.finish_reason == "stop", rollout.max_tokens, limit):
        return None
    if sample.n_tokens > limit:
        return replace(rollout, sample=replace(sample, finish_reason="length", n_tokens=limit))
    return rollout


def _is_usable(n_tokens: Any, is_whole: Any, drawn_under: Any, limit: Any) -> Any:
    """Whether a response is a draw under `limit`: numbers, or arrays of them."""
    return (limit >= 1) & (is_whole | (n_tokens > limit) | (drawn_under >= limit))


def _key(rollout: Rollout) -> tuple[Any, ...]:
    return rollout.prompt, *astuple(rollout.setting)


def _identity(rollout: Rollout) -> tuple[Any, ...]:
    return *_key(rollout), rollout.max_tokens, rollout.sample.number
