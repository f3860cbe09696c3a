"""Every image is decoded: broken bytes, shapes that no processor takes, pixels that would not be those one sees."""

import io
import warnings
from collections.abc import Iterator
from typing import Any

from training.data.images import Cap, shrunk
from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rows import SampledRow

MAX_RATIO = 200
"""Of the sides: Qwen's processors refuse more (`smart_resize`)."""
MIN_SIDE, MAX_SIDE = 4, 16_384
"""Pixels. Below is nothing to see; above is more than a processor keeps, and usually a scan that was meant to be cut up."""
EXACT_MODES = ("RGB", "L", "1", "P")
"""Modes whose conversion to RGB shows what one sees, where nothing is transparent."""


class Images:
    """Decodes the images of each row and keeps those that could be for the checks after it."""

    def __init__(self, cap: Cap | None = None) -> None:
        self.cap = cap
        self.faults = RowFaults("images")
        self.n_rows = self.n_images = 0

    def row(self, row: SampledRow) -> None:
        """Decode; a row with an image that cannot be is kept from the processor."""
        self.n_rows += 1
        for number, image in enumerate(row.images):
            self.n_images += 1
            at = f"{row.where}, image {number}"
            opened = self._opened(at, image)
            if opened is None:
                row.is_whole = False
                continue
            row.opened.append(shrunk(opened, self.cap) if self.cap else opened)
            row.is_whole &= self._has_a_good_shape(at, opened)
            self._check_colors(at, opened)

    def problems(self) -> Iterator[Problem]:
        """One line a fault."""
        yield from self.faults.problems(self.n_rows)

    def _opened(self, at: str, image: Any) -> Any:
        from PIL import Image, ImageOps

        held: bytes = (image or {}).get("bytes") or b""
        if not held:
            self.faults.add(at, "an image without bytes", "expected PNG, JPEG or the like in the shard; build it again")
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                opened: Any = Image.open(io.BytesIO(held))
                opened.load()
        except Exception as error:  # Pillow's decoders raise whatever they like on broken bytes
            self.faults.add(
                at,
                "an image that cannot be decoded",
                f"{first_line(error)[:120]} ({len(held):,} bytes); leave the row out",
            )
            return None
        return ImageOps.exif_transpose(opened)

    def _has_a_good_shape(self, at: str, image: Any) -> bool:
        width, height = image.size
        if max(width, height) > MAX_RATIO * min(width, height):
            self.faults.add(
                at, "a shape that Qwen's processors refuse", f"{width} x {height}, sides over 1:{MAX_RATIO}"
            )
            return False
        if min(width, height) < MIN_SIDE:
            self.faults.add(
                at, "an image with nothing to see", f"{width} x {height} pixels, expected {MIN_SIDE} or more a side"
            )
        elif max(width, height) > MAX_SIDE:
            self.faults.add(at, "an image far larger than any processor keeps", f"{width} x {height}; scale it down")
        return True

    def _check_colors(self, at: str, image: Any) -> None:
        if image.has_transparency_data:
            lowest = image.convert("RGBA").getchannel("A").getextrema()[0]
            if lowest < 255:
                self.faults.add(
                    at,
                    "transparent pixels, which become black or noise",
                    f"mode {image.mode}; put a background below it",
                )
        elif image.mode not in EXACT_MODES:
            self.faults.add(at, "a color mode that the conversion to RGB changes", f"{image.mode}; convert it to RGB")
