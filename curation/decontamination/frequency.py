"""How much a shared 3-gram proves, by how common it is.

Weight = 1 - log(df) / log(N): inverse document frequency (Sparck Jones 1972), scaled to 1 for a gram that occurs once and 0 for one that
occurs everywhere. df counts different questions, see `background`: "m and n are relatively prime positive integers" is in
one of six AIME problems and weighs half as much as the words that make a problem.
"""

import numpy as np
import numpy.typing as npt

BACKGROUND = 10_000
"""Texts that are taken to be there besides, so that weights mean the same in a corpus of ten rows."""


def weights(df: npt.NDArray[np.integer], n_texts: int) -> npt.NDArray[np.float64]:
    """Document frequencies -> weights in [0, 1]."""
    share = np.log(np.maximum(df, 1)) / np.log(n_texts + BACKGROUND)
    result: npt.NDArray[np.float64] = np.maximum(1 - share, 0)
    return result
