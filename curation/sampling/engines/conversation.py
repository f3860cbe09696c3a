"""A request as the message list that a chat template takes, laid out as TRL's GRPO lays it out.

Sampling and training must see the same token prompt. TRL (`trl.data_utils.prepare_multimodal_messages`) puts all
pictures before the text of the first user message and makes every content a list of parts; `datasets` hands it the
pictures with their EXIF orientation applied, and the processor drops transparency with `convert("RGB")`. So do we,
for every engine.
"""

import base64
import io
from typing import Any

from PIL import ExifTags, Image, ImageOps

from curation.sampling.engines.base import Request


def conversation(request: Request, image_type: str = "image") -> list[dict[str, Any]]:
    """Messages with content parts. `image_type` names the picture part and its payload: `image`, or vLLM's `image_pil`.

    Raises:
        ValueError: pictures without a user message to stand in, or a picture that cannot be decoded.
    """
    pictures = [{"type": image_type, image_type: decode_picture(data)} for data in request.images]
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
        if message.role == "user" and pictures:
            parts, pictures = [*pictures, *parts], []
        messages.append({"role": message.role, "content": parts})
    if pictures:
        raise ValueError(f"request {request.key!r} has {len(pictures)} pictures and no user message")
    return messages


def text_conversation(request: Request) -> list[dict[str, str]]:
    """Messages with plain strings, for a model without vision.

    Raises:
        ValueError: the request has pictures.
    """
    if request.images:
        raise ValueError(f"request {request.key!r} has {len(request.images)} pictures, the model takes none")
    return [{"role": message.role, "content": message.content} for message in request.messages]


def decode_picture(data: bytes) -> Image.Image:
    """The picture upright, in RGB.

    Raises:
        ValueError: the bytes are no picture.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"picture of {len(data)} bytes cannot be decoded: {error}") from error


def served_conversation(request: Request) -> list[dict[str, Any]]:
    """Messages for a server: pictures as data URLs, a message without any as a plain string.

    Raises:
        ValueError: as `conversation`.
    """
    parts = [{"type": "image_url", "image_url": {"url": picture_url(data)}} for data in request.images]
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        content: str | list[dict[str, Any]] = message.content
        if message.role == "user" and parts:
            content, parts = [*parts, {"type": "text", "text": message.content}], []
        messages.append({"role": message.role, "content": content})
    if parts:
        raise ValueError(f"request {request.key!r} has {len(parts)} pictures and no user message")
    return messages


def picture_url(data: bytes) -> str:
    """The picture in a data URL, as it is where every reader sees in it what `decode_picture` sees, else as PNG.

    Servers differ in what they make of transparency and of EXIF.

    Raises:
        ValueError: the bytes are no picture.
    """
    picture = decode_picture(data)
    with Image.open(io.BytesIO(data)) as raw:
        kind, plain = raw.format, raw.mode == "RGB" and raw.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if kind not in ("PNG", "JPEG") or not plain:
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        kind, data = "PNG", file.getvalue()
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"
