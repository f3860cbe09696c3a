"""Which weights are the vision side of a vision-language model, and how to keep them still (paper, section 4.1)."""

from typing import Any

VISION_PARTS = ("visual", "vision_tower", "vision_model", "multi_modal_projector", "image_newline")
"""Module names of the tower and its projector in Qwen-VL, LLaVA, InternVL, Gemma and their kin."""


def is_vision(parameter_name: str) -> bool:
    """Whether a parameter belongs to the tower or to the projector behind it.

    >>> is_vision("model.visual.merger.ln_q.weight"), is_vision("model.language_model.norm.weight")
    (True, False)
    """
    return not set(VISION_PARTS).isdisjoint(parameter_name.split("."))


def freeze_vision(model: Any) -> int:
    """Stop training the vision side; the number of frozen weights (0 for a model of text alone).

    Raises:
        ValueError: the model has a vision tower under a name that is not in `VISION_PARTS`.
    """
    frozen = [parameter for name, parameter in model.named_parameters() if is_vision(name)]
    if not frozen and getattr(model.config, "vision_config", None) is not None:
        parts = sorted({name.split(".")[1] for name, _ in model.named_parameters() if "." in name})
        raise ValueError(f"found no vision tower of {type(model).__name__} among {', '.join(parts)}")
    for parameter in frozen:
        parameter.requires_grad_(False)
    return sum(parameter.numel() for parameter in frozen)
