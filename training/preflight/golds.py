r"""A response that states the gold scores 1, through the very reward function that trains; a completion scores what it is kept for.

GRPO: `\boxed{gold}` after closed thinking, for each sampled row. SFT: completions that the shard calls verified are judged again, which finds
answers that slipped to another row.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from rewards.adapters.trl import accuracy
from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rows import SampledRow
from training.preflight.shards import kind_fault, needs_gold
from training.preflight.subject import Subject

TOLERATED = 0.01
"""Of the rows: one gold in a hundred that no rule reads is a loss of a hundredth; more says that something is wrong with all."""

Reward = Callable[..., list[float | None]]


class Golds:
    """Collects answers and judges them together."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.n_rows = 0
        self.rows: list[tuple[str, dict[str, Any], str]] = []
        self.faults = RowFaults("golds", {name: TOLERATED for name in ("the gold scores", "the completion scores")})

    def row(self, row: SampledRow) -> None:
        """Keep a row that can be judged."""
        self.n_rows += 1
        values = row.values
        kind, options = values.get("answer_kind") or "", values.get("answer_options") or ""
        answer = (values.get("answer") or "").strip()
        if not answer or kind_fault(kind, options) or not needs_gold(kind, options):
            return
        if not self.subject.is_sft:
            self.rows.append((row.where, values, f"<think>\n</think>\n\\boxed{{{answer}}}"))
        elif values.get("verified") == "correct":
            self.rows.append((row.where, values, row.text("completion")))

    def problems(self) -> Iterator[Problem]:
        """Golds that do not score 1."""
        what = "completion" if self.subject.is_sft else "gold"
        for where, values, reward in self._scored():
            if reward != 1.0:
                got = "None (it cannot be judged)" if reward is None else f"{reward:g}"
                gold = f"{values['answer'][:60]!r} as {values.get('answer_kind') or 'math'}"
                self.faults.add(where, f"the {what} scores", f"{got}, expected 1: gold {gold}")
        yield from self.faults.problems(max(self.n_rows, 1))

    def _functions(self) -> Iterator[tuple[str, Reward]]:
        """The reward functions of the run by name; SFT's completions are judged by accuracy."""
        from training.rl.rewards import reward_functions

        chosen = self.subject.option("rewards") or ["accuracy"]
        for function in reward_functions(["accuracy"] if self.subject.is_sft else chosen)[0]:
            yield getattr(function, "__name__", repr(function)), function

    def _scored(self) -> Iterator[tuple[str, dict[str, Any], float | None]]:
        if not self.rows:
            return
        values = [value for _, value, _ in self.rows]
        rewards = accuracy(
            completions=[[{"role": "assistant", "content": text}] for _, _, text in self.rows],
            **{name: [value.get(name) or "" for value in values] for name in ("answer", "answer_kind", "answer_options")},
        )
        for (where, value, _), reward in zip(self.rows, rewards, strict=True):
            yield where, value, reward


def check_reward(function: Reward, name: str) -> Iterator[Problem]:
    """A reward function of the user's is called once: it takes what TRL gives it, and returns one number or None for each response."""
    answer = [{"role": "assistant", "content": "\\boxed{4}"}]
    given = {
        "prompts": [[{"role": "user", "content": "2 + 2?"}]] * 2,
        "completions": [answer] * 2,
        "completion_ids": [[1, 2]] * 2,
        "answer": ["4", "5"],
        "answer_kind": ["number"] * 2,
        "answer_options": ["{}"] * 2,
        "images": [[], []],
        "trainer_state": None,
        "log_extra": lambda *_: None,
        "log_metric": lambda *_: None,
    }
    try:
        returned = function(**given)
    except Exception as error:  # any of the user's own
        yield Problem("rewards", name, f"a call as TRL makes it ended in {type(error).__name__}: {first_line(error)}")
        return
    if inspect.isawaitable(returned):
        returned.close()  # type: ignore[attr-defined]
        return
    numbers = isinstance(returned, list) and all(value is None or isinstance(value, (int, float)) for value in returned)
    if not numbers or len(returned) != 2:
        yield Problem("rewards", name, f"returned {returned!r} for two responses, expected a list of two numbers or None")
