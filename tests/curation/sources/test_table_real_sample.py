"""The public sample, read through `manifests/real_sample.yaml`: every source gives the rows that its SOURCES.md states.

Skipped where the sample is absent; its rows are not ours to ship.
"""

from collections import Counter

import pytest

from curation.build.manifest import Manifest
from curation.core.row import Row
from curation.normalise import Normalise, normalise_row
from curation.sources.table import Table

# name: (rows that came in, rows read, rows with an image, reasons of the rest)
EXPECTED: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "gsm8k": (800, 800, 0, {}),
    "aime": (975, 975, 0, {}),
    "math": (2500, 2499, 0, {"answer_missing": 1}),
    "limr_prompts": (1500, 1500, 0, {}),
    "limr": (1389, 1389, 0, {}),
    "one_shot_rlvr": (1209, 1208, 0, {"answer_missing": 1}),
    "qwen25_math": (100, 100, 0, {}),
    "zeroeval": (250, 250, 0, {}),
    "thought_anchors_selected": (106, 106, 0, {}),
    "putnambench": (673, 38, 0, {"answer_missing": 328, "gold_unreadable": 307}),
    "logic_rl": (1800, 1800, 0, {}),
    "puzzlevqa": (200, 200, 200, {}),
    "algopuzzlevqa": (71, 71, 71, {}),
    "chartqa": (231, 231, 231, {}),
    "k12_mm_eureka": (190, 178, 178, {"gold_unreadable": 12}),
    "tabmwp": (220, 220, 220, {}),
    "scemqa": (160, 160, 160, {}),
    "scienceqa": (1774, 943, 49, {"picture_missing": 830, "truncated_file": 1}),  # 1773 rows and the notice of the cut
    "geoqa": (754, 754, 0, {}),
    "thought_anchors_math": (154, 153, 0, {"beside_unreadable": 1}),  # 153 problems with traces, one without
    "thought_anchors": (200, 0, 0, {"gold_unreadable": 200}),  # prose
    "sky_t1": (250, 250, 0, {}),
    "marco_o1": (125, 125, 0, {}),
    "gsm8k_prompts": (800, 800, 0, {}),
}


def source(real_manifest: Manifest, name: str) -> Table:
    found = next(s for section in real_manifest.sections.values() for s in section.sources if s.name == name)
    assert isinstance(found, Table)
    return found


def test_every_source_of_the_manifest_has_its_counts(real_manifest: Manifest) -> None:
    assert {s.name for section in real_manifest.sections.values() for s in section.sources} == set(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_counts(real_manifest: Manifest, name: str) -> None:
    rows = list(source(real_manifest, name).read(real_manifest.seed))
    good = [row for row in rows if isinstance(row, Row)]
    reasons = Counter(row.reason for row in rows if not isinstance(row, Row))
    assert (len(rows), len(good), sum(bool(row.images) for row in good), dict(reasons)) == EXPECTED[name]
    assert len({row.source_id for row in rows}) == len(rows)
    assert all(row.license == source(real_manifest, name).license for row in good)


@pytest.mark.parametrize(
    ("name", "question", "answer", "kind"),
    [
        ("gsm8k", "Natalia sold clips to 48 of her friends", "72", "math"),
        ("aime", "Let $x$, $y$ and $z$ all exceed $1$", "60", "math"),
        ("one_shot_rlvr", "Find the probability that a monkey", r"\frac{3}{7}", "math"),
        (
            "puzzlevqa",
            "What is the color of the missing part denoted with a question mark?\nA. green\nB. red\nC. orange",
            "C",
            "choice",
        ),
        ("scemqa", "At which value of x is f continuous", "D", "choice"),
        (
            "logic_rl",
            "A very special island",
            '{"Michael": "knight", "Zoey": "knight", "Ethan": "knight"}',
            "assignment",
        ),
        ("tabmwp", "As part of a statistics project", "10", "math"),
    ],
)
def test_first_rows(real_manifest: Manifest, name: str, question: str, answer: str, kind: str) -> None:
    read = next(iter(source(real_manifest, name).read(0)))
    assert isinstance(read, Row)
    row = normalise_row(read, Normalise())
    assert row.question.startswith(question)
    assert "boxed" not in row.question
    assert (row.answer, row.answer_kind) == (answer, kind)
