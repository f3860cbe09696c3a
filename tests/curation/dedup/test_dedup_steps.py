"""From rows to decisions: signatures, clusters, survivors, conflicts."""

import io
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from curation.core.decision import KEEP, Decision, decision_schema, drop, write_decisions
from curation.core.errors import BuildError
from curation.core.row import Row, from_document, make_row, to_document
from curation.core.rows import decided
from curation.dedup import Dedup, find_clusters, find_copies
from curation.dedup.decide import MergeDuplicates
from curation.dedup.golds import SourcedGold, conflict_of
from curation.dedup.search import FindClusters
from curation.dedup.sign import SIGNATURES, SignRows
from curation.images import decode
from curation.images.similarity import image_hash, near
from tests.curation.stages import decisions, stored

DEFAULTS = Dedup()
LONG = "A box holds 12 red and 30 blue marbles, and Tom takes marbles out of it without looking, one after the other, until "


def row(question: str, **fields: Any) -> Row:
    return make_row(
        source=fields.pop("source", "s"), source_id=fields.pop("source_id", "1"), question=question, **fields
    )


def picture(level: int, size: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (level, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def sign(rows: list[Row], folder: Path, options: Dedup = DEFAULTS, traces: bool = False, tasks: int = 1) -> list[Path]:
    for rank in range(tasks):
        part = rows[len(rows) * rank // tasks : len(rows) * (rank + 1) // tasks]
        passed = list(SignRows(folder, options, traces).run(map(to_document, part), rank))
        assert [from_document(document) for document in passed] == part
    return sorted(folder.glob("*.parquet"))


def clusters(rows: list[Row], folder: Path, options: Dedup = DEFAULTS, tasks: int = 1) -> list[int]:
    labels: list[int] = find_clusters(sign(rows, folder, options, tasks=tasks), options).tolist()
    return labels


NEAR = [
    LONG + "he has two of one colour. How many must he take?",
    "Solve this riddle: " + LONG + "he has two of one colour. How many must he take?",
    LONG.replace("looking", "lookinng") + "he has two of one colour. How many must he take?",
    LONG.replace("12", "13") + "he has two of one colour. How many must he take?",
    LONG + "he has two of one colour. How many must he keep?",
]


@pytest.mark.parametrize("tasks", [1, 3])
def test_near_copies_meet_and_others_do_not(tmp_path: Path, tasks: int) -> None:
    rows = [row(question) for question in NEAR]
    assert clusters(rows, tmp_path, tasks=tasks) == [0, 0, 0, 3, 4]


def test_without_near_only_notation_may_differ(tmp_path: Path) -> None:
    rows = [row(question) for question in (NEAR[0], NEAR[1], NEAR[0].replace(" ", "  ").replace(",", ""))]
    assert clusters(rows, tmp_path, Dedup(near=False)) == [0, 1, 0]


def test_one_question_with_other_pictures_is_another(tmp_path: Path) -> None:
    shown = [(picture(1),), (picture(200),), (picture(1),), (picture(1), picture(200)), (picture(200), picture(1)), ()]
    assert clusters([row("What is the missing colour?", images=p) for p in shown], tmp_path) == [0, 1, 0, 3, 4, 5]


def drawing(mark: int, size: int = 300, **saved: Any) -> bytes:
    """A chart of seven bars on white; `mark` is the height of one of them."""
    canvas = Image.new("RGB", (300, 300), "white")
    pen = ImageDraw.Draw(canvas)
    for i, height in enumerate((60, 150, 90, mark, 240, 30, 180)):
        pen.rectangle((15 + 40 * i, 290 - height, 40 + 40 * i, 290), fill=(30 * i, 90, 200 - 25 * i))
    buffer = io.BytesIO()
    canvas.resize((size, size)).save(buffer, **{"format": "PNG", **saved})
    return buffer.getvalue()


def test_re_encoded_or_resized_images_are_the_same_images(tmp_path: Path) -> None:
    shown = [drawing(120), drawing(120, format="JPEG", quality=60), drawing(120, size=240), drawing(200), drawing(150)]
    rows = [row("How tall is the fourth bar?", images=(drawing(90), image)) for image in shown]
    assert clusters(rows, tmp_path / "near") == [0, 0, 0, 3, 4]
    assert clusters(rows, tmp_path / "exact", Dedup(pictures=False)) == [0, 1, 2, 3, 4]


def test_traces_of_one_question_are_copies_only_when_equivalent(tmp_path: Path) -> None:
    trace = (
        "<think>"
        + "We add 3 and 4 and look at the sum again, slowly and with care. " * 20
        + "</think> The answer is 7."
    )
    traces = [
        trace,
        trace.replace("<think>", "").replace("</think>", "\n"),
        trace.replace("add", "sum up"),
        "It is 7.",
        trace + " 8",
    ]
    rows = [row(NEAR[0], completion=t) for t in traces]
    options = Dedup()
    files = sign(rows, tmp_path, options, traces=True)
    labels = find_clusters(files, options)
    assert labels.tolist() == [0, 0, 0, 0, 0]
    assert find_copies(files, options, labels).tolist() == [0, 0, 0, 3, 4]


def decide(rows: list[Row], folder: Path, options: Dedup = DEFAULTS) -> list[Decision]:
    stored_rows = stored([rows[:2], rows[2:]], folder / "rows", FindClusters.adds)
    return decisions(MergeDuplicates(options=options), stored_rows, folder / "duplicates")


def clustered(one: Row, cluster: int, copy: int | None = None) -> Row:
    return replace(one, extra={"cluster": cluster, "copy": copy})


def copies(*changes: dict[str, Any]) -> list[Row]:
    """Rows of one cluster, named a/0, b/1, ..."""
    first = clustered(row(NEAR[0], answer="7", license="MIT"), 0)
    return [
        replace(first, **{"source": "abcdefg"[i], "source_id": str(i), **change}) for i, change in enumerate(changes)
    ]


def test_clusters_and_copies_become_columns(tmp_path: Path) -> None:
    """By the rows as they were signed, though some were dropped since; and never where a signature is missing."""
    rows = [row(question, completion="a trace") for question in (NEAR[0], NEAR[3], NEAR[1])]
    sign(rows, tmp_path / "normalise" / SIGNATURES, traces=True)
    stage, whole = FindClusters(traces=True), stored([rows], tmp_path / "rows")
    stages = {"normalise": tmp_path / "normalise"}
    assert [d.columns for d in decisions(stage, whole, tmp_path / "all", stages=stages)] == [
        {"cluster": 0, "copy": 0}, {"cluster": 1, "copy": 1}, {"cluster": 0, "copy": 0},
    ]  # fmt: skip
    lines = tmp_path / "dropped" / whole.files[0].path.name
    write_decisions(lines, decision_schema("filter", (), ()), [KEEP, drop("a reason"), KEEP])
    fewer = decided(whole, lines.parent, {lines.name: 2})
    assert [d.columns["cluster"] for d in decisions(stage, fewer, tmp_path / "fewer", stages=stages)] == [0, 0]
    with pytest.raises(BuildError, match="got 3 signatures, expected one for every row"):
        decisions(stage, stored([[*rows, rows[0]]], tmp_path / "more"), tmp_path / "refused", stages=stages)


SURVIVORS = [
    ([{}, {}, {}], 0),
    ([{"license": "CC-BY-4.0"}, {"license": "GPL-3.0"}, {"license": "Apache-2.0"}], 2),
    ([{"license": "unknown"}, {"license": "CC BY-NC 4.0"}, {"license": "CC BY-SA 4.0"}], 2),
    ([{"verified": "wrong"}, {"verified": "correct"}, {"verified": "cannot_judge"}], 1),
    ([{"answer": ""}, {"completion": "x" * 9}, {"completion": "x" * 99}], 2),
    ([{"images": (picture(1),)}, {"images": (picture(1, 80),)}, {}], 1),
]


@pytest.mark.parametrize(("changes", "survivor"), SURVIVORS)
def test_the_best_copy_stays(changes: list[dict[str, Any]], survivor: int, tmp_path: Path) -> None:
    rows = copies(*changes)
    lines = decide(rows, tmp_path)
    name = f"{rows[survivor].source}/{rows[survivor].source_id}"
    others = ", ".join(f"{r.source}/{r.source_id}" for i, r in enumerate(rows) if i != survivor)
    for i, line in enumerate(lines):
        if i == survivor:
            assert (line.action, line.note) == ("keep", f"merged with it: {others}")
        else:
            assert (line.action, line.reason, line.detail) == ("merged", "duplicate", name)


def test_the_order_of_preference_is_an_option(tmp_path: Path) -> None:
    rows = copies({"completion": "long trace"}, {"license": "CC0-1.0"}, {})
    assert decide(rows, tmp_path, Dedup(prefer=("longest_solution", "license")))[0].action == "keep"
    assert decide(copies({"license": ""}, {}), tmp_path / "order", Dedup(prefer=("source_order",)))[0].action == "keep"


GOLDS = [
    ([{"answer": "0.5"}, {"answer": r"\frac12"}], False),
    ([{"answer": "7"}, {"answer": "8"}], True),
    ([{"answer": "7"}, {"answer": ""}], False),
    ([{"answer": "x=30"}, {"answer": "30"}], False),
    ([{"answer": "30"}, {"answer": "x=30"}], False),
    ([{"answer": "7"}, {"answer": "7", "answer_kind": "number"}], False),
    ([{"answer": "7"}, {"answer": "7.5", "answer_kind": "number"}], True),
    ([{"answer": "y=Cx"}, {"answer": r"\frac{y}{x}=C"}], False),
    ([{"answer": r"\ln|y|=x+C"}, {"answer": "$y=Ce^x$"}], False),
    ([{"answer": "y^2=x^2+C"}, {"answer": r"\frac{y^2}{2}-\frac{x^2}{2}=K"}], False),
    ([{"answer": "x^2-xy+y^2=C"}, {"answer": "2xy-2x^2-2y^2=c"}], False),
    ([{"answer": "y^2=x^2+C"}, {"answer": "y^2=2x^2+C"}], True),
    ([{"answer": "y=Cx"}, {"answer": "y=Cx^2"}], True),
    ([{"answer": "y=Cx"}, {"answer": "y=5x"}], True),
]


@pytest.mark.parametrize(("changes", "conflict"), GOLDS)
def test_contradicting_golds_set_the_cluster_aside(
    changes: list[dict[str, Any]], conflict: bool, tmp_path: Path
) -> None:
    lines = decide([*copies(*changes), clustered(row("Another?", answer="9"), 1)], tmp_path)
    assert [line.reason == "conflicting_gold" for line in lines] == [conflict, conflict, False]
    if conflict:
        one, other = sorted((change["answer"], name) for change, name in zip(changes, ("a/0", "b/1"), strict=True))
        assert lines[0].detail == f"{one[0]!r} in {one[1]}, {other[0]!r} in {other[1]}"


@pytest.mark.parametrize("answers", permutations(("12", "12 cm", "12 m")))
def test_golds_are_compared_two_by_two_whatever_their_order(answers: tuple[str, ...], tmp_path: Path) -> None:
    """12 is the same answer as either of the others, which are not the same."""
    lines = decide(copies(*({"answer": answer, "source": "s", "source_id": answer} for answer in answers)), tmp_path)
    assert [line.detail for line in lines] == ["'12 cm' in s/12 cm, '12 m' in s/12 m"] * 3


def test_of_very_many_golds_a_conflict_does_not_depend_on_their_order() -> None:
    golds = [SourcedGold(f"7.{'0' * n}", "math", "", f"s/{n}") for n in range(1, 40)]
    assert conflict_of(golds) is None
    golds += [SourcedGold("8", "math", "", "s/8")]
    assert conflict_of(golds) == conflict_of(golds[::-1]) == "'7.0' in s/1, '8' in s/8"


def test_without_merging_all_rows_stay_also_where_their_golds_differ(tmp_path: Path) -> None:
    rows = copies({"answer": "7"}, {"answer": "7"}, {"answer": "8"})
    assert [line.action for line in decide(rows, tmp_path, Dedup(merge=False))] == ["keep"] * 3


def test_golds_of_two_traces_have_to_agree_though_both_would_stay(tmp_path: Path) -> None:
    traces = [clustered(one, 0, copy) for copy, one in enumerate(copies({}, {}))]
    assert [line.action for line in decide(traces, tmp_path)] == ["keep", "keep"]
    traces[1] = replace(traces[1], answer="8")
    assert [line.reason for line in decide(traces, tmp_path / "conflict")] == ["conflicting_gold"] * 2


def test_a_near_copy_and_an_exact_one_have_their_own_reasons(tmp_path: Path) -> None:
    assert [line.reason for line in decide(copies({}, {"id": "other"}, {}), tmp_path)] == [
        "",
        "near_duplicate",
        "duplicate",
    ]


def test_no_rows_give_no_clusters(tmp_path: Path) -> None:
    assert clusters([], tmp_path) == []


def test_most_copies_of_pictures_meet_in_a_band(tmp_path: Path) -> None:
    """Of those that `near` takes for copies, all but one in thirty."""
    shown = [drawing(40 + 3 * mark) for mark in range(60)]
    shrunk = [drawing(40 + 3 * mark, size=100, format="JPEG", quality=30) for mark in range(60)]
    near_ones = sum(
        near(*(image_hash(decode(image)) for image in (one, other))) for one, other in zip(shown, shrunk, strict=True)
    )
    rows = [
        row(f"How tall is bar {number}?", images=(image,))
        for images in (shown, shrunk)
        for number, image in enumerate(images)
    ]
    labels = clusters(rows, tmp_path)
    found = sum(one == other for one, other in zip(labels[:60], labels[60:], strict=True))
    assert found >= near_ones * 29 / 30 > 30
