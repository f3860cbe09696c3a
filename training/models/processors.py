"""The processor and the text configuration of a model, before the trainer loads its weights."""

from typing import Any

from training.data.images import Cap
from training.data.table import ShardTable


def load_processor(model: Any, config: Any, **options: Any) -> Any:
    """What TRL would load for this model (a folder, a name or a loaded model): a processor, or a tokenizer where the model has no other."""
    from transformers import AutoProcessor

    name = model if isinstance(model, str) else model.config._name_or_path
    return AutoProcessor.from_pretrained(name, **_how(config), **options)


def capped(rows: ShardTable, model: Any, config: Any, max_pixels: int | None, **options: Any) -> tuple[ShardTable, Any]:
    """The rows with images of `max_pixels` at most and the processor that says so too, which is saved with the model.

    Without a limit: the rows as they are, and None for the processor that TRL loads.

    Raises:
        ValueError: the model's processor has no such limit, or its smallest image is larger.
    """
    if max_pixels is None:
        return rows, None
    processor = load_processor(model, config, **options)
    images: Any = getattr(processor, "image_processor", None)
    size = dict(getattr(images, "size", None) or {})
    if not {"shortest_edge", "longest_edge"} <= set(size) or not hasattr(images, "merge_size"):
        raise ValueError(
            f"--max_pixels: {type(images or processor).__name__} takes no number of pixels; leave the option out"
        )
    if max_pixels < size["shortest_edge"]:
        raise ValueError(f"--max_pixels {max_pixels}: the model's images have {size['shortest_edge']} pixels or more")
    images.size = {**size, "longest_edge": min(max_pixels, size["longest_edge"])}
    return rows.capped(Cap(max_pixels, images.patch_size * images.merge_size)), processor


def text_config(model: Any, config: Any) -> Any:
    """The configuration of the model's language module."""
    from transformers import AutoConfig

    of_model = AutoConfig.from_pretrained(model, **_how(config)) if isinstance(model, str) else model.config
    return of_model.get_text_config()


def _how(config: Any) -> dict[str, Any]:
    return {
        "revision": (config.model_init_kwargs or {}).get("revision"),
        "trust_remote_code": getattr(config, "trust_remote_code", False),
    }
