"""How much of long responses' weight the importance-sampling corrections of TRL keep, by simulation.

    python tests/benchmarks/importance.py [--responses 4000] [--seed 0]

A token's log-ratio log p - log q is normal with the standard deviation given and with ratios that are 1 on average under the sampler, q.
The weights go through TRL's clipping (`vllm_importance_sampling_mode`, clip 3) and are measured as training logs them
(`sampling/effective_share`); `formula` is `training.rl.importance.expected_share`, which the warning at start goes by.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

sys.path[0] = str(Path(__file__).parents[2])

from training.rl.importance import CLIP_MAX, DEFAULT_MODE, effective_share, expected_share  # noqa: E402

AT_ONCE = 200


class Kept(NamedTuple):
    """What a mode keeps of responses of a length."""

    mode: str
    n_tokens: int
    sd: float
    share: float
    formula: float


def simulate(mode: str, n_tokens: int, sd: float, n_responses: int, seed: int) -> float:
    """The mean `effective_share` of responses whose tokens' log-ratios are independent."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(AT_ONCE, n_tokens)
    shares = []
    for _ in range(max(1, n_responses // AT_ONCE)):
        log_ratios = torch.randn(AT_ONCE, n_tokens, generator=generator) * sd - sd * sd / 2
        if mode.startswith("sequence"):
            log_ratios = log_ratios.sum(1, keepdim=True)
        weights = log_ratios.exp()
        weights = weights.masked_fill(weights > CLIP_MAX, 0.0) if mode.endswith("mask") else weights.clamp(max=CLIP_MAX)
        shares.append(effective_share(weights, mask).mean())
    return float(torch.stack(shares).mean())


def table(n_responses: int, seed: int) -> Iterator[Kept]:
    """TRL's default beside ours."""
    for n_tokens in (8_192, 24_576):
        for sd in (0.02, 0.05):
            for mode in ("sequence_mask", DEFAULT_MODE):
                share = simulate(mode, n_tokens, sd, n_responses, seed)
                yield Kept(mode, n_tokens, sd, share, expected_share(n_tokens, sd, mode))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(f"{'mode':<16}{'tokens':>8}{'sd':>6}{'share':>8}{'formula':>9}")
    for kept in table(args.responses, args.seed):
        print(f"{kept.mode:<16}{kept.n_tokens:>8}{kept.sd:>6}{kept.share:>8.3f}{kept.formula:>9.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
