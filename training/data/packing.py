"""Several documents in one sequence that do not see each other: how they are put together, and how that is measured.

TRL marks the documents by 2-D position ids that begin again at 0. A Qwen-VL's text model builds its mask from ids of shape
[4, batch, length] alone (text, time, height, width; transformers, `Qwen2_5_VLTextModel.forward`) and takes 2-D ids for one document:
with sdpa and eager attention its second document sees the first. `separate_documents` gives it the four.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from typing import Any


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """The documents by number in as few sequences of `capacity` tokens as best-fit decreasing finds; none is cut (TRL's `bfd` cuts).

    >>> pack([3, 5, 2, 4, 1], 6)
    [[1, 4], [3, 2], [0]]

    Raises:
        ValueError: a document is longer than the capacity.
    """
    bins: list[list[int]] = []
    with_space: dict[int, deque[int]] = {}  # the bins that have so much space left, oldest first
    spaces: list[int] = []  # the keys of `with_space`, sorted
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        length = lengths[number]
        if length > capacity:
            raise ValueError(f"document {number} has {length} tokens, more than {capacity}")
        at = bisect_left(spaces, length)
        if at < len(spaces):
            space = spaces[at]
            chosen = with_space[space].popleft()
            if not with_space[space]:
                del with_space[space], spaces[at]
        else:
            space, chosen = capacity, len(bins)
            bins.append([])
        bins[chosen].append(number)
        if left := space - length:
            if left not in with_space:
                with_space[left] = deque()
                insort(spaces, left)
            with_space[left].append(chosen)
    return bins


def separate_documents(model: Any) -> None:
    """Make a Qwen-VL's text model keep packed documents apart; other models are left as they are. Calling it twice changes nothing more."""
    text = model.get_decoder()
    if not _has_mrope(text.config) or getattr(text, "separates_documents", False):
        return
    text.register_forward_pre_hook(_four_positions, with_kwargs=True)
    text.separates_documents = True


def _has_mrope(config: Any) -> bool:
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    return "mrope_section" in rope


def _four_positions(
    module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Text has the same position in text, time, height and width. (With an attention mask no boundaries are read from it, but sequence
    parallelism needs it in every layer.)
    """
    ids = kwargs.get("position_ids")
    if ids is not None and ids.ndim == 2:
        kwargs = {**kwargs, "position_ids": ids[None].expand(4, *ids.shape)}
    return args, kwargs


def mask_note(config: Any, model: Any) -> str:
    """What the mask of a packed sequence costs where the attention needs one: length x length, in every step; empty under 1 GB."""
    attention, length = str(model.config._attn_implementation), config.max_length
    n_bytes = length * length * {"sdpa": 1, "eager": model.dtype.itemsize}.get(attention, 0)
    if n_bytes < 1 << 30:
        return ""
    size = f"{n_bytes / 1e9:.0f} GB"
    return f"the mask of a packed sequence of {length:,} tokens takes {size} with {attention} attention; flash_attention_2 needs none"


def packing_leak(model: Any, token_ids: Sequence[Sequence[int]]) -> float:
    """The largest difference between the logits of the documents packed, as training packs them, and of each alone.

    `token_ids` are the documents. The model is changed as a run with packing changes it (`separate_documents`). In float32 an exact
    attention gives 1e-5 and less, a leak 0.1 and more.

    Raises:
        ValueError: fewer than two documents, or an empty one.
    """
    import torch
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    if len(token_ids) < 2 or not all(token_ids):
        raise ValueError(f"expected two documents or more, none empty; got lengths {[len(ids) for ids in token_ids]}")
    separate_documents(model)
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    joined = [token for ids in token_ids for token in ids]
    packed = collate([{"input_ids": joined, "labels": joined, "seq_lengths": [len(ids) for ids in token_ids]}])
    del packed["labels"]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), _autocast(model):
            together = model(**_to(packed, model.device), use_cache=False).logits[0].float()
            starts = accumulate((len(ids) for ids in token_ids), initial=0)
            return max(
                float((together[start : start + len(ids)] - _logits_alone(model, ids)).abs().max())
                for start, ids in zip(starts, token_ids, strict=False)
            )
    finally:
        model.train(was_training)


def _logits_alone(model: Any, ids: Sequence[int]) -> Any:
    import torch

    given = torch.tensor([list(ids)], device=model.device)
    logits = model(input_ids=given, attention_mask=torch.ones_like(given), use_cache=False).logits
    return logits[0].float()


def _to(batch: dict[str, Any], device: Any) -> dict[str, Any]:
    return {name: value.to(device) if hasattr(value, "to") else value for name, value in batch.items()}


def _autocast(model: Any) -> Any:
    """Flash-attention has no float32: a model with float32 weights runs it under autocast, as in training."""
    import torch

    flash = "flash" in str(model.config._attn_implementation) and model.dtype == torch.float32
    return torch.autocast(model.device.type, torch.bfloat16, enabled=flash)
