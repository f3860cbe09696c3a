"""Many writers of one store: nothing is lost or missed, and which of two draws counts depends on the draws alone."""

import os
from dataclasses import astuple, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core import parquet
from curation.sampling.engines.base import Sample
from curation.sampling.rollouts import compaction, segment_index, segment_log
from curation.sampling.rollouts.rollout import LAYOUT, SCHEMA, Rollout, Setting, rollout_id, to_line
from curation.sampling.rollouts.scan import scan
from curation.sampling.rollouts.segments import STALE_S, list_segments
from curation.sampling.rollouts.store import RolloutStore
from tests.curation.sampling.killed_writers import kill_both

SETTING = Setting("model", "revision", "template", 1.0, 1.0)


def rollout(prompt: str, number: int = 0, text: str = "text", seconds: float = 0.25) -> Rollout:
    return Rollout(prompt, prompt, SETTING, 8, Sample(number, text, "stop", 5, number), 3, seconds)


def held(store: RolloutStore, *prompts: str) -> list[Rollout]:
    return [one for of_prompt in store.load(SETTING, prompts, 8).values() for one in of_prompt.values()]


def append(folder: Path, *rollouts: Rollout) -> None:
    """As a process of its own would that ends without closing."""
    RolloutStore(folder).append(rollouts, are_new=True)


def test_what_others_append_is_found_by_a_store_that_is_open(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as one, RolloutStore(tmp_path) as other:
        one.append([rollout("a")])
        other.append([rollout("b"), rollout("a", text="again")])
        assert held(one, "a", "b") == held(other, "a", "b") == [rollout("a"), rollout("b")]
        assert one.settings() == {SETTING: 2}


def test_which_of_two_draws_counts_depends_on_the_draws_alone(tmp_path: Path) -> None:
    draws = [
        *(rollout("a", text=text, seconds=seconds) for text, seconds in (("x", 2.0), ("x", 1.0), ("y", 3.0))),
        replace(rollout("a", text="z", seconds=4.0), max_tokens=16),
    ]
    expected = min(draws[:3], key=lambda draw: (rollout_id(draw), draw.seconds))
    for number, order in enumerate([draws, draws[::-1], draws[2:] + draws[:2]]):
        for draw in order:
            append(tmp_path / str(number), draw)
        with RolloutStore(tmp_path / str(number)) as store:
            for _ in range(2):
                assert held(store, "a") == [expected]
                assert store.measure(SETTING, ["a"], 8).seconds.tolist() == [expected.seconds]
                assert store.settings() == {SETTING: 2}
                store.compact()
        assert sum(pq.read_metadata(path).num_rows for path in list_segments(tmp_path / str(number))) == 2


def test_a_reader_goes_on_while_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_index, "_FEW_GONE", 2)
    monkeypatch.setattr(compaction, "FAN_IN", 4)
    for number in range(6):
        append(tmp_path, rollout(f"p{number}"))
    with RolloutStore(tmp_path) as reader, RolloutStore(tmp_path) as other:
        found = reader.find_lines((f"p{number}", *astuple(SETTING)) for number in range(6))
        first = next(found)
        other.compact()
        assert len(list_segments(tmp_path)) == 1
        lines = pa.concat_tables([first, *found])
        assert set(lines["prompt"].to_pylist()) == {f"p{number}" for number in range(6)}
        assert len(held(reader, *(f"p{number}" for number in range(6)))) == 6
        for number in range(24):  # the index forgets what is merged and finds what is not
            other.append([rollout(f"q{number}")])
            assert held(reader, f"q{number}", "p0") == [rollout(f"q{number}"), rollout("p0")]


def test_the_small_segments_of_writers_that_ended_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_log, "MANY", 4)
    for number in range(6):
        append(tmp_path, rollout(f"p{number}"))
    early = list_segments(tmp_path)
    for path in early[:-1]:
        os.utime(path, (1e9, 1e9))
    with RolloutStore(tmp_path) as store:
        store.append([rollout("last")])
    left = list_segments(tmp_path)
    assert len(left) == 3  # the merged one, the one of a writer that may live, and the last
    assert set(left) & set(early) == {early[-1]}
    with RolloutStore(tmp_path) as store:
        assert len(held(store, *(f"p{number}" for number in range(6)), "last")) == 7


def test_a_kill_while_segments_are_merged_leaves_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        append(tmp_path, rollout(f"p{number}"))
    with RolloutStore(tmp_path) as store, monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", kill)
        with pytest.raises(KeyboardInterrupt):
            store.compact()
    assert len(list_segments(tmp_path)) == 4
    assert sum(lines.num_rows for lines in scan(tmp_path, LAYOUT)) == 3
    with RolloutStore(tmp_path) as store:
        assert [len(store.segments), len(held(store, "p0", "p1", "p2"))] == [1, 3]
        store.compact()
    assert [pq.read_metadata(path).num_rows for path in list_segments(tmp_path)] == [3]


def kill(path: Path, missing_ok: bool = False) -> None:
    if path.suffix != ".tmp":
        raise KeyboardInterrupt


def test_the_segments_of_earlier_releases_are_read_and_kept(tmp_path: Path) -> None:
    earlier = tmp_path / "segment-00000000.parquet"
    pq.write_table(pa.Table.from_pylist([to_line(rollout("a"))], schema=SCHEMA), earlier)
    before = earlier.read_bytes()
    append(tmp_path, rollout("b"))
    append(tmp_path, rollout("c"))
    with RolloutStore(tmp_path) as store:
        store.compact()
        assert held(store, "a", "b", "c") == [rollout("a"), rollout("b"), rollout("c")]
    assert len(list_segments(tmp_path)) == 2
    assert earlier.read_bytes() == before


def test_only_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    names = (".segment-0-000000.parquet.ab.tmp", ".segment-1-000000.parquet.ab.tmp", "notes.txt")
    for name in names:
        (tmp_path / name).write_bytes(b"PAR1 half")
    os.utime(tmp_path / names[0], (0, (tmp_path / names[1]).stat().st_mtime - STALE_S - 60))
    append(tmp_path, rollout("a"))
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in list_segments(tmp_path)} == {*names[1:]}


def test_a_temporary_file_that_was_taken_for_a_stale_one_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_file, stolen = os.replace, list[Path]()

    def steal(source: Path, target: Path) -> None:
        if not stolen:
            stolen.append(source)
            source.unlink()
        replace_file(source, target)

    monkeypatch.setattr(parquet.os, "replace", steal)
    append(tmp_path, rollout("a"))
    assert stolen
    assert held(RolloutStore(tmp_path), "a") == [rollout("a")]


def test_a_forked_process_is_a_writer_of_its_own(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a")])
        if not (child := os.fork()):
            try:
                store.append([rollout("b")])
                store.close()
            finally:
                os._exit(0)
        store.append([rollout("c")])
        assert os.waitpid(child, 0)[1] == 0
        assert held(store, "a", "b", "c") == [rollout("a"), rollout("b"), rollout("c")]
    assert len({compaction.writer_of(path) for path in list_segments(tmp_path)}) == 2


@pytest.mark.slow
def test_writers_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    counts = kill_both(tmp_path, rounds=3, seed=1)
    assert counts.pop("appends") > 20
    assert counts == {"lost": 0, "half": 0, "missed": 0, "wrong": 0}
