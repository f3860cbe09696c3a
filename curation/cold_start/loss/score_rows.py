"""Scores every trace: what the store has is taken from there, the rest is read by the model, some rows at a time and by length."""

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from curation.cold_start.loss.encode import Encoder
from curation.cold_start.loss.options import LossOptions
from curation.cold_start.loss.scorers.base import Encoded, ScorerSession
from curation.cold_start.loss.scores import Sums, TraceScores, sums, trace_scores
from curation.cold_start.loss.store import LossStore, Part, reader_of, text_hash
from curation.core.chunks import chunks
from curation.core.row import Message
from curation.core.rows import Rows

WINDOW: Final = 1024
"""Rows whose texts are in memory at a time, and among which those of like length are put together."""
APPEND_EVERY_S: Final = 1.0
Unscored = Literal["", "no_room", "not_finite"]
UNSCORED: Final[tuple[Unscored, ...]] = ("", "no_room", "not_finite")
"""Why a trace has no loss: its prompt fills `max_length` or it is empty; the model gave no number. Empty: it has one."""


@dataclass
class Progress:
    """What has been read so far."""

    rows: int = 0
    tokens: int = 0
    found: int = 0
    """Rows of which the store had everything."""
    read: float = 0.0
    """Rows that the model has read, those under way by the share of the window's tokens that is done."""
    seconds: float = 0.0
    """That reading took, loading the model not counted."""


@dataclass
class Trace:
    """A trace of the window, its keys in the store, and what is known of it."""

    messages: tuple[Message, ...]
    response: str
    keys: dict[Part, str]
    sums: dict[str, Sums] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """The scores of all rows in their order: by name, tokens of the response, and why a row has none."""

    scores: dict[str, npt.NDArray[np.float32]]
    n_tokens: npt.NDArray[np.int64]
    unscored: npt.NDArray[np.int8]
    n_scored: npt.NDArray[np.int64]
    """Tokens of the response that were read."""

    @property
    def cut_off(self) -> npt.NDArray[np.bool_]:
        """Traces of which only the beginning was read."""
        return (self.n_scored > 0) & (self.n_scored < self.n_tokens)

    def comparable(self, min_tokens: int) -> dict[str, npt.NDArray[np.float32]]:
        """The scores, nan where they are means over too few tokens of the response; the question's are not."""
        is_short = self.n_scored < min_tokens
        return {
            name: values if name == "prompt_loss" else np.where(is_short, np.float32(np.nan), values)
            for name, values in self.scores.items()
        }


def measure(
    rows: Rows,
    options: LossOptions,
    template: str,
    store: Path,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Measured:
    """Read every row's prompt and completion.

    Raises:
        SamplingError: the model cannot start or failed; what was read before is in the store.
    """
    found: dict[str, array[float]] = {name: array("f") for name in TraceScores._fields}
    n_tokens, unscored, n_scored = array("q"), array("b"), array("q")
    with LossReader(options, template, store, report) as reader:
        for whole, alone in reader.read(rows.records(["prompt", "completion"])):
            scores = trace_scores(whole, alone)
            for name, value in scores._asdict().items():
                found[name].append(value)
            n_tokens.append(whole.n_tokens)
            why: Unscored = "no_room" if not whole.n_scored else "not_finite" if np.isnan(scores.loss) else ""
            unscored.append(UNSCORED.index(why))
            n_scored.append(whole.n_scored)
    return Measured(
        {name: np.array(values, np.float32) for name, values in found.items()},
        np.array(n_tokens, np.int64), np.array(unscored, np.int8), np.array(n_scored, np.int64),
    )  # fmt: skip


class LossReader:
    """Reads traces through the store; the model is loaded for the first that the store has not."""

    def __init__(
        self,
        options: LossOptions,
        template: str,
        store: Path,
        report: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._options, self._template, self.report = options, template, report
        self._reader = reader_of(options, template)
        self._folder = store
        self.progress = Progress()
        self._session: ScorerSession | None = None
        self._encoder: Encoder | None = None

    def __enter__(self) -> "LossReader":
        self._open = ExitStack()
        self._store = self._open.enter_context(LossStore(self._folder, self._reader))
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def read(self, records: Iterable[dict[str, Any]]) -> Iterator[tuple[Sums, Sums | None]]:
        """The sums of every trace and of its response alone, None where that is not measured."""
        for window in chunks(records, WINDOW):
            traces = [self._trace(record) for record in window]
            held = self._store.load(key for trace in traces for key in trace.keys.values())
            missing = [trace for trace in traces if any(key not in held for key in trace.keys.values())]
            self.progress.found += len(traces) - len(missing)
            if missing:
                held |= self._score(missing, held)
            self.progress.rows += len(traces)
            self.report(self.progress)
            for trace in traces:
                yield held[trace.keys["whole"]], held.get(trace.keys.get("alone", ""))

    def held(self, records: Iterable[dict[str, Any]]) -> tuple[list[int | None], float]:
        """Tokens that were read of every trace, None where the store has not all of it, and the seconds that all took."""
        counts: list[int | None] = []
        seconds = 0.0
        for trace in map(self._trace, records):
            found = self._store.load(trace.keys.values())
            whole = len(found) == len(trace.keys)
            counts.append(sum(one.n_read for one in found.values()) if whole else None)
            seconds += sum(one.seconds for one in found.values()) if whole else 0.0
        return counts, seconds

    def _trace(self, record: dict[str, Any]) -> Trace:
        messages = tuple(Message(**message) for message in record["prompt"])
        parts: tuple[Part, ...] = ("whole", "alone") if self._options.cut.pairing_gain else ("whole",)
        keys: dict[Part, str] = {part: text_hash(self._reader, messages, record["completion"], part) for part in parts}
        return Trace(messages, record["completion"], keys)

    def _score(self, traces: Sequence[Trace], held: dict[str, Sums]) -> dict[str, Sums]:
        """Read what is not held of some traces, and keep it."""
        if self._session is None or self._encoder is None:
            self._session = self._open.enter_context(self._options.scorer.open(self._options.max_length))
            self._encoder = Encoder(self._session.tokenizer, self._options.max_length, self._template)
        texts: dict[str, Encoded] = {}
        scored: dict[str, Sums] = {}
        for trace in traces:
            whole = self._encoder.encode(trace.messages, trace.response)
            if whole is None:
                n_tokens = self._encoder.n_tokens(trace.response)
                scored |= {key: Sums(n_tokens=n_tokens) for key in trace.keys.values()}
                continue
            texts[trace.keys["whole"]] = whole
            if "alone" in trace.keys:
                texts[trace.keys["alone"]] = self._encoder.alone(whole, trace.messages, trace.response)
        wanted = {key: text for key, text in texts.items() if key not in held and len(text.scored)}
        self._store.append({key: one for key, one in scored.items() if key not in held})
        self._read(wanted, len(traces), scored)
        return scored

    def _read(self, wanted: dict[str, Encoded], n_traces: int, scored: dict[str, Sums]) -> None:
        """Have the model read texts of so many traces; their sums go into the store and into `scored`."""
        assert self._session is not None
        keys, pending, progress = list(wanted), dict[str, Sums](), self.progress
        n_tokens = sum(len(text.ids) for text in wanted.values())
        appended = before = time.monotonic()
        try:
            for number, scores in self._session.score(list(wanted.values())):
                now = time.monotonic()
                key, text = keys[number], wanted[keys[number]]
                # The first text of a batch takes the time of all of it: only sums over many texts are looked at.
                pending[key] = scored[key] = sums(text, scores, now - before)
                progress.tokens += len(text.ids)
                progress.read += n_traces * len(text.ids) / n_tokens
                progress.seconds += now - before
                before = now
                if now - appended > APPEND_EVERY_S:
                    self._store.append(pending)
                    pending, appended = {}, now
                    self.report(progress)
        finally:
            self._store.append(pending)
