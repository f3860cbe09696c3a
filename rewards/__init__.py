r"""Verifiable rewards: extract the answer, judge it, certify the judge.

    import rewards
    verdict = rewards.judge(gold=r"\frac{1}{2}", response=r"... so it is \boxed{0.5}.")
    verdict.outcome, verdict.reward     # ('correct', 1.0)

Importing this loads no torch, vllm, datatrove, sympy or math_verify: the heavy tier runs in a worker process and
starts when first needed.
"""

from rewards.extract import extract_answer
from rewards.gold import Gold, Unreadable, read_gold
from rewards.kinds import Kind, known, load_plugins
from rewards.verdict import OUTCOMES, Outcome, UnreadableGoldError, Verdict
from rewards.verify import Verifier, judge, judge_many, make_verifier

__all__ = [
    "OUTCOMES",
    "Gold",
    "Kind",
    "Outcome",
    "Unreadable",
    "UnreadableGoldError",
    "Verdict",
    "Verifier",
    "extract_answer",
    "judge",
    "judge_many",
    "kinds",
    "load_plugins",
    "make_verifier",
    "read_gold",
]


def kinds() -> dict[str, type[Kind]]:
    """Return every reward kind by name; its options are the fields of the class, `example` a gold and a correct answer."""
    return known()
