"""reasoning-gym's own scorers, called inside the worker only.

Five of them run `eval` on the model's answer, which reaches any attribute of the interpreter. Their modules get
`ast.literal_eval` under that name instead: the answers they mean to read are lists of strings and numbers.
"""

import ast
import importlib
from functools import lru_cache
from typing import Any

import reasoning_gym

_EVALUATING = ("string_insertion", "spiral_matrix", "number_sorting", "binary_matrix")
for _name in _EVALUATING:
    vars(importlib.import_module(f"reasoning_gym.algorithmic.{_name}"))["eval"] = ast.literal_eval
vars(importlib.import_module("reasoning_gym.games.n_queens"))["eval"] = ast.literal_eval


@lru_cache(maxsize=64)
def _scorer(dataset: str) -> Any:
    return reasoning_gym.get_score_answer_fn(dataset)


def score(dataset: str, answer: str, entry: dict[str, Any]) -> float:
    """Return the score in [0, 1] that the library gives. Its errors reach the caller, which knows whether gold or answer caused them.

    An entry that came through JSON has lists where its generator made tuples, and grids are compared with `==`: both forms are tried.
    """
    scorer = _scorer(dataset)
    found = float(scorer(answer, entry))
    return found if found >= 1.0 else max(found, float(scorer(answer, _with_tuples(entry))))


def _with_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value
