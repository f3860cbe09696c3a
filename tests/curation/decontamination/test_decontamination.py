"""Decontamination on questions of our own: what matches, what does not, and what is left to read."""

import io
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from curation.core.row import Row
from curation.decontamination.options import Decontaminate
from curation.decontamination.overlap import contamination_table, read_hits
from curation.decontamination.text import question_words
from tests.curation.decontamination.decontaminating import Outcome, benchmark, decontaminate, row

BALLOON = (
    "A hot air balloon rises from a field at 4 metres per second. A cyclist 60 metres away starts towards the field when the balloon is "
    "20 metres high, riding at 6 metres per second. How fast does the distance between them change when the cyclist has ridden 30 metres?"
)
TILES = "Nora tiles a floor of 12 by 18 feet with square tiles of side 3 feet and breaks 5 of them. How many tiles must she buy in all?"
GENERIC = "What is the area of the shaded region?"
LOGARITHM = "Evaluate $\\log_7 343$."
CONTEST = "where $m$ and $n$ are relatively prime positive integers. Find $m+n$."
ITEMS = [
    BALLOON,
    TILES,
    GENERIC,
    LOGARITHM,
    f"The probability that a frog returns to its lily after 9 hops is $m/n$, {CONTEST}",
]
FILLER = [
    question
    for n in range(2, 40)
    for question in (
        f"An urn holds {n} red and {n + 2} blue balls. The probability of drawing {n} red ones is $m/n$, {CONTEST}",
        f"A ring of radius {n} lies in a square. What is the area of the shaded region between the two?",
    )
]


def run(folder: Path, rows: list[Row], labels: list[int] | None = None, **options: Any) -> Outcome:
    spec = {"benchmarks": [benchmark(folder, "ours", ITEMS)], **options}
    return decontaminate([rows], Decontaminate.model_validate(spec), folder, labels)


# question of the row -> kind of its match
MATCHES = {
    BALLOON: "exact",
    BALLOON.upper() + "\nPlease reason step by step, and put your final answer within \\boxed{}.": "exact",
    "Read carefully. " + BALLOON + "\nA. 1\nB. 2": "near",
    BALLOON.replace("A hot air balloon rises from", "A balloon goes up over").replace("riding", "cycling"): "near",
    BALLOON.replace("60", "75").replace("20", "35").replace("30", "45"): "template",
    TILES.replace("18", "24").replace("5 of", "7 of"): "template",
    LOGARITHM: "exact",
    "Evaluate $\\log_3 343$.": None,
    "Evaluate $-\\log_7 343$.": None,
    GENERIC: "exact",
    f"A circle of radius 4 lies in a square of side 8. {GENERIC}": None,
    f"The probability that two dice show 7 is $m/n$, {CONTEST}": None,
    "Nora tiles a wall with 40 tiles, 6 in a row. How many rows are full?": None,
    "": None,
}


@pytest.mark.parametrize("question", MATCHES, ids=[f"{kind}-{i}" for i, kind in enumerate(MATCHES.values())])
def test_the_same_problem_matches_and_another_does_not(question: str, tmp_path: Path) -> None:
    rows = [row(text, i) for i, text in enumerate([question, *FILLER])]
    outcome = run(tmp_path, rows)
    kinds = {line["source_id"]: line["kind"] for line in outcome.evidence}
    assert kinds == ({"0": MATCHES[question]} if MATCHES[question] else {})


def test_decisions_fit_the_rows_whatever_the_tasks(tmp_path: Path) -> None:
    rows = [row(text, i) for i, text in enumerate([*FILLER, BALLOON, *FILLER, TILES])]
    options = Decontaminate.model_validate({"benchmarks": [benchmark(tmp_path, "ours", ITEMS)]})
    outcomes = [
        decontaminate(tasks, options, tmp_path / str(n)) for n, tasks in enumerate([[rows], [rows[:40], [], rows[40:]]])
    ]
    actions = [line.action for line in outcomes[0].decisions]
    assert [i for i, action in enumerate(actions) if action == "dropped"] == [len(FILLER), len(rows) - 1]
    assert outcomes[0].decisions[len(FILLER)].reason == "contaminated"
    assert outcomes[0].decisions[len(FILLER)].detail == "ours/1: exact 1.00"
    assert outcomes[0].decisions == outcomes[1].decisions
    assert outcomes[0].evidence == outcomes[1].evidence
    assert outcomes[0].evidence_file.read_bytes() == outcomes[1].evidence_file.read_bytes()


def test_contamination_propagates_to_the_cluster(tmp_path: Path) -> None:
    rows = [
        row(text, i)
        for i, text in enumerate(["Quite another wording.", "An unaffected row.", BALLOON, "Unaffected too."])
    ]
    outcome = run(tmp_path, rows, labels=[0, 1, 0, 1])
    assert [line.reason for line in outcome.decisions] == ["contaminated_copy", "", "contaminated", ""]
    copy = next(line for line in outcome.evidence if line["kind"] == "copy")
    assert (copy["copy_of"], copy["row_text"], copy["benchmark_text"]) == (rows[2].id, rows[0].question, BALLOON)
    (tmp_path / "alone").mkdir()
    alone = run(tmp_path / "alone", rows, labels=[0, 1, 0, 1], copies=False)
    assert [line.action for line in alone.decisions] == ["keep", "keep", "dropped", "keep"]


def test_flag_keeps_and_notes(tmp_path: Path) -> None:
    line = run(tmp_path, [row(BALLOON)], action="flag").decisions[0]
    assert (line.action, line.note) == ("keep", "contaminated: ours/1: exact 1.00")


def test_the_table_counts_by_benchmark_source_and_kind(tmp_path: Path) -> None:
    rows = [row(BALLOON, 0, "a"), row(TILES, 1, "b"), row(TILES.replace("18", "24"), 2, "b")]
    outcome = run(tmp_path, rows)
    assert contamination_table(outcome.index, read_hits(outcome.evidence_file)) == {
        "ours": {
            "rows": 5,
            "unreadable": {},
            "contaminated": {"a": {"exact": 1}, "b": {"exact": 1, "template": 1}},
            "items_hit": 2,
        }
    }


def test_an_id_that_repeats_in_a_benchmark_gets_a_number(tmp_path: Path) -> None:
    """As in a source: the evidence says which of the two items it was."""
    path = tmp_path / "items.json"
    path.write_text(json.dumps([{"id": 7, "question": TILES}, {"id": 7, "question": BALLOON}]))
    spec = {"kind": "table", "name": "ours", "path": str(path), "fields": {"question": "question", "id": "id"}}
    rows = [row(BALLOON, 0), row(TILES, 1)]
    outcome = decontaminate([rows], Decontaminate.model_validate({"benchmarks": [spec]}), tmp_path)
    assert [(e["source_id"], e["benchmark_item"]) for e in outcome.evidence] == [("0", "7#2"), ("1", "7")]
    assert contamination_table(outcome.index, read_hits(outcome.evidence_file))["ours"]["items_hit"] == 2


def test_two_benchmarks_of_one_name_are_refused(tmp_path: Path) -> None:
    spec = benchmark(tmp_path, "ours", ITEMS)
    with pytest.raises(ValueError, match="two benchmarks are named 'ours'"):
        Decontaminate.model_validate({"benchmarks": [spec, spec]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("If $\\angle A = 80^{\\circ}$ in $\\triangle ABC$", "if angle A=80.0 in triangle ABC"),
        ("It costs $1{,}200$ or 1,200.50", "it costs 1200 or 1200.5"),
        ("如图，AB＝5，求 AC。", "如图,AB=5,求AC"),
        ("Find $\\dfrac{x}{2}$. [asy]draw((0,0)--(1,1));[/asy] <image1>", "Find $\\frac x2$."),
        (
            "Which of these holds when $n$ is an odd prime?\nChoices:\nA:1\nB:2",
            "Which of these holds when n is an odd prime?",
        ),
        ("Which is prime?\nA. 4\nB. 7\nC. 9", "Which is prime?\n['9', '4', '7']"),
        ("Which is prime?\n(A) 4 (B) 7 (C) 9", "Which is prime?\nOptions:\nA: 7\nB: 9\nC: 4"),
        (
            "Question: Find the sum of 3 and 4 in base 5.",
            "Find the sum of 3 and 4 in base 5.\nLet's think step by step.",
        ),
    ],
)
def test_notation_and_layout_do_not_count(one: str, other: str) -> None:
    assert question_words(one) == question_words(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Solve x + 3/4 = 2", "Solve x + 5/4 = 2"), ("Which holds?\nA. 1\nB. 2", "Which holds?\nA. 1\nB. 3")],
)
def test_numbers_and_the_options_of_a_short_question_count(one: str, other: str) -> None:
    assert question_words(one) != question_words(other)


def shapes(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A drawing of its own for every seed."""
    chance, picture = random.Random(seed), Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        box = (x, y, x + chance.randrange(20, 120), y + chance.randrange(20, 90))
        getattr(draw, chance.choice(["ellipse", "rectangle"]))(
            box, fill=tuple(chance.choices(range(256), k=3)), outline=0
        )
    return picture


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def picture_benchmark(folder: Path, n: int) -> dict[str, Any]:
    for i in range(n):
        shapes(i).save(folder / f"{i}.png")
    path = folder / "pictures.json"
    path.write_text(json.dumps([{"question": "What is shown?", "image": f"{i}.png"} for i in range(n)]))
    return {"kind": "table", "name": "seen", "path": str(path), "fields": {"question": "question", "images": "image"}}


def test_an_image_of_a_benchmark_matches_whatever_is_asked(tmp_path: Path) -> None:
    small, jpeg, cropped = shapes(1).resize((240, 180)), encoded(shapes(2), "JPEG"), shapes(3).crop((16, 12, 304, 228))
    pictures = [encoded(shapes(9)), encoded(shapes(0)), encoded(small), jpeg, encoded(cropped)]
    rows = [
        row(f"How many of {i + 3} are round?", i, images=[encoded(shapes(30 + i)), data])
        for i, data in enumerate(pictures)
    ]
    spec = {"benchmarks": [picture_benchmark(tmp_path, 4)]}
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path)
    assert [(e["source_id"], e["benchmark_item"], e["kind"]) for e in outcome.evidence] == [
        ("1", "1", "picture"),
        ("2", "2", "picture"),
        ("3", "3", "picture"),
        ("4", "4", "picture"),
    ]
    assert outcome.evidence[2]["row_picture"] == jpeg
    assert outcome.evidence[2]["benchmark_picture"] == (tmp_path / "2.png").read_bytes()
    off = decontaminate([rows], Decontaminate.model_validate({**spec, "pictures": False}), tmp_path / "off")
    assert off.evidence == []


def test_a_blank_image_in_a_benchmark_matches_nothing(tmp_path: Path) -> None:
    spec = picture_benchmark(tmp_path, 1)
    Image.new("RGB", (50, 50), "white").save(tmp_path / "0.png")
    rows = [row("Which sign is this?", images=[(tmp_path / "0.png").read_bytes()])]
    assert decontaminate([rows], Decontaminate.model_validate({"benchmarks": [spec]}), tmp_path).evidence == []


def test_the_same_words_beside_many_pictures_are_a_generators(tmp_path: Path) -> None:
    """The picture is the question; with one picture the words still count."""
    question = "Which letter stands in the hexagon that the ornate arrow of the puzzle points at?"
    spec = {"benchmarks": [benchmark(tmp_path, "ours", [question])]}
    for n, matches in ((1, 1), (8, 0)):
        rows = [row(question, i, images=[encoded(shapes(i))]) for i in range(n)]
        outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path / str(n))
        assert len(outcome.evidence) == matches


@pytest.mark.parametrize("part", ["(A) ", "\nA. ", "\n", "![ ", "[asy]", "\\boxed", "1,", "<img ", "reason ", "x"])
def test_a_hostile_question_costs_no_more_than_its_length(part: str) -> None:
    started = time.process_time()
    question_words("What? " + part * (200_000 // len(part)))
    assert time.process_time() - started < 5
