"""The step that makes a row's images fit for the model, or drops the row."""

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from curation.core.ledger import LedgerWriter
from curation.core.row import from_document
from curation.filters.base import Judgement
from curation.images import ImageError, ImageOptions, normalise_image

IN_PIXELS = ("boxes", "points")
"""Kinds of gold that name places in the image."""


class NormaliseImages(BaseFilter):  # type: ignore[misc]
    """Normalises every image of a row and notes what changed; the row's id stays that of the pixels that came in.

    A row is dropped under its image's reason, and under `gold_in_pixels` where a gold of boxes or points would no longer fit.
    """

    name = "pictures"

    def __init__(self, options: ImageOptions, ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)
        self.options = options

    def filter(self, doc: Document) -> Judgement:
        row = from_document(doc)
        if len(row.images) > self.options.max_pictures:
            doc.metadata["filter_detail"] = f"{len(row.images)} images, limit {self.options.max_pictures}"
            return False, "too_many_pictures"
        for number, data in enumerate(row.images, 1):
            try:
                image = normalise_image(data, self.options)
            except ImageError as error:
                doc.metadata["filter_detail"] = f"picture {number}: {error.detail}"
                return False, error.reason
            if image.moved and row.answer_kind in IN_PIXELS:
                doc.metadata["filter_detail"] = f"picture {number}: {', '.join(image.notes)}"
                return False, "gold_in_pixels"
            if image.notes:
                images = (*row.images[: number - 1], image.data, *row.images[number:])
                row = row.changed("normalise", f"picture {number}: {', '.join(image.notes)}", images=images)
        doc.metadata["row"] = row
        return True
