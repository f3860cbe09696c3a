"""Data files and images inside zip and tar archives: read where they are, named by the manifest, never outside the archive."""

import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.core.errors import SourceError
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.formats.archive import TarArchive
from curation.sources.table import Table
from tests.curation.sources.crafted import put, tarred, zipped

Files = dict[str, bytes]


def png(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), color).save(out, "PNG")
    return out.getvalue()


def line(number: int, **more: Any) -> bytes:
    return json.dumps({"q": f"What is {number}?", "a": str(number), **more}).encode() + b"\n"


def parquet(number: int) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{"q": f"What is {number}?", "a": str(number)}]), sink)
    return sink.getvalue()


PACKERS = {
    "set.zip": zipped,
    "set.tar": tarred,
    "gnu.tar": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "set.tar.gz": lambda files: gzip.compress(tarred(files), mtime=0),
    "set.tar.xz": lambda files: lzma.compress(tarred(files)),
    "unnamed": zipped,
}
FILES: Files = {
    "b/rows.jsonl": line(3) + line(4),
    "a.json": b"[" + line(1) + b"]",
    "b/c/more.csv": b"q,a\nWhat is 5?,5\n",
    "a.parquet": parquet(2),
    "z/" + "long" * 60 + ".jsonl.gz": gzip.compress(line(6), mtime=0),
    "readme.txt": b"not data",
    "__MACOSX/a.json": b"\0\0",
    ".hidden.json": b"[",
    "images/1.png": png("red"),
}


def table(path: object, **options: Any) -> Table:
    options = {"fields": {"question": "q", "answer": "a"}, **options}
    return Table.model_validate({"kind": "table", "name": "t", "path": str(path), **options})


def read(path: object, **options: Any) -> list[Row | BadRow]:
    return list(table(path, **options).read(seed=0))


def outcomes(rows: list[Row | BadRow]) -> list[str]:
    return [row.answer if isinstance(row, Row) else row.reason for row in rows]


@pytest.mark.parametrize("name", PACKERS)
def test_an_archive_stands_for_its_data_files(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, PACKERS[name](FILES))
    rows = read(path)
    assert outcomes(rows) == ["1", "2", "5", "3", "4", "6"]  # by the names of the members
    assert [row.source_id for row in rows[:3]] == [
        f"{name}!/a.json:1",
        f"{name}!/a.parquet:1",
        f"{name}!/b/c/more.csv:1",
    ]
    assert rows == read(path)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize(
    ("pattern", "answers"),
    [
        ("a.json", ["1"]),
        ("*.json", ["1"]),
        ("b/*", ["3", "4"]),
        ("b/**/*", ["5", "3", "4"]),
        ("**/*.csv", ["5"]),
        ("b/**", ["5", "3", "4"]),
        ("**/[ab]*.*s*", ["1"]),
    ],
)
def test_members_are_named_by_a_pattern(tmp_path: Path, name: str, pattern: str, answers: list[str]) -> None:
    put(tmp_path / name, PACKERS[name](FILES))
    assert outcomes(read(f"{tmp_path}/{name}!/{pattern}")) == answers


def test_archives_are_found_by_a_pattern_too(tmp_path: Path) -> None:
    put(tmp_path / "x/2.zip", zipped({"r.jsonl": line(2)}))
    put(tmp_path / "x/1.tar", tarred({"r.jsonl": line(1)}))
    put(tmp_path / "x/0.jsonl", line(0))
    for pattern in ("**/*", "**", "x/**", "x**/*", "*/**/[012]*"):
        assert outcomes(read(tmp_path / pattern)) == ["0", "1", "2"]
    assert outcomes(read(f"{tmp_path}/x/[12]*!/*.jsonl")) == ["1", "2"]
    assert list(table(tmp_path / "x/*").inputs()) == ["0.jsonl", "1.tar", "2.zip"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("set.zip!/none.json", "no member matches 'none.json'; it has 9"),
        ("empty.zip", "no member ends in .json"),
        ("none.zip!/a.json", "no such file: "),
        ("a.json!/a.json", "neither a zip nor a tar archive"),
        ("a\0b.zip", "no such file: "),
    ],
)
def test_a_path_that_leads_nowhere_is_told(tmp_path: Path, path: str, expected: str) -> None:
    put(tmp_path / "set.zip", zipped(FILES))
    put(tmp_path / "empty.zip", zipped({}))
    put(tmp_path / "a.json", FILES["a.json"])
    with pytest.raises(SourceError) as error:
        read(f"{tmp_path}/{path}")
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_may_be_named_like_the_separator(tmp_path: Path) -> None:
    put(tmp_path / "wow!" / "rows.jsonl", line(1))
    assert outcomes(read(f"{tmp_path}/wow!/*.jsonl")) == ["1"]


def escapes() -> Files:
    names = ("../up.json", "/root.json", "a/../../up.json", "c:/x.json", "a\\..\\b.json", "inner.zip", "inner.tar.gz")
    return {name: zipped({"x.json": line(9)}) if name.startswith("inner") else line(9) for name in names}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_members_that_leave_the_archive_or_nest_are_counted_and_not_read(tmp_path: Path, pack: Any) -> None:
    rows = read(put(tmp_path / "set", pack({"rows.jsonl": line(1), **escapes()})))
    assert sorted(outcomes(rows)) == ["1"] + ["member_refused"] * 7
    details = " ".join(row.detail for row in rows if isinstance(row, BadRow))
    for reason in ("a name that leaves the archive", "an absolute name", "an archive inside the archive"):
        assert reason in details


def appended(files: Files, *more: Files) -> bytes:
    """A tar to which `tar -r` has added more files."""
    out = io.BytesIO(tarred(files))
    with tarfile.open(fileobj=out, mode="a") as archive:
        for name, data in (pair for added in more for pair in added.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


DOUBLED: dict[str, bytes] = {
    "zip": zipped({"a.jsonl": line(1), "b.jsonl": line(2), "c.jsonl": line(3)}).replace(b"b.jsonl", b"a.jsonl"),
    "zip, spelled in two ways": zipped({"a.jsonl": line(1), "./a.jsonl": line(2), "c.jsonl": line(3)}),
    "tar": appended({"a.jsonl": line(1), "c.jsonl": line(3)}, {"a.jsonl": line(2)}),
    "tar, thrice": appended({"a.jsonl": line(1), "c.jsonl": line(3)}, {"a.jsonl": line(2)}, {"a.jsonl": line(4)}),
    "tar, spelled in two ways": tarred({"a.jsonl": line(1), "./a.jsonl": line(2), "c.jsonl": line(3)}),
    "tar behind tar": tarred({"a.jsonl": line(1)}) + tarred({"a.jsonl": line(2), "c.jsonl": line(3)}),
}


@pytest.mark.parametrize("case", DOUBLED)
def test_a_name_that_several_members_have_is_counted_and_not_read(tmp_path: Path, case: str) -> None:
    path = put(tmp_path / "set/x.tar", DOUBLED[case])
    rows = read(path)
    assert [outcome for outcome in outcomes(rows) if outcome != "member_refused"] == ["3"]
    bad = [row.detail for row in rows if isinstance(row, BadRow)]
    assert f"'a.jsonl' in {path} is the name of several members" in bad


def test_an_archive_in_a_folder_is_told_when_all_its_data_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "set/x.tar", appended({"a.jsonl": line(1)}, {"a.jsonl": line(2)}))
    put(tmp_path / "set/y.jsonl", line(3))
    assert outcomes(read(tmp_path / "set")) == ["member_refused", "3"]


def test_a_file_that_tar_was_given_twice_is_read_once(tmp_path: Path) -> None:
    out = io.BytesIO(tarred({"a.jsonl": line(1)}))
    with tarfile.open(fileobj=out, mode="a") as archive:
        member = tarfile.TarInfo("a.jsonl")
        member.type, member.linkname = tarfile.LNKTYPE, "a.jsonl"
        archive.addfile(member)
    assert outcomes(read(put(tmp_path / "x.tar", out.getvalue()))) == ["1"]


BEHIND: dict[str, tuple[bytes, list[str]]] = {
    "one tar": (tarred({"b.jsonl": line(2)}), ["1", "2"]),
    "two tars": (tarred({"b.jsonl": line(2)}) + tarred({"c.jsonl": line(3)}), ["1", "2", "3"]),
    "a tar behind many zeros": (bytes(3 << 20) + tarred({"b.jsonl": line(2)}), ["1", "2"]),
    "an empty tar": (tarred({}), ["1"]),
    "zeros": (bytes(700), ["1"]),
    "what is no header": (b"signed by nobody", ["1", "truncated_file"]),
    "half a header": (tarred({"b.jsonl": line(2)})[:300], ["1", "truncated_file"]),
    "a tar that ends early": (tarred({"b.jsonl": line(2)})[:530], ["1", "truncated_file"]),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("case", BEHIND)
def test_what_is_behind_the_end_of_a_tar_is_read_or_told(tmp_path: Path, case: str, pack: Any) -> None:
    more, expected = BEHIND[case]
    path = put(tmp_path / "x.tar", pack(tarred({"a.jsonl": line(1)})) + pack(more))
    assert outcomes(read(path, on_truncated="keep")) == expected
    if "truncated_file" in expected:
        with pytest.raises(SourceError, match="is truncated or damaged"):
            read(path)


def test_links_devices_and_encrypted_members_are_counted_and_not_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, target in (
            ("soft.json", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.json", tarfile.LNKTYPE, "soft.json"),
            ("loop.json", tarfile.SYMTYPE, "loop.json"),
            ("pipe.json", tarfile.FIFOTYPE, ""),
            ("disk.json", tarfile.BLKTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        member = tarfile.TarInfo("rows.jsonl")
        member.size = len(line(1))
        archive.addfile(member, io.BytesIO(line(1)))
    assert sorted(outcomes(read(put(tmp_path / "x.tar", out.getvalue())))) == ["1"] + ["member_refused"] * 5
    link = zipfile.ZipInfo("soft.json")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zip_archive:
        zip_archive.writestr(link, "/etc/passwd")
        zip_archive.writestr("rows.jsonl", line(1))
        zip_archive.writestr("secret.jsonl", line(2))
    locked = bytearray(out.getvalue())
    entry = locked.rfind(b"PK\1\2")  # the directory's line of the last member: set its encryption flag
    locked[entry + 8] |= 1
    assert sorted(outcomes(read(put(tmp_path / "x.zip", bytes(locked))))) == ["1", "member_refused", "member_refused"]


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tar.xz"])
def test_a_tar_that_ends_early_gives_its_complete_members(tmp_path: Path, name: str) -> None:
    noise = bytes(range(256)) * 40
    files = {"a.jsonl": line(1) + line(2), "b.jsonl": line(3) + noise.hex().encode()}
    whole = PACKERS[name](files)
    cut = whole[: len(tarred({"a.jsonl": files["a.jsonl"]})) - 9000] if name == "set.tar" else whole[:-30]
    path = put(tmp_path / name, cut)
    with pytest.raises(SourceError, match="is truncated"):
        read(path)
    assert outcomes(read(path, on_truncated="keep"))[:2] == ["1", "2"]
    assert outcomes(read(path, on_truncated="keep"))[-1] == "truncated_file"


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz"])
def test_a_tar_is_closed_when_nobody_reads_it_any_longer(tmp_path: Path, name: str) -> None:
    path, before = put(tmp_path / name, PACKERS[name]({"a.jsonl": line(1)})), n_open_files()
    archive = TarArchive(path)
    member = archive.open("a.jsonl")
    del archive
    assert member.read() == line(1)
    assert n_open_files() == before + 1
    del member
    assert n_open_files() == before


def n_open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
def test_a_gzip_that_ends_early_gives_its_complete_lines(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(line(number) for number in range(5_000)), mtime=0)
    for name, content in (
        ("x.jsonl.gz", packed),
        ("x.json.gz", gzip.compress(json.dumps([{"q": f"Q {i}", "a": i} for i in range(5_000)]).encode())),
    ):
        path = put(tmp_path / name, content[: len(content) // 2])
        with pytest.raises(SourceError, match=r"is truncated"):
            read(path)
        rows = read(path, on_truncated="keep")
        assert len(rows) > 1_500
        assert {type(row) for row in rows[:-1]} == {Row}
        assert outcomes(rows)[-1] == "truncated_file"


def images_read(folder: Path, *values: Any, **options: Any) -> list[Any]:
    rows = b"".join(line(number, i=value, k=number) for number, value in enumerate(values))
    put(folder / "rows.jsonl", rows)
    options = {"fields": {"question": "q", "answer": "a", "images": "i"}, **options}
    return [row.images if isinstance(row, Row) else row.reason for row in read(folder / "rows.jsonl", **options)]


SHOWN: Files = {
    "train/1.png": png("red"),
    "train/2.jpg": png("blue"),
    "train/sub/1.png": png("green"),
    "top.png": png("gray"),
}
RED, BLUE, GREEN, GRAY = SHOWN.values()


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize(
    ("inner", "value", "expected"),
    [
        ("", "train/1.png", (RED,)),
        ("", "./train/../train/1.png", (RED,)),
        ("!/train", "1.png", (RED,)),
        ("!/train/", "1", (RED,)),
        ("!/train", ["1.png", "sub/1", {"path": "2.jpg"}], (RED, GREEN, BLUE)),
        ("!/train", "../top.png", "picture_outside_root"),
        ("!/train", "sub/../../top.png", "picture_outside_root"),
        ("!/train", "../train2/1.png", "picture_outside_root"),
        ("", "../rows.jsonl", "picture_outside_root"),
        ("", "/train/1.png", "picture_outside_root"),
        ("", "train", "picture_missing"),
        ("", "train/3", "picture_missing"),
        ("", "train/1.png\0", "picture_missing"),
        ("!/none", "1.png", "picture_missing"),
        ("", [], "picture_missing"),
    ],
)
def test_images_inside_an_archive(tmp_path: Path, name: str, inner: str, value: Any, expected: Any) -> None:
    put(tmp_path / name, PACKERS[name](SHOWN))
    images = {"root": f"{tmp_path}/{name}{inner}", "extensions": [".jpg", ".png"]}
    valid = [row for row in ("1.png" if inner == "!/train" else "train/1.png",) if inner != "!/none"]
    assert images_read(tmp_path, value, *valid, images=images)[0] == expected


def test_roots_are_tried_in_order(tmp_path: Path) -> None:
    put(tmp_path / "a.zip", zipped({"1.png": RED}))
    put(tmp_path / "b.tar", tarred({"1.png": BLUE, "2.png": BLUE}))
    put(tmp_path / "disk" / "3.png", GREEN)
    roots = [f"{tmp_path}/{name}" for name in ("a.zip", "b.tar", "disk")]
    assert images_read(tmp_path, "1.png", "2.png", "3.png", "4.png", images={"root": roots}) == [
        (RED,),
        (BLUE,),
        (GREEN,),
        "picture_missing",
    ]


@pytest.mark.parametrize("name", PACKERS)
def test_the_digest_covers_the_archives(tmp_path: Path, name: str) -> None:
    rows, shown = put(tmp_path / "rows.jsonl", line(1, i="1.png")), tmp_path / name
    source = table(rows, fields={"question": "q", "answer": "a", "images": "i"}, images={"root": str(shown)})
    put(shown, PACKERS[name]({"1.png": RED}))
    before = source.inputs()
    put(shown, PACKERS[name]({"1.png": BLUE}))
    assert source.inputs().keys() == before.keys()
    assert source.inputs() != before
    inside = table(put(tmp_path / f"rows-{name}", PACKERS[name]({"rows.jsonl": line(1)})))
    before = inside.inputs()
    put(tmp_path / f"rows-{name}", PACKERS[name]({"rows.jsonl": line(2)}))
    assert inside.inputs() != before


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_images_lie_beside_their_record_as_in_webdataset(tmp_path: Path, pack: Any) -> None:
    files = {
        f"s/{n:03d}.{end}": data
        for n, color in enumerate(["red", "blue"])
        for end, data in (("json", line(n)), ("png", png(color)))
    }
    fields = {"question": "q", "answer": "a", "images": "{$stem}"}
    rows = read(put(tmp_path / "shard-0.tar", pack(files)), fields=fields, shape="one", images={"extensions": [".png"]})
    assert [row.images for row in rows if isinstance(row, Row)] == [(RED,), (BLUE,)]


def test_links_between_folders_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "data/a/rows.jsonl", line(1))
    put(tmp_path / "elsewhere/rows.jsonl", line(2))
    for name in ("one", "two", "three"):
        (tmp_path / "data" / name).symlink_to(tmp_path / "data")  # 3 ** 40 ways through
    (tmp_path / "data" / "other").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "self.jsonl").symlink_to("self.jsonl")
    assert outcomes(read(tmp_path / "data/**/*.jsonl")) == ["1", "2"]
