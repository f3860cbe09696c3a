"""POPE (Li et al. 2023, arXiv 2305.10355, section 5): is there a thing in the image? `yes` is the positive class.

The things that are not there are random, popular, or often seen beside those that are: three splits of 3,000 rows, half of them `yes`.
"""

from collections.abc import Sequence

from training.evaluation.benchmarks.base import Answered, Item, Scores, mean, over_samples

SPLITS = ("random", "popular", "adversarial")


def score(answered: Sequence[Answered]) -> Scores:
    """accuracy, precision, recall, f1 and yes_ratio: their means over the splits that are there, and of each (`random/f1`).

    Raises:
        ValueError: a `source_id` is not SPLIT/QUESTION, a split is unknown, or a gold is neither yes nor no.
    """
    return over_samples(answered, ("split", "question"), _of_one)


def _of_one(items: list[Item]) -> Scores:
    if unknown := {item.parts[0] for item in items} - set(SPLITS):
        raise ValueError(f"got rows of the split {sorted(unknown)[0]!r}, expected {', '.join(SPLITS)}")
    there = {split: _figures(rows) for split in SPLITS if (rows := [item for item in items if item.parts[0] == split])}
    names = next(iter(there.values()))
    return {name: mean(of[name] for of in there.values()) for name in names} | {
        f"{split}/{name}": value for split, of in there.items() for name, value in of.items()
    }


def _figures(items: list[Item]) -> Scores:
    golds = [is_yes(item) for item in items]
    said = [_says_yes(item, gold) for item, gold in zip(items, golds, strict=True)]
    true_positives = sum(gold and item.correct for item, gold in zip(items, golds, strict=True))
    precision = true_positives / sum(said) if any(said) else 0.0
    recall = true_positives / sum(golds) if any(golds) else 0.0
    return {
        "accuracy": mean(item.correct for item in items),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if true_positives else 0.0,
        "yes_ratio": mean(said),
    }


def is_yes(item: Item) -> bool:
    """Whether the gold is yes.

    Raises:
        ValueError: it is neither yes nor no.
    """
    gold = item.answered.row.answer.strip().lower()
    if gold not in ("yes", "no"):
        row = item.answered.row
        raise ValueError(f"row {row.source}/{row.source_id}: got the gold {gold!r}, expected yes or no")
    return gold == "yes"


def _says_yes(item: Item, gold: bool) -> bool:
    """Whether the answer is yes; what is neither yes nor no, and no answer at all, is not."""
    return gold if item.correct else (item.extracted or "").strip().strip(".").lower().startswith("yes")
