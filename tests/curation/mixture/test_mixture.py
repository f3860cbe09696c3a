"""Quotas, strata, weights and the licence gate."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.build.load import load_manifest
from curation.core.errors import BuildError, ManifestError
from curation.core.parquet import read_records
from curation.mixture import Mixture, Strata, quotas
from curation.release.licences import Release
from tests.curation.conftest import Write, run, shard_bytes

AVAILABLE = {("geometry",): 100, ("mathematics",): 10_000, ("puzzle",): 900}


def taken(options: Mixture, available: dict[tuple[str, ...], int] = AVAILABLE) -> dict[str, int]:
    return {"/".join(cell): quota.taken for cell, quota in quotas(available, options).items()}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"geometry": 100, "mathematics": 10_000, "puzzle": 900}),
        ({"target": 1_100, "group_by": ["domain"]}, {"geometry": 10, "mathematics": 1_000, "puzzle": 90}),
        ({"target": 1_400, "group_by": ["domain"], "temperature": 2}, {"geometry": 100, "mathematics": 1_000, "puzzle": 300}),
        ({"target": 1_500, "group_by": ["domain"], "temperature": 1e9}, {"geometry": 100, "mathematics": 700, "puzzle": 700}),
        ({"target": 99_999, "group_by": ["domain"]}, {"geometry": 100, "mathematics": 10_000, "puzzle": 900}),
        ({"target": 1_000, "group_by": ["domain"], "caps": {"domain": {"mathematics": 0.5}}}, {"geometry": 50, "mathematics": 500, "puzzle": 450}),
        ({"target": 4_000, "group_by": ["domain"], "caps": {"domain": {"mathematics": 0.5}}}, {"geometry": 100, "mathematics": 2_000, "puzzle": 900}),
        ({"target": 1_100, "group_by": ["domain"], "floors": {"domain": {"geometry": 0.05}}}, {"geometry": 55, "mathematics": 959, "puzzle": 86}),
        ({"target": 1_100, "group_by": ["domain"], "floors": {"domain": {"geometry": 0.5}}}, {"geometry": 100, "mathematics": 917, "puzzle": 83}),
        ({"target": 1_000, "weights": {"domain": {"mathematics": 0}}}, {"geometry": 100, "mathematics": 0, "puzzle": 900}),
    ],
)  # fmt: skip
def test_quotas(options: dict[str, Any], expected: dict[str, int]) -> None:
    assert taken(Mixture.model_validate(options)) == expected


def test_a_cap_of_one_column_and_a_floor_of_another_hold_together() -> None:
    available = {("geometry", "easy"): 500, ("geometry", "hard"): 20, ("sums", "easy"): 5_000, ("sums", "hard"): 300}
    options = Mixture.model_validate(
        {"target": 1_000, "caps": {"domain": {"sums": 0.6}}, "floors": {"stratum": {"hard": 0.3}}}
    )
    got = taken(options, available)
    assert sum(got.values()) == 1_000
    assert got["sums/easy"] + got["sums/hard"] == 600
    assert got["geometry/hard"] + got["sums/hard"] >= 300


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(1, 2_000), min_size=1, max_size=9
)


@settings(deadline=None)
@given(CELLS, st.integers(1, 5_000), st.floats(1, 20), st.floats(0, 1), st.floats(0, 1))
def test_quotas_keep_every_bound(
    available: dict[tuple[str, ...], int], target: int, temperature: float, cap: float, floor: float
) -> None:
    options = Mixture.model_validate(
        {
            "target": target, "group_by": ["domain", "format"], "temperature": temperature,
            "caps": {"domain": {"a": cap}}, "floors": {"format": {"x": floor}},
        }
    )  # fmt: skip
    plan = quotas(available, options)
    assert all(0 <= quota.taken <= quota.available == available[cell] for cell, quota in plan.items())
    assert sum(quota.taken for quota in plan.values()) <= min(target, sum(available.values()))
    assert sum(quota.taken for cell, quota in plan.items() if cell[0] == "a") <= cap * target + 9
    uncapped = sum(n for cell, n in available.items() if cell[0] != "a" and cell[1] == "x")
    reached = sum(quota.taken for cell, quota in plan.items() if cell[1] == "x")
    assert reached >= min(floor * target, uncapped) - 9


SHARES = st.dictionaries(st.sampled_from("abc"), st.floats(0, 1), max_size=2)
LOW_SHARES = st.dictionaries(st.sampled_from("abcxyz"), st.floats(0, 0.45), max_size=2)


@settings(deadline=None, max_examples=200)
@given(CELLS, st.integers(1, 300), st.tuples(SHARES, SHARES, LOW_SHARES, LOW_SHARES), st.floats(0, 2))
def test_a_set_is_never_larger_than_its_target_nor_a_group_than_its_cap(
    available: dict[tuple[str, ...], int], target: int, bounds: tuple[dict[str, float], ...], weight: float
) -> None:
    domain_caps, format_caps, domain_floors, format_floors = bounds
    caps = {"domain": domain_caps, "format": {"xyz"["abc".index(value)]: cap for value, cap in format_caps.items()}}
    wanted = {"domain": domain_floors, "format": format_floors}
    floors = {c: {v: min(f, caps[c].get(v, 1)) for v, f in shares.items()} for c, shares in wanted.items()}
    options = Mixture.model_validate(
        {"target": target, "group_by": ["format"], "caps": caps, "floors": floors, "weights": {"domain": {"a": weight}}}
    )
    plan = quotas(available, options)
    assert plan == quotas(dict(reversed(available.items())), options)
    assert sum(quota.taken for quota in plan.values()) <= target
    for place, column in enumerate(("domain", "format")):
        for value, cap in caps[column].items():
            got = sum(quota.taken for cell, quota in plan.items() if cell[place] == value)
            assert got <= math.floor(cap * target + 1e-6)


@settings(deadline=None)
@given(CELLS, st.integers(3, 300), st.dictionaries(st.sampled_from("abc"), st.floats(0, 0.3), max_size=3))
def test_floors_of_one_column_are_met_to_the_row(
    available: dict[tuple[str, ...], int], target: int, floors: dict[str, float]
) -> None:
    options = Mixture.model_validate({"target": target, "floors": {"domain": floors}, "group_by": ["format"]})
    needs = {value: math.ceil(floor * target - 1e-6) for value, floor in floors.items()}
    got = quotas(available, options)
    if sum(needs.values()) <= target:
        for value, need in needs.items():
            cells = [cell for cell in available if cell[0] == value]
            there = sum(available[cell] for cell in cells)
            assert sum(got[(value, *cell[1:])].taken for cell in cells) >= min(need, there)


def test_rounding_keeps_a_cap() -> None:
    available = {(f"{i:02}", "a" if i < 20 else "b"): 1_000 for i in range(40)}
    options = {"target": 100, "group_by": ["domain"], "temperature": 1e9, "caps": {"source": {"a": 0.1}}}
    got = taken(Mixture.model_validate(options), available)
    assert sum(n for cell, n in got.items() if cell.endswith("a")) == 10
    assert sum(got.values()) == 100


CLASHES = [
    ({"stratum": 0.7, "source": 0.6}, ["challenging/y", "easy/x", "easy/y"], {"challenging/y": 54, "easy/x": 46, "easy/y": 0}),
    ({"stratum": 0.9, "source": 0.9}, ["challenging/x", "challenging/y", "easy/x"], {"challenging/x": 90, "challenging/y": 5, "easy/x": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("shares", "cells", "expected"), CLASHES)
def test_floors_that_clash_are_scaled_and_those_that_overlap_are_met(
    shares: dict[str, float], cells: list[str], expected: dict[str, int]
) -> None:
    floors = {"stratum": {"challenging": shares["stratum"]}, "source": {"x": shares["source"]}}
    options = Mixture.model_validate({"target": 100, "floors": floors})
    order = [0 if column == "stratum" else 1 for column in options.columns]
    available = {tuple(cell.split("/")[i] for i in order): 1_000 for cell in cells}
    assert taken(options, available) == {"/".join(cell.split("/")[i] for i in order): n for cell, n in expected.items()}


def test_without_a_cap_the_target_is_met_exactly() -> None:
    for target in (1, 7, 999, 10_999):
        got = taken(Mixture.model_validate({"target": target, "group_by": ["domain"], "temperature": 3}))
        assert sum(got.values()) == target


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"caps": {"domain": {"a": 0.5}}}, "shares of `target`"),
        ({"target": 5, "floors": {"domain": {"a": 0.7, "b": 0.7}}}, "add up to 1.4"),
        ({"target": 5, "floors": {"domain": {"a": 0.7}}, "caps": {"domain": {"a": 0.1}}}, "above its cap"),
        ({"group_by": ["colour"]}, "rl.mixture.group_by[0]"),
    ],
)
def test_impossible_mixtures_are_told(write_manifest: Write, options: dict[str, Any], message: str) -> None:
    path = write_manifest({"rl": {"sources": [{"kind": "visual_puzzles"}], "mixture": options}})
    with pytest.raises(ManifestError) as error:
        load_manifest(path)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("strata", "stated", "pass_rate", "expected"),
    [
        (Strata(), "easy", None, "easy"),
        (Strata(), "", None, ""),
        (Strata(), "easy", 0.1, "challenging"),
        (Strata(), "", 0.5, "intermediate"),
        (Strata(), "", 0.9, "easy"),
        (Strata(prefer_stated=True), "easy", 0.1, "easy"),
        (Strata(prefer_stated=True), "", 0.1, "challenging"),
        (Strata(easy_above=0.95), "", 0.9, "intermediate"),
    ],
)
def test_strata(strata: Strata, stated: str, pass_rate: float | None, expected: str) -> None:
    assert strata.of(stated, pass_rate) == expected


PUZZLES = {"kind": "visual_puzzles", "families": ["locate", "count"], "levels": [1], "size": 56, "count": 24}
CHARTS = {"kind": "visual_puzzles", "name": "charts", "families": ["bar_chart"], "levels": [1], "size": 56, "count": 20}


def mixed(target: int) -> dict[str, Any]:
    mixture = {"target": target, "group_by": ["domain"], "temperature": 100}
    return {"rl": {"sources": [{**PUZZLES, "license": "MIT"}, CHARTS], "mixture": mixture}}


def ids(out: Path) -> set[str]:
    return {r["id"] for f in (out / "data/rl").glob("*.parquet") for r in read_records(f, ["id"])}


@pytest.mark.slow
def test_a_build_takes_the_target_tells_the_table_and_a_larger_target_takes_the_same_rows_and_more(
    write_manifest: Write, tmp_path: Path
) -> None:
    run(write_manifest(mixed(16)), tmp_path / "a")
    run(write_manifest(mixed(16)), tmp_path / "b", workers=2)
    run(write_manifest(mixed(24)), tmp_path / "c")
    assert shard_bytes(tmp_path / "a") == shard_bytes(tmp_path / "b")
    assert len(ids(tmp_path / "a")) == 16
    assert len(ids(tmp_path / "c")) == 24
    assert ids(tmp_path / "a") < ids(tmp_path / "c")
    summary = json.loads((tmp_path / "a/summary.json").read_text())
    assert summary["balanced"]
    assert summary["configs"]["rl"]["mixture"]["rows"]["taken"] == 16
    domains = summary["configs"]["rl"]["mixture"]["domain"]
    assert {name: counts["taken"] for name, counts in domains.items()} == {name: 8 for name in domains}
    reasons = summary["configs"]["rl"]["sources"]
    assert sum(n for told in reasons.values() for r, n in told["reasons"].items() if "not_selected" in r) == 44 - 16


@pytest.mark.slow
def test_weights_tell_what_the_rows_at_hand_do_not_give(write_manifest: Write, tmp_path: Path) -> None:
    manifest = {"rl": {"sources": [PUZZLES, CHARTS], "mixture": {"group_by": ["source"], "temperature": 1e9}}}
    run(write_manifest(manifest), tmp_path / "out")
    rows = [r for f in (tmp_path / "out/data/rl").glob("*") for r in read_records(f, ["source", "weight"])]
    weight = {row["source"]: row["weight"] for row in rows}
    share = {source: sum(r["weight"] for r in rows if r["source"] == source) / len(rows) for source in weight}
    assert share == pytest.approx({source: 0.5 for source in weight}, rel=1e-5)
    assert weight["visual_puzzles"] == pytest.approx(22 / 24)


def test_licences_are_compared_by_their_names_and_unknown_is_refused() -> None:
    release = Release(allow=("apache-2.0", "MIT"))
    assert release.allows("Apache-2.0")
    assert release.allows("Apache 2.0")
    assert not release.allows("Apache-1.1")
    assert not release.allows("(" * 150 + "MIT" + ")" * 150)
    assert not release.allows("unknown")
    assert not release.allows(" ")
    assert Release(allow=("unknown",)).allows("")


@pytest.mark.slow
def test_a_build_that_may_not_be_published_fails_and_leaves_no_shards(write_manifest: Write, tmp_path: Path) -> None:
    sources = [{**PUZZLES, "license": "GPL-3.0"}, {**CHARTS, "license": "unknown"}]
    manifest = {"release": {"allow": ["Apache-2.0"]}, "rl": {"sources": sources}}
    with pytest.raises(BuildError) as error:
        run(write_manifest(manifest), tmp_path / "out")
    assert "24 of visual_puzzles (GPL-3.0)" in str(error.value)
    assert "of charts (unknown)" in str(error.value)
    assert not list((tmp_path / "out").rglob("data/rl/*.parquet"))


@pytest.mark.slow
def test_rows_that_may_not_be_published_can_drop_instead(write_manifest: Write, tmp_path: Path) -> None:
    sources = [{**PUZZLES, "license": "GPL-3.0"}, {**CHARTS, "license": "Apache-2.0"}]
    manifest = {"release": {"allow": ["Apache-2.0"], "on_violation": "drop"}, "rl": {"sources": sources}}
    run(write_manifest(manifest), tmp_path / "out")
    counts = json.loads((tmp_path / "out/summary.json").read_text())["configs"]["rl"]["sources"]
    assert counts["visual_puzzles"]["reasons"] == {"04-rl-filter: license_not_allowed": 24}
    assert counts["charts"]["out"] == counts["charts"]["in"]
