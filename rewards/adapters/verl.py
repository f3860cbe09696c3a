"""verl's reward function: `custom_reward_function.path=rewards/adapters/verl.py custom_reward_function.name=compute_score`."""

from collections.abc import Mapping
from typing import Any

from rewards.verify import judge


def compute_score(
    data_source: str, solution_str: str, ground_truth: str, extra_info: Mapping[str, Any] | None = None
) -> float:
    """Return 1.0 or 0.0; `extra_info` may carry `answer_kind` and `answer_options`. verl knows no "cannot judge": 0.0."""
    extra = extra_info or {}
    verdict = judge(
        str(ground_truth), solution_str, str(extra.get("answer_kind") or "math"), extra.get("answer_options")
    )
    return verdict.reward or 0.0


def scored(
    data_source: str, solution_str: str, ground_truth: str, extra_info: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, float]:
    """Return `compute_score` as `score` and `acc`, and in `cannot_judge`, which verl logs, whether that 0.0 is no verdict."""
    extra = extra_info or {}
    kind, options = str(extra.get("answer_kind") or "math"), extra.get("answer_options")
    reward = judge(str(ground_truth), solution_str, kind, options).reward
    return {"score": reward or 0.0, "acc": reward or 0.0, "cannot_judge": float(reward is None)}
