"""Copies do not hide what they are copies of: as many as there are, in as many sources, as traces, and in as many evaluation sets."""

import io
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from curation.core.row import Row
from curation.decontamination.options import Decontaminate
from tests.curation.decontamination.decontaminating import Outcome, benchmark, decontaminate, row
from tests.curation.decontamination.planting import renumbered

ITEMS = [
    "A ferry carries 14 cars and 9 vans across the strait. Each car pays 23 crowns and each van 31 crowns. How many crowns are paid in all?",
    "Ilse knits a scarf of 180 rows. She knits 12 rows every evening and unravels 3 of them on Sundays. After how many weeks is it done?",
    "The bakery sells rye loaves for 4 euros and spelt loaves for 6 euros. On Friday it sold 52 loaves for 258 euros. How many were spelt?",
    "A lighthouse flashes every 15 seconds and the buoy beside it every 21 seconds. They flash together at noon. When do they do so next?",
    "Tomas mixes 7 litres of paint that is 40 percent blue with 5 litres that is 16 percent blue. What percentage of the mixture is blue?",
    "In a choir of 66 singers there are twice as many altos as basses and 10 more sopranos than altos. How many singers are basses?",
]
OTHERS = [
    f"Box {n} holds {n + 3} green marbles and {2 * n} red marbles. How many marbles does the box hold in all?"
    for n in range(40)
]


def verbatim(question: str, chance: random.Random) -> str:
    return question


def reworded(question: str, chance: random.Random) -> str:
    """Two words others, and a sentence before or behind."""
    words = question.split()
    for place in chance.sample([i for i, word in enumerate(words) if not re.search(r"\d", word)], 2):
        words[place] = chance.choice(["quite", "surely", "merely", "those"])
    more = f"Task {chance.choice('abcdefgh')} of {chance.choice('uvwxyz')}."
    return chance.choice([f"{more} {' '.join(words)}", f"{' '.join(words)} {more}"])


def copied(alter: Callable[[str, random.Random], str], n: int, n_sources: int = 1) -> list[Row]:
    """`n` copies of every item."""
    return [
        row(alter(item, random.Random(f"{i}/{k}")), number=i * n + k, source=f"copies{k % n_sources}")
        for i, item in enumerate(ITEMS)
        for k in range(n)
    ]


def found(rows: list[Row], folder: Path, n_benchmarks: int = 1, others: list[str] = OTHERS) -> tuple[Outcome, float]:
    """The outcome and the share of the rows that was found."""
    rows = rows + [row(text, i, "others") for i, text in enumerate(others)]
    numbers: dict[str, int] = {}
    labels = [numbers.setdefault(r.question, i) for i, r in enumerate(rows)]
    spec = {"benchmarks": [benchmark(folder, f"set{i}", ITEMS) for i in range(n_benchmarks)]}
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), folder, labels)
    gone = [r.source for r, decision in zip(rows, outcome.decisions, strict=True) if decision.action == "dropped"]
    assert "others" not in gone
    return outcome, len(gone) / (len(rows) - len(others))


@pytest.mark.parametrize("others", [[], OTHERS], ids=["alone", "beside-others"])
@pytest.mark.parametrize(("n_sources", "n_benchmarks"), [(1, 1), (10, 1), (1, 10)])
@pytest.mark.parametrize("n", [1, 6, 60])
def test_verbatim_copies_are_found(
    n: int, n_sources: int, n_benchmarks: int, others: list[str], tmp_path: Path
) -> None:
    outcome, share = found(copied(verbatim, n, n_sources), tmp_path, n_benchmarks, others)
    assert share == 1
    assert len(outcome.evidence) == n * len(ITEMS) * n_benchmarks


@pytest.mark.parametrize("alter", [renumbered, reworded])
@pytest.mark.parametrize("n", [1, 6, 60])
def test_variants_are_one_family_and_no_background(
    alter: Callable[[str, random.Random], str], n: int, tmp_path: Path
) -> None:
    assert found(copied(alter, n), tmp_path)[1] == 1


def test_traces_of_one_question_are_its_copies(tmp_path: Path) -> None:
    rows = [
        row(item, i * 16 + k, "traces", completion=f"Trace {k}: think.")
        for i, item in enumerate(ITEMS)
        for k in range(16)
    ]
    assert found(rows, tmp_path)[1] == 1


def test_the_same_words_beside_many_images_are_a_generators(tmp_path: Path) -> None:
    """Beside an image the words are half of the question: one row is the item, ten with ten images are not."""
    text = "Each row of the grid of nine tiles follows one rule of colour. Which tile is missing at the end of the third row?"
    for n, share in ((1, 1.0), (10, 0.0)):
        folder = tmp_path / str(n)
        folder.mkdir()
        rows = [row(text, i, images=(picture(i),)) for i in range(n)]
        spec = {"benchmarks": [benchmark(folder, "set", [text])]}
        outcome = decontaminate([rows], Decontaminate.model_validate(spec), folder)
        assert sum(decision.action == "dropped" for decision in outcome.decisions) == share * n


def picture(seed: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (24, 24), random.Random(seed).randbytes(3 * 24 * 24)).save(out, "PNG")
    return out.getvalue()
