"""Where the scores of a group end: robust cuts among traces of one domain and like length, made when all are measured.

    found = find_cuts(scores, domains, n_tokens, options)
    found.beyond["loss"]                    # row -> -1 below the low cut, 1 above the high one, 0 within or not compared

The median absolute deviation is scaled by 1.4826 = 1 / Phi^-1(3/4), with which it estimates the standard deviation of normal scores
(Rousseeuw and Croux 1993, "Alternatives to the Median Absolute Deviation").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from curation.cold_start.loss.options import BAD_SIDE, SCORES, Cut, LossOptions, Score

NORMAL: Final = 1.4826
ANY: Final = "any"
"""The domain and the band of a group that has all of them."""
WithoutCut = Literal["", "fewer rows than min_rows", "no spread: most rows have one score"]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupCut:
    """A score in a group: `n` rows are compared with `n_basis`, those of the group in which the cut was found; more only where the rows
    of a small group are compared within a wider one. `low`, `high`: the cuts, None where that side has none; `why`: where no side has one.
    """

    score: Score
    domain: str
    band: str
    n: int
    n_basis: int
    median: float
    mad: float
    low: float | None
    high: float | None
    n_below: int
    n_above: int
    why: WithoutCut = ""


@dataclass(frozen=True)
class Found:
    """The cuts, and of every row and score on which side of its cut it is and which of `groups` has that."""

    groups: list[GroupCut]
    beyond: dict[Score, npt.NDArray[np.int8]]
    group: dict[Score, npt.NDArray[np.int32]]


def find_cuts(
    scores: Mapping[str, Floats], domains: Sequence[str], domain: Ints, n_tokens: Ints, options: LossOptions
) -> Found:
    """The cuts of every score that has one in `options`. `domain`: place in `domains` of every row; nan scores are not compared."""
    names, band = band_names(options.bands), np.searchsorted(options.bands, n_tokens)
    found = Found([], {}, {})
    for score in SCORES:
        if (cut := getattr(options.cut, score)) is None:
            continue
        values = scores[score].astype(float)
        found.beyond[score], found.group[score] = np.zeros(len(values), np.int8), np.full(len(values), -1, np.int32)
        for where, basis, of_domain, of_band in _groups(np.isfinite(values), domain, band, options.min_rows):
            one = _cut(score, cut, values[where], values[basis], options.min_rows)
            low, high = (np.inf if limit is None else limit for limit in (one.low, one.high))
            beyond = (values[where] > high).astype(np.int8) - ((values[where] < low) & (one.low is not None))
            found.beyond[score][where], found.group[score][where] = beyond, len(found.groups)
            labels = (ANY if of_domain < 0 else domains[of_domain], ANY if of_band < 0 else names[of_band])
            found.groups.append(_counted(one, labels, beyond))
    return found


def band_names(ends: Sequence[int]) -> list[str]:
    """What the bands are called.

    >>> band_names([256, 1024])
    ['0-256', '257-1024', '1025-']
    """
    starts = [0, *(end + 1 for end in ends)]
    return [f"{start}-{end}" for start, end in zip(starts, [*map(str, ends), ""], strict=True)]


def _groups(
    valid: npt.NDArray[np.bool_], domain: Ints, band: Ints, min_rows: int
) -> Iterator[tuple[Ints, Ints, int, int]]:
    """(rows that are compared, rows with which, domain, band) of every group; -1 stands for all domains or bands.

    Bands of a domain with enough rows are groups. What is left of a domain with enough rows is compared with all of that, and the rest with
    all rows.
    """
    left = valid.copy()
    for of_domain in np.unique(domain[valid]):
        in_domain = valid & (domain == of_domain)
        for of_band in np.unique(band[in_domain]):
            inside = np.flatnonzero(in_domain & (band == of_band))
            if len(inside) >= min_rows:
                yield inside, inside, int(of_domain), int(of_band)
                left[inside] = False
        rest = np.flatnonzero(left & in_domain)
        if len(rest) and in_domain.sum() >= min_rows:
            yield rest, np.flatnonzero(in_domain), int(of_domain), -1
            left[rest] = False
    if left.any():
        yield np.flatnonzero(left), np.flatnonzero(valid), -1, -1


def _cut(
    score: Score, cut: Cut, values: npt.NDArray[np.float64], basis: npt.NDArray[np.float64], min_rows: int
) -> GroupCut:
    """The cut of a group, nothing counted yet."""
    median = float(np.median(basis))
    mad = float(np.median(np.abs(basis - median)))
    why: WithoutCut = ""
    if cut.kind == "value":
        low = high = cut.at
    elif cut.kind == "mad":
        low, high = median - cut.k * NORMAL * mad, median + cut.k * NORMAL * mad
    else:
        low, high = (float(np.quantile(basis, q)) for q in (1 - cut.q, cut.q))
    side = cut.side or BAD_SIDE[score]
    if len(basis) < min_rows and cut.kind != "value":
        why = "fewer rows than min_rows"
    elif mad == 0 and cut.kind == "mad":
        why = "no spread: most rows have one score"
    limits = None if why or side == "high" else low, None if why or side == "low" else high
    return GroupCut(score, "", "", len(values), len(basis), median, mad, *limits, 0, 0, why)


def _counted(one: GroupCut, labels: tuple[str, str], beyond: npt.NDArray[np.int8]) -> GroupCut:
    below, above = int((beyond < 0).sum()), int((beyond > 0).sum())
    return replace(one, domain=labels[0], band=labels[1], n_below=below, n_above=above)
