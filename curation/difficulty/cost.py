"""What a measurement will cost, from the samples that the store holds: those of a pilot, or of a run that was interrupted."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np

from curation.core.chunks import chunks
from curation.core.row import Row
from curation.core.words import counted
from curation.difficulty.budget import Budget
from curation.difficulty.draws import Told, spread_groups
from curation.difficulty.estimate import Estimate
from curation.difficulty.forecast import MIN_TOLD, MOST_GROUPS, REFUSED, Forecast, Population, forecast
from curation.difficulty.outcomes import Bools, Tally
from curation.difficulty.pass_rate import PassRate, setting_of
from curation.difficulty.rounds import Judge, Rounds, Rows, Work, outcomes_of
from curation.difficulty.survey import NOT_HELD, Survey, survey
from curation.sampling.engines.base import Hardware, Request
from curation.sampling.rollouts.rollout import Setting, prompt_hash, response_limit
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import apply_to_messages

MOST_FRESH = 2_000
"""Prompts without samples that are simulated, evenly spread; each stands for so many."""

UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))
TIMES = ("hours", "minutes", "seconds", "GPU-hours", "CPU-hours", "at ")
"""What `_about` may be told that is not counted one by one; `at` is a price."""


@dataclass(frozen=True)
class SamplingCost:
    """Of the first model alone. `basis` is the number of prompts that told; without any there is no forecast, and all that is known is how
    many samples there can be. `notes` are lines on what the figures leave out.
    """

    prompts: int
    samples: tuple[int, int]
    forecast: Forecast | None
    hardware: Hardware | None = None
    basis: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """False where a pilot would tell what nothing in the store does."""
        return self.forecast is not None or not self.prompts

    def line(self, gpu_hour_price: float | None) -> str:
        """A few lines; a price is that of what is not in the store yet."""
        return "\n".join([*self._lines(gpu_hour_price), *self.notes])

    def _lines(self, price: float | None) -> Iterator[str]:
        prompts, (low, high) = counted(self.prompts, "prompt"), self.samples
        if (told := self.forecast) is None:
            samples = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            yield f"{prompts}, {samples} samples, none of them in the store" if self.prompts else "no prompts"
            return
        yield f"{prompts}, {_shares(told.samples, told.samples_held, told.samples_to_come, 'samples')}"
        yield _shares(told.tokens, told.tokens_held, told.tokens_to_come, "tokens")
        if told.tokens_to_come.high:
            yield self._hours(told.seconds_to_come, price)
        yield f"told by {counted(self.basis, 'prompt')}"

    def _hours(self, seconds: Estimate, price: float | None) -> str:
        assert self.hardware is not None
        kind, count = self.hardware
        hours, busy = seconds.times(1 / 3600), seconds.times(count / 3600)
        if kind == "server":
            told = _about(hours, "hours of the server to come")
            return told if price is None else f"{told}; what it runs on, and so its price, is not known here"
        told = _about(busy, f"{kind}-hours to come")
        if kind == "CPU" or count > 1:
            told += f": {_duration(seconds, f'on {count} ' + ('cores' if kind == 'CPU' else 'GPUs'))}"
        if price is None:
            return told
        if kind == "CPU":
            return f"{told}; no GPU is found here, so that there is nothing to price"
        return f"{told}, {_about(busy.times(price), f'at {price:g} per GPU-hour')}"


def _shares(total: Estimate, held: Estimate, to_come: Estimate, noun: str) -> str:
    if not to_come.high:
        return f"{_about(total, noun)}, all in the store"
    return f"{_about(total, noun)}: {_about(held, 'in the store', bare=True)}, {_about(to_come, 'to come')}"


def _about(estimate: Estimate, what: str, bare: bool = False) -> str:
    """So many of `what`; with three digits and the range where that is not known exactly."""
    if estimate.low == estimate.high and float(estimate.value).is_integer():
        return counted(int(estimate.value), re.sub(r"^(\w+)s\b", r"\1", what), what)
    countable = not what.startswith(TIMES)
    value, low, high = (_rounded(number, countable) for number in estimate)
    return f"about {value} {what}" if bare or low == high else f"about {value} {what} ({low} to {high})"


def _duration(seconds: Estimate, where: str) -> str:
    unit, length = next((unit for unit in UNITS if seconds.value >= unit[1]), UNITS[-1])
    return _about(seconds.times(1 / length), f"{unit} {where}")


def _rounded(number: float, countable: bool) -> str:
    """Three digits, or two of what is less than one."""
    if number >= 100 or countable:
        return f"{float(f'{number:.3g}'):,.0f}"
    return f"{number:.3g}" if number >= 1 else f"{number:.2g}"


def sampling_cost(
    rows: Rows,
    options: PassRate,
    store_dir: Path,
    seed: int,
    template: str,
    pilot: int | None = None,
    like: Rows | None = None,
    judge: Judge = outcomes_of,
) -> SamplingCost:
    """What measuring `rows` costs. With `pilot`, so many of them, evenly spread, are sampled into the store first, for one round or as the
    stopping rule needs it; the measurement itself finds them there. Where the store has no sample of `rows`, those of `like` are taken for
    theirs.

    Raises:
        SamplingError: the engine cannot start, or a segment of the store is damaged.
    """
    first, nothing = options.stopping.first(options.bounds), np.zeros(1, np.int64)
    n_max = options.stopping.rule(options.bounds, Tally(nothing, nothing, nothing, nothing), nothing).n_max
    unknown = SamplingCost(len(rows), (len(rows) * first, len(rows) * n_max), None)
    if not len(rows) or (pilot is None and not store_dir.is_dir()):
        return unknown
    setting = setting_of(options.sampler, options.sampling, template)
    with (
        RolloutStore(store_dir) as store,
        VerdictStore(store_dir / "verdicts") as verdicts,
        CachedSampler(options.sampler, options.sampling, setting, store) as sampler,
    ):
        chosen = list(compress(rows, _spread(pilot, len(rows)))) if pilot else []
        if options.stopping.needs_whole_pilot:
            work = Work(
                sampler,
                verdicts,
                template,
                seed,
                options.batch_prompts,
                options.n,
                lambda: None,
                judge,
                options.max_unanswered,
            )
            unanswered = _sample_whole(chosen, options, work)
        else:
            unanswered = _sample_pilot(chosen, options, sampler, seed, template)
        refused = {prompt for prompt, reason in unanswered.items() if reason.startswith(REFUSED)}
        look = partial(survey, n_max=n_max, sampler=sampler, verdicts=verdicts, template=template, judge=judge)
        found = look(rows, refused=refused)
        notes = [*_reasons(unanswered, pilot), *_notes(found, options)]
        telling = found if len(found.places) or like is None else look(like)
        if not len(telling.places):
            return replace(unknown, notes=(*notes, *_others(setting, store.settings())))
    told, population = _population(found, telling, options)
    return SamplingCost(
        prompts=len(found.sources),
        samples=(len(found.sources) * first, len(found.sources) * n_max),
        forecast=(foreseen := forecast(told, population, options, (int(found.held.sum()), found.held_tokens), seed)),
        hardware=options.sampler.hardware(),
        basis=len(told),
        notes=(*notes, *_limits(foreseen, told, options)),
    )


def _spread(n: int, total: int) -> Bools:
    """`n` of so many, evenly spread."""
    chosen = np.zeros(total, bool)
    chosen[np.linspace(0, total - 1, min(n, total)).astype(int)] = True
    return chosen


def _sample_whole(rows: Sequence[Row], options: PassRate, work: Work) -> dict[str, str]:
    """Sample prompts until they are stopped, whatever the budget. Returns what was refused or failed: hash of the prompt -> why."""
    everyone, unlimited = np.ones(len(rows), bool), Budget(None, None)
    rounds = Rounds(rows, everyone, np.zeros(len(rows), np.int64), options.stopping, options.bounds, unlimited)
    rounds.run(work)
    unanswered = {}
    for row, stop in zip(rows, rounds.stops.tolist(), strict=True):
        outcome, colon, why = rounds.reasons[stop].partition(": ")
        if colon:
            request = Request(row.id, apply_to_messages(work.template, row.prompt), row.images, (), 0)
            unanswered[prompt_hash(request)] = f"{REFUSED if outcome == REFUSED else 'failed'}: {why}"
    return unanswered


def _sample_pilot(
    rows: Sequence[Row], options: PassRate, sampler: CachedSampler, seed: int, template: str
) -> dict[str, str]:
    """Sample the first round of prompts. Returns what was refused or failed: hash of the prompt -> why."""
    numbers = tuple(range(options.stopping.first(options.bounds)))
    unanswered = {}
    for batch in chunks(rows, options.batch_prompts):
        requests = [
            Request(row.id, apply_to_messages(template, row.prompt), row.images, numbers, seed) for row in batch
        ]
        results = sampler.ask(requests, few=0)
        for request, result in zip(requests, results, strict=True):
            if result.refused or result.failed:
                why = f"{REFUSED}: {result.refused}" if result.refused else f"failed: {result.failed}"
                unanswered[prompt_hash(request)] = why
    return unanswered


def _population(found: Survey, telling: Survey, options: PassRate) -> tuple[Told, Population]:
    """What tells, and the prompts that are simulated: all that tell and are `found`, and others evenly spread."""
    own = np.full(len(found.sources), -1)
    weights = np.ones(len(own))
    is_refused = (telling.outcomes == NOT_HELD).all(1)
    if telling is found:
        own[found.places] = np.arange(len(found.places))
        weights[found.places[~is_refused]] = (found.held > 0).sum() / max((~is_refused).sum(), 1)
    fresh = np.flatnonzero((own < 0) & (found.held == 0))
    some = fresh[np.linspace(0, len(fresh) - 1, min(len(fresh), MOST_FRESH)).astype(int)]
    weights[some] = len(fresh) / max(len(some), 1)
    places = np.sort(np.concatenate([np.flatnonzero(own >= 0), some]))
    own, weights = own[places], weights[places]
    groups = spread_groups(found.sources[places], np.flatnonzero(own >= 0), MIN_TOLD, MOST_GROUPS)
    groups_told = np.zeros(len(telling.places), np.int64)
    groups_told[own[own >= 0]] = groups[own >= 0]
    limit = response_limit(options.sampling.max_tokens, options.sampler.max_model_len, 0)
    samples = telling.outcomes, telling.tokens, telling.seconds, telling.cut_at
    told = Told(*samples, groups_told, is_refused, limit)
    return told, Population(own, groups, weights)


def _reasons(unanswered: dict[str, str], pilot: int | None) -> Iterator[str]:
    for reason, n in Counter(unanswered.values()).most_common():
        yield f"{n:,} of the {counted(pilot or 0, 'prompt')} of the pilot {reason}"


def _notes(found: Survey, options: PassRate) -> Iterator[str]:
    """What the prompts that tell do not tell."""
    n_told = np.bincount(found.sources[found.places], minlength=len(found.names))
    n_all = np.bincount(found.sources, minlength=len(found.names))
    for name, n, told in zip(found.names, n_all, n_told, strict=True):
        if not told and n_told.any():
            yield f"no prompt of the source {name!r} tells: its {counted(n, 'prompt')} count as like the others"


def _limits(foreseen: Forecast, told: Told, options: PassRate) -> Iterator[str]:
    """What the figures do not tell for sure: what an interruption left out, and where another model or nothing goes on."""
    if n := int(told.interrupted.sum()):
        yield f"{counted(n, 'response')} under way when a run ended: rather the long ones, and so are the tokens rather more"
    if n := told.n_cut:
        yield f"{counted(n, 'response')} cut off below the limit of now, to be sampled again; how long they get is not known"
    if foreseen.cut_short.high:
        yield f"the budget ends the sampling of {_about(foreseen.cut_short, 'prompts')} before they are decided"
    if len(options.engines) > 1:
        others = ", ".join(repr(engine.model) for engine in options.engines[1:])
        yield (
            f"all this is of {options.sampler.model!r} alone: {_about(foreseen.passed_on, 'prompts')} go on to {others},"
            " whose samples and tokens are not known"
        )


def _others(setting: Setting, settings: Counter[Setting]) -> Iterator[str]:
    """What a store has that has no sample of these prompts."""
    for other, n in settings.most_common(3):
        differ = [
            f"{name} {getattr(other, name)!r} (here {getattr(setting, name)!r})"
            for name in Setting.__slots__
            if getattr(other, name) != getattr(setting, name)
        ]
        yield f"the store has {counted(n, 'sample')} of {', '.join(differ) or 'other prompts, or cut off below the limit of now'}"
