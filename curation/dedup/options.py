"""What counts as a duplicate and which copy stays."""

from typing import Literal

from pydantic import Field

from curation.core.plugins import Options

Criterion = Literal["license", "verified", "gold", "pictures", "longest_solution", "source_order"]


class Dedup(Options):
    """Rows are copies of each other when their questions have the same images, the same numbers, signs and symbols in the same order,
    and the same words but for typos; in the cold-start set their traces must be equivalent too."""

    merge: bool = True
    """One row of a cluster stays; false: all stay, also where their golds differ, as every row of an evaluation set must."""
    near: bool = True
    """Also find copies that are not word for word; false: spacing, case and notation alone may differ, and the options from `threshold` to
    `pictures` do nothing."""
    threshold: float = Field(default=0.7, ge=0.5, le=1)
    """Least Jaccard similarity of the word shingles of two copies (shared by all), 1: every shingle. Raise it where copies are found that
    are none; at 0.5 the default bands find 87 % of what is so similar."""
    shingle: int = Field(default=2, ge=1, le=8)
    """Words in a shingle. A changed word costs as many shingles, and questions have about forty words."""
    bands: int = Field(default=32, ge=1, le=64)
    """Keys of a question, of which two copies must share one to be compared. More find more and take 4 bytes a row each."""
    rows_per_band: int = Field(default=4, ge=1, le=16)
    """MinHashes in a key: more, and fewer pairs that are no copies meet. 32 bands of 4 miss 1 in 6,000 pairs of similarity 0.7:
    (1 - 0.7^4)^32. What meets in a band is compared word by word."""
    pictures: bool = True
    """Also see that an image was re-encoded or resized, but not where it shows another digit; false: two images are the same when their
    pixels are."""
    prefer: tuple[Criterion, ...] = ("license", "verified", "gold", "pictures", "longest_solution")
    """Which copy stays, by the first criterion that differs. `license`: permissive before attribution, share-alike, non-commercial or
    copyleft, unknown; `verified`: the trace was judged correct before not judged before wrong; `gold`: there is one; `pictures`: more
    pixels; `longest_solution`: the longer trace; `source_order`: the source that is listed earlier, as at last in any case."""
