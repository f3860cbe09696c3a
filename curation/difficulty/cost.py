"""What a measurement will cost, from the samples that the store holds: those of a pilot, or of a run that was interrupted."""

from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from curation.core.row import Row
from curation.difficulty.budget import gpus_of
from curation.difficulty.outcomes import OUTCOMES, Floats, count_outcomes, tally_of
from curation.difficulty.pass_rate import PassRate, setting_of
from curation.difficulty.rounds import Rows
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import Rollout
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import apply_to_messages

MOST_PROMPTS = 2_000
CHUNK = 64


class SamplingCost(NamedTuple):
    """Of the first model alone; what it does not settle is not known before. `basis` is the number of prompts that told, and `held` the
    share of the tokens that the store has already, as far as those prompts tell.
    """

    prompts: int
    samples: int
    tokens: int
    held: float
    gpu_hours: float
    basis: int

    def line(self, gpu_hour_price: float | None) -> str:
        """One line; the cost is that of what is not in the store yet."""
        if not self.basis:
            return f"{self.prompts:,} prompts; nothing in the store tells what they cost: --pilot N samples a few"
        hours = self.gpu_hours * (1 - self.held)
        price = gpu_hour_price
        cost = "" if price is None else f", {hours * price:,.2f} at {price:g} per GPU-hour"
        return (
            f"{self.prompts:,} prompts, about {self.samples:,} samples and {self.tokens:,} tokens, {self.held:.0%} of them in the store;"
            f" about {hours:,.2f} GPU-hours to come{cost} (told by {self.basis} prompts)"
        )


def sampling_cost(
    rows: Rows, options: PassRate, store_dir: Path, seed: int, template: str, pilot: int | None = None
) -> SamplingCost:
    """What measuring `rows` costs. With `pilot`, the first round of so many of them, evenly spread, is sampled into the store first; the
    measurement itself finds it there.

    Raises:
        SamplingError: the engine cannot start, or the store is open elsewhere.
    """
    if pilot is None and not store_dir.is_dir():
        return SamplingCost(len(rows), 0, 0, 0.0, 0.0, 0)
    engine, first = options.sampler, options.stopping.first(options.bounds)
    setting = setting_of(engine, options.sampling, template)
    spread = np.zeros(len(rows), bool)
    spread[np.linspace(0, len(rows) - 1, min(pilot or MOST_PROMPTS, len(rows))).astype(int)] = True
    counts: list[list[str]] = []
    spent = np.zeros(3)
    with (
        RolloutStore(store_dir) as store,
        VerdictStore(store_dir / "verdicts") as verdicts,
        CachedSampler(engine, options.sampling, setting, store) as draw,
    ):
        chosen = (row for row, is_chosen in zip(rows, spread, strict=True) if is_chosen or pilot is None)
        while len(counts) < MOST_PROMPTS and (chunk := list(islice(chosen, options.batch_prompts if pilot else CHUNK))):
            numbers = tuple(range(first))
            requests = [
                Request(row.id, apply_to_messages(template, row.prompt), row.images, numbers, seed) for row in chunk
            ]
            found = [drawn.rollouts for drawn in draw(requests)] if pilot else draw.look_up(requests)
            full = [(row, rollouts) for row, rollouts in zip(chunk, found, strict=True) if len(rollouts) == first]
            counts += [[verdict.outcome for verdict in of_row] for of_row in judge_rollouts(full, verdicts)]
            spent += _spent(full)
    if not counts:
        return SamplingCost(len(rows), 0, 0, 0.0, 0.0, 0)
    tally = tally_of(count_outcomes([{name: of_row.count(name) for name in OUTCOMES} for of_row in counts]))
    groups = np.zeros(len(counts), np.int64)
    left = options.stopping.rule(options.bounds, tally, groups).left(tally, groups)
    samples = int(len(rows) * (first + left.mean()))
    tokens, seconds = (total / spent[0] * samples for total in spent[1:])
    held = min(float(spent[0] / samples), 1.0)
    return SamplingCost(len(rows), samples, int(tokens), held, seconds * gpus_of(engine) / 3600, len(counts))


def _spent(found: list[tuple[Row, list[Rollout]]]) -> Floats:
    """Samples, tokens, seconds."""
    rollouts = [rollout for _, of_row in found for rollout in of_row]
    tokens = sum(rollout.sample.n_tokens for rollout in rollouts)
    return np.array([len(rollouts), tokens, sum(rollout.seconds for rollout in rollouts)], float)
