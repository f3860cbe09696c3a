"""Digests of files that were read before: whatever changes a file, it is read again."""

import os
from pathlib import Path

import pytest

from curation.core import digests
from curation.core.digests import sha256_of
from curation.core.seen import SETTLED_S, digests_seen


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []
    by_reading = digests._sha256_of
    monkeypatch.setattr(digests, "_sha256_of", lambda path: names.append(path.name) or by_reading(path))
    monkeypatch.setattr("curation.core.seen.SETTLED_S", -1.0)
    return names


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path, read: list[str]) -> None:
    file, record = tmp_path / "rows.jsonl", tmp_path / "seen.json"
    file.write_text("one")
    dated = os.stat(file)
    found = []
    for content in (None, None, "two", None):
        if content:
            file.write_text(content)
            os.utime(file, ns=(dated.st_atime_ns, dated.st_mtime_ns))  # the same size and date
        with digests_seen(record):
            found.append(sha256_of(file))
    assert found[0] == found[1] != found[2] == found[3]
    assert read == ["rows.jsonl"] * 2
    file.unlink()
    with digests_seen(record), pytest.raises(digests.SourceError, match=r"rows\.jsonl"):
        sha256_of(file)


def test_what_changed_just_now_or_has_no_folder_is_not_recorded(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.core.seen.SETTLED_S", SETTLED_S)
    (file := tmp_path / "rows.jsonl").write_text("one")
    for record in (tmp_path / "seen.json", tmp_path / "none" / "seen.json"):
        for _ in range(2):
            with digests_seen(record):
                sha256_of(file)
    assert read == ["rows.jsonl"] * 4
    assert not (tmp_path / "none").exists()
