"""What `boxes` and `points` share: reading rows of numbers, matching them one to one, restyling them."""

import json
import math
import re
from collections.abc import Callable

from rewards.kinds._base import Variants

MAX_CHARS = 20_000
MAX_ROWS = 256
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"

Coordinates = tuple[float, ...]


def read_rows(text: str, width: int) -> list[Coordinates] | None:
    """Return rows of `width` finite numbers, from `[[1, 2]]`, `(1, 2), (3, 4)`, `{"bbox_2d": [...]}`; None where anything does not fit."""
    if len(text) > MAX_CHARS:
        return None
    groups = re.findall(r"[\[({]([^\[\](){}]*)[\])}]", re.sub(r"\\(?:left|right)|\\[{}]|\$", "", text))
    groups = [g for g in groups if g.strip() and '"' not in g and ":" not in g] or (
        [text.strip("[]() $")] if text.strip() else []
    )
    rows: list[Coordinates] = []
    for group in groups:
        parts = [p.strip() for p in group.split(",")]
        if len(parts) != width or len(rows) >= MAX_ROWS or not all(re.fullmatch(_NUMBER, p) for p in parts):
            return None
        row = tuple(map(float, parts))
        if not all(map(math.isfinite, row)):
            return None
        rows.append(row)
    return rows or None


def matched(
    golds: list[Coordinates], answers: list[Coordinates], close: Callable[[Coordinates, Coordinates], bool]
) -> bool:
    """Return whether golds and answers pair off one to one with every pair close (augmenting paths, Kuhn 1955)."""
    if len(golds) != len(answers):
        return False
    edges = [[j for j, answer in enumerate(answers) if close(gold, answer)] for gold in golds]
    owner: dict[int, int] = {}

    def assign(i: int, seen: set[int]) -> bool:
        for j in edges[i]:
            if j not in seen:
                seen.add(j)
                if j not in owner or assign(owner[j], seen):
                    owner[j] = i
                    return True
        return False

    return all(assign(i, set()) for i in range(len(golds)))


def restyled(gold: str) -> Variants:
    """Return the gold's rows in another order."""
    if len(rows := _json_rows(gold)) > 1:
        yield "reordered", json.dumps(rows[::-1])


def missed(gold: str) -> Variants:
    """Return the gold's rows with one more, and far from where they are."""
    if rows := _json_rows(gold):
        yield "one more", json.dumps([*rows, [1_000_000 + i for i in range(len(rows[0]))]])
        yield "moved", json.dumps([[x + 100_000 for x in row] for row in rows])


def _json_rows(gold: str) -> list[list[float]]:
    """Return the rows of a gold that is a JSON list of numbers, or of such lists; none of any other."""
    try:
        value = json.loads(gold)
    except ValueError:
        return []
    rows = value if isinstance(value, list) and value and isinstance(value[0], list) else [value]
    fits = all(isinstance(row, list) and row and all(isinstance(x, int | float) for x in row) for row in rows)
    return rows if fits else []
