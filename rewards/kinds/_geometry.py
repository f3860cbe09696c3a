"""The base of `boxes` and `points`: as many as the gold has, each close enough to its own."""

import json
import math
import re
from collections.abc import Callable

from rewards.kinds._base import Compare, Kind, Variants
from rewards.verdict import Ruling, UnreadableGoldError

MAX_CHARS = 20_000
MAX_ROWS = 256
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"

Coordinates = tuple[float, ...]


class Geometry(Kind):
    """Rows of coordinates, matched one to one."""

    def read(self, text: str) -> list[Coordinates] | None:
        """Return the rows that a text states, None where it states none."""
        raise NotImplementedError

    def close(self, gold: Coordinates, answer: Coordinates) -> bool:
        """Return whether one row may be the other."""
        raise NotImplementedError

    def against(self, gold: str) -> Compare:
        wanted = self.read(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is no list of {self.kind}")

        def compare(answer: str) -> Ruling:
            found = self.read(answer)
            if found is None:
                return Ruling("wrong", self.kind, f"no {self.kind}")
            return Ruling.of(matched(wanted, found, self.close), self.kind, f"{len(found)} of {len(wanted)}")

        return compare

    def equivalents(self, gold: str) -> Variants:
        if len(rows := _json_rows(gold)) > 1:
            yield "reordered", json.dumps(rows[::-1])

    def near_misses(self, gold: str) -> Variants:
        if rows := _json_rows(gold):
            yield "one more", json.dumps([*rows, [1_000_000 + i for i in range(len(rows[0]))]])
            yield "moved", json.dumps([[x + 100_000 for x in row] for row in rows])


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


def _json_rows(gold: str) -> list[list[float]]:
    """Return the rows of a gold that is a JSON list of numbers, or of such lists; none of any other."""
    try:
        value = json.loads(gold)
    except ValueError:
        return []
    rows = value if isinstance(value, list) and value and isinstance(value[0], list) else [value]
    fits = all(isinstance(row, list) and row and all(isinstance(x, int | float) for x in row) for row in rows)
    return rows if fits else []
