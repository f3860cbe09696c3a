r"""Reward functions for TRL's GRPOTrainer (1.16): `GRPOTrainer(reward_funcs=[rewards.adapters.trl.accuracy], ...)`.

TRL hands every data set column to the function as a list and skips what is None. The paper's recipe uses accuracy
alone; TRL's own `get_soft_overlong_punishment` is DAPO's penalty on length.
"""

from collections.abc import Sequence
from typing import Any

from rewards.extract import after_thinking, boxes
from rewards.verdict import Verdict
from rewards.verify import judge_many

Completion = str | list[dict[str, Any]]


def text_of(completion: Completion) -> str:
    """Return the text of one completion: a string, or the messages of a conversation (content as text or as parts)."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def accuracy(
    prompts: Sequence[Any] | None = None,
    completions: Sequence[Completion] = (),
    answer: Sequence[str] = (),
    answer_kind: Sequence[str] | None = None,
    answer_options: Sequence[str] | None = None,
    **columns: Any,
) -> list[float | None]:
    """Return 1.0 for a correct answer, 0.0 for any other, None where the judge cannot know.

    >>> accuracy(completions=[[{"role": "assistant", "content": "\\\\boxed{4}"}]], answer=["4"])
    [1.0]
    """
    return [verdict.reward for verdict in verdicts(completions, answer, answer_kind, answer_options)]


def verdicts(
    completions: Sequence[Completion],
    answer: Sequence[str],
    answer_kind: Sequence[str | None] | None = None,
    answer_options: Sequence[str] | None = None,
) -> list[Verdict]:
    """Return the verdicts behind `accuracy`: outcome, extracted answer, reward."""
    kinds: Sequence[str] | str = [kind or "math" for kind in answer_kind] if answer_kind else "math"
    golds = ["" if gold is None else str(gold) for gold in answer]
    return judge_many(golds, [text_of(c) for c in completions], kinds, answer_options)


def format_reward(completions: Sequence[Completion], **columns: Any) -> list[float]:
    """Return 1.0 where the thinking is closed and exactly one box follows it."""
    texts = (after_thinking(text_of(completion)) for completion in completions)
    return [float(text is not None and len(boxes(text)) == 1) for text in texts]
