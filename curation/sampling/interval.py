"""The 95 % interval of a pass rate."""

import math

_Z95 = 1.959963984540054


def wilson(n_correct: int, n_judged: int) -> tuple[float, float]:
    """Wilson's score interval (1927) for the true rate behind `n_correct` of `n_judged`; (0, 1) for 0 of 0.

    Brown, Cai and DasGupta (Interval Estimation for a Binomial Proportion, Statistical Science 16(2), 2001, section 4)
    recommend it, or Jeffreys', for n up to 40; unlike the textbook interval it is not empty at 0 of n and n of n.
    """
    if n_judged == 0:
        return 0.0, 1.0
    rate, z2 = n_correct / n_judged, _Z95**2
    centre = rate + z2 / (2 * n_judged)
    spread = _Z95 * math.sqrt(rate * (1 - rate) / n_judged + z2 / (4 * n_judged**2))
    scale = 1 + z2 / n_judged
    low = 0.0 if n_correct == 0 else (centre - spread) / scale
    high = 1.0 if n_correct == n_judged else (centre + spread) / scale
    return low, high
