"""What a person's labels say of the golds of a set (`audit_file` draws the rows and reads the labels).

The interval is that of Clopper and Pearson for the effective number of labels (Korn and Graubard, Survey Methodology 24, 1998), so rows
that were left unlabelled in one source more than in another do no harm. `unsure` is wrong at the high end and right at the low end.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from curation.core.words import counted
from curation.release.budget.budget import Range
from curation.release.budget.draws import Draws, N


@dataclass(frozen=True)
class Audit:
    """The labels of a config by source: label -> how many, and how many rows each source has in the set."""

    labels: dict[str, Counter[str]]
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> float:
        """The share of the rows that are of sources with a label."""
        return sum(self.rows[source] for source in self.labels) / sum(self.rows.values())

    def range(self, tail: float) -> Range:
        """The share of wrong golds and its interval, without `tail` at each end. Sources without a label may be all right or all wrong."""
        weights, low, high = [], 0.0, 0.0
        reached = sum(self.rows[source] for source in self.labels)
        for source, counts in self.labels.items():
            n, weight = counts.total(), self.rows[source] / reached
            weights.append((weight / n, n))
            low += weight * counts["wrong"] / n
            high += weight * (counts["wrong"] + counts["unsure"]) / n
        effective = sum(w * n for w, n in weights) ** 2 / sum(w * w * n for w, n in weights)
        ends = (
            clopper_pearson(low * effective, effective, tail)[0],
            clopper_pearson(high * effective, effective, tail)[1],
        )
        unknown = 1 - self.covered
        return Range((low + high) / 2, ends[0] * self.covered, ends[1] * self.covered + unknown)

    def narrow(self, draws: Draws | None, how: str) -> tuple[Draws, str]:
        """The draws within what the labels allow. Each kind of evidence gets half of the 5 % that may be wrong; where the two exclude each
        other a person is believed.
        """
        n = sum(counts.total() for counts in self.labels.values())
        text = f"{counted(n, 'gold')} that a person labelled"
        if draws is None:
            alone = self.range(0.025)
            return _between(alone), text
        found = self.range(0.0125)
        low, high = float(np.quantile(draws.low, 0.0125)), float(np.quantile(draws.high, 0.9875))
        if low > found.high or high < found.low:
            return _between(self.range(0.025)), f"{text}; the samples say otherwise ({low:.3f} to {high:.3f})"
        ends = max(low, found.low), min(high, found.high)
        is_closer = self.covered == 1 and found.high - found.low < high - low
        share = float(found.share if is_closer and found.share is not None else draws.middle.mean())
        return _between(Range(min(max(share, ends[0]), ends[1]), *ends)), f"{how}; and {text}"

    def table(self) -> dict[str, dict[str, int]]:
        return {source: dict(sorted(counts.items())) for source, counts in sorted(self.labels.items())}


def _between(span: Range) -> Draws:
    """Draws whose interval is this one: what an exact interval says has no distribution, so all of them are at its ends."""
    share = span.share if span.share is not None else (span.low + span.high) / 2
    return Draws(np.full(N, span.low), np.full(N, share), np.full(N, span.high))


def clopper_pearson(hits: float, draws: float, tail: float) -> tuple[float, float]:
    """The exact interval of a share (Biometrika 26, 1934), by bisection of the incomplete beta function; `hits` may be fractional.

    >>> [round(end, 4) for end in clopper_pearson(2, 100, 0.025)]
    [0.0024, 0.0704]
    """
    low = 0.0 if hits <= 0 else _beta_quantile(hits, draws - hits + 1, tail)
    high = 1.0 if hits >= draws else _beta_quantile(hits + 1, draws - hits, 1 - tail)
    return low, high


def _beta_quantile(a: float, b: float, reached: float) -> float:
    """Of a beta distribution, on a grid of log-odds fine enough for five digits."""
    odds = np.linspace(-20, 20, 200_001)
    log_x, log_rest = -np.log1p(np.exp(-odds)), -np.log1p(np.exp(odds))
    density = a * log_x + b * log_rest
    below = np.cumsum(np.exp(density - density.max()))
    return float(1 / (1 + np.exp(-odds[np.searchsorted(below, reached * below[-1])])))
