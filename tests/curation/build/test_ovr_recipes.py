"""The paper's recipes read every set in its documented layout: rows of our own, in files instead of the Hub."""

import json
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.build.load import load_manifest
from curation.build.manifest import Manifest
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.table import Table
from tests.curation.sources.hub_layouts import LAYOUTS, Layout
from tests.curation.sources.hub_layouts import PROMPTS as UNTRACED

OVR = Path(__file__).resolve().parents[3] / "manifests" / "ovr"
RECIPES = ("multimodal_rl", "cold_start")
PROMPTS = 300_000
TRACES = 2_000_000
"""What the paper trains on (3.3)."""


@cache
def recipe(name: str) -> Manifest:
    return load_manifest(OVR / f"{name}.yaml")


def tables(name: str) -> dict[str, Table]:
    """All sources of a recipe but the generated ones."""
    sources = [source for section in recipe(name).sections.values() for source in section.sources]
    return {source.name: source for source in sources if isinstance(source, Table)}


def local(source: Table, layout: Layout, folder: Path) -> Table:
    """The source, reading the layout's files below `folder`."""
    for name, content in {layout.file: b"", **layout.files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if layout.file.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(layout.records), folder / layout.file)
    else:
        one = layout.records[0] if layout.reads else layout.records
        (folder / layout.file).write_text(json.dumps(one))
    changes = {"hub": "", "config": None, "split": "", "path": str(folder / (layout.reads or layout.file))}
    if source.images.root:
        changes["images"] = source.images.model_copy(update={"root": str(folder)})
    return source.model_copy(update=changes)


@pytest.mark.parametrize(("name", "source"), LAYOUTS)
def test_every_set_is_read_in_its_layout(name: str, source: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name, source]
    rows = list(local(tables(name)[source], layout, tmp_path).read(0))
    assert len(rows) == len(layout.rows), rows
    for row, expected in zip(rows, layout.rows, strict=True):
        if expected.question is None:
            assert isinstance(row, BadRow), row
            assert row.reason == expected.answer
            continue
        assert isinstance(row, Row), row
        assert (row.question, row.answer, row.answer_kind) == (expected.question, expected.answer, expected.kind)
        assert (len(row.images), row.stratum) == (expected.images, expected.stratum)
        if name == "cold_start":
            is_traced = source not in UNTRACED
            assert row.completion.startswith("<think>") == is_traced
            assert (row.teacher == "DeepSeek-R1") == is_traced


def test_the_folders_of_iconqa_are_one_line_of_the_lock(tmp_path: Path) -> None:
    source = local(tables("multimodal_rl")["iconqa_pictures"], LAYOUTS["multimodal_rl", "iconqa_pictures"], tmp_path)
    before = source.inputs()
    assert len(before) == 1
    data = tmp_path / "17" / "data.json"
    data.write_text(data.read_text().replace('"answer": 1', '"answer": 0'))
    assert source.inputs() != before


@pytest.mark.parametrize("name", RECIPES)
def test_every_set_of_the_recipes_has_a_layout(name: str) -> None:
    assert set(tables(name)) == {source for recipe_name, source in LAYOUTS if recipe_name == name}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_are_clean_of_the_papers_evaluation_sets(name: str) -> None:
    (section,) = recipe(name).sections.values()
    assert section.decontaminate is not None
    assert {"aime24", "math500", "mathvision", "mmvet"} <= {b.name for b in section.decontaminate.benchmarks}


def test_the_recipes_are_of_the_papers_size() -> None:
    rl, cold_start = recipe("multimodal_rl").rl, recipe("cold_start").cold_start
    assert rl is not None
    assert cold_start is not None
    assert (rl.mixture.target, cold_start.mixture.target) == (PROMPTS, TRACES)
    assert rl.difficulty is not None
    assert (rl.difficulty.n, rl.difficulty.stopping.kind) == (16, "bayes")


def test_the_cold_start_has_every_step_of_the_paper() -> None:
    cold_start = recipe("cold_start").cold_start
    assert cold_start is not None
    steps = (cold_start.questions, cold_start.distil, cold_start.loss, cold_start.mixture.weights.get("behavior"))
    assert all(steps), steps


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_let_nothing_unlicensed_out(name: str) -> None:
    release = recipe(name).release
    assert release is not None
    assert release.on_violation == "drop"
    assert not release.allows("unknown")
