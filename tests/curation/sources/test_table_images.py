"""Images of a table: by path, bytes, base64 or feature; missing, broken and escaping ones; and the Hub's streaming reader."""

import base64
import io
import json
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.core.digests import folder_digest
from curation.core.errors import SourceError
from curation.core.folder_lock import FolderLock
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.images import Images
from curation.sources.formats.record import Record
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
B64, NOISE64 = base64.b64encode(RED).decode(), base64.b64encode(NOISE).decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with images, a secret beside it, and a link that leads out."""
    data = tmp_path / "set" / "data"
    (data / "img").mkdir(parents=True)
    (data / "img" / "red.png").write_bytes(RED)
    (data / "img" / "blue.jpg").write_bytes(BLUE)  # PNG named .jpg
    (data / "img" / "a red.png").write_bytes(RED)
    (data / "img" / "50%.png").write_bytes(BLUE)
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
        ({"image": "img/red.png"}, (RED,)),
        ({"image": {"bytes": None, "path": "img/red.png"}}, (RED,)),
        ([{"image": "img/red.png"}, {"path": "img/blue.jpg"}], (RED, BLUE)),
        ({"url": "img/red.png"}, (RED,)),
        ({"type": "image_url", "image_url": {"url": "img/red.png", "detail": "low"}}, (RED,)),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": B64}}, (RED,)),
        ({"bytes": B64, "path": "somewhere.png"}, (RED,)),
        ("data:image/png;charset=utf-8;base64," + B64, (RED,)),
        ("data:;base64," + B64, (RED,)),
        (B64, (RED,)),
        ("base64," + B64, (RED,)),
        ("image/png;base64," + B64, (RED,)),
        (str(RED), (RED,)),
        (str({"bytes": RED, "path": None}), (RED,)),
        ("\n".join([NOISE64[:76], NOISE64[76:]]), (NOISE,)),
        ("img\\red.png", (RED,)),
        (".\\img\\red.png", (RED,)),
        ("img/a%20red.png", (RED,)),
        ("img/a red.png", (RED,)),
        ("img/50%25.png", (BLUE,)),
        (" img/red.png\n", (RED,)),
        ("file:img/red.png", (RED,)),
        ("file://img/a%20red.png", (RED,)),
        ("../data/img/red.png", (RED,)),
        ("['img/red.png', 'img/blue.jpg']", (RED, BLUE)),
        ('["img/red.png", "img/blue.jpg"]', (RED, BLUE)),
        ("['img/red.png' 'img/blue.jpg']", (RED, BLUE)),
        ("array(['img/red.png', 'img/blue.jpg'], dtype=object)", (RED, BLUE)),
        ("('img/red.png',)", (RED,)),
        ("{'path': 'img/red.png', 'bytes': None}", (RED,)),
        ("img/red.png; img/blue.jpg", (RED, BLUE)),
        ("img/red.png,img/blue.jpg", (RED, BLUE)),
        ("img/red.png\nimg/blue.jpg\n", (RED, BLUE)),
        (["img/red.png", None, ""], (RED,)),
        ({}, "picture_missing"),
        ("[]", "picture_missing"),
        ({"caption": "a red square"}, "picture_unreadable"),
        ({"image": {"id": 7}}, "picture_unreadable"),
        ([{"image": "img/red.png"}, {"id": 7}], "picture_unreadable"),
        ("https://host/a.png", "picture_is_url"),
        ({"image_url": {"url": "http://host/a.png"}}, "picture_is_url"),
        ("s3://bucket/a.png", "picture_is_url"),
        ("C:\\set\\a.png", "picture_outside_root"),
        ("file:///etc/hostname", "picture_outside_root"),
        ("..%2f..%2fsecret.png", "picture_outside_root"),
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


def test_an_absolute_path_is_read_below_its_root(folder: Path) -> None:
    inside, outside = str(folder / "img" / "red.png"), str(folder.parent.parent / "secret.png")
    assert images(rows_of(folder, inside, f"file://{inside}", outside)) == [(RED,), (RED,), "picture_outside_root"]
    root = {"root": str(folder.parent.parent)}
    assert images(rows_of(folder, inside, outside, images=root)) == [(RED,), (RED,)]


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("/home/someone/set", "/home/someone/set/img/red.png"),
        ("/home/someone/set/", "file:///home/someone/set/img/red.png"),
        ("https://host/files/", "https://host/files/img/red.png"),
        ("set/data", "set/data/img/red.png"),
        (r"C:\set", r"C:\set\img\red.png"),
        ("C:/set", r"C:\set\img\red.png"),
    ],
)
def test_what_another_machine_put_in_front_comes_off(folder: Path, prefix: str, path: str) -> None:
    assert images(rows_of(folder, path, images={"strip_prefix": ["/never", prefix]})) == [(RED,)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()), ("", ()), ([], ()), ("  ", ()), ({"bytes": None, "path": None}, ()), ([None], ()),
        ({"id": 3}, "picture_unreadable"), ("img/none.png", "picture_missing"), ("img/text.png", "picture_unreadable"),
        ("http://host/a.png", "picture_is_url"), ({"image": "img/none.png"}, "picture_missing"), (7, "picture_unreadable"),
    ],
)  # fmt: skip
def test_only_a_row_that_names_no_image_is_a_text_row(folder: Path, value: Any, expected: tuple[()] | str) -> None:
    assert images(rows_of(folder, value, "img/red.png", images={"required": False})) == [expected, (RED,)]


def test_arrays_of_paths_are_lists(folder: Path) -> None:
    record = Record("f", folder, 1, "", {"i": np.array(["img/red.png", "img/blue.jpg"], dtype=object)})
    assert Images().load(Images().values(["i"], record), record) == [RED, BLUE]


@pytest.mark.parametrize("value", [float("nan"), np.float64("nan"), np.array([], dtype=object), [float("nan")], b""])
def test_what_pandas_writes_for_nothing_is_nothing(folder: Path, value: Any) -> None:
    assert Images().values(["i"], Record("f", folder, 1, "", {"i": value})) == []


def test_a_whole_disk_is_not_walked(folder: Path) -> None:
    rows_of(folder, "img/red.png")
    fields = {"question": "q", "answer": "a", "images": "i"}
    for root in ("/", str(Path.home())):
        options = {"path": str(folder / "rows.json"), "fields": fields, "images": {"root": root}}
        with pytest.raises(
            SourceError, match=r"pictures are looked for below .*, a whole disk or home; set images.root"
        ):
            Table.model_validate({"kind": "table", **options}).inputs()


def test_data_in_a_home_that_holds_its_images_needs_no_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    options = {"kind": "table", "path": str(folder / "rows.json"), "fields": {"question": "q", "images": "i"}}
    rows_of(folder, B64, None)
    assert [*Table.model_validate(options).inputs()] == ["rows.json"]
    rows_of(folder, None, "img/red.png")
    with pytest.raises(SourceError, match=r"a whole disk or home; set images.root"):
        Table.model_validate(options).inputs()


def test_a_folder_of_too_many_files_is_told(folder: Path) -> None:
    with pytest.raises(SourceError, match="more than 3 files"):
        folder_digest(folder, max_files=3)


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


def test_options_that_are_images_are_their_places(folder: Path) -> None:
    fields = {"question": "q", "answer": "=B", "images": ["=img/a red.png", "i"], "options": "i"}
    (row,) = rows_of(folder, ["img/red.png", "img/blue.jpg"], fields=fields)
    assert isinstance(row, Row)
    assert row.question == "<image 1>\nWhat is this, number 0?\nA. <image 2>\nB. <image 3>"
    assert (row.images, row.answer) == ((RED, RED, BLUE), "B")


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


def test_the_folder_of_a_build_is_no_part_of_the_folder_of_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    before = folder_digest(tmp_path)
    (tmp_path / "out" / "stages").mkdir(parents=True)
    with FolderLock(tmp_path / "out"):
        (tmp_path / "out" / "stages" / "rows.parquet").write_bytes(b"2")
        assert folder_digest(tmp_path) == before
    assert folder_digest(tmp_path) == before
    (tmp_path / "out" / "images").mkdir()
    (tmp_path / "out" / "images" / "b.png").write_bytes(b"1")
    after = folder_digest(tmp_path)
    (tmp_path / "b.png").write_bytes(b"1")
    assert len({before, after, folder_digest(tmp_path)}) == 3
