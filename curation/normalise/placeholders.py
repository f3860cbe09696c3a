r"""Image placeholders in the text: `<image>`, `<image 1>`, Qwen's vision tokens. The processor puts its own where the images are.

A literal `<|image_pad|>` would make the processor count one image too many, so those become `<image>` first. Placeholders go at the
ends and on lines of their own, and only from rows that have images: without one, the `missing_picture` filter looks for `<image>`.
"""

import re

_TOKENS = re.compile(
    r"(?:<\|vision_start\|>)?(?:<\|(?:image|video)_pad\|>)+(?:<\|vision_end\|>)?|<\|image_\d+\|>|\[IMG\]|<IMAGE>"
)
_IMAGE = r"<image(?: ?\d{1,2})?>"
_OWN_LINE = re.compile(
    rf"^[ \t]*(?:(?:Figure|Image|Picture|图)? ?\d{{0,2}} ?[:：]? ?)?(?:{_IMAGE}[ \t]*)+$\n?", re.MULTILINE
)
_FIRST, _LAST = re.compile(rf"(?:{_IMAGE}\s*)+"), re.compile(rf"{_IMAGE}\Z")


def plain_placeholders(text: str) -> str:
    """Every model's placeholder as `<image>`."""
    return _TOKENS.sub("<image>", text)


def drop_placeholders(text: str) -> str:
    r"""The text without placeholders at its ends or on lines of their own.

    >>> drop_placeholders("<image>\nWhat is in <image 2>?\n<image 3>")
    'What is in <image 2>?'
    """
    text = _OWN_LINE.sub("", text).strip()
    if match := _FIRST.match(text):
        text = text[match.end() :]
    while match := _LAST.search(text, max(len(text) - 12, 0)):
        text = text[: match.start()].rstrip()
    return text
