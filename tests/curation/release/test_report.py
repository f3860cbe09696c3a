"""What the report says, without a browser: counts, examples, what a released set lacks, and when it is written."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.cli import main
from curation.core.errors import BuildError
from curation.release.dataset import Dataset, open_dataset
from curation.release.finish import finish
from curation.release.report.cards import ended_cards, kept_cards
from curation.release.report.figures import BAD, SERIES, draw
from curation.release.report.page import known_sections, make_environment, report_digest, write_report
from curation.release.report.section import Page
from curation.release.report.sections.funnel import funnel
from curation.release.report.thumbnails import SIDE, thumbnail
from tests.curation.sampling.models import png
from tests.fuzz.__main__ import fuzz

SOURCES = {
    "a": {"in": 10, "added": 4, "out": 6, "dropped": 7, "merged": 1,
          "reasons": {"04-c-filter: too_long": 3, "07-c-duplicates: duplicate": 1, "08-c-distil: no_trace: none": 4}},
    "b": {"in": 5, "out": 5, "dropped": 0, "merged": 0, "reasons": {}},
    "empty": {"in": 0, "out": 0, "dropped": 0, "merged": 0, "reasons": {}},
}  # fmt: skip


def test_a_funnel_ends_with_what_is_kept() -> None:
    found = funnel("c", SOURCES)
    assert [(step["stage"], step["taken"], step["added"], step["left"]) for step in found["steps"]] == [
        ("filter", 3, None, 12),
        ("duplicates", 1, None, 11),
        ("distil", 4, 4, 11),
    ]
    assert (found["came_in"], found["kept"]) == (15, 11)
    assert [row["kept"] for row in found["sources"]] == [6, 5, 0]
    assert [row["08-c-distil"] for row in found["sources"]] == [6, 5, 0]
    assert found["sources"][2]["share"] is None


def test_sections_come_in_the_order_of_their_places_and_each_has_a_template() -> None:
    sections = known_sections()
    assert [section.kind for section in sections][:2] == ["overview", "funnel"]
    assert sections[-1].kind == "gallery"
    for section in sections:
        make_environment().get_template(f"{section.kind}.html")


@pytest.fixture
def copied(hostile: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hostile, tmp_path / "set"))


@pytest.fixture
def released(copied: Path) -> Path:
    """What `push` releases of it."""
    for name in ("stages", "rollouts", "ledger.parquet", "report.html"):
        path = copied / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copied


@pytest.mark.slow
def test_the_same_folder_makes_the_same_bytes_and_nothing_is_written_twice(copied: Path) -> None:
    page = copied / "report.html"
    finish(copied)
    before, stamp = page.read_bytes(), page.stat().st_mtime_ns
    assert page in finish(copied)
    assert page.stat().st_mtime_ns == stamp
    assert write_report(open_dataset(copied), copied / "again.html").read_bytes() == before
    (copied / "error_budget.json").write_text('{"configs": {}}')
    assert report_digest(open_dataset(copied)).encode() not in before


@pytest.mark.slow
def test_every_reason_has_its_rows_with_their_text(hostile: Path) -> None:
    dataset, page = open_dataset(hostile), Page(4)
    cards = ended_cards(dataset, page)
    assert {(key[2], len(group)) for key, group in cards.items()} == {("prompt_too_long", 5), ("answer_missing", 2)}
    lost = pq.read_table(hostile / "ledger.parquet").to_pylist()
    for (_, stage, reason), group in cards.items():
        for card in group:
            (line,) = [one for one in lost if one["source_id"] == card.source_id and one["reason"] == reason]
            assert (line["stage"], line["id"]) == (stage, card.id)
            number = card.source_id.partition("-")[2]
            assert (card.record is None) == (reason == "answer_missing")
            assert card.record is None or card.question.startswith(f"{number} word")
    assert [card.id for group in ended_cards(dataset, Page(5)).values() for card in group] != [
        card.id for group in cards.values() for card in group
    ]


@pytest.mark.slow
def test_no_name_becomes_a_part_of_the_page_or_the_card(hostile: Path) -> None:
    """A slice of `make fuzz`."""
    fuzz("pages", 0, 4, hostile)


@pytest.mark.slow
def test_kept_rows_are_of_all_sources_alike(hostile: Path) -> None:
    rows = kept_cards(open_dataset(hostile), Page(4), "rl", 12)
    counts = {source: sum(card.source == source for card in rows) for source in {card.source for card in rows}}
    assert len(rows) == 12
    assert min(counts.values()) >= 4
    assert all(card.record and card.record["id"] == card.id for card in rows)


@pytest.mark.slow
def test_a_released_set_shows_its_rows_and_says_what_it_lacks(released: Path) -> None:
    assert main(["report", str(released), "--out", str(released / "page.html")]) == 0
    html = (released / "page.html").read_text()
    assert html.count('class="card"') == 28
    assert "prompt_too_long" in html
    assert "long-3" not in html
    assert "The sampled responses are not in this folder." in html
    assert "A released set does not have the text of rows that were dropped" in html


def test_a_folder_without_a_build_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 1
    assert "no summary.json; expected the folder of a finished build" in capsys.readouterr().err
    with pytest.raises(BuildError):
        finish(tmp_path)


@pytest.mark.parametrize("data", [b"", b"no image", png("red", 300, 200)[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_an_image_that_does_not_decode_is_said(data: bytes) -> None:
    shown = thumbnail(data)
    assert shown.uri == ""
    assert shown.problem


def test_a_thumbnail_is_small() -> None:
    shown = thumbnail(png("red", 1200, 300))
    assert (shown.width, shown.height, shown.original) == (SIDE, SIDE // 4, "1200 x 300")
    assert shown.uri.startswith("data:image/webp;base64,")
    assert len(shown.uri) < 4000


def test_a_drawing_has_no_style_of_its_own_and_the_page_s_colours() -> None:
    def plot(axes: Any) -> None:
        axes.bar([0, 1], [2, 3], color=SERIES[0], label="<script>$x$")
        axes.axvline(0.5, color=BAD)
        axes.legend()

    svg = draw("one", "Rows & <rates>", plot)
    assert svg == draw("one", "Rows & <rates>", plot)
    assert [part for part in ("style", "xlink", "<metadata", "#04040", "<script>") if part in svg] == []
    assert "var(--s1)" in svg
    assert "var(--bad)" in svg
    assert "Rows &amp; &lt;rates&gt;" in svg
    assert "&lt;script&gt;$x$" in svg
    other = draw("two", "Others", plot)
    ids = [set(re.findall(r'\bid="([^"]+)"', one)) for one in (svg, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_summary_is_all_that_a_page_needs_of_a_build_of_an_earlier_version(tmp_path: Path) -> None:
    source = {"in": 1, "out": 0, "dropped": 1, "merged": 0, "reasons": {"01-rl-collect: bad": 1}}
    config = {"sources": {"s": source}, "shards": {}, "kept": {}}
    (tmp_path / "summary.json").write_text(
        json.dumps({"name": "old", "build": "0", "balanced": True, "configs": {"rl": config}})
    )
    (tmp_path / "manifest.lock.yaml").write_text("manifest: {seed: 1, rl: {}, prompt_template: '{question}'}\n")
    html = write_report(Dataset(tmp_path)).read_text()
    assert "The set has 0 rows, of 1 that came in" in html
    assert "What this page cannot say" in html
