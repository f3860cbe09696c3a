"""A request as the message list that a chat template takes, laid out as TRL's GRPO lays it out.

Sampling and training must see the same token prompt. TRL (`trl.data_utils.prepare_multimodal_messages`) puts all
images before the text of the first user message and makes every content a list of parts; where the texts have as many
`<image>` as there are images, each stands at its place (`training.data.places` gives TRL the same parts). `datasets` hands it
the images with their EXIF orientation applied, and the processor drops transparency with `convert("RGB")`. So do we,
for every engine.
"""

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image, ImageOps

from curation.core.row import PLACE
from curation.sampling.engines.base import Request

_ADDRESS = re.compile(r" <\S+ object at 0x[0-9a-f]+>")
"""In messages of the image library: another one every time."""


def conversation(request: Request, image_type: str = "image") -> list[dict[str, Any]]:
    """Messages with content parts. `image_type` names the image part and its payload: `image`, or vLLM's `image_pil`.

    Raises:
        ValueError: images without a user message, or an image that cannot be decoded.
    """
    return _with_images(request, [{"type": image_type, image_type: decode_image(data)} for data in request.images])


def text_conversation(request: Request) -> list[dict[str, str]]:
    """Messages with plain strings, for a model without vision.

    Raises:
        ValueError: the request has images.
    """
    if request.images:
        raise ValueError(f"request {request.key!r} has {len(request.images)} images, the model takes none")
    return [{"role": message.role, "content": message.content} for message in request.messages]


def decode_image(data: bytes) -> Image.Image:
    """The image upright, in RGB.

    Raises:
        ValueError: the bytes are no image.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        reason = _ADDRESS.sub("", str(error))
        raise ValueError(f"image of {len(data)} bytes cannot be decoded: {reason}") from error


def served_conversation(request: Request) -> list[dict[str, Any]]:
    """Messages for a server: images as data URLs, a message without any as a plain string.

    Raises:
        ValueError: as `conversation`.
    """
    urls = [{"type": "image_url", "image_url": {"url": image_url(data)}} for data in request.images]
    messages = _with_images(request, urls)
    for message, plain in zip(messages, request.messages, strict=True):
        if all(part["type"] == "text" for part in message["content"]):
            message["content"] = plain.content
    return messages


def _with_images(request: Request, images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as content parts, the images' parts at their places or before the text of the first user message."""
    if request.places_images:
        rest = iter(images)
        return [{"role": m.role, "content": split_at_places(m.content, rest)} for m in request.messages]
    messages = [{"role": m.role, "content": [{"type": "text", "text": m.content}]} for m in request.messages]
    first = next((message for message in messages if message["role"] == "user"), None)
    if first is not None:
        first["content"] = [*images, *first["content"]]
    elif images:
        raise ValueError(f"request {request.key!r} has {len(images)} images and no user message")
    return messages


def split_at_places(text: str, images: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The text as parts with the next of the images at each place; a text without places is one part.

    >>> split_at_places("Is <image> red?", iter([{"type": "image"}]))
    [{'type': 'text', 'text': 'Is '}, {'type': 'image'}, {'type': 'text', 'text': ' red?'}]
    """
    first, *others = text.split(PLACE)
    parts = [{"type": "text", "text": first}] if first or not others else []
    for piece in others:
        parts.append(next(images))
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts


def image_url(data: bytes) -> str:
    """The image in a data URL, as it is where every reader sees in it what `decode_image` sees, else as PNG.

    Servers differ in what they make of transparency and of EXIF.

    Raises:
        ValueError: the bytes are no image.
    """
    image = decode_image(data)
    with Image.open(io.BytesIO(data)) as raw:
        kind, plain = raw.format, raw.mode == "RGB" and raw.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if kind not in ("PNG", "JPEG") or not plain:
        file = io.BytesIO()
        image.save(file, "PNG", compress_level=1)
        kind, data = "PNG", file.getvalue()
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"
