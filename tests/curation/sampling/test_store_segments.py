"""The segments under the rollout store: few, whole, found by key, and read back as they were written."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation.core.errors import SamplingError
from curation.sampling.rollouts import compaction, segments
from curation.sampling.rollouts.key_index import KeyIndex
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segment_log import SegmentLog
from curation.sampling.rollouts.segments import list_segments, read_groups

SCHEMA = pa.schema([("name", pa.string()), ("kind", pa.string()), ("text", pa.string())])
LAYOUT = Layout(SCHEMA, ("name", "kind"), ("name", "kind", "text"), ())


def opened(folder: Path) -> SegmentLog:
    return SegmentLog(folder, LAYOUT)


def line(name: str, kind: str = "x", text: str = "text") -> dict[str, Any]:
    return {"name": name, "kind": kind, "text": text}


def found(log: SegmentLog, *names: str, kind: str = "x") -> list[tuple[str, str, str]]:
    lines = [line for table in log.find_lines([(name, kind) for name in names]) for line in table.to_pylist()]
    return [(held["name"], held["kind"], held["text"]) for held in lines if held["kind"] == kind]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 20 kB and row groups of 2 kB, so that a test fills several."""
    monkeypatch.setattr(compaction, "SEGMENT_BYTES", 20_000)
    monkeypatch.setattr(segments, "GROUP_BYTES", 2_000)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_every_line_is_found_by_its_key_and_after_reopening(tmp_path: Path) -> None:
    rng = random.Random(0)
    written: dict[str, set[str]] = {}
    with opened(tmp_path) as log:
        for batch in range(60):
            lines = [line(f"n{rng.randrange(100)}", text=f"{batch} " * rng.randrange(1, 60)) for _ in range(8)]
            log.append_lines(lines)
            for one in lines:
                written.setdefault(one["name"], set()).add(one["text"])
            assert {text for _, _, text in found(log, one["name"])} == written[one["name"]]
    with opened(tmp_path) as log:
        assert {name: {text for _, _, text in found(log, name)} for name in written} == written
        assert found(log, "stranger") == []
        assert found(log, "n1", kind="y") == []
    assert 2 <= len(list_segments(tmp_path)) <= 20


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_many_small_batches_leave_few_files_and_bounded_groups(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        for number in range(300):
            log.append_lines([line(f"n{number}", text="x" * 200)])
            assert len(list_segments(tmp_path)) < 40
    left = list_segments(tmp_path)
    groups = [table for path in left for table in read_groups(path, SCHEMA)]
    assert len(left) < 8
    assert sum(table.num_rows for table in groups) == 300
    assert max(table.nbytes for table in groups) < 3 * 2_000
    assert len(groups) < 60


@pytest.mark.parametrize(
    ("listings", "expected"),
    [
        (["", ""], ""),
        (["a b", "a b"], "a b"),
        (["a b", "a b c", "a b c d"], "a b c"),  # c is appended
        (["a b", "b", "m", "m"], "m"),  # m replaces a and b, and is missed while they go
        (["a b", "b c", "c m", "c d m", "c d e m"], "c d m"),  # and c and d are appended meanwhile
        (["b", "a b"], "a b"),  # a is appended while the first is made
    ],
)
def test_a_listing_counts_that_misses_nothing_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listings: list[str], expected: str
) -> None:
    made = iter(listings)
    monkeypatch.setattr("os.listdir", lambda _: [f"segment-{name}-0.parquet" for name in next(made).split()])
    assert [path.name.split("-")[1] for path in list_segments(tmp_path)] == expected.split()


def test_a_batch_larger_than_a_segment_is_one_segment(tmp_path: Path, small: None) -> None:
    with opened(tmp_path) as log:
        log.append_lines([line(f"n{number}", text="x" * 500) for number in range(100)])
        log.append_lines([line("last")])
        assert len(found(log, *(f"n{number}" for number in range(100)), "last")) == 101
    assert [sum(t.num_rows for t in read_groups(path, SCHEMA)) for path in list_segments(tmp_path)] == [100, 1]


def test_an_append_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left")

    with opened(tmp_path) as log:
        log.append_lines([line("a")])
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", full)
            with pytest.raises(OSError, match="no space left"):
                log.append_lines([line("b")])
        assert found(log, "a", "b") == [("a", "x", "text")]
        log.append_lines([line("c")])
    with opened(tmp_path) as log:
        assert sorted(found(log, "a", "b", "c")) == [("a", "x", "text"), ("c", "x", "text")]


def test_a_flipped_byte_is_found_out(tmp_path: Path) -> None:
    text = "".join(random.Random(0).choices("abcdefgh", k=5_000))
    with opened(tmp_path) as log:
        log.append_lines([line("a", text=text)])
    (segment,) = list_segments(tmp_path)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    with pytest.raises(SamplingError, match=rf"{segment.name}' cannot be read \(.*; remove it"):
        read_groups(segment, SCHEMA)


def test_a_segment_of_another_version_is_named(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append_lines([line("a")])
    other = pa.schema([*SCHEMA, ("language", pa.string())])
    with pytest.raises(SamplingError, match="has other columns than this version writes: language; move it away"):
        SegmentLog(tmp_path, Layout(other, ("name", "kind"), ("name", "kind"), ()))


def test_the_index_finds_every_location_of_a_key() -> None:
    rng = np.random.default_rng(0)
    index, expected = KeyIndex(), dict[int, set[int]]()
    for location in range(300):
        keys = rng.integers(0, 500, size=rng.integers(1, 20)).astype(np.uint64)
        index.add(keys, location)
        for key in keys.tolist():
            expected.setdefault(key, set()).add(location)
    for key in range(500):
        assert index.find(np.array([key], np.uint64)) == sorted(expected.get(key, set()))
    assert index.find(np.arange(500, dtype=np.uint64)) == list(range(300))
    assert index.find(np.array([], np.uint64)) == []
