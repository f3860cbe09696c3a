"""Text and image rows in one batch and on any rank, for TRL 1.16 with a Qwen-VL model.

TRL hands a mixed batch's images over as `[[image], [], None, ...]`, which transformers' processors reject, and a micro-batch
that happens to hold only text rows gets zero-length `pixel_values`, which the vision tower rejects. Here the processor leaves entries
without an image out, and a batch that has none gets pixels of length zero, as TRL's micro-batches do; the model leaves those out.

A batch without an image runs the vision tower on a blank one all the same, and adds its output, times 0, to the embeddings: where weights
are sharded (FSDP, ZeRO-3) or gradients are averaged (DDP), the other ranks wait for it to take part. LLaMA-Factory, verl and ms-swift do
the same. One process alone does it too while it trains the tower: a gradient of 0 moves AdamW's averages on, none would leave them, and
the number of processes must not change what is learnt.
"""

from typing import Any

from training.models.vision import is_vision

Call = tuple[tuple[Any, ...], dict[str, Any]]
PIXELS = ("pixel_values", "image_grid_thw")


def accept_mixed_batches(model: Any, processor: Any) -> None:
    """Change `processor` (a ProcessorMixin) and `model` in place so that a batch may hold rows without images."""
    base: Any = type(processor)
    if getattr(base, "drops_empty_images", False):
        return
    blank = _blank(processor)

    class MixedProcessor(base):  # type: ignore[misc]
        drops_empty_images = True

        def __call__(self, images: Any = None, *args: Any, **kwargs: Any) -> Any:
            kept = without_empty(images)
            made = super().__call__(kept, *args, **kwargs)
            if images is not None and kept is None:
                made.update({name: blank[name][:0] for name in PIXELS if name in blank})
            return made

    # The saved processor must carry the name of a class that transformers knows.
    MixedProcessor.__name__ = base.__name__
    processor.__class__ = MixedProcessor
    model.register_forward_pre_hook(_drop_empty_pixels, with_kwargs=True)
    _TowerOnEveryRank(backbone(model), blank).register()


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


def backbone(model: Any) -> Any:
    """The innermost module that turns images into features: the one that joins tower and language module.

    Raises:
        ValueError: there is none.
    """
    found = [module for module in model.modules() if hasattr(type(module), "get_image_features")]
    if not found:
        raise ValueError(f"the rows have images, and {type(model).__name__} takes text alone")
    return found[-1]


def _blank(processor: Any) -> dict[str, Any]:
    """What the processor makes of the smallest image that it takes."""
    import PIL.Image

    return dict(processor.image_processor(images=[PIL.Image.new("RGB", (56, 56))], return_tensors="pt"))


def _drop_empty_pixels(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    pixels = kwargs.get("pixel_values")
    if pixels is not None and pixels.numel() == 0:
        kwargs = {name: value for name, value in kwargs.items() if name not in PIXELS}
    return args, kwargs


class _TowerOnEveryRank:
    """Before the forward of `module`, where there are no pixels: the embeddings of the text plus 0 times those of `blank`.

    The tower runs first, as in a batch with images, so that all ranks gather and reduce the same weights in the same order. A step of a
    generation that has its prompt behind it needs no tower on any rank.
    """

    def __init__(self, module: Any, blank: dict[str, Any]) -> None:
        self.module, self.blank = module, blank

    def register(self) -> None:
        self.module.register_forward_pre_hook(self, with_kwargs=True)

    def _is_needed(self) -> bool:
        import torch

        if _has_other_ranks():
            return True
        return torch.is_grad_enabled() and any(
            parameter.requires_grad and is_vision(name) for name, parameter in self.module.named_parameters()
        )

    def __call__(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        if kwargs.get("pixel_values") is not None or _is_continued(kwargs) or not self._is_needed():
            return args, kwargs
        ids, embeddings = kwargs.get("input_ids"), kwargs.get("inputs_embeds")
        if args:
            ids, args = args[0], args[1:]
        if embeddings is None:
            embeddings = module.get_input_embeddings()(ids)
        blank = {name: value.to(embeddings.device) for name, value in self.blank.items()}
        features = module.get_image_features(**blank)
        nothing = sum(tensor.sum() for tensor in _tensors(features)) * 0.0
        return args, {**kwargs, "input_ids": ids, "inputs_embeds": embeddings + nothing.to(embeddings.dtype)}


def _has_other_ranks() -> bool:
    import torch.distributed as dist

    return bool(dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


def _is_continued(kwargs: dict[str, Any]) -> bool:
    cache = kwargs.get("past_key_values")
    return cache is not None and bool(cache.get_seq_length())


def _tensors(value: Any) -> list[Any]:
    """The floating-point tensors in nested outputs."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value] if value.is_floating_point() else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [tensor for part in parts for tensor in _tensors(part)]
