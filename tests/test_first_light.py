"""The whole thing: curated, fine-tuned, sampled through vLLM, reinforced, on real parts; and the bar that it has to reach."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.build.build import BuildOptions, build
from curation.commands.check import check

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
MANIFEST = Path(__file__).parents[1] / "manifests" / "quickstart.yaml"


@pytest.fixture(scope="module")
def summary(quickstart: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((quickstart / "summary.json").read_text())
    return read


def test_the_quickstart_raises_the_reward_on_held_back_rows(quickstart: Path, summary: dict[str, Any]) -> None:
    reward = summary["reward"]
    assert reward["after GRPO"] - reward["after SFT"] >= 0.15, reward
    assert "mean reward after GRPO" in (quickstart / "shown.txt").read_text()


def test_the_quickstart_keeps_images_and_text_that_are_neither_trivial_nor_infeasible(summary: dict[str, Any]) -> None:
    kept = summary["kept"]["source"]
    images = {"count", "compare", "bar_chart", "locate", "geometry"}
    assert len(kept.keys() & images) >= 3, kept
    assert kept.keys() - images, kept
    assert summary["pass_rates"]["kept"].get("0.0", 0) == summary["pass_rates"]["kept"].get("1.0", 0) == 0


def test_the_quickstart_accounts_for_every_row(quickstart: Path, summary: dict[str, Any]) -> None:
    for rows in summary["rows"].values():
        assert rows["in"] == rows["kept"] + sum(rows["dropped"].values())
    assert "all valid" in check(quickstart / "curated")


def test_the_quickstart_distils_its_cold_start(quickstart: Path) -> None:
    built = json.loads((quickstart / "curated" / "summary.json").read_text())["configs"]["cold_start"]
    rows = [
        row
        for shard in built["shards"]
        for row in pq.read_table(quickstart / "curated/data/cold_start" / shard).to_pylist()
    ]
    taught = [row for row in rows if row["teacher"] != "worked solution"]
    assert len(taught) > len(rows) / 3
    assert {row["verified"] for row in taught} == {"correct"}


def test_what_the_cold_start_imagines_is_imagined_before_images(quickstart: Path, summary: dict[str, Any]) -> None:
    imagery = summary["behaviors"]["mental_imagery"]
    assert imagery["before SFT"] == 0
    assert imagery["after SFT"] > 0.2
    assert (quickstart / "behaviors.png").stat().st_size > 1000


def test_the_quickstart_fits_a_small_machine(summary: dict[str, Any]) -> None:
    assert summary["peak_memory_gb"] < 8


def test_other_bounds_are_applied_to_the_pass_rates_that_vllm_gave(
    quickstart: Path, summary: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the store: the engine has no time to start."""
    monkeypatch.setenv("OVR_QUICKSTART_TEACHER", str(quickstart / "models" / "teacher"))
    monkeypatch.setenv("OVR_QUICKSTART_MODEL", str(quickstart / "models" / "sft"))
    shutil.copytree(quickstart / "curated", tmp_path / "curated")
    changes = ("seed=1", "rl.difficulty.max_pass_rate=0.8", "rl.difficulty.sampler.start_timeout_s=0.001")
    again = build(MANIFEST, tmp_path / "curated", BuildOptions(changes=changes))
    rates, before = again["configs"]["rl"]["pass_rates"], summary["pass_rates"]
    assert rates["measured"] == before["measured"]
    assert rates["kept"] == {tenth: n if float(tenth) < 0.8 else 0 for tenth, n in before["kept"].items()}
