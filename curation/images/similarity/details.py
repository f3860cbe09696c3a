"""Whether two decoded images show the same details: a digit of a label is less than a cell of a hash, so `near` cannot see it.

The larger image is brought to the size of the smaller, both are smoothed over about three pixels, and the largest difference of luma
counts: an encoder changes every edge a little, another digit changes one place a lot. The numbers are from drawn labels of 10 to 24 pixels
and 57 public images, see docs/build.md#images-of-duplicates.
"""

from PIL import Image, ImageChops, ImageFilter, ImageStat

LUMA, CHROMA = 24, 24
"""Levels that a pixel may change by encoding and resampling."""
LUMA_SHRUNK, SHRUNK = 17, 0.6
"""Fewer at less than this share of the size, where a small digit has become faint."""
SPOT, SPOT_FREE, USUAL = 3, 8, 0.99
"""How many times as much as nearly all edges (this quantile) the worst pixel may change, and what it always may."""
EDGE = 8
"""Levels between a pixel and those around it that make an edge."""
SMOOTH, SMOOTH_CHROMA, AROUND = (
    ImageFilter.GaussianBlur(0.8),
    ImageFilter.GaussianBlur(1.5),
    ImageFilter.GaussianBlur(2),
)
FILTERS = tuple(getattr(Image.Resampling, name) for name in ("BOX", "BICUBIC", "LANCZOS", "HAMMING", "BILINEAR"))
"""By one of them, mostly, a smaller image was made."""


def same_details(one: Image.Image, other: Image.Image) -> bool:
    """Whether two RGB images that are `near` are one, re-encoded (JPEG at quality 50 and better), resized (0.5x to 2x), or nearly both.

    Where text is under about 6 pixels high in the smaller image, or faint, copies cannot be told from another label.
    """
    small, large = sorted((one, other), key=lambda image: image.size)
    most = LUMA if small.width >= SHRUNK * large.width else LUMA_SHRUNK
    return _agree(small, large if small.size == large.size else _shrunk(large, small), most)


def _shrunk(image: Image.Image, like: Image.Image) -> Image.Image:
    """The image at the size of another, by the filter that brings it nearest to that."""
    wanted = _smooth_luma(like)
    tried = (image.resize(like.size, by) for by in FILTERS)
    return min(tried, key=lambda shrunk: ImageStat.Stat(ImageChops.difference(_smooth_luma(shrunk), wanted)).sum2[0])


def _smooth_luma(image: Image.Image) -> Image.Image:
    return image.convert("L").filter(SMOOTH)


def _agree(one: Image.Image, other: Image.Image, most: int) -> bool:
    """Whether two images of one size are the same but for what encoding does."""
    luma, other_luma = map(_smooth_luma, (one, other))
    changes = ImageChops.difference(luma, other_luma)
    worst = _largest(changes)
    if worst > most or worst > max(SPOT_FREE, SPOT * _usual(changes, luma)):
        return False
    colours, other_colours = (_smooth_chroma(image) for image in (one, other))
    return all(
        _largest(ImageChops.difference(*planes)) <= CHROMA for planes in zip(colours, other_colours, strict=True)
    )


def _smooth_chroma(image: Image.Image) -> list[Image.Image]:
    """Blue and red at half the size, over about six pixels of the whole one."""
    return [plane.reduce(2).filter(SMOOTH_CHROMA) for plane in image.convert("YCbCr").split()[1:]]


def _usual(changes: Image.Image, luma: Image.Image) -> int:
    """What nearly all edges change at most; in between there is next to nothing to change."""
    edges = ImageChops.difference(luma, luma.filter(AROUND)).point(lambda levels: 255 * (levels >= EDGE))
    counts = changes.histogram(edges)
    beyond = (1 - USUAL) * sum(counts)
    for level in range(255, 0, -1):
        beyond -= counts[level]
        if beyond < 0:
            return level
    return 0


def _largest(plane: Image.Image) -> int:
    return int(plane.getextrema()[1])  # type: ignore[arg-type]
