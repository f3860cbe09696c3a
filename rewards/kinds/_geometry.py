"""What `boxes` and `points` share: reading rows of numbers, and matching them one to one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

MAX_CHARS = 20_000
MAX_ROWS = 256
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"

Row = tuple[float, ...]


def read_rows(text: str, width: int) -> list[Row] | None:
    """Rows of `width` finite numbers: `[[1, 2], [3, 4]]`, `(1, 2), (3, 4)`, `{"bbox_2d": [...]}`; None where anything does not fit."""
    if len(text) > MAX_CHARS:
        return None
    groups = re.findall(r"[\[({]([^\[\](){}]*)[\])}]", re.sub(r"\\(?:left|right)|\\[{}]|\$", "", text))
    groups = [g for g in groups if g.strip() and '"' not in g and ":" not in g] or (
        [text.strip("[]() $")] if text.strip() else []
    )
    rows: list[Row] = []
    for group in groups:
        parts = [p.strip() for p in group.split(",")]
        if len(parts) != width or len(rows) >= MAX_ROWS or not all(re.fullmatch(_NUMBER, p) for p in parts):
            return None
        row = tuple(map(float, parts))
        if not all(map(math.isfinite, row)):
            return None
        rows.append(row)
    return rows or None


def matched(golds: list[Row], answers: list[Row], close: Callable[[Row, Row], bool]) -> bool:
    """Whether golds and answers pair off one to one with every pair close (augmenting paths, Kuhn 1955)."""
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
