"""What an earlier build published is removed by its list, which may be damaged or a stranger's."""

import json
import threading
from pathlib import Path

import pytest

from curation.build.publish import LISTED, unpublish
from curation.core.errors import BuildError
from curation.core.executors.parcel import pack


def test_what_is_listed_goes_and_nothing_outside_of_the_folder(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "mine.parquet"
    (out / LISTED).parent.mkdir(parents=True)
    for file in (outside, out / "one.parquet", out / "data.json"):
        file.touch()
    (out / LISTED).write_text(json.dumps(["one.parquet", "gone.parquet", "../mine.parquet", str(outside)]))
    unpublish(out)
    assert outside.exists()
    assert [path.name for path in out.iterdir() if path.is_file()] == ["data.json"]
    assert not (out / LISTED).exists()


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"[1]", b"\xff", None])
def test_a_list_that_cannot_be_read_removes_nothing(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / LISTED).parent.mkdir()
    (tmp_path / "one.parquet").touch()
    if content is not None:
        (tmp_path / LISTED).write_bytes(content)
    unpublish(tmp_path)
    assert (tmp_path / "one.parquet").exists()
    assert not (tmp_path / LISTED).exists()


@pytest.mark.parametrize("held", [lambda: 1, threading.Lock()])
def test_a_stage_that_cannot_be_sent_is_told(held: object) -> None:
    with pytest.raises(BuildError, match="a stage cannot be sent to another process: "):
        pack(held)
