"""What counts as a duplicate and which copy stays."""

from typing import Literal

from pydantic import Field

from curation.core.plugins import Options

Criterion = Literal["license", "verified", "gold", "pictures", "longest_solution", "source_order"]


class Dedup(Options):
    """Rows are copies of each other when their questions have the same images, the same numbers, signs and symbols in the same order,
    and the same words but for typos; in the cold-start set their traces must be equivalent too."""

    near: bool = True
    """Also find copies that are not word for word; without it spacing, case and notation alone may differ."""
    threshold: float = Field(default=0.7, ge=0.5, le=1)
    """Least Jaccard similarity of the word shingles of two copies."""
    shingle: int = Field(default=2, ge=1, le=8)
    """Words in a shingle. A changed word costs as many shingles, and questions have about forty words."""
    bands: int = Field(default=32, ge=1, le=64)
    rows_per_band: int = Field(default=4, ge=1, le=16)
    """32 bands of 4 miss 1 in 6,000 pairs of similarity 0.7: (1 - 0.7^4)^32. What meets in a band is compared word by word."""
    pictures: bool = True
    """Also see that an image was re-encoded or resized; without it two images are the same when their pixels are."""
    prefer: tuple[Criterion, ...] = ("license", "verified", "gold", "pictures", "longest_solution")
    """Which copy stays: by the first criterion that differs; at last by the order of the sources. See `survivor`."""
