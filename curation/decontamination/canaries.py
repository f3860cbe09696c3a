"""How many evaluation items would the matcher have found? Tried in every build, on items that are planted and never become rows.

Some items of the evaluation sets are altered as those are who stand in a corpus: with a sentence at one end, with other numbers, with other
words. They go through the matcher as it stands behind the build's own rows, so under the build's thresholds, against its evaluation sets
and its background. What share it finds is the recall by which the error budget reckons what was not found (docs/error_budget.md).

    {"verbatim": {"n": 100, "found": 100}, "renumbered": {"n": 87, "found": 83}, "reworded": {"n": 100, "found": 98}}
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from curation.core.order import choice_key
from curation.decontamination.text import is_number, question_words

MOST = 100
"""Items of each kind: enough for a recall of 97 % to be told from one of 90 %."""
MIN_WORDS = 6
"""A shorter item is hardly itself with other words."""
FRAMES = ("Here is a problem for you. {}", "{} Explain how you got there.", "Please solve this exercise carefully: {}")
SYNONYMS = {
    "find": "determine", "determine": "find", "compute": "work out", "calculate": "work out", "what": "which", "many": "numerous",
    "total": "sum", "has": "owns", "have": "own", "buys": "purchases", "bought": "purchased", "gets": "receives", "each": "every",
    "every": "each", "then": "afterwards", "after": "following", "before": "prior to", "also": "too", "more": "further",
    "left": "remaining",
    "people": "persons", "children": "kids", "friends": "pals", "house": "home", "money": "cash", "big": "large", "large": "big",
    "small": "little", "if": "when", "number": "amount", "value": "result", "let": "suppose", "given": "provided", "such": "so",
    "largest": "greatest", "smallest": "least", "length": "extent", "sides": "edges", "side": "edge", "starts": "begins",
    "needs": "requires",
}  # fmt: skip
"""Word -> what one writes instead who wants another wording."""


def verbatim(text: str, chance: random.Random) -> str:
    """The item with a sentence in front or behind."""
    return chance.choice(FRAMES).format(text)


def renumbered(text: str, chance: random.Random) -> str:
    """Every number replaced by another of as many digits."""

    def other(found: re.Match[str]) -> str:
        low, high = 10 ** (len(found[0]) - 1), 10 ** len(found[0]) - 1
        return str(
            chance.choice([n for n in {chance.randint(low, high) for _ in range(9)} if str(n) != found[0]] or [low])
        )

    return re.sub(r"\d{1,15}", other, text)


def reworded(text: str, chance: random.Random) -> str:
    """Every word that has a synonym replaced by it, and every tenth of the others left out."""
    words = text.split(" ")
    kept = [word for word in words if word.lower() in SYNONYMS or any(map(str.isdigit, word)) or chance.random() > 0.1]
    return " ".join(SYNONYMS.get(word.lower(), word) for word in kept)


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "verbatim": verbatim, "renumbered": renumbered, "reworded": reworded
}  # fmt: skip
Found = Callable[[Sequence[tuple[str, int]]], Sequence[bool]]
"""Which of some (text, question) the matcher takes for that question."""


def try_canaries(items: Sequence[dict[str, Any]], found: Found, seed: int) -> dict[str, dict[str, int]]:
    """Kind -> how many items were altered so, and how many of these were found. Items with images are left out: what is compared of them
    is the image.
    """
    usable = [item for item in items if not item["n_pictures"] and len(question_words(item["text"])) >= MIN_WORDS]
    usable.sort(key=lambda item: choice_key("canaries", seed, f"{item['benchmark']}/{item['item']}"))
    counts = {}
    for kind, alter in KINDS.items():
        planted = []
        for item in usable:
            if kind == "renumbered" and not any(map(is_number, question_words(item["text"]))):
                continue
            text = alter(item["text"], random.Random(choice_key(kind, seed, f"{item['benchmark']}/{item['item']}")))
            if text != item["text"]:
                planted.append((text, item["question"]))
            if len(planted) == MOST:
                break
        counts[kind] = {"n": len(planted), "found": sum(found(planted))}
    return counts
