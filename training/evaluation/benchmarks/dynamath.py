"""DynaMath (Zou et al. 2024, arXiv 2411.00836, section 3.3): a question counts in the worst case when all of its variants are right."""

from collections.abc import Sequence

from training.evaluation.benchmarks.base import Answered, Item, Scores, answers_by_question, mean, over_samples


def score(answered: Sequence[Answered]) -> Scores:
    """`average` over all rows; `worst_case` over questions; `repetition_consistency` is theirs for samples, and not here.

    Raises:
        ValueError: a `source_id` is not QUESTION/VARIANT, or a question has fewer variants than others: its worst case would be too good.
    """
    return over_samples(answered, ("question", "variant"), _of_one)


def _of_one(items: list[Item]) -> Scores:
    questions = answers_by_question(items)
    most = max(map(len, questions.values()))
    if short := [name for name, variants in questions.items() if len(variants) < most]:
        raise ValueError(
            f"question {short[0]!r} has {len(questions[short[0]])} variants, expected {most} as others have: the worst case needs all "
            f"({len(short)} such questions); the build's ledger says what was dropped"
        )
    return {
        "average": mean(item.correct for item in items),
        "worst_case": mean(all(variants.values()) for variants in questions.values()),
    }
