"""Rows that a few samples misplace: their true pass rate lies beyond the bounds that kept them, or in another stratum.

Such a row teaches nothing wrong; it is too easy or too hard. So it stands beside the total and not in it.
"""

import numpy as np

from curation.core.row import STRATA, Config
from curation.core.words import counted
from curation.difficulty.outcomes import Bools, Bounds, Floats, Ints
from curation.difficulty.stopping.prior import RATES, Prior, fit_prior
from curation.mixture.options import Strata
from curation.release.budget.budget import Cause, OfSource, Range
from curation.release.budget.draws import N, generator
from curation.release.budget.evidence import Agreements
from curation.release.dataset import Dataset

MIN_PROMPTS = 50


def misplaced(dataset: Dataset, config: Config, rows: dict[str, int], found: Agreements | None, seed: int) -> Cause:
    """The share of rows beyond the bounds; `detail.other_stratum` has the share in another stratum than theirs.

    A row's pass rate has the posterior of its counts under a beta prior that is fitted to all prompts of its source; how many lie beyond is
    drawn from that, each row for itself.
    """
    total = sum(rows.values())
    options = (dataset.manifest.get(config) or {}).get("difficulty")
    if found is None or not options or not found.in_set.any():
        how = "no pass rate was measured" if not options else "the counts of the samples are not at hand; build again"
        return Cause(None, 0.0, 1.0, "sampling", total, "not_measured", how, in_total=False)
    low, high = Bounds(options["n"], options["min_pass_rate"], options["max_pass_rate"]).rates()
    outside_bounds = (low >= RATES) | (high <= RATES)
    strata = Strata.model_validate(dataset.manifest[config]["mixture"]["strata"])
    stratum_of_rate = np.array([STRATA.index(strata.of("", float(rate))) for rate in RATES])
    beyond, other = np.zeros(len(found.ids)), np.zeros(len(found.ids))
    pooled = fit_prior(found.n_correct, found.n_judged)
    for number in range(len(found.sources)):
        mine = (found.source == number) & (found.n_judged > 0)
        prior = fit_prior(found.n_correct[mine], found.n_judged[mine]) if mine.sum() >= MIN_PROMPTS else pooled
        mine &= found.in_set
        beyond[mine], other[mine] = _outside(prior, found, mine, outside_bounds, stratum_of_rate)
    rng, by_source = generator("sampling", seed), {}
    for source, n in rows.items():
        of_source = beyond[found.in_set & (found.source == found.number(source))]
        by_source[source] = OfSource(**vars(_range(of_source, n, rng)), rows=n)
    measured = int(found.in_set.sum())
    how = (
        f"posterior of the pass rates of {counted(measured, 'row')} outside of {max(low, 0):.3g} to {min(high, 1):.3g}, the bounds"
        " that kept them; another difficulty, nothing wrong"
    )
    detail = {"other_stratum": float(other[found.in_set].mean())}
    whole = _range(beyond[found.in_set], total, rng)
    return Cause(
        **vars(whole),
        cause="sampling",
        rows=total,
        evidence="measured",
        how=how,
        in_total=False,
        detail=detail,
        by_source=by_source,
    )


def _outside(
    prior: Prior,
    found: Agreements,
    mine: Bools,
    outside: Bools,
    strata: Ints,
) -> tuple[Floats, Floats]:
    """P(the pass rate is outside of the bounds), P(its stratum is another than that of its posterior's mean) of some rows."""
    states, which = np.unique(np.stack([found.n_correct[mine], found.n_judged[mine]]), axis=1, return_inverse=True)
    posterior = prior.posterior(states[0], states[1])
    mean, _, _ = prior.estimate(states[0], states[1])
    own = strata[np.argmin(np.abs(RATES[:, None] - mean), axis=0)]
    other = (posterior * (strata != own[:, None])).sum(1)
    return (posterior[:, outside].sum(1))[which.ravel()], other[which.ravel()]


def _range(chances: Floats, rows: int, rng: np.random.Generator) -> Range:
    """The share of `rows`, of which some have these chances and nothing is known of the rest."""
    if not len(chances):
        return Range(None, 0.0, 1.0)
    drawn = np.zeros(N)
    values, times = np.unique(chances.round(6), return_counts=True)
    for value, n in zip(values, times, strict=True):
        drawn += rng.binomial(n, min(value, 1.0), N)
    unknown = rows - len(chances)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Range(float(chances.mean()), float(low) / rows, min(float(high + unknown) / rows, 1.0))
