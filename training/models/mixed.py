"""Text and image rows in one batch, for TRL 1.16 with a Qwen-VL model.

TRL hands a mixed batch's images over as `[[image], [], None, ...]`, which transformers' processors reject, and a micro-batch
that happens to hold only text rows gets zero-length `pixel_values`, which the vision tower rejects. Both are dropped here; a
batch of one kind passes through unchanged.
"""

from typing import Any


def accept_mixed_batches(model: Any, processor: Any) -> None:
    """Change `processor` (a ProcessorMixin) and `model` in place so that a batch may hold rows without images."""
    base: Any = type(processor)
    if getattr(base, "drops_empty_images", False):
        return

    class MixedProcessor(base):  # type: ignore[misc]
        drops_empty_images = True

        def __call__(self, images: Any = None, *args: Any, **kwargs: Any) -> Any:
            return super().__call__(without_empty(images), *args, **kwargs)

    # The saved processor must carry the name of a class that transformers knows.
    MixedProcessor.__name__ = base.__name__
    processor.__class__ = MixedProcessor
    model.register_forward_pre_hook(_drop_empty_pixels, with_kwargs=True)


def without_empty(images: Any) -> Any:
    """The batch's images without the entries of text rows; None where no row has one.

    >>> without_empty([["image"], [], None])
    [['image']]
    >>> without_empty([[], None]) is None
    True
    """
    if not isinstance(images, (list, tuple)):
        return images
    kept = [entry for entry in images if entry is not None and not (isinstance(entry, (list, tuple)) and not entry)]
    return kept or None


def _drop_empty_pixels(
    module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    pixels = kwargs.get("pixel_values")
    if pixels is not None and pixels.numel() == 0:
        kwargs = {name: value for name, value in kwargs.items() if name not in ("pixel_values", "image_grid_thw")}
    return args, kwargs
