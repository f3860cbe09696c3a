r"""A response that states the gold scores 1, through the very reward functions that train; a completion scores what it is kept for.

GRPO: `\boxed{gold}` after closed thinking, for each sampled row. SFT: completions that the shard calls verified are judged again,
which finds answers that slipped to another row. A reward function of the user's own is called on the same rows: what it returns must
be numbers or None.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rows import SampledRow
from training.preflight.shards import kind_fault, needs_gold
from training.preflight.subject import Subject

TOLERATED = 0.01
"""Of the rows: one gold in a hundred that no rule reads is a loss of a hundredth; more says that something is wrong with all."""
N_CALLED = 8
"""Rows on which a function of the user's own is called."""
COLUMNS = ("id", "answer", "answer_kind", "answer_options", "domain", "stratum")
OURS = ("format_reward", "soft_overlong")
"""Rewards that are no judgement of the answer."""

Reward = Callable[..., list[float | None]]


class Golds:
    """Collects answers and judges them together."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.n_rows = 0
        self.rows: list[tuple[SampledRow, str]] = []
        self.faults = RowFaults("golds", {f"the {what} scores": TOLERATED for what in ("gold", "completion")})

    def row(self, row: SampledRow) -> None:
        """Keep a row that can be judged."""
        self.n_rows += 1
        values = row.values
        kind, options = values.get("answer_kind") or "", values.get("answer_options") or ""
        answer = (values.get("answer") or "").strip()
        if not answer or kind_fault(kind, options) or not needs_gold(kind, options):
            return
        judged = SampledRow(row.where, {name: values.get(name) for name in ("prompt", *COLUMNS)})
        if not self.subject.is_sft:
            self.rows.append((judged, f"<think>\n</think>\n\\boxed{{{answer}}}"))
        elif values.get("verified") == "correct":
            self.rows.append((judged, row.text("completion")))

    def problems(self) -> Iterator[Problem]:
        """Golds that do not score 1, and functions that cannot be called."""
        from training.rl.rewards import reward_functions

        try:
            functions = reward_functions(self.subject.option("rewards") or ["accuracy"])[0]
        except ValueError as error:
            yield Problem("rewards", "--rewards", str(error))
            return
        for function in functions if self.rows else ():
            name = getattr(function, "__name__", type(function).__name__)
            if name == "accuracy":
                self._judge(function)
            elif name not in OURS:
                yield from self._call(function, name)
        yield from self.faults.problems(max(self.n_rows, 1))

    def _judge(self, function: Reward) -> None:
        what = "completion" if self.subject.is_sft else "gold"
        for (row, _), reward in zip(self.rows, function(**_given(self.rows)), strict=True):
            if reward != 1.0:
                got = "None (it cannot be judged)" if reward is None else f"{reward:g}"
                gold = f"{row.values['answer'][:60]!r} as {row.values['answer_kind'] or 'math'}"
                self.faults.add(row.where, f"the {what} scores", f"{got}, expected 1: gold {gold}")

    def _call(self, function: Reward, name: str) -> Iterator[Problem]:
        rows = self.rows[:N_CALLED]
        try:
            returned: Any = function(**_given(rows))
        except Exception as error:  # any of the user's own
            yield Problem(
                "rewards", name, f"a call as TRL makes it ended in {type(error).__name__}: {first_line(error)}"
            )
            return
        if inspect.iscoroutine(returned):  # TRL awaits it; here nothing runs it
            returned.close()
            return
        numbers = isinstance(returned, list) and all(one is None or isinstance(one, (int, float)) for one in returned)
        if not numbers or len(returned) != len(rows):
            expected = f"a list of {len(rows)} numbers or None for {len(rows)} responses"
            yield Problem("rewards", name, f"returned {repr(returned)[:80]}, expected {expected}")


def _given(rows: list[tuple[SampledRow, str]]) -> dict[str, Any]:
    """What TRL hands to a reward function."""
    columns = {name: [row.values.get(name) for row, _ in rows] for name in COLUMNS}
    return {
        **columns,
        "prompts": [row.prompt for row, _ in rows],
        "completions": [[{"role": "assistant", "content": text}] for _, text in rows],
        "completion_ids": [[0]] * len(rows),
        "trainer_state": None,
        "log_extra": lambda *_: None,
        "log_metric": lambda *_: None,
    }
