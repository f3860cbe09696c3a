"""Samples that are made up where the store has none, as the prompts that have some tell them.

A prompt with samples of its own goes on as they do; one without borrows those of another prompt. What is not known is drawn anew for
every replicate: which prompts tell (bootstrapped, Efron 1979), the beta priors fitted to those, a prompt's rates by their posteriors, and
which of its lengths stand for the others.
"""

from collections.abc import Sequence

import numpy as np

from curation.difficulty.outcomes import Bools, Floats, Ints
from curation.difficulty.stopping.prior import fit_prior
from curation.difficulty.survey import CORRECT, INCORRECT, NOT_HELD, TRUNCATED, UNJUDGED


class Told:
    """What the prompts with samples tell: a line for each, see `Survey`. `limit`: tokens of a response that is cut off."""

    def __init__(
        self, outcomes: Ints, tokens: Ints, seconds: Floats, cut_at: Ints, groups: Ints, refused: Bools, limit: int
    ) -> None:
        self.cut_at = np.minimum(cut_at, limit)
        self.outcomes, self.tokens, self.groups, self.refused, self.limit = outcomes, tokens, groups, refused, limit
        held = outcomes != NOT_HELD
        self.counts = np.stack([(outcomes == kind).sum(1) for kind in (CORRECT, INCORRECT, TRUNCATED, UNJUDGED)])
        self.spent = np.stack([np.where(held, tokens, 0).sum(1), np.where(held, seconds, 0).sum(1)])
        self.interrupted = _interrupted(held | (cut_at > 0))
        self._is_whole = held & (outcomes != TRUNCATED)
        self.set_lengths(np.random.default_rng(0))

    def set_lengths(self, rng: np.random.Generator) -> None:
        """Gather the lengths of responses that ended. Those that were under way when a run ended are rather long: they are taken to be like
        the longest of as many that did end there. Those that were cut off below the limit of now end anywhere between, every order of
        length alike.
        """
        is_cut = self.cut_at > 0
        known, tokens = self._is_whole | is_cut, self.tokens.copy()
        at = self.cut_at[is_cut]
        tokens[is_cut] = at * (self.limit / at) ** rng.random(len(at))
        self.again = np.where(is_cut, tokens, 0)
        if n := int(self.interrupted.sum()):
            begun = np.flatnonzero(self.interrupted.any(1))[0]
            ended = np.sort(self.tokens[begun:][(self.outcomes != NOT_HELD)[begun:]])
            known = known | self.interrupted
            tokens[self.interrupted] = rng.choice(ended[-n:], n)
        self.n_whole = known.sum(1)
        first = np.argsort(~known, axis=1, kind="stable")[:, : max(int(self.n_whole.max(initial=0)), 1)]
        self.whole = np.take_along_axis(tokens, first, 1)

    @property
    def n_cut(self) -> int:
        """Samples that were cut off below the limit of now."""
        return int((self.cut_at > 0).sum())

    @property
    def under_way(self) -> float:
        """Responses that were under way when a run ended, for each that did end."""
        return float(self.interrupted.sum() / max(self.counts.sum(), 1))

    def __len__(self) -> int:
        return len(self.groups)


def _interrupted(held: Bools) -> Bools:
    """Samples that are missing although the same prompt has a later one: they were under way when a run ended, and so were the others of
    that prompt.
    """
    numbers = np.arange(held.shape[1])
    asked = int((held * (numbers + 1)).max(initial=0))
    last = (held * (numbers + 1)).max(1, initial=0)
    has_gap = (~held & (numbers < last[:, None])).any(1)
    return np.asarray(~held & has_gap[:, None] & (numbers < asked))


class Draws:
    """The samples of a replicate, a line for every prompt: `own` is the prompt of `told` whose samples it has, or -1 to borrow those of
    one of its group (`groups`; of any where the group has none). They are made up to the number that `widen` is told.
    """

    def __init__(self, told: Told, own: Ints, groups: Ints, rng: np.random.Generator) -> None:
        self.rng = rng
        told.set_lengths(rng)
        drawn = rng.integers(len(told), size=len(told))
        like = np.where(own >= 0, own, _borrowed(told, drawn, groups, rng))
        self.refused = told.refused[like]
        self.seconds_per_token = float(told.spent[1, drawn].sum() / max(told.spent[0, drawn].sum(), 1))
        self._rates = _rates(told, drawn, like, rng)
        self._limit = told.limit
        self._lengths, self._n_lengths = _lengths(told, drawn, like, rng)
        has_own = own >= 0
        self._outcomes = np.where(has_own[:, None], told.outcomes[own], NOT_HELD)
        self._tokens = np.where(has_own[:, None], told.tokens[own], 0)
        self._again = np.where(has_own[:, None], told.again[own], 0)
        self._is_held = np.zeros((len(own), 0), bool)

    def widen(self, width: int) -> None:
        """Make up samples for the numbers below `width`."""
        before = self._is_held.shape[1]
        if width <= before:
            return
        more = ((0, 0), (0, max(width - self._outcomes.shape[1], 0)))
        self._outcomes = np.pad(self._outcomes, more, constant_values=NOT_HELD)
        self._tokens, self._again = np.pad(self._tokens, more), np.pad(self._again, more)
        new = slice(before, width)
        held = self._outcomes[:, new] != NOT_HELD
        unjudged, truncated, correct = (self.rng.random(held.shape) < rate[:, None] for rate in self._rates)
        made_up = np.select([unjudged, truncated, correct], [UNJUDGED, TRUNCATED, CORRECT], INCORRECT)
        place = (self.rng.random(held.shape) * self._n_lengths[:, None]).astype(np.int64)
        lengths = np.where(made_up == TRUNCATED, self._limit, np.take_along_axis(self._lengths, place, 1))
        lengths = np.where(self._again[:, new] > 0, self._again[:, new], lengths)
        self._outcomes[:, new] = np.where(held, self._outcomes[:, new], made_up)
        self._tokens[:, new] = np.where(held, self._tokens[:, new], lengths)
        self._is_held = np.concatenate([self._is_held, held], axis=1)
        columns = [self._outcomes[:, :width] == kind for kind in (CORRECT, INCORRECT, TRUNCATED, UNJUDGED)]
        tokens = self._tokens[:, :width]
        self._sums = np.zeros((7, len(held), width + 1), np.int64)
        np.cumsum([*columns, tokens, self._is_held, self._is_held * tokens], axis=2, out=self._sums[:, :, 1:])

    def sums(self, taken: Ints) -> Ints:
        """Of the first `taken` samples of every prompt: correct, incorrect, truncated, unjudged, tokens; those held, and their tokens."""
        return np.asarray(self._sums[:, np.arange(len(taken)), taken])


def _borrowed(told: Told, drawn: Ints, groups: Ints, rng: np.random.Generator) -> Ints:
    """For every prompt one of those that are `drawn`, of its group where that has any."""
    like = drawn[rng.integers(len(drawn), size=len(groups))]
    for group in np.unique(groups):
        if len(mates := drawn[told.groups[drawn] == group]):
            mine = groups == group
            like[mine] = mates[rng.integers(len(mates), size=int(mine.sum()))]
    return like


def _rates(told: Told, drawn: Ints, like: Ints, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Of every prompt the probability that a sample is unjudged, is cut off where it is not, and is correct where it is neither."""
    correct, incorrect, truncated, unjudged = told.counts
    judged = correct + incorrect
    steps = ((unjudged, judged + truncated), (truncated, judged), (correct, incorrect))
    return tuple(_posterior(yes, no, told.groups * (yes is correct), drawn, like, rng) for yes, no in steps)  # type: ignore[return-value]


def _posterior(yes: Ints, no: Ints, groups: Ints, drawn: Ints, like: Ints, rng: np.random.Generator) -> Floats:
    """A draw of the rate of every prompt, by a prior fitted to the prompts of its group that are `drawn`."""
    rates = np.zeros(len(like))
    for group in np.unique(groups[like]):
        mates, mine = drawn[groups[drawn] == group], groups[like] == group
        mates = mates if len(mates) else drawn
        prior = fit_prior(yes[mates], yes[mates] + no[mates])
        rates[mine] = rng.beta(prior.a + yes[like[mine]], prior.b + no[like[mine]])
    return rates


def _lengths(told: Told, drawn: Ints, like: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Of every prompt the lengths that its whole responses may have, bootstrapped, and their number; those of others where it has none."""
    if not told.n_whole.any():
        return np.full((len(like), 1), told.limit), np.ones(len(like), np.int64)
    with_some = drawn[told.n_whole[drawn] > 0]
    with_some = with_some if len(with_some) else np.flatnonzero(told.n_whole)
    stand_in = with_some[rng.integers(len(with_some), size=len(like))]
    like = np.where(told.n_whole[like] > 0, like, stand_in)
    n = told.n_whole[like]
    chosen = (rng.random((len(like), told.whole.shape[1])) * n[:, None]).astype(np.int64)
    return np.take_along_axis(told.whole[like], chosen, 1), n


def spread_groups(groups: Ints, told: Sequence[int] | Ints, least: int, most: int) -> Ints:
    """Groups renumbered: those with at least `least` prompts that tell, the `most` largest, by their own; all others are one."""
    n_told = np.bincount(groups[told], minlength=int(groups.max(initial=0)) + 1)
    largest = np.argsort(-n_told, kind="stable")[:most]
    numbers = np.zeros(len(n_told), np.int64)
    for number, group in enumerate((g for g in largest if n_told[g] >= least), 1):
        numbers[group] = number
    return np.asarray(np.unique(numbers[groups], return_inverse=True)[1].ravel())
