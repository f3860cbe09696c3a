"""The 95 % interval of pass rates after a fixed number of samples."""

import numpy as np

from curation.difficulty.outcomes import Floats, Ints

_Z95 = 1.959963984540054


def wilson(n_correct: Ints, n_judged: Ints) -> tuple[Floats, Floats]:
    """Wilson's score interval (1927) for the true rates behind `n_correct` of `n_judged`; (0, 1) for 0 of 0.

    Brown, Cai and DasGupta (Interval Estimation for a Binomial Proportion, Statistical Science 16(2), 2001, section 4)
    recommend it, or Jeffreys', for n up to 40; unlike the textbook interval it is not empty at 0 of n and n of n.
    """
    n, z2 = np.maximum(n_judged, 1), _Z95**2
    rate = n_correct / n
    centre, scale = rate + z2 / (2 * n), 1 + z2 / n
    spread = _Z95 * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n**2))
    low = np.where(n_correct == 0, 0.0, (centre - spread) / scale)
    high = np.where(n_correct == n_judged, 1.0, (centre + spread) / scale)
    return low, high
