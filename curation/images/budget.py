"""The sizes at which a vision-language model takes images.

The rule and the numbers are Qwen2.5-VL's: its processor rounds both sides to multiples of 28 (14-pixel patches, merged two by two) and
scales an image into a range of pixels; it refuses aspect ratios above 200. What differs: an image already inside the range keeps its size
here, since the processor's rounding can be left to the processor.
"""

import math

FACTOR = 28
MIN_PIXELS, MAX_PIXELS = 56 * 56, 16_384 * FACTOR * FACTOR
"""`min_pixels` and `max_pixels` of Qwen2.5-VL-7B-Instruct's preprocessor_config.json: 4 to 16,384 visual tokens."""
MAX_ASPECT = 200.0


def model_size(width: int, height: int, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height at which the processor hands an image to the model."""
    wide, high = round(width / FACTOR) * FACTOR, round(height / FACTOR) * FACTOR
    if wide * high > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        wide, high = (max(FACTOR, math.floor(side / shrink / FACTOR) * FACTOR) for side in (width, height))
    elif wide * high < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        wide, high = (math.ceil(side * grow / FACTOR) * FACTOR for side in (width, height))
    return wide, high


def stored_size(width: int, height: int, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height at which an image is stored: its own where it lies within the budget, the model's otherwise."""
    within = min_pixels <= round(width / FACTOR) * round(height / FACTOR) * FACTOR * FACTOR <= max_pixels
    return (width, height) if within else model_size(width, height, min_pixels, max_pixels)
