r"""Where a text places its images: the placeholders of data sets and models as `<image>`, numbered ones as `<image 2>`.

    always       <image>  <image 1>  <image1>  <image_1>  <IMAGE>  <|image_1|>  <|image|>  [IMG]  <image_placeholder>  <ImageHere>
                 <start_of_image>  <|vision_start|><|image_pad|><|vision_end|>
    with images  {image_1}  [image 1]  <img src="a.png">  <img>a.png</img>  ![](a.png)
                 where none of the first kind is there: text otherwise

A model's own token would make its processor count one image too many, so it goes from text rows as well.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from curation.core.errors import BadRowError
from curation.core.row import PLACE

_TOKEN = re.compile(
    r"(?:<\|vision_start\|>)?(?:<\|(?:image|video)_pad\|>)+(?:<\|vision_end\|>)?|<\|image(?:_(?P<phi>\d{1,2}))?\|>|\[IMG\]"
    r"|<img>(?:<IMG_CONTEXT>)+</img>|(?:<Image>|<im_start>)<image>(?:</Image>|<im_end>)|<image></image>"
    r"|<(?i:image|img)[ _:#-]{0,2}(?P<number>\d{1,2})>|<(?i:image)>|<image_placeholder>|<ImageHere>|<start_of_image>"
)
_TAG = re.compile(
    r"!\[[^\]\n]{0,300}\]\(\s*<?(?P<linked>[^()\s>]{0,500})(?:[\s>][^()\n]{0,200})?\)|<(?i:img)>(?P<between>[^<\n]{1,300})</(?i:img)>"
    r"|<(?i:img|image)\b(?:[^<>]{0,300}?\bsrc\s*=\s*(?:\"(?P<double>[^\">]{1,500})\"|'(?P<single>[^'>]{1,500})'|(?P<bare>[^\s\"'>]{1,500})))?[^<>]{0,300}>"
)
_UNSURE = re.compile(
    r"(?<![\w^\\{}])\{[Ii]mage[ _]?(?P<number>\d{1,2})\}|\[(?i:image|img)(?:[ _#-]{0,2}(?P<other>\d{1,2}))?\](?!\()"
    rf"|{_TAG.pattern}"
)
_PLACE = re.compile(r"<image(?: (\d{1,2}))?>")
_FIRST = re.compile(rf"(?:\s*{_PLACE.pattern})+\s*")
_ANNOUNCED = re.compile(rf"\A(?:\s*{PLACE})+\s*")
_LABELLED = re.compile(rf"\s*(?:Figure|Image|Picture|图片?)? ?\d{{0,2}} ?[:：]? ?{PLACE}[ \t]*(?:\n\s*|\Z)")
_MAY_HOLD = re.compile(r"[<\[{!]")


class Placed(NamedTuple):
    """Texts in which `<image>` marks every place, and the number from 0 of the image at each; without a place, of the images in order."""

    texts: tuple[str, ...]
    order: tuple[int, ...]


def plain_places(text: str) -> str:
    """Every sure placeholder as `<image>` or `<image 2>`.

    >>> plain_places("<|vision_start|><|image_pad|><|vision_end|>Compare <|image_1|> with <image_2>.")
    '<image>Compare <image 1> with <image 2>.'
    """
    return _TOKEN.sub(_plain, text) if "<" in text or "[" in text else text


def place_images(texts: Sequence[str], n_images: int) -> Placed:
    r"""The places of a row's images in its texts, which are its turns in order. An image whose number comes twice is there twice.

    Raises:
        BadRowError: `placeholder_count`, the places are not those of the images.

    >>> place_images(["Which?\nA. <image 2>\nB. <image 1>"], 2)
    Placed(texts=('Which?\nA. <image>\nB. <image>',), order=(1, 0))
    """
    plain = [plain_places(text) for text in texts]
    if not any(map(_PLACE.search, plain)):
        plain = [_UNSURE.sub(_plain, text) if _MAY_HOLD.search(text) else text for text in texts]
    numbers: Sequence[int | None] = [
        int(found[1]) if found[1] else None for text in plain for found in _PLACE.finditer(text)
    ]
    numbered = [number for number in numbers if number is not None]
    if numbered and len(numbered) < len(numbers):
        plain, numbers = _without_announced(plain, numbers, n_images), numbered
    if not numbers:
        return Placed(tuple(texts), tuple(range(n_images)))
    base = 0 if 0 in numbered else 1
    order = [number - base for number in numbered] or list(range(len(numbers)))
    if set(order) != set(range(n_images)):
        raise _differ(numbers, n_images)
    return Placed(tuple(_PLACE.sub(PLACE, text) for text in plain), tuple(order))


def told_places(texts: Sequence[str], n_images: int) -> list[str]:
    """The texts as they are where their places fit the images; else with the places told in words.

    >>> told_places(["Is <image1> in <image2>?"], 1), told_places(["What is in <image1>?"], 1)
    (['Is (image 1) in (image 2)?'], ['What is in <image1>?'])
    """
    try:
        place_images(texts, n_images)
    except BadRowError:
        plain = map(plain_places, texts)
        return [_PLACE.sub(lambda found: f"(image {found[1]})" if found[1] else "(image)", text) for text in plain]
    return list(texts)


def drop_leading(text: str) -> str:
    r"""The text without its places where all stand in front of it, one after the other: that is where images are without any.

    >>> drop_leading("<image>\n<image> Compare them."), drop_leading("<image>Compare it with <image>.")
    ('Compare them.', '<image>Compare it with <image>.')
    """
    count = text.count(PLACE)
    match = count and (_FIRST.match(text) or (count == 1 and _LABELLED.match(text)))
    rest = text[match.end() :] if match else ""
    # what would be taken for a place without those in front keeps them
    return text if not match or PLACE in rest or (_MAY_HOLD.search(rest) and _UNSURE.search(rest)) else rest


def mark_named(text: str, names: Sequence[str]) -> str:
    """The text with tags and links that name the images as numbered places; unchanged where one names another.

    >>> mark_named('Which is larger, <img src="img/b.png"> or ![](./img/a.png)?', ["img/a.png", "img/b.png"])
    'Which is larger, <image 2> or <image 1>?'
    """
    if "<" not in text and "![" not in text:
        return text
    numbers = [_number_of(next(filter(None, found.groups()), ""), names) for found in _TAG.finditer(text)]
    if not numbers or 0 in numbers:
        return text
    marks = iter(numbers)
    return _TAG.sub(lambda _: f"<image {next(marks)}>", text)


def mark_options(question: str, options: Sequence[str], names: Sequence[str]) -> tuple[str, list[str]]:
    r"""The question and its options, of which those that are the path of an image are its place; images that none is stand in front.

    >>> mark_options("Which is it?", ["a.png", "b.png"], ["q.png", "a.png", "b.png"])
    ('<image 1>\nWhich is it?', ['<image 2>', '<image 3>'])
    """
    marked = [f"<image {names.index(option) + 1}>" if option in names else option for option in options]
    if marked == list(options) or _PLACE.search(plain_places(question)):
        return question, marked
    others = [f"<image {number}>" for number, name in enumerate(names, 1) if name not in options]
    return "".join(others) + "\n" * bool(others) + question, marked


def without_places(text: str) -> str:
    """The text without the places of images, for those who compare texts."""
    return text.replace(PLACE, " ") if PLACE in text else text


def _plain(found: re.Match[str]) -> str:
    numbers = found.groupdict()
    number = numbers.get("number") or numbers.get("other") or numbers.get("phi")
    return f"<image {int(number)}>" if number else PLACE


def _without_announced(texts: Sequence[str], numbers: Sequence[int | None], n_images: int) -> list[str]:
    """Texts with numbered places, without the plain ones in front that only say how many images there are."""
    n_plain = numbers.count(None)
    announced = n_plain == n_images and numbers[:n_plain] == [None] * n_plain
    bare = [_ANNOUNCED.sub("", text) for text in texts]
    if announced and not any(PLACE in text for text in bare):
        return bare
    raise _differ(numbers, n_images)


def _differ(numbers: Sequence[int | None], n_images: int) -> BadRowError:
    named = ", ".join(str(number) for number in numbers if number is not None)
    got = f"{len(numbers)} placeholders" + (f" (numbers {named})" if named else "")
    return BadRowError("placeholder_count", f"{got} for {n_images} images")


def _number_of(path: str, names: Sequence[str]) -> int:
    """The number from 1 of the image of that path, or of the only one of that file name; 0 for none."""
    ends = [PurePosixPath(unquote(name).replace("\\", "/")) for name in names]
    wanted = PurePosixPath(unquote(path).replace("\\", "/"))
    if wanted in ends:
        return ends.index(wanted) + 1
    same = [number for number, end in enumerate(ends, 1) if wanted.name and end.name == wanted.name]
    return same[0] if len(same) == 1 else 0
