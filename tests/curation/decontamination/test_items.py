"""The hashes of the evaluation items that were hit: what they are of, and that nothing else of the items is in their file."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.core.parquet import read_records
from curation.core.row import Row
from curation.decontamination.items import ITEMS_FILE, item_sha256
from curation.decontamination.options import Decontaminate
from tests.curation.decontamination.decontaminating import benchmark, decontaminate, row
from tests.curation.decontamination.test_copies import ITEMS, picture

DOCS = Path(__file__).parents[3] / "docs/build.md"


def hit_items(tasks: list[list[Row]], spec: dict[str, Any], folder: Path, labels: list[int] | None = None) -> Path:
    """The file of the items that were hit."""
    return decontaminate(tasks, Decontaminate.model_validate(spec), folder, labels).evidence_file.with_name(ITEMS_FILE)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("What is 2 + 2?", "  What\tis\n\n2 + 2?\r\n"),
        ("What is 2 + 2?", "What is\u00a02\u2009+ ２?"),
        ("x² or ½", "x2 or 1\u20442"),
        ("如图，AB＝5", "如图,AB=5"),
        ("", " \n"),
    ],
)
def test_layout_and_width_of_characters_do_not_change_a_hash(text: str, same: str) -> None:
    assert item_sha256(text) == item_sha256(same)


def test_words_case_signs_and_images_and_their_order_change_it() -> None:
    items: list[tuple[str, list[bytes]]] = [
        ("What is 2 + 2?", []), ("what is 2 + 2?", []), ("What is 2 - 2?", []), ("What is 2+2?", []), ("", []),
        ("What is 2 + 2?", [b"a"]), ("What is 2 + 2?", [b"b"]), ("What is 2 + 2?", [b"a", b"b"]), ("What is 2 + 2?", [b"b", b"a"]),
        (f"What is 2 + 2?\n{hashlib.sha256(b'a').hexdigest()}", []), ("", [b"a"]),
    ]  # fmt: skip
    assert len({item_sha256(*item) for item in items}) == len(items)


def test_the_recipe_is_that_of_the_docs() -> None:
    """Shell commands give the same: printf 'What is 2 + 2?' | sha256sum."""
    found = re.search(r"^```python\n(import hashlib.*?)^```", DOCS.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    shown: dict[str, Any] = {}
    exec(found[1], shown)
    for images in ([], [b"one"], [b"one", b"two"]):
        assert shown["item_sha256"](" What is\n２ + 2?", images) == item_sha256("What is 2 + 2?", images)
    assert item_sha256("What is 2 + 2?") == "38d46ad3618826cf660df542bcf13a3b92b61df92854e2723efcba659af53f4b"


def test_a_line_for_every_item_that_was_hit(tmp_path: Path) -> None:
    """Rows of two sources, one of them a variant; a copy by its cluster; the items that nobody has are not there."""
    rows = [row(ITEMS[4], 0, "a"), row(ITEMS[1], 1, "a"), row(re.sub("180", "240", ITEMS[1]), 1, "b")]
    rows += [row("A near duplicate, as the search says.", 2, "c"), row("Not in any evaluation set.", 3, "c")]
    spec = {"benchmarks": [benchmark(tmp_path, "second", ITEMS), benchmark(tmp_path, "first", ITEMS[4:5])]}
    lines = list(read_records(hit_items([rows], spec, tmp_path, labels=[0, 1, 2, 1, 3])))
    assert [tuple(line.values()) for line in lines] == [
        ("second", "2", item_sha256(ITEMS[1]), ["copy", "exact", "template"], ["a", "b", "c"], 3),
        ("second", "5", item_sha256(ITEMS[4]), ["exact"], ["a"], 1),
        ("first", "1", item_sha256(ITEMS[4]), ["exact"], ["a"], 1),
    ]


def test_an_item_with_images_is_hashed_with_their_files(tmp_path: Path) -> None:
    images = [picture(1), picture(2)]
    for i, data in enumerate(images):
        (tmp_path / f"{i}.png").write_bytes(data)
    (tmp_path / "set.json").write_text(json.dumps([{"question": ITEMS[0], "images": ["0.png", "1.png"]}]))
    fields = {"question": "question", "images": "images"}
    spec = {"kind": "table", "name": "seen", "path": str(tmp_path / "set.json"), "fields": fields}
    file = hit_items([[row(ITEMS[0], images=tuple(images))]], {"benchmarks": [spec]}, tmp_path)
    assert [line["item_sha256"] for line in read_records(file)] == [item_sha256(ITEMS[0], images)]


def test_no_text_is_in_the_file_and_its_bytes_do_not_depend_on_the_tasks(tmp_path: Path) -> None:
    rows = [row(ITEMS[n % 3], n, f"source{n % 2}") for n in range(9)]
    spec = {"benchmarks": [benchmark(tmp_path, "ours", ITEMS)]}
    files = [hit_items(tasks, spec, tmp_path / str(n)) for n, tasks in enumerate(([rows], [rows[:4], [], rows[4:]]))]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert pq.read_schema(files[0]).names == ["benchmark", "benchmark_item", "item_sha256", "kinds", "sources", "rows"]
    values = pq.read_table(files[0]).to_pylist()
    assert len(values) == 3
    words = {word for item in ITEMS for word in item.split() if len(word) > 4}
    assert not [word for word in words if word in json.dumps(values)]


def test_the_file_is_there_where_nothing_was_hit(tmp_path: Path) -> None:
    file = hit_items([[row("Not in any set.")]], {"benchmarks": [benchmark(tmp_path, "ours", ITEMS)]}, tmp_path)
    assert pq.read_metadata(file).num_rows == 0
