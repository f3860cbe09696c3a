"""What reading the traces will cost: their tokens, told by a sample of them, and the time, told by what was read before or by a pilot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from curation.cold_start.loss.encode import Encoder
from curation.cold_start.loss.options import LossOptions
from curation.cold_start.loss.score_rows import LossReader
from curation.core.rows import Rows
from curation.core.words import counted
from curation.sampling.engines.base import Hardware

SAMPLE: Final = 200
"""Rows, evenly spread, that tell for all where a pilot has not more."""


@dataclass(frozen=True)
class LossCost:
    """`tokens_to_come`: of rows that the store has not; `speed`: tokens a second, 0 where none was ever read."""

    rows: int
    tokens: float
    tokens_to_come: float
    speed: float
    basis: int
    hardware: Hardware

    @property
    def is_known(self) -> bool:
        return not self.tokens_to_come or self.speed > 0

    def line(self, gpu_hour_price: float | None) -> str:
        """A few lines; a price is that of what is not in the store yet."""
        return "\n".join(self._lines(gpu_hour_price))

    def _lines(self, price: float | None) -> Iterator[str]:
        yield f"{counted(self.rows, 'row')}, about {self.tokens:,.0f} tokens to read, {self.tokens_to_come:,.0f} of them not in the store"
        if self.tokens_to_come and not self.speed:
            yield "how fast the model reads is not known yet"
        elif self.tokens_to_come:
            hours = self.tokens_to_come / self.speed / 3600
            cost = (
                f", {hours * self.hardware.number * price:,.2f} at {price:g} per GPU-hour"
                if price is not None and self.hardware.kind == "GPU"
                else ""
            )
            yield f"about {hours * 60:,.1f} minutes at {self.speed:,.0f} tokens/s on {self.hardware.number} {self.hardware.kind}{cost}"
        yield f"told by {counted(self.basis, 'row')}"


def loss_cost(rows: Rows, options: LossOptions, template: str, store: Path, pilot: int | None) -> LossCost:
    """What reading `rows` costs; `pilot` of them, evenly spread, are read into the store first, where the build finds them.

    Raises:
        SamplingError: the model cannot start, or a segment of the store is damaged.
    """
    n = min(max(pilot or 0, SAMPLE), len(rows))
    records = [record for _, record in rows.at(_spread(len(rows), n), ["prompt", "completion"])]
    with LossReader(options, template, store) as reader:
        if pilot and records:
            list(reader.read([records[i] for i in _spread(len(records), min(pilot, len(records)))]))
        held, seconds = reader.held(records)
        encoder = Encoder(options.scorer.load_tokenizer(), options.max_length, template)
    tokens = np.array([_n_read(encoder, record, options) for record in records], float)
    is_held = np.array([one is not None for one in held], bool)
    read = sum(one for one in held if one is not None)
    scale = len(rows) / max(len(records), 1)
    return LossCost(
        len(rows), float(tokens.sum()) * scale, float(tokens[~is_held].sum()) * scale, read / seconds if seconds else 0.0,
        len(records), options.scorer.hardware(),
    )  # fmt: skip


def _spread(n: int, some: int) -> Any:
    return np.unique(np.linspace(0, n - 1, some).astype(np.int64)) if some else np.empty(0, np.int64)


def _n_read(encoder: Encoder, record: dict[str, Any], options: LossOptions) -> int:
    """Tokens that are read of a trace."""
    from curation.core.row import Message

    messages = tuple(Message(**message) for message in record["prompt"])
    if (whole := encoder.encode(messages, record["completion"])) is None:
        return 0
    alone = encoder.alone(whole, messages, record["completion"]).ids if options.cut.pairing_gain else ()
    return len(whole.ids) + len(alone)
