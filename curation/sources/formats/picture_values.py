"""The forms in which data sets write their pictures, as paths and bytes.

    a path                 img/a.png   ./a.png   img\\a.png   file:///data/a%20b.png   /data/a.png
    bytes, text of bytes   b"\\x89PNG..."   data:image/png;base64,...   base64 alone, where it certainly is an image
    a mapping              {"bytes"}, {"path"} (`datasets`), {"image"} (verl, Qwen), {"url"}, {"image_url": {"url"}} (OpenAI),
                           {"source": {"data"}} (Anthropic)
    several                a list, an array, or either as text: "['a.png', 'b.png']", '["a.png"]', "a.png;b.png"

Null, NaN, empty text and a mapping whose known keys are all empty are no picture; anything else that is none of these is an error.
"""

import ast
import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from curation.images import ImageError
from curation.sources.formats.expression import MISSING

KEYS = (
    "bytes",
    "path",
    "image",
    "image_url",
    "input_image",
    "url",
    "data",
    "base64",
    "source",
    "file_name",
    "filename",
)
"""Of a mapping, in the order in which they are tried: content before names."""
_EXTENSION = r"\.(?:png|jpe?g|gif|webp|bmp|tiff?)"
_SEVERAL = re.compile(rf"[^;,|\n]+{_EXTENSION}(?:\s*[;,|\n]\s*[^;,|\n]+{_EXTENSION})+\s*[;,|\n]?\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[;,|\n]\s*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_QUOTED = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")")
_ARRAY = re.compile(r"array\(\s*(\[.*\])\s*(?:,\s*dtype=[^()]*)?\)", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{40,}={0,2}\s*")
_BASE64_PREFIX = re.compile(r"\A(?:image/\w{1,10};)?base64,")
_BASE64_HEADS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "Qk", "SUkq", "TU0A")
"""PNG, JPEG, GIF, WEBP, BMP, TIFF: what their first bytes become."""
_HEADS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0|II\*\0|MM\0\*", re.DOTALL)


def picture_values(value: Any) -> Iterator[str | bytes]:
    """The pictures that a value holds, in order: the bytes of each, or its path or URL as it is written.

    Raises:
        ImageError: `picture_unreadable`, the value has none of the forms above.

    >>> list(picture_values([{"image": "a.png"}, {"url": "b.png"}, None, "['c.png' 'd.png']"]))
    ['a.png', 'b.png', 'c.png', 'd.png']
    """
    if is_empty(value):
        return
    if isinstance(value, bytes | bytearray | memoryview):
        yield _plain_bytes(bytes(value))
    elif isinstance(value, Mapping):
        yield from _of_mapping(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from picture_values(item)
    elif hasattr(value, "tolist"):  # an array
        yield from picture_values(value.tolist())
    elif isinstance(value, str):
        several = several_of(value.strip())
        if isinstance(several, bytes):
            yield several
        elif several is None:
            yield value.strip()
        else:
            yield from picture_values(several)
    else:
        got = f"{type(value).__name__} {value!r}"[:120]
        remedy = f"expected a path (a template makes one: 'img/{{id}}.png'), bytes or a mapping with one of {_known()}"
        raise ImageError("picture_unreadable", f"got {got}, {remedy}")


def is_empty(value: Any) -> bool:
    """Whether a value says that there is no picture: missing, null, NaN, empty, or blank text."""
    if value is MISSING or value is None or (isinstance(value, float) and value != value):
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, bytes | list | tuple | Mapping) and not value


def several_of(text: str) -> Any:
    """The list or mapping that a text spells, as JSON, Python, numpy, or names with a separator; None where it is one value."""
    if found := _ARRAY.fullmatch(text):
        text = found[1]
    if text[:2] in ("b'", 'b"'):
        return _spelled_bytes(text)
    if text[:1] in "[{(" and text[-1:] in "]})":
        return _spelled(text)
    if _SEVERAL.fullmatch(text) and not _SCHEME.match(text):
        return [name for name in _BETWEEN.split(text) if name]
    return None


def _spelled(text: str) -> Any:
    inside, names, place = text[1:-1], [], 0
    while found := _QUOTED.match(inside, place):  # numpy puts no comma between; Python would join what it finds
        names.append(found[1] if found[1] is not None else found[2])
        place = found.end()
    if len(names) > 1 and not inside[place:].strip():
        return names
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return value if isinstance(value, list | tuple | dict) else None
    return None


def _spelled_bytes(text: str) -> bytes | None:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bytes) and _HEADS.match(value) else None


def _of_mapping(value: Mapping[Any, Any]) -> Iterator[str | bytes]:
    """The one picture, under the first of the known keys that has a value."""
    known = [key for key in KEYS if key in value]
    if not known:
        keys = ", ".join(map(str, value))
        raise ImageError("picture_unreadable", f"got a mapping with {keys[:120]}, expected one of {_known()}")
    for key in known:
        if not is_empty(value[key]):
            yield from picture_values(value[key])
            return


def _known() -> str:
    return ", ".join(KEYS)


def _plain_bytes(data: bytes) -> bytes:
    """Bytes as they are; those of a base64 text decoded."""
    if not _HEADS.match(data) and data[:4].isascii() and (decoded := certain_base64(data.decode("latin-1"))):
        return decoded
    return data


def certain_base64(text: str) -> bytes | None:
    """What a text decodes to where it is base64 of an image beyond doubt; None for a path and anything else."""
    text = _BASE64_PREFIX.sub("", text)
    if not text.startswith(_BASE64_HEADS) or not _BASE64.fullmatch(text):
        return None
    try:
        data = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
    return data if _HEADS.match(data) else None


def decode_base64(text: str) -> bytes:
    """The bytes of base64, with or without `data:...;base64,` in front.

    Raises:
        ImageError: it is none.
    """
    try:
        return base64.b64decode(text.partition("base64,")[2] or text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise ImageError("picture_unreadable", f"not base64: {error}") from error


def decode_data_url(text: str) -> bytes:
    """The bytes of a `data:` URL.

    Raises:
        ImageError: it holds none.
    """
    head, comma, body = text.partition(",")
    if not comma:
        raise ImageError("picture_unreadable", f"a data URL without a comma: {text[:60]!r}")
    return decode_base64(unquote(body)) if "base64" in head else unquote_to_bytes(body)


def local_path(text: str) -> str:
    """The path that a text means: itself, or what a `file:` URL names.

    Raises:
        ImageError: `picture_is_url`, what it names is on another machine.

    >>> local_path("file:///data/a%20b.png"), local_path("file:a.png"), local_path("img/a.png")
    ('/data/a b.png', 'a.png', 'img/a.png')
    """
    if text[:5].lower() == "file:":
        # of `file://img/a.png`, which is wrong and common, the "host" is the first folder
        path = unquote(text[5:].removeprefix("//").removeprefix("localhost"))
        return path[1:] if re.match(r"/[A-Za-z]:[/\\]", path) else path
    if _SCHEME.match(text):
        remedy = "download the pictures, set images.root to their folder and images.strip_prefix to what stands before their names"
        raise ImageError("picture_is_url", f"{text[:160]!r} is not on this machine: {remedy}")
    return text
