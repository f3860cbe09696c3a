"""Reading shards: what is found, and one clear line for what is not."""

import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.training.conftest import add_difficulty, row, write_shard
from training.data.shards import read_shards

NAME = "train-00000-of-00001.parquet"


def test_images_come_back_decoded_and_text_rows_have_none(mixed_shards: Path) -> None:
    rows = read_shards(mixed_shards, "rl").dataset()
    assert [len(one["images"]) for one in rows] == [0, 1] * 4
    assert rows[1]["images"][0].size == (56, 56)


def test_a_folder_of_shards_is_read_like_a_build(mixed_shards: Path) -> None:
    assert len(read_shards(mixed_shards / "data" / "rl", "rl")) == 8


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a directory"):
        read_shards(tmp_path / "nowhere", "rl")


def test_a_missing_split_names_the_splits_that_exist(mixed_shards: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no split 'dev' in .*found: test, train"):
        read_shards(mixed_shards, "rl", "dev")


def test_a_split_whose_name_begins_like_another_is_another(tmp_path: Path) -> None:
    for name in ("train", "train-eval"):
        for i in range(2):
            write_shard(tmp_path / f"{name}-{i:05d}-of-00002.parquet", [row(i)])
    (tmp_path / "train-notes.parquet").write_bytes(b"")
    assert (len(read_shards(tmp_path, "rl", "train")), len(read_shards(tmp_path, "rl", "train-eval"))) == (2, 2)
    with pytest.raises(FileNotFoundError, match=r"no split 'eval' in .*found: train, train-eval$"):
        read_shards(tmp_path, "rl", "eval")


def test_a_split_of_which_a_part_is_missing_is_no_smaller_split(tmp_path: Path) -> None:
    """What is left of it would be trained on, and evaluated on, with exit code 0."""
    for i in (0, 2):
        write_shard(tmp_path / f"train-{i:05d}-of-00003.parquet", [row(i)])
    with pytest.raises(FileNotFoundError, match="2 files of 3: number 00001 is missing; copy it too"):
        read_shards(tmp_path, "rl")
    write_shard(tmp_path / "train-00000-of-00001.parquet", [row(7)])
    with pytest.raises(ValueError, match=r"files of several builds lie together: -of- \[1, 3\]"):
        read_shards(tmp_path, "rl")


@pytest.mark.parametrize(("version", "got"), [(None, "none"), ("7", "7"), ("0", "0"), ("3", "3")])
def test_another_schema_version_is_refused(tmp_path: Path, version: str | None, got: str) -> None:
    write_shard(tmp_path / NAME, [row(0)], version)
    with pytest.raises(ValueError, match=f"ovr.schema_version {got}, expected 1 or 2; "):
        read_shards(tmp_path, "rl")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    write_shard(tmp_path / NAME, [row(0)])
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole Parquet file"):
        read_shards(tmp_path, "rl")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / NAME, [row(0)])
    pq.write_table(pq.read_table(tmp_path / NAME).drop_columns(["answer_kind"]), tmp_path / NAME)
    with pytest.raises(ValueError, match="no column 'answer_kind', which a rl shard needs"):
        read_shards(tmp_path, "rl")


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    write_shard(tmp_path / NAME, [])
    with pytest.raises(ValueError, match="has no rows"):
        read_shards(tmp_path, "rl")


@pytest.mark.parametrize(("written", "warned"), [("abc", 0), ("xyz", 1)])
def test_pass_rates_of_another_prompt_template_are_warned_of(tmp_path: Path, written: str, warned: int) -> None:
    write_shard(tmp_path / NAME, [row(0)])
    add_difficulty(tmp_path / NAME, [{"sampler": {"template_hash": "abc"}}], written)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_shards(tmp_path, "rl")
    assert len([w for w in caught if "measured with abc" in str(w.message)]) == warned
