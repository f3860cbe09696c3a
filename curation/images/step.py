"""A row's images made fit for the model, or why the row ends."""

from curation.core.decision import Decision, drop
from curation.core.row import Row
from curation.images import ImageError, ImageOptions, normalise_image

IN_PIXELS = ("boxes", "points")
"""Kinds of gold that name places in the image."""


def normalise_images(options: ImageOptions, row: Row) -> Row | Decision:
    """The row with its images normalised and a note of what changed; its id stays that of the pixels that came in.

    It ends under its image's reason, and under `gold_in_pixels` where a gold of boxes or points would no longer fit.
    """
    if len(row.images) > options.max_pictures:
        return drop("too_many_pictures", f"{len(row.images)} images, limit {options.max_pictures}")
    for number, data in enumerate(row.images, 1):
        try:
            image = normalise_image(data, options)
        except ImageError as error:
            return drop(error.reason, f"picture {number}: {error.detail}")
        notes = f"picture {number}: {', '.join(image.notes)}"
        if image.moved and row.answer_kind in IN_PIXELS:
            return drop("gold_in_pixels", notes)
        if image.notes:
            images = (*row.images[: number - 1], image.data, *row.images[number:])
            row = row.changed("normalise", notes, images=images)
    return row
