"""The images of a record: by path below a root, as bytes, as base64 text, or as the `Image` feature of `datasets`."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from curation.core.errors import BadRowError
from curation.core.plugins import Options
from curation.images import MAX_BYTES, ImageError, inspect
from curation.sources.formats.expression import MISSING, evaluate
from curation.sources.formats.folder import read_below
from curation.sources.formats.limits import MAX_IMAGES, MAX_IMAGES_BYTES
from curation.sources.formats.record import Record


class Images(Options):
    """How the values that `fields.images` names become images."""

    root: str | tuple[str, ...] = ""
    """Folder, zip or tar archive, or folder in one (`images.zip!/train`) that paths start from and never leave; several are tried
    in order; the folder of the record's file when empty."""
    read_as: Literal["auto", "path", "base64"] = "auto"
    """What text means. Bytes and `Image` features ({bytes, path}) are recognised by themselves; auto takes text for a path."""
    extensions: tuple[str, ...] = ()
    """Tried in order where a path names no file: [.png, .jpg]."""
    required: bool = True
    """A record without an image is bad (`picture_missing`); false keeps it as a text row."""

    @property
    def roots(self) -> tuple[str, ...]:
        return self.root if isinstance(self.root, tuple) else (self.root,) if self.root else ()

    def load(self, expressions: Sequence[str], record: Record) -> list[bytes]:
        """The encoded images of a record, their headers checked.

        Raises:
            ImageError: missing, unreadable, outside the root, too large or too many.
        """
        values = [value for expression in expressions for value in _values(evaluate(expression, record, whole=True))]
        if not values and expressions and self.required:
            raise ImageError("picture_missing", f"no value at {', '.join(expressions)}")
        if len(values) > MAX_IMAGES:
            raise ImageError("too_many_pictures", f"{len(values)}, limit {MAX_IMAGES}")
        images: list[bytes] = []
        for value in values:
            images.append(self._load_one(value, record))
            inspect(images[-1])
            if (total := sum(map(len, images))) > MAX_IMAGES_BYTES:
                raise ImageError("picture_too_large", f"{total} bytes in one row, limit {MAX_IMAGES_BYTES}")
        return images

    def _load_one(self, value: Any, record: Record) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise ImageError("picture_unreadable", f"got {type(value).__name__}, expected a path, bytes or a feature")
        if self.read_as == "base64" or value.startswith("data:image/"):
            return _decode(value)
        return self._read(value, record)

    def _read(self, name: str, record: Record) -> bytes:
        roots = self.roots or ((record.folder,) if record.folder is not None else ())
        if not roots:
            raise ImageError("picture_missing", f"{name!r} is a path, and the source has no folder; set images.root")
        missing: list[str] = []
        for root in roots:
            try:
                return read_below(root, name, self.extensions, MAX_BYTES)
            except BadRowError as error:
                if error.reason != "missing":
                    raise ImageError(f"picture_{error.reason}", error.detail) from error
                missing.append(error.detail)
        raise ImageError("picture_missing", "; ".join(missing)[:400])


def _values(value: Any) -> Iterator[Any]:
    """One or several images, as path or bytes; null, empty text and an `Image` feature without content are none."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item)
        return
    if isinstance(value, dict):  # the Image feature
        value = value.get("bytes") or value.get("path")
    if value is not MISSING and value:
        yield value


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.partition("base64,")[2] or text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise ImageError("picture_unreadable", f"not base64: {error}") from error
