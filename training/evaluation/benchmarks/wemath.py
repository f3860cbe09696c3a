"""We-Math (Qiao et al. 2024, arXiv 2407.01284, section 3.3): does a model solve a problem because it knows the steps?

Of a problem of two or three steps the model also gets the one-step problems that it is made of:

    steps            problem wrong                       problem right
    all right        inadequate generalization (IG)      complete mastery (CM)
    some are wrong   insufficient knowledge (IK)         strict: rote memorization (RM); loose: RM only where all are wrong, else CM

The score is 1 - IK - IG / 2 - RM as shares of the problems, which is CM + IG / 2. RM is published as a share of the problems that
are right.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from training.evaluation.benchmarks.base import Answered, Item, Scores, answers_by_question, mean, over_samples


def score(answered: Sequence[Answered]) -> Scores:
    """`strict` and `loose` scores, `IK` and `IG` (the same under both), `CM_strict`, `RM_strict`, `CM_loose`, `RM_loose`; the accuracy
    of the problems of one, two and three steps.

    Raises:
        ValueError: a `source_id` is not PROBLEM/STEP, or a problem lacks a step or itself.
    """
    return over_samples(answered, ("problem", "step"), _of_one)


def _of_one(items: list[Item]) -> Scores:
    problems = answers_by_question(items)
    kinds: dict[str, Counter[str]] = {"strict": Counter(), "loose": Counter()}
    for problem, answers in problems.items():
        steps, whole = _steps(problem, answers)
        for name, counts in kinds.items():
            counts[_kind(steps, whole, loose=name == "loose")] += 1
    n = len(problems)
    scores: Scores = {}
    for name, counts in kinds.items():
        scores[name] = (counts["CM"] + counts["IG"] / 2) / n
        right = counts["CM"] + counts["RM"]
        scores |= {"IK": counts["IK"] / n, "IG": counts["IG"] / n, f"CM_{name}": counts["CM"] / n}
        scores[f"RM_{name}"] = counts["RM"] / right if right else 0.0
    of_steps = defaultdict(list)
    for item in items:
        of_steps[_n_steps(item.parts[1])].append(item.correct)
    return scores | {f"{n}_step": mean(correct) for n, correct in sorted(of_steps.items())}


def _n_steps(step: str) -> int:
    """How many steps a question has: `3steps_multi` three, `3steps_2` is one of them."""
    return int(step[0]) if step.endswith("_multi") else 1


def _steps(problem: str, answers: dict[str, bool]) -> tuple[list[bool], bool]:
    """Whether the steps of a problem are right, and whether it is itself.

    Raises:
        ValueError: its steps are not those of a problem of two or three steps.
    """
    for n in (2, 3):
        names = [f"{n}steps_{i}" for i in range(1, n + 1)]
        if answers.keys() == {*names, f"{n}steps_multi"}:
            return [answers[name] for name in names], answers[f"{n}steps_multi"]
    raise ValueError(
        f"problem {problem!r} has the rows {', '.join(sorted(answers))}; expected Nsteps_1 to Nsteps_N and Nsteps_multi, with N 2 or 3; "
        "the build's ledger says what was dropped"
    )


def _kind(steps: list[bool], whole: bool, loose: bool) -> str:
    if all(steps):
        return "CM" if whole else "IG"
    if not whole:
        return "IK"
    return "CM" if loose and any(steps) else "RM"
