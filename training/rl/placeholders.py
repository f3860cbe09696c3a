"""Placeholder tokens, where a processor puts images (`<|image_pad|>`, `<|vision_start|>`, ...), are never sampled.

One in a response has no image behind it: the next forward ends the run ("Image features and image tokens do not match"). TRL keeps
`<|image_pad|>` out of what transformers samples, and nothing out of what vLLM samples (TRL#3847). Here the sampler's distribution and
the trainer's are the same one: the policy without these tokens, so that the log-probabilities of both still agree.
"""

from collections.abc import Sequence
from typing import Any

CONFIG_NAMES = (
    "image_token_id",
    "image_token_index",
    "video_token_id",
    "video_token_index",
    "vision_start_token_id",
    "vision_end_token_id",
    "vision_token_id",
    "audio_token_id",
    "boi_token_id",
    "eoi_token_id",
)
NEVER = -3e4
"""Added to a logit; finite, so that p log p of the entropy is 0 and not undefined, and within float16."""


def placeholder_ids(config: Any) -> list[int]:
    """The ids that a model's config names, in order; [] for a model of text alone."""
    ids = (getattr(config, name, None) for name in CONFIG_NAMES)
    return sorted({number for number in ids if isinstance(number, int)})


def never_sample(model: Any, ids: Sequence[int]) -> None:
    """Give the head of `model` a bias against `ids`: in all that it samples and in every log-probability. Nothing of it is saved."""
    import torch

    head = model.get_output_embeddings()
    if not ids or head is None:
        return
    head = getattr(head, "base_layer", head)  # peft wraps what it trains
    bias = torch.zeros(head.weight.shape[0], dtype=head.weight.dtype, device=head.weight.device)
    bias[list(ids)] = NEVER
    if head.bias is not None:
        raise ValueError(f"the head of {type(model).__name__} has a bias; placeholder tokens cannot be kept out of it")
    del head.bias
    head.register_buffer("bias", bias, persistent=False)


def vllm_options(tokenizer: Any, ids: Sequence[int]) -> dict[str, Any]:
    """The same for vLLM, as options of its `SamplingParams`."""
    return {"bad_words": list(tokenizer.convert_ids_to_tokens(list(ids)))} if ids else {}
