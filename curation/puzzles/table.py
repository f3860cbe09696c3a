"""Read a table of numbers: a cell, a row's sum, a difference of two columns' sums, the row with the largest sum."""

import random

from curation.puzzles.canvas import GRID, INK, Canvas
from curation.puzzles.scene import Scene, added, joined, number_scene

DOMAIN = "chart"

_SIDE = {1: (2, 2), 2: (3, 3), 3: (3, 3), 4: (4, 3), 5: (5, 4)}
_MOST = {1: 4, 2: 9, 3: 9, 4: 20, 5: 99}


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-2 read a cell, 3 sums a row, 4 subtracts two columns' sums, 5 finds the row with the largest sum."""
    n_rows, n_columns = _SIDE[level]
    rows, columns = [str(i + 1) for i in range(n_rows)], list("ABCD"[:n_columns])
    cells = [[rng.randint(1 if level < 5 else 10, _MOST[level]) for _ in columns] for _ in rows]

    def paint(canvas: Canvas) -> None:
        wide, high = 1 / (n_columns + 1), 1 / (n_rows + 1)
        text = min(0.2, 0.55 * min(wide, high))
        canvas.rect(0, 0, 1, high, "#e8eef8")
        canvas.rect(0, 0, wide, 1, "#e8eef8")
        for i in range(1, n_rows + 1):
            canvas.line([(0, i * high), (1, i * high)], INK if i == 1 else GRID)
            canvas.text(wide / 2, (i + 0.5) * high, rows[i - 1], text, "#1f5fd0")
        for j in range(1, n_columns + 1):
            canvas.line([(j * wide, 0), (j * wide, 1)], INK if j == 1 else GRID)
            canvas.text((j + 0.5) * wide, high / 2, columns[j - 1], text, "#1f5fd0")
            for i in range(n_rows):
                canvas.text((j + 0.5) * wide, (i + 1.5) * high, str(cells[i][j - 1]), text)

    texts = [" ".join(f"{name} {value}" for name, value in zip(columns, row, strict=True)) for row in cells]
    description = f"A table. {' '.join(f'Row {name}: {row}.' for name, row in zip(rows, texts, strict=True))}"
    i, j = rng.randrange(n_rows), rng.randrange(n_columns)
    if level <= 2:
        question = f"What number is in row {rows[i]}, column {columns[j]}?"
        solution = f"Row {rows[i]} is {texts[i]}. Column {columns[j]} is {cells[i][j]}."
        return number_scene(question, cells[i][j], description, solution, paint)
    if level == 3:
        question = f"What is the sum of row {rows[i]}?"
        solution = f"Row {rows[i]} is {texts[i]}. {added(cells[i])}."
        return number_scene(question, sum(cells[i]), description, solution, paint)
    if level == 4:
        first, second = rng.sample(range(n_columns), 2)
        a, b = [row[first] for row in cells], [row[second] for row in cells]
        high, low = max(sum(a), sum(b)), min(sum(a), sum(b))
        question = f"What is the difference between the sums of column {columns[first]} and column {columns[second]}?"
        read = f"Column {columns[first]}: {added(a)}. Column {columns[second]}: {added(b)}."
        solution = f"{read} {high} - {low} = {high - low}."
        return number_scene(question, high - low, description, solution, paint)
    sums = [sum(row) for row in cells]
    if sums.count(max(sums)) > 1:
        return make(level, rng)
    best = sums.index(max(sums))
    solution = f"The sums of the rows are {joined(sums)}. The largest is {max(sums)}, in row {rows[best]}."
    return number_scene("What is the number of the row with the largest sum?", best + 1, description, solution, paint)
