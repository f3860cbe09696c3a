"""The pictures of a record: by path below a root, as bytes, as base64 text, or as the `Image` feature of `datasets`."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from curation.pictures import MAX_BYTES, PictureError, inspect
from curation.tables.expression import MISSING, evaluate
from curation.tables.record import Record


class Images(BaseModel):
    """How the values that `fields.images` names become pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: str = ""
    """Folder that paths start from and never leave; the folder of the record's file when empty."""
    read_as: Literal["auto", "path", "base64"] = "auto"
    """What text means. Bytes and `Image` features ({bytes, path}) are recognised by themselves; auto takes text for a path."""
    extensions: tuple[str, ...] = ()
    """Tried in order where a path names no file: [.png, .jpg]."""
    required: bool = True
    """A record without a picture is bad (`picture_missing`); false keeps it as a text row."""

    def load(self, expressions: Sequence[str], record: Record) -> list[bytes]:
        """The encoded pictures of a record, their headers checked.

        Raises:
            PictureError: missing, unreadable, too large or outside the root.
        """
        values = [value for expression in expressions for value in _values(evaluate(expression, record, whole=True))]
        pictures = [self._load_one(value, record) for value in values]
        if not pictures and expressions and self.required:
            raise PictureError("picture_missing", f"no value at {', '.join(expressions)}")
        for picture in pictures:
            inspect(picture)
        return pictures

    def _load_one(self, value: Any, record: Record) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise PictureError("picture_unreadable", f"got {type(value).__name__}, expected a path, bytes or a feature")
        if self.read_as == "base64" or value.startswith("data:image/"):
            return _decode(value)
        return self._read(value, record)

    def _read(self, name: str, record: Record) -> bytes:
        if not self.root and record.folder is None:
            raise PictureError("picture_missing", f"{name!r} is a path, and the source has no folder; set images.root")
        root = Path(self.root or record.folder or "").resolve()
        try:
            path = (root / name).resolve()
            if not path.is_relative_to(root):
                raise PictureError("picture_outside_root", f"{name!r} leaves {root}")
            candidates = [path, *(path.with_name(path.name + extension) for extension in self.extensions)]
            file = next((candidate for candidate in candidates if candidate.is_file()), None)
            if file is None:
                raise PictureError("picture_missing", f"no file {name!r} below {root}")
            if file.stat().st_size > MAX_BYTES:
                raise PictureError("picture_too_large", f"{name!r} has {file.stat().st_size} bytes, limit {MAX_BYTES}")
            return file.read_bytes()
        except PictureError:
            raise
        except (OSError, RuntimeError, ValueError) as error:  # no permission, a loop of links, a NUL in the name
            raise PictureError("picture_missing", f"{name!r}: {error}") from error


def _values(value: Any) -> Iterator[Any]:
    """One or several pictures, as path or bytes; null, empty text and an `Image` feature without content are none."""
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
        raise PictureError("picture_unreadable", f"not base64: {error}") from error
