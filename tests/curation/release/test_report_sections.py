"""The measured sections: their facts are the counts that are known of a small build, and their templates show whatever there is."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.core import plugins
from curation.core.parquet import AtomicParquetWriter
from curation.core.row import make_row
from curation.core.schema import released_record, released_schema
from curation.release.card.croissant import croissant
from curation.release.card.limits import limits_of, of_licences
from curation.release.dataset import Dataset, open_dataset
from curation.release.finish import finish
from curation.release.report.columns import Rates, quantiles
from curation.release.report.image_sizes import image_table
from curation.release.report.intervals import Sums, mean_rate, rate
from curation.release.report.page import known_sections, template_facts
from curation.release.report.section import Page
from tests.curation.release.known_build import known_build

MEASURED = (
    "behaviors", "certification", "clusters", "contamination", "difficulty_length", "error_budget", "loss", "mixture", "pass_rates",
    "sizes", "zero_pass",
)  # fmt: skip
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e\x07" + "w" * 300
LOSS_GROUP = {
    "score": "loss", "domain": HOSTILE, "band": "0-256", "n": 6, "n_basis": 6, "median": 1.0, "mad": 0.1, "low": None, "high": 1.5,
    "n_below": 0, "n_above": 1, "why": "",
}  # fmt: skip
LOSS = {
    "model": {HOSTILE: "0" * 40}, "rows": 7, "dropped": {"loss": 1}, "without_loss": {"no_room": 1, "not_finite": 0},
    "too_short_to_compare": 2, "read_in_part": 0, "median": {"loss": 1.0}, "not_compared": 0, "groups": [LOSS_GROUP],
}  # fmt: skip
CAUSE = {
    "cause": "gold", "share": 0.02, "low": 0.01, "high": 0.05, "rows": 18, "evidence": "measured", "in_total": True, "how": HOSTILE,
    "detail": {}, "by_source": {HOSTILE: {"share": None, "low": 0.0, "high": 1.0, "rows": 18}},
}  # fmt: skip
BUDGET = {
    "confidence": 0.95, "seed": 0,
    "configs": {"rl": {"rows": 18, "share": None, "low": 0.0, "high": 1.0, "measured": {"share": 0.02, "low": 0.01, "high": 0.05},
                       "causes": [CAUSE], "note": HOSTILE}},
}  # fmt: skip
CERTIFIED = {"rows": 12, "cases": 100, "false_negatives": 2, "false_positives": 0, "not_judged": 1}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build, to be read and not changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "_loaded", [])
        return known_build(tmp_path_factory.mktemp("known"))


@pytest.fixture
def copied(known: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(known, tmp_path / "out"))


def facts(path: Path, kind: str) -> Any:
    section = next(one for one in known_sections() if one.kind == kind)
    return section.facts(open_dataset(path), Page(3))


def change_summary(path: Path, change: Any) -> None:
    summary = json.loads((path / "summary.json").read_text())
    change(summary)
    (path / "summary.json").write_text(json.dumps(summary))


def shown(path: Path) -> dict[str, str]:
    """Kind -> the section as HTML, of those of this file."""
    dataset, page = open_dataset(path), Page(3)
    found: dict[str, str] = {}
    for section in known_sections():
        if section.kind in MEASURED and (one := section.facts(dataset, page)) is not None:
            found[section.kind] = one["missing"] if one.keys() == {"missing"} else template_facts(section.kind, one)
    return found


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
        (0, 1, 0.0, 0.7935),
    ],
)
def test_rates_have_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    # 81 of 263 is the example of Newcombe, Statistics in Medicine 17, 1998, table I.
    share, *ends = rate(hits, n)
    assert share == hits / n
    assert ends == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 10, 29, 30, 1_000])
def test_an_interval_of_a_mean_is_inside_0_and_1_and_no_wider_than_that_of_yes_and_no(n: int) -> None:
    values = np.linspace(0.2, 0.6, n)
    mean, low, high = (one or 0.0 for one in mean_rate(Sums(n, float(values.sum()), float((values**2).sum()))))
    _, widest_low, widest_high = (one or 0.0 for one in rate(values.sum(), n))
    assert 0 <= widest_low - 1e-9 <= low < mean < high <= widest_high + 1e-9 <= 1 + 1e-9


def test_the_interval_of_a_mean_of_many_rows_is_the_normal_one() -> None:
    values = np.random.default_rng(0).beta(2, 3, 5_000)
    _, low, high = mean_rate(Sums(5_000, float(values.sum()), float((values**2).sum())))
    spread = 1.96 * values.std() / np.sqrt(5_000)
    assert [low, high] == pytest.approx([values.mean() - spread, values.mean() + spread], abs=2e-4)


def test_sums_grow_with_the_groups_and_leave_out_what_is_not_known() -> None:
    rates = Rates()
    rates.add(np.array([0, 0, 1]), np.array([0.5, np.nan, 1.0]))
    rates.add(np.array([3]), np.array([0.25]))
    assert [rates.of(group) for group in (0, 1, 2, 3, 4)] == [
        (1, 0.5, 0.25),
        (1, 1.0, 1.0),
        (0, 0, 0),
        (1, 0.25, 0.0625),
        (0, 0, 0),
    ]


def test_quantiles_are_values_that_occur() -> None:
    assert quantiles(np.arange(1, 101, dtype=float)) == {"p50": 50, "p90": 90, "p99": 99, "max": 100}
    assert quantiles(np.array([np.nan, 7.0])) == {"p50": 7, "p90": 7, "p99": 7, "max": 7}
    assert quantiles(np.empty(0))["max"] is None


@pytest.mark.slow
def test_pass_rates_are_those_of_the_rows_that_stayed(known: Path) -> None:
    found = facts(known, "pass_rates")
    by_source = {row["group"]: row for row in found["tables"][0]["rows"]}
    # Towns 0 to 29 were measured; town i has i % 5 of 4 right, and what is never or always right went.
    assert {name: (row["rows"], row["rate"][0], row["samples"], row["right"]) for name, row in by_source.items()} == {
        "north": (12, 0.5, 48, 24),
        "south": (6, 0.5, 24, 12),
    }
    assert by_source["south"]["rate"][2] - by_source["south"]["rate"][1] > 0.5, "six rows say little"
    assert [(one["rate"], one["measured"], one["kept"]) for one in found["histogram"]] == [
        ("0.0", 6, 0), ("0.2", 6, 6), ("0.5", 6, 6), ("0.7", 6, 6), ("1.0", 6, 0),
    ]  # fmt: skip
    assert [row["rows"] for row in found["samplers"]] == [18]
    assert "known @ 1" in found["samplers"][0]["sampler"]
    assert (found["tables"][1]["column"], found["tables"][1]["rows"][0]["group"]) == ("domain", "travel")


@pytest.mark.slow
def test_unsolved_rows_are_split_by_what_they_are(known: Path) -> None:
    found = facts(known, "zero_pass")
    assert found["rows"] == 6
    assert [(one["class"], one["rows"]) for one in found["classes"]] == [("Hard", 6)]
    assert [(one["source"], one["rows"], one["kept"]) for one in found["sources"]] == [("north", 4, 0), ("south", 2, 0)]
    assert found["sources"][0]["share"][0] == pytest.approx(4 / 23)


@pytest.mark.slow
def test_lengths_are_those_of_prompts_and_samples(known: Path) -> None:
    prompt, response = facts(known, "difficulty_length")["tables"]
    assert sum(line["rows"] for line in prompt["lines"]) == 18
    # Four samples of 5, 6, 7 and 8 tokens.
    assert [(line["length"], line["rows"], line["samples"], line["cut"]) for line in response["lines"]] == [
        ("4 to 7", 18, 72, 0.0)
    ]
    sizes = {
        table["title"]: table["lines"] for config in facts(known, "sizes")["configs"] for table in config["tables"]
    }
    assert sizes["Tokens of a sample of known"][0] == {"source": "all", "n": 72, "p50": 6, "p90": 8, "p99": 8, "max": 8}
    prompts = sizes["Tokens of the prompt with its images, as known counts them"]
    assert [(line["source"], line["n"], line["max"]) for line in prompts] == [
        ("all", 18, 28),
        ("north", 12, 18),
        ("south", 6, 28),
    ]


def test_images_have_their_sizes_and_the_tokens_of_the_model(tmp_path: Path) -> None:
    sizes = {"a": [(56, 56), (280, 28)], "b": [(100, 30)]}
    with AtomicParquetWriter(
        tmp_path / "data/rl/train-00000-of-00001.parquet", released_schema("rl", {}), row_group_rows=1
    ) as writer:
        for source, images in sizes.items():
            row = make_row(source=source, source_id="1", question="Which?", images=map(png, images))
            writer.write(released_record("rl", row, row.question))
    (tmp_path / "summary.json").write_text('{"configs": {"rl": {}}}')
    (tmp_path / "manifest.lock.yaml").write_text("manifest: {}")
    lines, is_part = image_table(open_dataset(tmp_path), 100)
    largest = {(line["source"], line["measure"]): line["max"] for line in lines}
    assert not is_part
    # Sides rounded to multiples of 28: 100x30 is 112x28, four squares of 28.
    assert [largest["a", name] for name in ("width", "height", "pixels", "tokens", "images of a row")] == [
        280,
        56,
        7840,
        10,
        2,
    ]
    assert [largest["b", name] for name in ("width", "tokens", "images of a row")] == [100, 4, 1]
    part, is_part = image_table(open_dataset(tmp_path), 1)
    assert (is_part, {line["source"] for line in part}) == (True, {"a"})


def png(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "PNG")
    return out.getvalue()


@pytest.mark.slow
def test_the_overlap_matrix_has_sources_by_evaluation_sets(known: Path) -> None:
    found = facts(known, "contamination")
    rl = next(config for config in found["configs"] if config["config"] == "rl")
    assert [(line["source"], line["rows"], line["all"], line["in exam"], line["in quiz"]) for line in rl["counts"]] == [
        ("north", 23, 2, 2, 2), ("south", 15, 1, 1, 1),
    ]  # fmt: skip
    assert {(one["source"], one["benchmark"], one["kind"]): one["rows"] for one in rl["kinds"]}[
        "north", "exam", "the same words"
    ] == 2
    assert {case["benchmark"] for case in found["examples"]} <= {"exam", "quiz"}
    assert any("Quagmire" in case["row_text"] for case in found["examples"])


@pytest.mark.slow
def test_clusters_come_from_the_ledger(known: Path) -> None:
    rl = next(config for config in facts(known, "clusters")["configs"] if config["config"] == "rl")
    assert (rl["merged"], rl["conflicting"], rl["clusters"]) == (3, 2, 3)
    assert rl["sizes"] == [{"size": "2", "clusters": 3, "share": 1.0}]
    assert rl["shared"] == [{"source": "south", "of": "north", "rows": 3}]
    assert rl["largest"][0] == {"row": "north/north-3", "size": 2, "members": ["south/south-3"]}
    assert sorted(one["row"] for one in rl["conflicts"]) == ["north/north-41", "south/south-41"]


@pytest.mark.slow
def test_behaviors_are_counted_by_source_and_teacher(known: Path) -> None:
    by_source, by_teacher = facts(known, "behaviors")["tables"]
    traces = list(open_dataset(known).records("cold_start", ["behaviors"]))
    checks = sum(record["behaviors"]["verification"] > 0 for record in traces)
    assert checks == 3, "every second trace checks again"
    found = {(one["behavior"], one["group"]): one for one in by_source["groups"]}
    assert found["Verification", "trips"] == {
        "behavior": "Verification",
        "group": "trips",
        "traces": 6,
        "share": rate(3, 6),
    }
    assert "mental imagery" in by_source["never"]
    assert (by_teacher["traces"], by_teacher["groups"][0]["traces"]) == (6, 6)


@pytest.mark.slow
def test_a_certificate_and_a_budget_are_shown_with_intervals(copied: Path) -> None:
    assert "ovr-curate certify" in facts(copied, "certification")["missing"]
    change_summary(copied, lambda summary: summary.update(certificate={"north": {"math": CERTIFIED}}))
    (copied / "error_budget.json").write_text(json.dumps(BUDGET))
    certified = facts(copied, "certification")
    assert certified["groups"][0]["negatives"] == rate(2, 100)
    assert certified["not_tried"] == ["south"]
    assert "not tried on south" in template_facts("certification", certified)
    assert facts(copied, "error_budget")["configs"][0]["causes"][0]["share"] == [0.02, 0.01, 0.05]


@pytest.mark.slow
def test_the_loss_has_its_cuts(copied: Path) -> None:
    assert "cold_start.loss" in facts(copied, "loss")["missing"]
    (copied / "loss.json").write_text(json.dumps(LOSS))
    quarantined = {"loss": pa.array([1.7, None], pa.float32())}
    pq.write_table(pa.table(quarantined), copied / "loss_quarantine.parquet")
    found = facts(copied, "loss")
    assert found["dropped"][0] == {"score": "Loss", "rows": 1, "share": rate(1, 7), "median": 1.0}
    assert (found["groups"][0]["cut"], sum(one["cut"] for one in found["bins"])) == (rate(1, 6), 1)


@pytest.mark.slow
def test_hostile_names_are_shown_and_do_nothing(copied: Path) -> None:
    def rename(summary: dict[str, Any]) -> None:
        for config in summary["configs"].values():
            for key in ("sources", "zero_pass", "overlap", "contamination"):
                if key in config:
                    config[key] = {f"{HOSTILE}{name}": table for name, table in config[key].items()}
            for source in config.get("overlap", {}).values():
                source["benchmarks"] = {
                    name: table for name, table in zip((HOSTILE, "rows"), source["benchmarks"].values(), strict=False)
                }
            config["mixture"]["domain"] = {HOSTILE: config["mixture"]["rows"], "": config["mixture"]["rows"]}
        summary["certificate"] = {HOSTILE: {HOSTILE: CERTIFIED}}

    change_summary(copied, rename)
    (copied / "loss.json").write_text(json.dumps(LOSS))
    (copied / "error_budget.json").write_text(json.dumps(BUDGET))
    pages = shown(copied)
    assert pages.keys() == set(MEASURED)
    for kind, html in pages.items():
        assert "<script" not in html, kind
        assert "style=" not in html, kind
        assert "/script&gt;49" not in html, kind
    assert "&lt;script&gt;" in pages["contamination"]


@pytest.mark.slow
def test_what_a_released_set_lacks_is_left_out(copied: Path) -> None:
    for name in ("stages", "rollouts"):
        shutil.rmtree(copied / name)
    for name in ("ledger.parquet", "contamination.parquet", "suspect_gold.parquet"):
        (copied / name).unlink()
    pages = shown(copied)
    assert facts(copied, "contamination")["examples"] == []
    assert "Quagmire" not in "".join(pages.values()), "no evaluation text"
    assert "not released" in pages["clusters"]
    assert [table["name"] for table in facts(copied, "difficulty_length")["tables"]] == ["prompt"]


@pytest.mark.slow
def test_a_summary_of_an_earlier_version_and_a_set_of_no_rows_are_shown(copied: Path) -> None:
    def forget(summary: dict[str, Any]) -> None:
        for config in summary["configs"].values():
            for key in ("zero_pass", "pass_rates", "overlap", "contamination", "mixture", "behaviors", "kept"):
                config.pop(key, None)

    change_summary(copied, forget)
    assert facts(copied, "pass_rates")["histogram"] == []
    assert facts(copied, "zero_pass") is None
    assert facts(copied, "mixture") is None
    _cut_to(open_dataset(copied), 1)
    pages = shown(copied)
    assert facts(copied, "sizes")["configs"][1]["tables"][0]["lines"][0]["n"] == 1
    assert "pass_rates" in pages
    _cut_to(open_dataset(copied), 0)
    shown(copied)
    assert "was measured" in facts(copied, "pass_rates")["missing"]


def _cut_to(dataset: Dataset, n: int) -> None:
    """The first `n` rows of every shard."""
    for config in dataset.configs:
        for shard in dataset.shards(config):
            pq.write_table(pq.read_table(shard).slice(0, n), shard)


@pytest.mark.slow
def test_a_licence_has_one_name_on_page_and_card_and_what_it_asks_is_a_limit(known: Path) -> None:
    dataset, lines = open_dataset(known), facts(known, "licences")["lines"]
    assert {(line["source"], line["licence"]) for line in lines} == {
        ("north", "MIT"), ("south", "MIT"), ("trips", "CC-BY-NC-SA-4.0"),
    }  # fmt: skip
    assert facts(known, "overview")["licences"] == croissant(dataset)["license"] == ["CC-BY-NC-SA-4.0", "MIT"]
    assert [line for line in limits_of(dataset) if "CC-BY" in line] == [
        "cold_start: 6 rows may not be used commercially (CC-BY-NC-SA-4.0).",
        "cold_start: 6 rows may be passed on under the same licence alone (CC-BY-NC-SA-4.0).",
    ]
    asked = [*of_licences({"MIT": 9, "CC-BY-4.0": 1, "unknown": 1})]
    assert asked == [
        "its rows have 3 licences (MIT, CC-BY-4.0 and unknown); what holds for a row is in its column license.",
        "the licence of 1 row is unknown.",
    ]


@pytest.mark.slow
def test_page_and_card_read_as_text(copied: Path) -> None:
    finish(copied)
    card = (copied / "README.md").read_text()
    pages = {kind: template_facts(kind, facts(copied, kind)) for kind in ("error_budget", "overview")}
    assert "\\`" not in card
    assert "`" not in pages["error_budget"]
    assert "| rl | all | not known |" in card, "a share of what nothing measures is no figure"
    assert "nothing measures the verifier; by the rest" in pages["overview"]
    assert "nothing measures the verifier and contamination<" in pages["overview"]
    assert "Compared with exam and quiz." in card
    assert "is the share of the judged samples" in card
    assert "red flag" not in card, "accepted by the manifest, and none was raised"
