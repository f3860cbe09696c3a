"""The paper's evaluation sets are read in their documented layout: a row of our own each, in a Parquet file instead of the Hub."""

import base64
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from curation.core.row import Row
from curation.decontamination.options import Decontaminate
from curation.sources.base import Source
from curation.sources.table import Table

MANIFESTS = Path(__file__).resolve().parents[3] / "manifests"
PAPER = [
    "aime24",
    "aime25",
    "math500",
    "gpqa_diamond",
    "mmlu",
    "mmlu_pro",
    "mathvista",
    "mathvision",
    "mathverse",
    "dynamath",
    "wemath",
    "logicvista",
    "mmmu_pro",
    "charxiv",
    "mmbench",
    "blink",
    "mmstar",
    "hallusion_bench",
    "pope",
    "realworldqa",
    "phyx",
    "mme",
    "mmvet",
]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(out, "PNG")
    return out.getvalue()


PICTURE = {"bytes": png(), "path": None}
NO_OTHERS = {f"image_{number}": None for number in range(2, 8)}

# benchmark: (a record in the set's layout, the question that comes of it, pictures)
CASES: dict[str, tuple[dict[str, Any], str, int]] = {
    "aime24": ({"id": 60, "problem": "Find x.", "solution": "1", "answer": "1", "url": "u", "year": "2024"}, "Find x.", 0),
    "aime25": ({"problem_idx": 1, "problem": "Find y.", "answer": 70}, "Find y.", 0),
    "math500": ({"problem": "Find z.", "answer": "3", "unique_id": "test/algebra/1.json"}, "Find z.", 0),
    "gpqa_diamond": ({"Question": "Which?", "Correct Answer": "a", "Incorrect Answer 1": "b"}, "Which?", 0),
    "mmlu": ({"question": "Which?", "subject": "s", "choices": ["p", "q"], "answer": 0}, "Which?\nOptions:\np\nq", 0),
    "mmlu_pro": ({"question_id": 1, "question": "Which?", "options": ["p", "q"], "answer": "A"}, "Which?\nOptions:\np\nq", 0),
    "mathvista": (
        {"pid": "1", "question": "How far?", "image": "images/1.jpg", "decoded_image": PICTURE, "choices": None},
        "How far?\nOptions:", 1,
    ),
    "mathvision": ({"id": "1", "question": "How far?", "options": ["1"], "decoded_image": PICTURE}, "How far?\nOptions:\n1", 1),
    "mathverse": (
        {"sample_index": "1", "image": PICTURE, "question": "", "question_for_eval": "How far?", "problem_version": "Vision Only"},
        "How far?", 1,
    ),
    "dynamath": ({"id": "1_1", "question_id": 1, "question": "How far?", "decoded_image": PICTURE}, "How far?", 1),
    "wemath": ({"ID": "1", "question": "How far?", "option": "A. 1; B. 2", "image_path": PICTURE}, "How far?\nA. 1; B. 2", 1),
    "logicvista": ({"question": "Which?", "image": PICTURE}, "Which?", 1),
    "mmmu_pro": (
        {"id": "test_1", "question": "See <image 1>.", "options": "['1', '2']", "image_1": PICTURE} | NO_OTHERS,
        "See <image 1>.\n['1', '2']", 1,
    ),
    "mmmu_pro_vision": ({"id": "test_1", "image": PICTURE, "options": "['1']"}, "picture of test_1", 1),
    "charxiv": ({"reasoning_q": "Which line?", "image": PICTURE, "descriptive_q1": 3}, "Which line?", 1),
    "phyx": ({"index": 1, "question": "How fast?", "image": base64.b64encode(png()).decode()}, "How fast?", 1),
    "mmbench": (
        {"index": 1, "question": "Which?", "hint": "Look.", "A": "p", "B": "q", "C": None, "D": None, "image": PICTURE},
        "Look.\nWhich?\nA. p\nB. q\nC. \nD.", 1,
    ),
    "mmstar": ({"index": 1, "question": "Which?", "image": PICTURE}, "Which?", 1),
    "hallusion_bench": ({"question": "Is it?", "image": PICTURE, "set_id": "0"}, "Is it?", 1),
    "pope": ({"question_id": "1", "question": "Is there?", "image": PICTURE}, "Is there?", 1),
    "realworldqa": ({"question": "Which way?", "image": PICTURE}, "Which way?", 1),
    "mme": ({"question_id": "1", "question": "Is this?", "image": PICTURE}, "Is this?", 1),
    "mmvet": ({"question_id": "v1_0", "question": "What?", "image": PICTURE}, "What?", 1),
    "blink_art_style": (
        {"idx": "val_1", "prompt": "Which style?", "image_1": PICTURE, "image_2": PICTURE, "image_3": None, "image_4": None},
        "Which style?", 2,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def benchmarks() -> dict[str, Source]:
    spec = {"benchmarks": yaml.safe_load((MANIFESTS / "benchmarks" / "ovr.yaml").read_text())}
    return {source.name: source for source in Decontaminate.model_validate(spec).benchmarks}


@pytest.mark.parametrize("name", CASES)
def test_each_set_is_read_in_its_layout(benchmarks: dict[str, Source], name: str, tmp_path: Path) -> None:
    record, question, pictures = CASES[name]
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "rows.parquet")
    source = benchmarks[name]
    assert isinstance(source, Table)
    local = source.model_copy(update={"hub": "", "config": None, "split": "", "path": str(tmp_path / "rows.parquet")})
    (row,) = local.read(0)
    assert isinstance(row, Row), row
    assert (row.question, len(row.images)) == (question, pictures)


def test_every_set_that_the_paper_reports_is_there(benchmarks: dict[str, Source]) -> None:
    assert [name for name in PAPER if not any(have == name or have.startswith(f"{name}_") for have in benchmarks)] == []
    assert {name for name in benchmarks if not name.startswith("blink_")} <= set(CASES) | {"mmbench_test"}
