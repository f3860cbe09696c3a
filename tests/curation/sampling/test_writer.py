"""Rollouts that are written while an engine goes on: when, with whose share of the time, and what an error becomes."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from curation.sampling.engines.base import Sample
from curation.sampling.rollouts import writer as module
from curation.sampling.rollouts.rollout import Rollout, Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.writer import RolloutWriter

SETTING = Setting("m", "1", "t", 1.0, 1.0)


def rollouts(*numbers: int, n_tokens: int = 10) -> list[Rollout]:
    return [Rollout("p", "row", SETTING, 64, Sample(k, f"text {k}", "stop", n_tokens, k), 3, 0.0) for k in numbers]


def held(store: RolloutStore) -> list[int]:
    return sorted(store.load(SETTING, ["p"], 64)["p"])


def until(store: RolloutStore, numbers: list[int], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while held(store) != numbers and time.monotonic() < deadline:
        time.sleep(0.01)
    return held(store) == numbers


def test_what_waits_is_written_though_nothing_more_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.1)
    with RolloutStore(tmp_path) as store, RolloutWriter(store) as writer:
        writer.add(rollouts(0, 1))
        assert held(store) == []
        assert until(store, [0, 1], wait_s=10)
        writer.add(rollouts(2))
        assert until(store, [0, 1, 2], wait_s=10)
        assert [rollout.sample.number for rollout in writer.flush()] == [0, 1, 2]
        assert writer.flush() == []


def test_much_text_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 1000)
    monkeypatch.setattr(module, "WAITING_CHARS", 10)
    with RolloutStore(tmp_path) as store, RolloutWriter(store) as writer:
        writer.add(rollouts(0))
        writer.add(rollouts(1))
        assert until(store, [0, 1], wait_s=10)


def test_an_interrupt_keeps_what_was_finished(tmp_path: Path) -> None:
    def interrupted(store: RolloutStore) -> None:
        with RolloutWriter(store) as writer:
            writer.add(rollouts(0))
            raise KeyboardInterrupt

    with RolloutStore(tmp_path) as store:
        with pytest.raises(KeyboardInterrupt):
            interrupted(store)
        assert held(store) == [0]
    assert "rollouts" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("when", ["add", "flush", "exit"])
def test_what_the_store_raises_is_raised_where_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    def write(store: RolloutStore) -> None:
        with RolloutWriter(store) as writer:
            writer.add(rollouts(0))
            while when == "add":
                time.sleep(0.01)
                writer.add(rollouts(1))
            if when == "flush":
                writer.flush()

    monkeypatch.setattr(module, "WAIT_S", 0.01)
    with RolloutStore(tmp_path) as store:
        monkeypatch.setattr(store, "append", full)
        with pytest.raises(OSError, match="no space left"):
            write(store)


def test_all_the_time_is_given_out_and_unfinished_responses_keep_their_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    with RolloutStore(tmp_path) as store, RolloutWriter(store) as writer:
        writer.begin()
        clock[0] += 10
        writer.underway = 30
        writer.add(rollouts(0, n_tokens=10))
        first = writer.flush()
        clock[0] += 10
        writer.underway = 0
        writer.add(rollouts(1, 2, n_tokens=15))
        rest = writer.flush()
    assert [rollout.seconds for rollout in first] == pytest.approx([2.5])  # 10 of 40 tokens in 10 s
    assert [rollout.seconds for rollout in rest] == pytest.approx([8.75, 8.75])
