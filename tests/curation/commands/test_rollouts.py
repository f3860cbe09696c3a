"""`ovr-curate rollouts`: the figures of a store, read while it is whole and when it is not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.cli import main
from curation.commands.rollouts import show_rollouts, summarise
from curation.core.errors import CurationError
from curation.core.row import Message, Row
from curation.sampling.engines.base import Sample
from curation.sampling.rollouts.rollout import Rollout, Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts, rewards_version

SETTING = Setting("model", "revision", "template", 1.0, 1.0)
ROW = Row(id="a", source="test", source_id="a", prompt=(Message("user", "a"),), answer="7")


def rollout(prompt: str, number: int, text: str, finish_reason: Any = "stop", max_tokens: int = 8) -> Rollout:
    return Rollout(prompt, prompt, SETTING, max_tokens, Sample(number, text, finish_reason, 5, number), 3, 0.25)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder with a store of two samplers, and verdicts on one."""
    first = [rollout("a", 0, r"\boxed{7}"), rollout("a", 1, r"\boxed{8}"), rollout("b", 0, "no", "length")]
    again = rollout("b", 0, "none", max_tokens=16)
    store = tmp_path / "rollouts"
    with RolloutStore(store) as rollouts, VerdictStore(store / "verdicts") as verdicts:
        rollouts.append(first)
        rollouts.append([again, replace(first[0], setting=replace(SETTING, model="other"))])
        judge_rollouts([(ROW, [*first, again])], verdicts)
    return tmp_path


def test_a_store_is_summarised_per_sampler(build: Path) -> None:
    found = summarise(build)
    assert found == summarise(build / "rollouts")
    assert found["samplers"] == [
        {
            **{"model": "model", "revision": "revision", "template_hash": "template", "temperature": 1.0, "top_p": 1.0},
            **{"max_tokens": [8, 16], "prompts": 2, "samples": 4, "finish_reasons": {"length": 1, "stop": 3}},
            **{"tokens": 20, "seconds": 1.0, "tokens_per_s": 20.0},
        },
        {
            **{"model": "other", "revision": "revision", "template_hash": "template", "temperature": 1.0, "top_p": 1.0},
            **{"max_tokens": [8], "prompts": 1, "samples": 1, "finish_reasons": {"stop": 1}},
            **{"tokens": 5, "seconds": 0.25, "tokens_per_s": 20.0},
        },
    ]
    outcomes = {"correct": 1, "no_answer": 1, "wrong": 1}
    version = {"rewards": rewards_version(), "current": True}
    assert found["verdicts"] == [{"model": "model", "revision": "revision", **version, "outcomes": outcomes}]
    assert (found["segments"], found["damaged"], found["unfinished"]) == (2, {}, [])
    assert found["bytes"] == sum(file.stat().st_size for file in (build / "rollouts").rglob("*.parquet"))


def test_it_is_shown_as_a_table_and_as_json(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_rollouts(build)
    told = capsys.readouterr().out
    assert "model @ revision" in told
    assert "correct 33.3%, no_answer 33.3%, wrong 33.3%" in told
    assert "2 segments" in told
    show_rollouts(build, as_json=True)
    assert json.loads(capsys.readouterr().out) == summarise(build)


def test_it_may_be_asked_while_the_store_is_open(build: Path) -> None:
    with RolloutStore(build / "rollouts"):
        assert len(summarise(build)["samplers"]) == 2


def test_what_cannot_be_read_is_told_after_what_can(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (build / "rollouts" / "segment-00000009.parquet").write_bytes(b"PAR1 half")
    (build / "rollouts" / ".segment-00000010.parquet.tmp").write_bytes(b"PAR1")
    with pytest.raises(CurationError, match=r"1 segments cannot be read; the first: .*segment-00000009\.parquet"):
        show_rollouts(build)
    told = capsys.readouterr().out
    assert "model @ revision" in told
    assert ".segment-00000010.parquet.tmp" in told
    assert list(summarise(build)["damaged"]) == ["segment-00000009.parquet"]


def test_small_segments_are_merged_where_that_is_asked_for(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = rollout("c", 0, "no")
    RolloutStore(build / "rollouts").append([again])  # as by a writer that was killed
    RolloutStore(build / "rollouts").append([replace(again, seconds=0.125)], are_new=True)
    before = summarise(build)
    assert (before["segments"], before["samplers"][0]["samples"], before["samplers"][0]["seconds"]) == (4, 5, 1.125)
    assert main(["rollouts", str(build), "--json", "--compact"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert {**after, "bytes": 0} == {**before, "bytes": 0, "segments": 2}
    assert main(["rollouts", str(build / "nowhere"), "--compact"]) == 1


def test_a_folder_without_rollouts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CurationError, match="no rollouts; expected a build that has sampled"):
        show_rollouts(tmp_path)


def test_the_command_prints_the_figures(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollouts", str(build), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == summarise(build)
    assert main(["rollouts", str(build / "nowhere")]) == 1
    assert "no rollouts; expected a build that has sampled" in capsys.readouterr().err
