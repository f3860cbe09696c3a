"""The images of a record: what its values name (see `formats.picture_values`), read below a root and checked."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal
from urllib.parse import unquote

from curation.core.errors import BadRowError
from curation.core.plugins import Options
from curation.images import MAX_BYTES, ImageError, inspect
from curation.sources.formats.expression import evaluate
from curation.sources.formats.folder import read_below
from curation.sources.formats.limits import MAX_IMAGES, MAX_IMAGES_BYTES
from curation.sources.formats.picture_values import (
    certain_base64,
    decode_base64,
    decode_data_url,
    is_empty,
    local_path,
    picture_values,
)
from curation.sources.formats.record import Record


class Images(Options):
    """How the values that `fields.images` names become images."""

    root: str | tuple[str, ...] = ""
    """Folder, zip or tar archive, or folder in one (`images.zip!/train`) that paths start from and never leave; several are tried
    in order; the folder of the record's file when empty. An absolute path is read where it is below a root."""
    strip_prefix: tuple[str, ...] = ()
    """Taken off the front of paths before they are looked up, the first that fits: [/home/someone/data, 'https://host/pictures/']."""
    read_as: Literal["auto", "path", "base64"] = "auto"
    """What text means. Bytes, mappings, URLs and lists are recognised by themselves; auto takes text for a path unless it certainly is
    an image in base64."""
    extensions: tuple[str, ...] = ()
    """Tried in order where a path names no file: [.png, .jpg]."""
    required: bool = True
    """A record without an image is bad (`picture_missing`); false keeps one whose value is null or empty as a text row. What is named
    and cannot be read is bad either way."""
    loose_places: bool = False
    """Marks of places that do not fit the images are words, `(image 2)`: for records whose images were put together into one. Without it
    such a row is bad (`placeholder_count`)."""

    @property
    def roots(self) -> tuple[str, ...]:
        return self.root if isinstance(self.root, tuple) else (self.root,) if self.root else ()

    def values(self, expressions: Sequence[str], record: Record) -> list[str | bytes]:
        """What the record says its images are: bytes, paths and URLs.

        Raises:
            ImageError: a value has no known form.
        """
        found = [evaluate(expression, record, whole=True) for expression in expressions]
        if self.read_as != "auto":
            found = [[value] if isinstance(value, str) else value for value in found]
        return list(chain.from_iterable(map(self._values_of, found)))

    def load(self, values: Sequence[str | bytes], record: Record) -> list[bytes]:
        """The encoded images, their headers checked.

        Raises:
            ImageError: missing, unreadable, a URL, outside the root, too large or too many.
        """
        if len(values) > MAX_IMAGES:
            raise ImageError("too_many_pictures", f"{len(values)}, limit {MAX_IMAGES}")
        images: list[bytes] = []
        for value in values:
            images.append(value if isinstance(value, bytes) else self._of_text(value, record))
            inspect(images[-1])
            if (total := sum(map(len, images))) > MAX_IMAGES_BYTES:
                raise ImageError("picture_too_large", f"{total} bytes in one row, limit {MAX_IMAGES_BYTES}")
        return images

    def is_path(self, value: str | bytes) -> bool:
        """Whether a value names a file, and does not hold the image."""
        if isinstance(value, bytes) or self.read_as == "base64":
            return False
        return value[:5].lower() != "data:" and (self.read_as == "path" or certain_base64(value) is None)

    def _values_of(self, value: Any) -> list[str | bytes]:
        if isinstance(value, list) and self.read_as != "auto" and all(isinstance(item, str) for item in value):
            return [item.strip() for item in value if not is_empty(item)]
        return list(picture_values(value))

    def _of_text(self, text: str, record: Record) -> bytes:
        if self.read_as == "base64":
            return decode_base64(text)
        if text[:5].lower() == "data:":
            return decode_data_url(text)
        if self.read_as == "auto" and (data := certain_base64(text)) is not None:
            return data
        return self._read(local_path(self._stripped(text)), record)

    def _stripped(self, text: str) -> str:
        """The path without what `strip_prefix` takes off it."""
        for prefix in self.strip_prefix:
            for start in (prefix, f"file://{prefix}", prefix.replace("/", "\\")):
                if text.startswith(start):
                    return text[len(start) :].lstrip("/\\")
        return text

    def _read(self, path: str, record: Record) -> bytes:
        """The file below the first root that has it, under its name as it is written or as other systems would write it."""
        roots = self.roots or ((record.folder,) if record.folder is not None else ())
        if not roots:
            raise ImageError("picture_missing", f"{path!r} is a path, and the source has no folder; set images.root")
        refused: dict[str, list[str]] = {}
        for root in roots:
            for name in _spellings(path):
                try:
                    return read_below(root, name, self.extensions, MAX_BYTES)
                except BadRowError as error:
                    if error.reason not in ("missing", "outside_root"):
                        raise ImageError(f"picture_{error.reason}", error.detail) from error
                    refused.setdefault(error.reason, []).append(error.detail)
        if outside := refused.get("outside_root"):
            detail = f"{outside[0][:300]}; name a folder above it as images.root, or take its beginning off by images.strip_prefix"
            raise ImageError("picture_outside_root", detail)
        raise ImageError("picture_missing", "; ".join(dict.fromkeys(refused["missing"]))[:400])


def _spellings(path: str) -> list[str]:
    """A path as it is written, and as other systems and URLs write it; a Windows drive is the root of all."""
    slashed = re.sub(r"\A[A-Za-z]:(?=[\\/])", "", path).replace("\\", "/")
    return list(dict.fromkeys((path, slashed, unquote(path), unquote(slashed))))
