"""Every image is decoded: broken bytes, shapes that no processor takes, pixels that would not be those one sees."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from training.data.images import Cap, shrunk
from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rows import SampledRow

AT_ONCE = 8
"""Rows that are decoded together, each by a thread."""
MAX_RATIO = 200
"""Of the sides: Qwen's processors refuse more (`smart_resize`)."""
MAX_PIXELS = 89_478_485
"""Pillow's own limit (`Image.MAX_IMAGE_PIXELS`), from which it warns of decompression bombs."""
MIN_SIDE, MAX_SIDE = 4, 16_384
"""Pixels. Below is nothing to see; above is more than a processor keeps, and usually a scan that was meant to be cut up."""
EXACT_MODES = ("RGB", "L", "1", "P")
"""Modes whose conversion to RGB shows what one sees, where nothing is transparent."""


def with_images(rows: Iterator[SampledRow]) -> Iterator[SampledRow]:
    """The rows with their images decoded, some at a time by several threads."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(rows, AT_ONCE)):
            for row, decoded in zip(batch, pool.map(_decoded, batch), strict=True):
                row.decoded = decoded
                yield row


def _decoded(row: SampledRow) -> list[Any]:
    return [_opened((image or {}).get("bytes")) for image in row.images]


def _opened(held: bytes | None) -> Any:
    """A PIL image, or the error in its place."""
    from PIL import Image, ImageOps

    if not held:
        return ValueError("expected PNG, JPEG or the like in the shard; build it again")
    try:
        opened: Any = Image.open(io.BytesIO(held))
        if opened.width * opened.height > MAX_PIXELS:
            return ValueError(
                f"{opened.width} x {opened.height} pixels, expected {MAX_PIXELS:,} at most; scale it down"
            )
        opened.load()
        return ImageOps.exif_transpose(opened)
    except Exception as error:  # Pillow's decoders raise whatever they like on broken bytes
        return ValueError(f"{first_line(error)[:80]} ({len(held):,} bytes); leave the row out")


class Images:
    """Looks at the decoded images of each row and keeps those for the checks after it."""

    def __init__(self, cap: Cap | None = None) -> None:
        self.cap = cap
        self.faults = RowFaults("images")
        self.n_rows = self.n_images = 0

    def row(self, row: SampledRow) -> None:
        """Decode; a row with an image that cannot be is kept from the processor."""
        self.n_rows += 1
        for number, (image, opened) in enumerate(zip(row.images, row.decoded, strict=True)):
            self.n_images += 1
            at = f"{row.where}, image {number}"
            if isinstance(opened, Exception):
                what = "cannot be decoded" if image and image.get("bytes") else "has no bytes"
                self.faults.add(at, f"the image {what}", first_line(opened)[:120])
                row.is_whole = False
                continue
            row.opened.append(shrunk(opened, self.cap) if self.cap else opened)
            row.is_whole &= self._has_a_good_shape(at, opened)
            self._check_colors(at, opened)

    def problems(self) -> Iterator[Problem]:
        """One line a fault."""
        yield from self.faults.problems(self.n_rows)

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
