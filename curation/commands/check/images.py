"""The images of a row: there, whole, of a format that a trainer opens, as many as the prompt has places."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.commands.check.base import Finding, Looked, RowCheck, Said
from curation.commands.check.subject import Frame
from curation.core.row import PLACE
from curation.images.normalise import KEPT_MODES
from curation.images.safe import ImageError, opened

STORED = ("PNG", "JPEG")
_ORIENTATION = 0x0112


class Images(RowCheck):
    """Every image decodes to its last pixel; the places in the prompt are as many as the images, or none."""

    kind: Literal["images"] = "images"
    place: ClassVar[int] = 50
    needs: ClassVar[tuple[str, ...]] = ("prompt", "images")

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        images = record["images"] or []
        places = sum((message["content"] or "").count(PLACE) for message in record["prompt"])
        if places not in (0, len(images)) and images:
            todo = "build the set again; a stage behind `normalise` has changed prompt or images"
            yield Finding("", f"has {places} {PLACE} in its prompt and {len(images)} images", todo)
        for number, image in enumerate(images, 1):
            if fault := _fault((image or {}).get("bytes")):
                yield Finding("", f"image {number} {fault}", "copy or build the file again")
        if images:
            yield Looked(len(images), "images")


def _fault(data: bytes | None) -> str:
    if not data:
        return "has no bytes"
    try:
        with opened(data) as image:
            if image.format == "PNG":
                image.verify()  # the checksums to the last chunk, which decoding does not need
        with opened(data) as image:
            image.load()
            if image.format not in STORED:
                return f"is {image.format}, expected {' or '.join(STORED)}"
            if image.mode not in KEPT_MODES:
                return f"has the mode {image.mode}, expected {' or '.join(KEPT_MODES)}"
            if image.getexif().get(_ORIENTATION, 1) != 1:
                return "is stored turned: half of the libraries would show it lying"
            return ""
    except ImageError as error:
        return f"does not decode: {error}"
