"""How much of each source is in each evaluation set: the counting, and what a build says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from curation.cli import main
from curation.commands import console
from curation.core.parquet import read_records
from curation.decontamination.items import item_sha256
from curation.decontamination.overlap import Hit, overlap_table
from tests.curation.conftest import Write, run

FERRY = "A ferry carries 14 cars and 9 vans across the strait. Each car pays 23 crowns and each van 31 crowns. How many crowns in all?"
SCARF = "Ilse knits a scarf of 180 rows. She knits 12 rows every evening and unravels 3 on Sundays. After how many weeks is it done?"
CHOIR = "In a choir of 66 singers there are twice as many altos as basses and 10 more sopranos than altos. How many are basses?"


def counts(rows: int, share: float, **kinds: int) -> dict[str, Any]:
    return {"rows": rows, "share": share, "kinds": kinds}


# hits against four rows of the source a -> its rows in `all`, and in each benchmark
COUNTED: list[tuple[list[tuple[str, str, str]], dict[str, Any], dict[str, Any]]] = [
    ([], counts(0, 0.0), {}),
    ([("0", "x", "exact")], counts(1, 0.25, exact=1), {"x": counts(1, 0.25, exact=1)}),
    (
        [("0", "x", "near"), ("0", "y", "exact"), ("1", "x", "near")],
        counts(2, 0.5, exact=1, near=2),
        {"x": counts(2, 0.5, near=2), "y": counts(1, 0.25, exact=1)},
    ),
    (
        [("0", "x", "possible_paraphrase")],
        counts(0, 0.0, possible_paraphrase=1),
        {"x": counts(0, 0.0, possible_paraphrase=1)},
    ),
    (
        [("0", "x", "possible_paraphrase"), ("0", "x", "copy")],
        counts(1, 0.25, copy=1, possible_paraphrase=1),
        {"x": counts(1, 0.25, copy=1, possible_paraphrase=1)},
    ),
    (
        [("0", "x", "near"), ("0", "y", "near")],
        counts(1, 0.25, near=1),
        {"x": counts(1, 0.25, near=1), "y": counts(1, 0.25, near=1)},
    ),
]


@pytest.mark.parametrize(("hits", "all_of_them", "benchmarks"), COUNTED)
def test_a_row_counts_once_in_each_benchmark_and_once_in_all(
    hits: list[tuple[str, str, str]], all_of_them: dict[str, Any], benchmarks: dict[str, Any]
) -> None:
    made = [Hit("a", source_id, benchmark, "0", kind) for source_id, benchmark, kind in hits]
    table = overlap_table(made, {"b": 7, "a": 4})
    assert table["a"] == {"rows": 4, "all": all_of_them, "benchmarks": benchmarks}
    assert table["b"] == {"rows": 7, "all": counts(0, 0.0), "benchmarks": {}}


def manifest_of(folder: Path, rows: dict[str, list[str]], benchmarks: dict[str, list[str]]) -> dict[str, Any]:
    """Sources and evaluation sets of a few questions, as a manifest names them."""

    def table(name: str, questions: list[str]) -> dict[str, Any]:
        path = folder / f"{name}.json"
        path.write_text(json.dumps([{"question": question, "answer": "7"} for question in questions]))
        return {
            "kind": "table",
            "name": name,
            "path": str(path),
            "fields": {"question": "question", "answer": "answer"},
        }

    sources, sets = ([table(name, texts) for name, texts in of.items()] for of in (rows, benchmarks))
    return {"rl": {"sources": sources, "decontaminate": {"benchmarks": sets}, "filters": []}}


@pytest.mark.slow
def test_a_build_says_and_shows_what_is_in_the_evaluation_sets(
    tmp_path: Path, write_manifest: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = [f"Box {n} holds {n + 3} green marbles and {2 * n} red ones. How many does it hold?" for n in range(3)]
    rows = {"seen": [FERRY, SCARF, FERRY.replace("23", "27").replace("14", "16"), clean[0]], "clean": clean[1:]}
    manifest = write_manifest(manifest_of(tmp_path, rows, {"exam": [FERRY, CHOIR], "quiz": [FERRY, SCARF]}))
    assert main(["build", str(manifest), "--out", str(tmp_path / "out")]) == 0
    described = json.loads((tmp_path / "out/summary.json").read_text())["configs"]["rl"]
    assert described["overlap"] == {
        "clean": {"rows": 2, "all": counts(0, 0.0), "benchmarks": {}},
        "seen": {
            "rows": 4,
            "all": counts(3, 0.75, exact=2, template=1),
            "benchmarks": {
                "exam": counts(2, 0.5, exact=1, template=1),
                "quiz": counts(3, 0.75, exact=2, template=1),
            },
        },
    }
    assert described["contamination"]["exam"]["contaminated"] == {"seen": {"exact": 1, "template": 1}}
    published = tmp_path / "out/contaminated_items.parquet"
    items = [(line["config"], line["benchmark"], line["item_sha256"], line["rows"]) for line in read_records(published)]
    assert items == [
        ("rl", "exam", item_sha256(FERRY), 2),
        ("rl", "quiz", item_sha256(FERRY), 2),
        ("rl", "quiz", item_sha256(SCARF), 1),
    ]
    run(manifest, tmp_path / "again", workers=2)
    assert (tmp_path / "again/contaminated_items.parquet").read_bytes() == published.read_bytes()
    shown = " ".join(capsys.readouterr().out.split())
    assert "rows that are in evaluation sets" in shown
    assert "3 (75.00%) │ exam 2 (50.00%), quiz 3 (75.00%)" in shown


@pytest.mark.parametrize("hits", [[], [Hit("a", "0", "x", "0", "possible_paraphrase")]])
def test_nothing_is_shown_where_nothing_overlaps(hits: list[Hit]) -> None:
    assert console.overlap_table({"configs": {"rl": {"overlap": overlap_table(hits, {"a": 4})}}}) == ""
    assert console.overlap_table({"configs": {"rl": {}}}) == ""
