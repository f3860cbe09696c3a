"""The paper's recipes read every set in its documented layout: a row of our own each, in a Parquet file instead of the Hub."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.manifest import load_manifest
from curation.row import Row
from curation.sources.table import Table

OVR = Path(__file__).resolve().parents[2] / "manifests" / "ovr"


def picture() -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(out, "PNG")
    return {"bytes": out.getvalue(), "path": None}


# recipe, source: (a record in the set's layout, question, answer, kind, pictures)
CASES: dict[tuple[str, str], tuple[dict[str, Any], str, str, str, int]] = {
    ("multimodal_rl", "aime"): (
        {"ID": "1983-1", "Year": 1983, "Problem Number": 1, "Question": "What is 1 + 1?", "Answer": "2", "Part": None},
        "What is 1 + 1?", "2", "math", 0,
    ),
    ("multimodal_rl", "math"): (
        {"problem": "What is half of 3?", "level": "Level 1", "solution": r"It is $\boxed{\frac{3}{2}}$.", "type": "Algebra"},
        "What is half of 3?", r"\frac{3}{2}", "math", 0,
    ),
    ("multimodal_rl", "numina_math"): (
        {"problem": "What is 2 + 2?", "solution": "4", "answer": "4", "question_type": "math-word-problem", "source": "own"},
        "What is 2 + 2?", "4", "math", 0,
    ),
    ("multimodal_rl", "tulu3_math"): (
        {"messages": [{"role": "user", "content": "What is 3 + 3?"}], "ground_truth": "6", "dataset": "MATH"},
        "What is 3 + 3?", "6", "math", 0,
    ),
    ("multimodal_rl", "openr1_math"): (
        {"problem": "What is 4 + 4?", "answer": "8", "uuid": "u1", "generations": ["..."]},
        "What is 4 + 4?", "8", "math", 0,
    ),
    ("multimodal_rl", "geometry3k"): (
        {"images": [picture()], "problem": "<image>Find $x$.", "answer": r"2 \sqrt { 221 }"},
        "Find $x$.", r"2 \sqrt { 221 }", "math", 1,
    ),
    ("multimodal_rl", "geoqa"): (
        {"image": picture(), "problem": "How large is angle A?", "solution": "<answer> 145° </answer>"},
        "How large is angle A?", "145°", "math", 1,
    ),
    ("multimodal_rl", "chartqa"): (
        {"image": picture(), "query": "How many bars?", "label": ["14"], "human_or_machine": 0},
        "How many bars?", "14", "number", 1,
    ),
    ("multimodal_rl", "puzzlevqa"): (
        {"image": picture(), "question": "Which number?", "answer": 5, "options": ["7", "5"], "caption": ""},
        "Which number?\nA. 7\nB. 5", "B", "choice", 1,
    ),
    ("multimodal_rl", "algopuzzlevqa"): (
        {"image": picture(), "question": "Which day?", "answer": "Monday", "options": ["Sunday", "Monday"]},
        "Which day?\nA. Sunday\nB. Monday", "B", "choice", 1,
    ),
    ("multimodal_rl", "scienceqa"): (
        {"image": None, "question": "Which is a mammal?", "choices": ["cat", "fly"], "answer": 0, "hint": "Mammals have fur."},
        "Mammals have fur.\n\nWhich is a mammal?\nA. cat\nB. fly", "A", "choice", 0,
    ),
    ("multimodal_rl", "k12_mm_eureka"): (
        {"id": "k1", "question": "<image>How long is AB?", "answer": "3", "subject": "math", "image": picture()},
        "How long is AB?", "3", "math", 1,
    ),
    ("cold_start", "openr1_math"): (
        {"problem": "What is 4 + 4?", "answer": "8", "uuid": "u1", "generations": [r"<think>4 + 4 = 8</think>\boxed{8}"]},
        "What is 4 + 4?", "8", "math", 0,
    ),
    ("cold_start", "open_thoughts"): (
        {"problem": "What is 4 + 5?", "ground_truth_solution": "9", "deepseek_reasoning": "4 + 5 = 9", "deepseek_solution": r"\boxed{9}",
         "domain": "math", "source": "own"},
        "What is 4 + 5?", "9", "math", 0,
    ),
}  # fmt: skip


def table(recipe: str, name: str) -> Table:
    sections = load_manifest(OVR / f"{recipe}.yaml").sections
    found = next(s for section in sections.values() for s in section.sources if s.name == name)
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize(("recipe", "name"), CASES)
def test_every_set_is_read_in_its_layout(tmp_path: Path, recipe: str, name: str) -> None:
    record, question, answer, kind, pictures = CASES[recipe, name]
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "rows.parquet")
    source = table(recipe, name).model_copy(update={"hub": "", "path": str(tmp_path / "rows.parquet")})
    (row,) = source.read(0)
    assert isinstance(row, Row), row
    assert (row.question, row.answer, row.answer_kind, len(row.images)) == (question, answer, kind, pictures)
    if recipe == "cold_start":
        assert row.completion.startswith("<think>")
        assert row.teacher == "DeepSeek-R1"


def test_pixmo_counts_find_their_pictures_by_digest(tmp_path: Path) -> None:
    (tmp_path / "abc.png").write_bytes(picture()["bytes"])
    record = {"image_url": "-", "image_sha256": "abc", "count": 3, "label": "dogs"}
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "rows.parquet")
    source = table("multimodal_rl", "pixmo_count")
    images = source.images.model_copy(update={"root": str(tmp_path)})
    (row,) = source.model_copy(update={"hub": "", "path": str(tmp_path / "rows.parquet"), "images": images}).read(0)
    assert isinstance(row, Row)
    assert (row.question, row.answer, row.answer_kind) == ("How many dogs are there in the image?", "3", "number")


def test_every_table_of_the_recipes_has_a_case() -> None:
    names = {
        (recipe, source.name)
        for recipe in ("multimodal_rl", "cold_start")
        for section in load_manifest(OVR / f"{recipe}.yaml").sections.values()
        for source in section.sources
        if source.kind == "table"
    }
    assert names == {*CASES, ("multimodal_rl", "pixmo_count")}
