r"""Solutions in words for text problems of reasoning_gym, and the form in which every trace of ours is written.

>>> solution("chain_sum", {"metadata": {"expression": "3 + 4 - 2"}})
'3 + 4 = 7. 7 - 2 = 5.'
>>> completion("3 + 4 = 7.", "7")
'<think>\n3 + 4 = 7.\n</think>\n\\boxed{7}'
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any


def completion(solution: str, answer: str) -> str:
    """An assistant's turn: the reasoning inside one `<think>`, then the boxed answer."""
    return f"<think>\n{solution}\n</think>\n\\boxed{{{answer}}}"


def with_behaviors(solution: str, share: float, rng: random.Random) -> str:
    """The solution told by somebody who pictures the scene first and looks over the last step, each in about `share` of the rows.

    Open Vision Reasoner traces the transfer of visual behaviors to such mental imagery in text (arXiv 2507.05255, finding 1).

    >>> with_behaviors("Left has 4. Right has 2. That is A.", 1.0, random.Random(0))
    'Let me picture it. Left has 4. Right has 2. That is A. Let me check: That is A.'
    """
    imagines, verifies = rng.random() < share, rng.random() < share
    last = re.split(r"(?<=[.]) (?=[A-Z])", solution)[-1]
    return " ".join([*["Let me picture it."] * imagines, solution, *[f"Let me check: {last}"] * verifies])


def solution(dataset: str, entry: Mapping[str, Any]) -> str:
    """The solution of an entry, step by step.

    Raises:
        ValueError: no solution is known for the dataset, or the entry is not of its form.
    """
    if dataset not in SOLUTIONS:
        raise ValueError(f"no solutions in words for dataset {dataset!r}; known: {', '.join(sorted(SOLUTIONS))}")
    try:
        return SOLUTIONS[dataset](entry["metadata"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"this entry of {dataset!r} has no {error}, which its solution needs") from error


def _chain_sum(metadata: Mapping[str, Any]) -> str:
    """From left to right, one step a sentence."""
    expression = metadata["expression"]
    if not re.fullmatch(r"-?\d+( [+-] -?\d+)*", expression):
        raise ValueError(f"got the expression {expression!r}, expected a chain of sums and differences")
    first, *terms = expression.split()
    total, steps = int(first), []
    for sign, term in zip(terms[::2], terms[1::2], strict=True):
        after = total + int(term) if sign == "+" else total - int(term)
        steps.append(f"{total} {sign} {term} = {after}.")
        total = after
    return " ".join(steps) or f"It is {total}."


def _gcd(metadata: Mapping[str, Any]) -> str:
    """Euclid's algorithm, the numbers taken in one after the other."""
    known, *others = (int(number) for number in metadata["numbers"])
    steps = []
    for other in others:
        a, b = max(known, other), min(known, other)
        while b:
            steps.append(f"{a} = {a // b} * {b} + {a % b}.")
            a, b = b, a % b
        known = a
    return " ".join([*steps, f"The greatest common divisor is {known}."])


def _spell_backward(metadata: Mapping[str, Any]) -> str:
    """Letter by letter, forwards and backwards."""
    word = metadata["word"]
    return f"The letters are {', '.join(word)}. Backwards: {', '.join(reversed(word))}."


def _letter_counting(metadata: Mapping[str, Any]) -> str:
    """The words that hold the letter and how often each does; upper and lower case count the same, as in the library."""
    letter, total, steps = metadata["target_letter"], 0, []
    for word in metadata["span"]:
        if n := word.lower().count(letter.lower()):
            total += n
            steps.append(f"{word} {n}, so {total}.")
    return " ".join(steps) or f"No word has the letter {letter}: 0."


SOLUTIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "chain_sum": _chain_sum,
    "gcd": _gcd,
    "letter_counting": _letter_counting,
    "spell_backward": _spell_backward,
}
