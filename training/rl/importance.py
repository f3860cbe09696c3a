"""How much of what was sampled still counts once the engine's and the trainer's probabilities differ.

The engine samples from q, the trainer updates p: each sample is weighed by p / q (TRL's `vllm_importance_sampling_*`). By sequence the
ratio is the product over all tokens, which at thousands of tokens is near 0 or far over 3 for most responses and masks them (TRL#4772,
#5814); by token it stays near 1. ovr-train's default is `token_truncate`, TRL's is `sequence_mask`.
"""

import math
from typing import Any

DEFAULT_MODE = "token_truncate"
CLIP_MAX = 3.0
"""TRL's `vllm_importance_sampling_clip_max`."""
PER_TOKEN_SD = 0.02
"""Standard deviation of the difference of a token's two log-probabilities when both sides compute in bfloat16 but by other kernels;
up to 0.05 has been measured (TRL#6789)."""
ENOUGH = 0.5


def effective_share(weights: Any, mask: Any) -> Any:
    """Each sequence's mean weight over its tokens, weights above 1 counting 1: [B] in [0, 1], 1 where nothing is lost, 0 where masked.

    weights: [B, T], or [B, 1] where a sequence has one; mask: [B, T], 1 at the tokens of the response. A sequence without tokens counts 1.
    A weight over 1 makes a sample count more than once, not another sample count less: hence the cut at 1.
    """
    mask = mask.to(weights.dtype)
    tokens = mask.sum(1)
    share = (weights.clamp(max=1.0).expand_as(mask) * mask).sum(1) / tokens.clamp(min=1)
    return share.where(tokens > 0, share.new_ones(()))


def effective_sample_size(weights: Any, mask: Any) -> Any:
    """Kish's effective sample size over the number of tokens, (sum w)^2 / (n sum w^2), as a pair of sums that can be added over ranks:
    [3] = (sum w, sum w^2, n). Kish, Survey Sampling (1965), 11.7; Owen, Monte Carlo theory (2013), 9.3.
    """
    import torch

    mask = mask.to(weights.dtype)
    weights = weights.expand_as(mask) * mask
    return torch.stack([weights.sum(), weights.square().sum(), mask.sum()])


def kish(sums: Any) -> float:
    """(sum w)^2 / (n sum w^2) of the sums above; 0 where every weight is 0, 1 where there is no token."""
    total, squares, n = (float(value) for value in sums)
    if n == 0:
        return 1.0
    return total**2 / (n * squares) if squares > 0 else 0.0


def expected_share(n_tokens: int, sd: float, mode: str, clip_max: float = CLIP_MAX) -> float:
    """What `effective_share` will be at responses of `n_tokens`, the log-ratios of tokens being independent and normal with `sd`
    and ratios 1 on average under q: E[min(W, 1)] = 2 Phi(-s/2) for W lognormal with log-variance s^2, less P(W > clip) where those are
    masked.

    >>> round(expected_share(24_576, 0.02, "sequence_mask"), 2), round(expected_share(24_576, 0.02, "token_truncate"), 2)
    (0.09, 0.99)
    """
    s = sd * math.sqrt(n_tokens) if mode.startswith("sequence") else sd
    if s == 0:
        return 1.0
    masked = _normal_tail((math.log(clip_max) + s * s / 2) / s) if mode.endswith("mask") else 0.0
    return 2 * _normal_tail(s / 2) - masked


def _normal_tail(x: float) -> float:
    return math.erfc(x / math.sqrt(2)) / 2


def warning_of_mode(mode: str, n_tokens: int, clip_max: float | None) -> str | None:
    """One line where weighing by sequence would throw away most responses at this length."""
    share = expected_share(n_tokens, PER_TOKEN_SD, mode, CLIP_MAX if clip_max is None else clip_max)
    if share >= ENOUGH:
        return None
    return (
        f"vllm_importance_sampling_mode {mode} at {n_tokens} tokens keeps about {share:.0%} of the responses' weight "
        f"(log-probabilities {PER_TOKEN_SD} apart per token); use {DEFAULT_MODE}"
    )
