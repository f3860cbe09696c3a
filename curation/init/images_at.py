"""Where the images of records are, as what a manifest says."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ImagesAt:
    """`fields.images` and the options of `images`; `unsure` says what could not be found out."""

    expressions: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
