"""The layouts that `manifests/layouts.yaml` shows are read as it says, from small files of our own."""

from functools import cache
from pathlib import Path

import pytest

from curation.build.load import load_manifest
from curation.core.row import Row
from curation.filters.stage import VerifyGolds
from curation.sources.table import Table
from tests.curation.build.test_ovr_recipes import local
from tests.curation.sources.own_layouts import OWN_LAYOUTS

MANIFEST = Path(__file__).resolve().parents[3] / "manifests" / "layouts.yaml"


@cache
def tables() -> dict[str, Table]:
    section = load_manifest(MANIFEST).rl
    assert section is not None
    return {source.name: source for source in section.sources if isinstance(source, Table)}


@pytest.mark.parametrize("name", OWN_LAYOUTS)
def test_a_layout_is_read(name: str, tmp_path: Path) -> None:
    rows = list(local(tables()[name], OWN_LAYOUTS[name], tmp_path).read(0))
    assert all(isinstance(row, Row) for row in rows), rows
    got = [(row.question, row.answer, row.answer_kind, len(row.images)) for row in rows if isinstance(row, Row)]
    assert got == [(one.question, one.answer, one.kind, one.images) for one in OWN_LAYOUTS[name].rows]
    decisions = [VerifyGolds().map(row) for row in rows if isinstance(row, Row)]
    assert {decision.action for decision in decisions} == {"keep"}, decisions


def test_every_layout_of_the_manifest_has_a_test() -> None:
    assert set(tables()) == set(OWN_LAYOUTS)
