"""`--rewards accuracy format:0.1 my_module.my_function:0.2`: reward functions by name or dotted path, with weights."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from rewards import Verdict
from rewards.adapters.trl import format_reward, verdicts

RewardFunction = Callable[..., list[float | None]]
NAMES = ("accuracy", "format", "soft_overlong")


class Accuracy:
    """`rewards.adapters.trl.accuracy`, whose verdicts are kept beside the completions.

    A response that was judged for the batch under way is not judged again: refilling a batch judges it first.
    """

    __name__ = "accuracy"

    def __init__(self) -> None:
        self._judged: dict[tuple[str, str, str], Verdict] = {}

    def __call__(
        self, completions: Sequence[Any], answer: Sequence[str], log_extra: Any = None, **columns: Any
    ) -> list[float | None]:
        found = self.judge(completions, answer, columns)
        if log_extra is not None:
            for name, column in (("row_id", "id"), ("domain", "domain"), ("stratum", "stratum")):
                log_extra(name, list(columns.get(column) or [None] * len(found)))
            log_extra("outcome", [verdict.outcome for verdict in found])
            log_extra("extracted", [verdict.extracted for verdict in found])
        return [verdict.reward for verdict in found]

    def judge(self, completions: Sequence[Any], answer: Sequence[str], columns: dict[str, Any]) -> list[Verdict]:
        """The verdicts, of those that are not known yet in one go."""
        kinds = columns.get("answer_kind") or [None] * len(answer)
        options = columns.get("answer_options") or [None] * len(answer)
        keys = [
            (repr(completion), str(gold), f"{kind} {option}")
            for completion, gold, kind, option in zip(completions, answer, kinds, options, strict=True)
        ]
        new = [at for at, key in enumerate(keys) if key not in self._judged]
        judged = verdicts(*([column[at] for at in new] for column in (completions, answer, kinds, options)))
        self._judged.update({keys[at]: verdict for at, verdict in zip(new, judged, strict=True)})
        return [self._judged[key] for key in keys]

    def forget(self) -> None:
        """Drop the verdicts of a batch that is done."""
        self._judged.clear()


class SoftOverlong:
    """TRL's soft over-long punishment (DAPO, arXiv 2503.14476, 3.4): from 0 to -1 over the last fifth of the limit that holds now."""

    __name__ = "soft_overlong"

    def __init__(self) -> None:
        self.limit = 0

    def __call__(self, completion_ids: Sequence[Sequence[int]], **columns: Any) -> list[float | None]:
        from trl.rewards import get_soft_overlong_punishment

        punish = get_soft_overlong_punishment(max_completion_len=self.limit, soft_punish_cache=max(1, self.limit // 5))
        return list(punish(completion_ids=completion_ids, **columns))


def reward_functions(chosen: Sequence[str]) -> tuple[list[RewardFunction], list[float]]:
    """The functions and their weights of `NAME[:WEIGHT]` or `package.module.function[:WEIGHT]`.

    Raises:
        ValueError: a name is unknown, a path leads to no function, a weight is no number, or a function is named twice.
    """
    functions, weights = [], []
    for text in [chosen] if isinstance(chosen, str) else chosen:  # one name in a YAML file
        name, _, weight = text.partition(":")
        try:
            weights.append(float(weight) if weight else 1.0)
            if not isfinite(weights[-1]):
                raise ValueError("not finite")
        except ValueError as error:
            raise ValueError(f"--rewards {text}: expected NAME or NAME:WEIGHT, got the weight {weight!r}") from error
        functions.append(_function(name))
    names = [function.__name__ for function in functions]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"--rewards: {repeated[0]} is named twice")
    return functions, weights


def _function(name: str) -> Any:
    if name in NAMES:
        known: dict[str, Any] = {"accuracy": Accuracy, "format": lambda: format_reward, "soft_overlong": SoftOverlong}
        return known[name]()
    module, dot, attribute = name.rpartition(".")
    if not dot:
        raise ValueError(
            f"--rewards: unknown reward {name!r}; known: {', '.join(NAMES)}, or the dotted path of a function"
        )
    if os.getcwd() not in sys.path:  # a module beside the configuration, as in TRL's own script
        sys.path.insert(0, os.getcwd())
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"--rewards: no function {name}: {error}") from error
    if not callable(function):
        raise ValueError(f"--rewards: {name} is a {type(function).__name__}, expected a function")
    return function
