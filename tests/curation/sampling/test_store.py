"""The rollout store: what was written is there, once and whole, whatever happened to the writer."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import FinishReason, Request, Sample
from curation.sampling.rollouts.rollout import SCHEMA, Rollout, Setting, from_line, prompt_hash, to_line
from curation.sampling.rollouts.store import RolloutStore, missing

SETTING = Setting("model", "revision", "template", 1.0, 1.0)


def rollout(
    prompt: str, number: int, finish_reason: FinishReason = "stop", n_tokens: int = 5, max_tokens: int = 8
) -> Rollout:
    sample = Sample(number, f"{prompt} {number} \\boxed{{½}}", finish_reason, n_tokens, seed=2**62 + number)
    return Rollout(prompt, f"id of {prompt}", SETTING, max_tokens, sample, prompt_tokens=3, seconds=0.25)


def test_what_goes_in_comes_out_after_reopening(tmp_path: Path) -> None:
    batches = [[rollout(p, k) for p in ("a", "b") for k in range(2)], [rollout("c", 0)]]
    with RolloutStore(tmp_path) as store:
        for batch in batches:
            store.append(batch)
    with RolloutStore(tmp_path) as store:
        held = store.load(SETTING, ["c", "a", "b", "d"], max_tokens=8)
    assert held == {
        "c": {0: batches[1][0]},
        "a": {0: batches[0][0], 1: batches[0][1]},
        "b": {0: batches[0][2], 1: batches[0][3]},
        "d": {},
    }


def test_a_line_holds_a_whole_rollout() -> None:
    line = to_line(rollout("a", 1))
    assert sorted(line) == sorted(SCHEMA.names)
    assert from_line(line) == rollout("a", 1)


def test_segments_are_plain_parquet(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0), rollout("a", 1)])
        store.append([rollout("b", 0)])
    (segment,) = tmp_path.iterdir()
    table = pq.read_table(segment)
    assert table.schema.equals(SCHEMA)
    assert table["prompt_id"].to_pylist() == ["id of a", "id of a", "id of b"]


def test_duckdb_reads_the_store(tmp_path: Path) -> None:
    import duckdb

    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", k) for k in range(3)])
        store.append([rollout("b", 0, "length", 8)])
    found = duckdb.sql(
        f"SELECT prompt, finish_reason, count(*), sum(n_tokens) FROM '{tmp_path}/*.parquet' GROUP BY ALL ORDER BY ALL"
    )
    assert found.fetchall() == [("a", "stop", 3, 15), ("b", "length", 1, 8)]


@pytest.mark.parametrize("field", ["model", "revision", "template_hash", "temperature", "top_p"])
def test_another_setting_is_another_sample(tmp_path: Path, field: str) -> None:
    other = replace(SETTING, **{field: 0.5 if field in ("temperature", "top_p") else "other"})
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0)])
        assert store.load(other, ["a"], 8) == {"a": {}}
        store.append([replace(rollout("a", 0), setting=other)])
        assert store.load(other, ["a"], 8)["a"][0].setting == other
        assert store.load(SETTING, ["a"], 8)["a"][0].setting == SETTING


@pytest.mark.parametrize(
    ("finish_reason", "n_tokens", "max_tokens", "held"),
    [
        ("stop", 5, 8, "stop"),
        ("stop", 5, 16, "stop"),
        ("stop", 8, 8, "stop"),
        ("stop", 5, 5, "stop"),
        ("stop", 5, 4, "length"),
        ("length", 8, 8, "length"),
        ("length", 8, 4, "length"),
        ("length", 8, 9, None),
        ("length", 6, 8, "length"),
        ("length", 6, 9, None),
    ],
)
def test_another_limit_costs_only_what_was_cut_off(
    tmp_path: Path, finish_reason: FinishReason, n_tokens: int, max_tokens: int, held: str | None
) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0, finish_reason, n_tokens, max_tokens=8)])
        found = store.load(SETTING, ["a"], max_tokens)["a"]
    assert (found[0].sample.finish_reason if found else None) == held
    assert not found or found[0].sample.n_tokens <= max_tokens


def test_the_longer_draw_of_a_truncated_sample_is_found_beside_the_short_one(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0, "length", 8, max_tokens=8)])
        store.append([rollout("a", 0, "stop", 12, max_tokens=16)])
        assert store.load(SETTING, ["a"], 16)["a"][0].sample.n_tokens == 12
        assert store.load(SETTING, ["a"], 8)["a"][0].sample.finish_reason == "length"


@pytest.mark.parametrize("limits", [(8, None), (4, None), (16, None), (16, 11), (8, 3)])
def test_what_is_measured_without_texts_is_what_would_be_loaded(tmp_path: Path, limits: tuple[int, int | None]) -> None:
    other = replace(SETTING, temperature=0.5)
    with RolloutStore(tmp_path) as store:
        store.append(
            [rollout("b", 0, "length", 8), rollout("a", 1, n_tokens=7), replace(rollout("a", 0), setting=other)]
        )
        store.append([rollout("b", 0, "stop", 12, max_tokens=16), rollout("a", 3, "length", 8), rollout("c", 0)])
        loaded, found = store.load(SETTING, ["b", "d", "a"], *limits), store.measure(SETTING, ["b", "d", "a"], *limits)
        assert store.measure(SETTING, ["d"], *limits).numbers.tolist() == []
        assert store.settings() == {SETTING: 5, other: 1}
    expected = {
        ("bda".index(prompt), number): (held.sample.n_tokens, held.seconds)
        for prompt, of_prompt in loaded.items()
        for number, held in of_prompt.items()
    }
    measured = zip(found.tokens.tolist(), found.seconds.tolist(), strict=True)
    assert dict(zip(zip(found.places.tolist(), found.numbers.tolist(), strict=True), measured, strict=True)) == expected


def test_a_sample_is_never_there_twice(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0), rollout("a", 1), rollout("a", 0)])
        store.append([rollout("a", 1), rollout("a", 2)])
        store.append([rollout("a", 0)])
        store.append([])
    lines = [line for path in sorted(tmp_path.glob("*.parquet")) for line in pq.read_table(path).to_pylist()]
    assert [line["number"] for line in lines] == [0, 1, 2]


@pytest.mark.parametrize(
    ("held", "n", "numbers"), [((), 3, (0, 1, 2)), ((0, 2), 4, (1, 3)), ((0, 1, 2), 2, ()), ((5,), 2, (0, 1))]
)
def test_missing_numbers(held: tuple[int, ...], n: int, numbers: tuple[int, ...]) -> None:
    assert missing(held, n) == numbers


def test_what_is_sampled_is_identified_by_all_of_it() -> None:
    base = Request("id", (Message("user", "a"),), (b"picture",), (0,), seed=0)
    same = replace(base, key="other id", sample_numbers=(1,), seed=1)
    others = [
        replace(base, messages=(Message("user", "b"),)),
        replace(base, messages=(Message("system", "a"),)),
        replace(base, messages=(Message("user", "a"), Message("user", ""))),
        replace(base, images=(b"picture", b"")),
        replace(base, images=()),
    ]
    assert prompt_hash(same) == prompt_hash(base)
    assert len({prompt_hash(request) for request in (base, *others)}) == 6


def test_opening_and_reading_write_nothing(tmp_path: Path) -> None:
    with RolloutStore(tmp_path / "none") as store:
        assert store.load(SETTING, ["a"], 8) == {"a": {}}
    assert not (tmp_path / "none").exists()
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0)])
    before = tmp_path.stat().st_mtime_ns
    with RolloutStore(tmp_path) as store:
        assert store.load(SETTING, ["a"], 8)["a"][0] == rollout("a", 0)
        store.append([rollout("a", 0)])
    assert tmp_path.stat().st_mtime_ns == before


def test_a_damaged_segment_is_named(tmp_path: Path) -> None:
    with RolloutStore(tmp_path) as store:
        store.append([rollout("a", 0)])
    (segment,) = tmp_path.glob("*.parquet")
    segment.write_bytes(segment.read_bytes()[:-20])
    with pytest.raises(SamplingError, match=rf"{segment.name}' cannot be read") as caught:
        RolloutStore(tmp_path)
    assert "\n" not in str(caught.value)
