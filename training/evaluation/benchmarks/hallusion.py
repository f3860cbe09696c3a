"""HallusionBench (Guan et al. 2023, arXiv 2310.14566, section 4): one question on an image and on changed ones, several on one image.

A visual supplement (VS) is also asked for without its image (figure 0): those rows have no figure accuracy. There the paper takes "I do not
know" for right, by the word of a model; here a rule judges and only the gold is right, so such an answer is wrong.
"""

from collections import defaultdict
from collections.abc import Sequence

from training.evaluation.benchmarks.base import Answered, Item, Scores, mean, over_samples

NAMES = ("category", "subcategory", "set", "figure", "question")


def score(answered: Sequence[Answered]) -> Scores:
    """`aAcc` over rows, `fAcc` over images (all questions on it right), `qAcc` over questions (right on all its images); `image/...`: the
    same over the rows that have an image, which other evaluations report.

    Raises:
        ValueError: a `source_id` is not CATEGORY/SUBCATEGORY/SET/FIGURE/QUESTION.
    """
    return over_samples(answered, NAMES, _of_one)


def _of_one(items: list[Item]) -> Scores:
    seen = [item for item in items if _has_image(item)]
    return _figures(items) | {f"image/{name}": value for name, value in _figures(seen).items()}


def _figures(items: list[Item]) -> Scores:
    figures, questions = defaultdict(list), defaultdict(list)
    for item in items:
        category, subcategory, number, figure, question = item.parts
        questions[category, subcategory, number, question].append(item.correct)
        if _has_image(item):
            figures[category, subcategory, number, figure].append(item.correct)
    return {
        "aAcc": mean(item.correct for item in items),
        "fAcc": mean(map(all, figures.values())),
        "qAcc": mean(map(all, questions.values())),
    }


def _has_image(item: Item) -> bool:
    return not (item.parts[0] == "VS" and item.parts[3] == "0")
