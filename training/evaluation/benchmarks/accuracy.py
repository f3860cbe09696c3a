"""Benchmarks whose published figure is the accuracy: over all rows, by group, or as the mean of groups.

AIME is reported as the mean over many samples of its 30 problems ("avg@k"), which the mean over a row's samples is.
"""

from collections.abc import Sequence

from training.evaluation.benchmarks.base import Answered, Scores, accuracy, by, mean, parts_of


def overall(answered: Sequence[Answered]) -> Scores:
    """The accuracy over all rows."""
    return {"accuracy": accuracy(answered)}


def by_domain(answered: Sequence[Answered]) -> Scores:
    """The accuracy over all rows and over those of each domain."""
    return overall(answered) | {name: accuracy(rows) for name, rows in by(answered, _domain).items()}


def mean_of_domains(answered: Sequence[Answered]) -> Scores:
    """The mean of the domains' accuracies, and each of them (BLINK, Fu et al. 2024, arXiv 2404.12390: `eval/evaluate.py`; MMStar, Chen
    et al. 2024, arXiv 2403.20330, whose six have 250 rows each).

    Raises:
        ValueError: a row has no domain.
    """
    if bare := [one.row for one in answered if not one.row.domain]:
        raise ValueError(f"row {bare[0].source}/{bare[0].source_id}: got no domain, expected the task it belongs to")
    domains = {name: accuracy(rows) for name, rows in by(answered, _domain).items()}
    return {"accuracy": mean(domains.values())} | domains


def charxiv(answered: Sequence[Answered]) -> Scores:
    """The accuracy of the reasoning questions and of the descriptive ones, which are never put together (CharXiv, Wang et al. 2024, arXiv
    2406.18521); of the latter also by their number, 1 to 19."""
    parts = by(answered, lambda one: parts_of(one.row, _PARTS)[0])
    if unknown := parts.keys() - {"reasoning", "descriptive"}:
        raise ValueError(f"got rows of the part {sorted(unknown)[0]!r}, expected reasoning and descriptive")
    return {name: accuracy(rows) for name, rows in parts.items()}


def mmmu_pro(answered: Sequence[Answered]) -> Scores:
    """Both settings, and their mean where both are there (MMMU-Pro, Yue et al. 2024, arXiv 2409.02813, section 3.1)."""
    settings = by(answered, lambda one: parts_of(one.row, ("setting", "id"))[0])
    if unknown := settings.keys() - {"standard", "vision"}:
        raise ValueError(f"got rows of the setting {sorted(unknown)[0]!r}, expected standard and vision")
    scores = {name: accuracy(rows) for name, rows in settings.items()}
    return ({"overall": mean(scores.values())} if len(scores) > 1 else {}) | scores


_PARTS = ("part", "figure", "question")


def _domain(one: Answered) -> str:
    return one.row.domain
