"""Rows by number: what a row costs, what is kept in memory, and one line for what cannot be read."""

import pickle
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.training.conftest import SCHEMA, png, row, write_shard
from training.data import table
from training.data.images import Cap, RowError
from training.data.shards import read_shards
from training.data.table import ShardTable

NAME = "train-00000-of-00001.parquet"


def shard_with_groups(folder: Path, rows: list[dict[str, Any]], rows_a_group: int) -> ShardTable:
    import pyarrow as pa

    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / NAME, row_group_size=rows_a_group)
    return read_shards(folder, "rl")


def test_rows_come_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    rows = shard_with_groups(tmp_path, [row(i, "red" if i % 3 else None) for i in range(10)], 3)
    numbers = [9, 0, 4, 4, 0, 7]
    read = rows.rows(numbers)
    assert read["id"] == [f"{number:032x}" for number in numbers]
    assert [len(images) for images in read["images"]] == [0, 0, 1, 1, 0, 1]
    assert [one["id"] for one in rows.dataset().select(numbers)] == read["id"]


def test_columns_are_read_without_images(tmp_path: Path) -> None:
    given = [row(0), row(1, "red"), {**row(2), "images": None}, row(3, "red")]
    given[3]["images"] *= 2
    rows = shard_with_groups(tmp_path, given, 3)
    assert rows.n_images() == [0, 1, 0, 2]
    assert rows.column("answer") == ["1", "2", "3", "4"]
    assert rows.column("weight") == [None] * 4
    assert rows.has("images")
    assert not rows.has("weight")


def test_null_images_are_none(tmp_path: Path) -> None:
    rows = shard_with_groups(tmp_path, [{**row(0), "images": None}, row(1, "red")], 2)
    assert [len(images) for images in rows.rows([0, 1])["images"]] == [0, 1]


def test_memory_holds_the_last_groups_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shard_with_groups(tmp_path, [row(i, "red") for i in range(12)], 2)
    group = rows._group(0).nbytes
    monkeypatch.setattr(table, "BYTES_IN_MEMORY", 3 * group + group // 2)
    rows.rows(range(12))
    assert list(rows._kept) == [3, 4, 5]
    assert rows._kept_bytes == sum(kept.nbytes for kept in rows._kept.values())
    monkeypatch.setattr(table, "BYTES_IN_MEMORY", 1)
    assert rows.rows([0, 11, 0])["answer"] == ["1", "12", "1"]
    assert list(rows._kept) == [5]


def test_a_pickled_table_reads_the_same_rows(tmp_path: Path) -> None:
    rows = shard_with_groups(tmp_path, [row(i) for i in range(4)], 2).only(["id"]).capped(Cap(3136))
    other = pickle.loads(pickle.dumps(rows))
    assert (other.rows([3]), other.cap) == (rows.rows([3]), rows.cap)


BROKEN = [
    (b"no picture", "an image of 10 bytes cannot be decoded: cannot identify image file"),
    (png("red")[:60], "cannot be decoded"),
    (None, "an image has no bytes"),
]


@pytest.mark.parametrize(("given", "said"), BROKEN)
def test_a_broken_image_is_a_line_with_the_rows_id_and_file(tmp_path: Path, given: bytes | None, said: str) -> None:
    broken = {**row(7, "red"), "images": [{"bytes": given, "path": None}]}
    rows = shard_with_groups(tmp_path, [row(5), row(6), broken], 2)
    with pytest.raises(ValueError, match=said) as caught:
        rows.dataset()[2]
    assert str(caught.value).startswith(f"row {7:032x} of {tmp_path / NAME}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("turned", [False, True])
def test_a_header_has_the_size_of_the_decoded_image(turned: bool) -> None:
    import io

    import PIL.Image

    from training.data.images import decoded, height_and_width

    exif = PIL.Image.Exif()
    exif[0x0112] = 6 if turned else 1
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)
    image = {"bytes": buffer.getvalue(), "path": None}
    picture = decoded(image, None, str, 0)
    assert height_and_width(image, str, 0) == (picture.height, picture.width)
    with pytest.raises(RowError, match="7: an image of 0 bytes has no header"):
        height_and_width(None, str, 7)


@pytest.mark.slow  # torch is imported
def test_a_loaders_process_says_no_more(tmp_path: Path) -> None:
    """torch puts the process's traceback into the message."""
    from torch.utils.data import DataLoader

    broken = {**row(7, "red"), "images": [{"bytes": b"no picture", "path": None}]}
    rows = shard_with_groups(tmp_path, [row(5), broken], 2)
    with pytest.raises(RowError) as caught:
        list(DataLoader(rows.dataset(), num_workers=1, collate_fn=list))
    assert str(caught.value).startswith(f"row {7:032x} of ")


def test_rows_without_an_id_are_counted(tmp_path: Path) -> None:
    write_shard(tmp_path / NAME, [row(0), row(1)])
    pq.write_table(pq.read_table(tmp_path / NAME).drop_columns(["id"]), tmp_path / NAME, row_group_size=1)
    assert ShardTable([tmp_path / NAME], ["prompt"]).place(1) == f"row 1 of {tmp_path / NAME}"


@pytest.mark.slow  # transformers is imported
@pytest.mark.parametrize("size", [(100, 100), (300, 200), (57, 1200), (28, 28)])
def test_a_capped_image_has_the_processors_size(size: tuple[int, int]) -> None:
    """Where Qwen-VL's processor with this limit scales an image down, ours already has that size."""
    import PIL.Image
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    from training.data.images import shrunk

    cap = Cap(56 * 56 * 2, 28)
    picture = shrunk(PIL.Image.new("RGB", size), cap)
    resized = smart_resize(size[1], size[0], 28, 28 * 28, cap.max_pixels)
    assert smart_resize(picture.height, picture.width, 28, 28 * 28, 1 << 30) == resized
