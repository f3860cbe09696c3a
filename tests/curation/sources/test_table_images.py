"""Images of a table: by path, bytes, base64 or feature; missing, broken and escaping ones; and the Hub's streaming reader."""

import base64
import io
import json
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.table import Table


def png(color: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def noise() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((30, 30), 90).save(out, "PNG")
    return out.getvalue()


RED, BLUE, NOISE = png("red"), png("blue"), noise()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with images, a secret beside it, and a link that leads out."""
    data = tmp_path / "set" / "data"
    (data / "img").mkdir(parents=True)
    (data / "img" / "red.png").write_bytes(RED)
    (data / "img" / "blue.jpg").write_bytes(BLUE)  # PNG named .jpg
    (data / "img" / "broken.png").write_bytes(NOISE[:-200])
    (data / "img" / "text.png").write_text("not an image")
    (data / "img" / "empty.png").write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(RED)
    (data / "link.png").symlink_to(tmp_path / "secret.png")
    (data / "loop.png").symlink_to("loop.png")
    return data


def rows_of(folder: Path, *values: Any, **options: Any) -> list[Row | BadRow]:
    records = [{"q": f"What is this, number {i}?", "a": "1", "i": value, "n": "red"} for i, value in enumerate(values)]
    (folder / "rows.json").write_text(json.dumps(records))
    options = {"fields": {"question": "q", "answer": "a", "images": "i"}, **options}
    return list(
        Table.model_validate({"kind": "table", "name": "t", "path": str(folder / "rows.json"), **options}).read(0)
    )


def images(rows: list[Row | BadRow]) -> list[tuple[bytes, ...] | str]:
    return [row.images if isinstance(row, Row) else row.reason for row in rows]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("img/red.png", (RED,)),
        ("./img/../img/red.png", (RED,)),
        ("img/blue.jpg", (BLUE,)),
        (["img/red.png", "img/blue.jpg"], (RED, BLUE)),
        ({"path": "img/red.png", "bytes": None}, (RED,)),
        ("data:image/png;base64," + base64.b64encode(RED).decode(), (RED,)),
        ("img/none.png", "picture_missing"),
        ("img", "picture_missing"),
        (None, "picture_missing"),
        ("", "picture_missing"),
        ([], "picture_missing"),
        ({"path": None, "bytes": None}, "picture_missing"),
        (["img/red.png", "img/none.png"], "picture_missing"),
        ("loop.png", "picture_missing"),
        ("img/\0red.png", "picture_missing"),
        ("../../secret.png", "picture_outside_root"),
        ("link.png", "picture_outside_root"),
        ("/etc/hostname", "picture_outside_root"),
        ("img/text.png", "picture_unreadable"),
        ("img/empty.png", "picture_unreadable"),
        (5, "picture_unreadable"),
        ("data:image/png;base64,%%%", "picture_unreadable"),
        ("img/broken.png", "picture_truncated"),
    ],
)
def test_images_by_path(folder: Path, value: Any, expected: tuple[bytes, ...] | str) -> None:
    assert images(rows_of(folder, "img/red.png", value)) == [(RED,), expected]


def test_a_root_may_lie_elsewhere_and_templates_build_names(folder: Path) -> None:
    fields = {"question": "q", "answer": "a", "images": "data/img/{n}.png"}
    assert images(rows_of(folder, None, fields=fields, images={"root": str(folder.parent)})) == [(RED,)]


def test_a_template_with_an_empty_part_is_no_image(folder: Path) -> None:
    fields = {"question": "q", "answer": "a", "images": "img/{i}"}
    assert images(rows_of(folder, "red.png", None, fields=fields, images={"required": False})) == [(RED,), ()]


def test_extensions_are_tried_in_order(folder: Path) -> None:
    rows = rows_of(folder, "img/red", "img/blue", "img/none", "../../secret", images={"extensions": [".jpg", ".png"]})
    assert images(rows) == [(RED,), (BLUE,), "picture_missing", "picture_outside_root"]


def test_base64_text(folder: Path) -> None:
    assert images(rows_of(folder, base64.b64encode(RED).decode(), images={"read_as": "base64"})) == [(RED,)]


def test_several_columns_of_images(folder: Path) -> None:
    fields = {"question": "q", "answer": "a", "images": ["i", "img/{n}.png"]}
    assert images(rows_of(folder, "img/blue.jpg", fields=fields)) == [(BLUE, RED)]


def test_the_digest_of_the_images_changes_with_them(folder: Path) -> None:
    rows_of(folder, "img/red.png")
    fields = {"question": "q", "answer": "a", "images": "i"}
    source = Table.model_validate({"kind": "table", "path": str(folder / "rows.json"), "fields": fields})
    before = source.inputs()
    (folder / "img" / "new.png").write_bytes(BLUE)
    assert source.inputs() != before


@pytest.fixture
def hub_folder(tmp_path: Path) -> Path:
    """What `datasets` reads like a Hub data set: a folder with a Parquet file that has an Image column."""
    rows = [{"q": f"What is {i}?", "a": str(i), "i": {"bytes": RED, "path": None}} for i in range(3)]
    table = pa.Table.from_pylist(rows)
    features = {
        "i": {"_type": "Image"},
        "q": {"_type": "Value", "dtype": "string"},
        "a": {"_type": "Value", "dtype": "string"},
    }
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "train-00000-of-00001.parquet")
    return tmp_path


def test_image_features_of_a_parquet_file(hub_folder: Path) -> None:
    path = str(hub_folder / "*.parquet")
    source = Table.model_validate(
        {"kind": "table", "path": path, "fields": {"question": "q", "answer": "a", "images": "i"}}
    )
    assert images(list(source.read(0))) == [(RED,)] * 3


def test_a_data_set_by_name_is_streamed(hub_folder: Path) -> None:
    fields = {"question": "q", "answer": "a", "images": "i"}
    source = Table.model_validate(
        {"kind": "table", "hub": str(hub_folder), "revision": "0" * 40, "limit": 2, "fields": fields}
    )
    rows = list(source.read(0))
    assert images(rows) == [(RED,)] * 2
    assert [row.source_id for row in rows] == ["1", "2"]


def test_a_full_commit_needs_no_network() -> None:
    commit = "0123456789abcdef" * 2 + "01234567"
    source = Table.model_validate({"kind": "table", "hub": "some/set", "revision": commit, "fields": {"question": "q"}})
    assert source.inputs() == {"Hub data set 'some/set' (train)": commit}


@pytest.mark.parametrize("revision", [None, "main"])
def test_the_commit_that_the_lock_records_is_the_one_that_is_read(
    hub_folder: Path, monkeypatch: pytest.MonkeyPatch, revision: str | None
) -> None:
    commits = iter(["1" * 40, "2" * 40])  # somebody pushes between the two
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", lambda *_, **__: SimpleNamespace(sha=next(commits)))
    read: list[str] = []
    load = datasets.load_dataset

    def load_here(name: str, *_: Any, revision: str, **options: Any) -> Any:
        read.append(revision)
        return load(str(hub_folder), **options)

    monkeypatch.setattr("datasets.load_dataset", load_here)
    source = Table.model_validate(
        {"kind": "table", "hub": "some/set", "revision": revision, "fields": {"question": "q"}}
    )
    recorded = source.inputs()
    rows = list(pickle.loads(pickle.dumps(source)).read(0))  # as a worker gets it
    assert (len(rows), [*recorded.values()]) == (3, ["1" * 40])
    assert read == ["1" * 40]


def test_a_data_set_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    source = Table.model_validate(
        {"kind": "table", "hub": str(tmp_path / "none"), "revision": "0" * 40, "fields": {"question": "q"}}
    )
    with pytest.raises(SourceError, match="cannot read Hub data set") as error:
        list(source.read(0))
    assert "\n" not in str(error.value)
