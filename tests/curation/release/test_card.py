"""The dataset card: what strangers wrote does nothing in it, and a licence is never one that a row does not have."""

from pathlib import Path

import pytest

from curation.core.ledger import LEDGER
from curation.core.parquet import read_records, write_records
from curation.release.card.licences import licence_of_set
from curation.release.card.markdown import escape
from curation.release.card.removed import COLUMNS, write_removed


@pytest.mark.parametrize(
    ("hostile", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("a | b", " | "),
        ("x\n---\nlicense: mit", "\n"),
        ("[click](javascript:x)", "[click]("),
        ("![](https://x.test/p.png)", "https://"),
        ("`code`", " `"),
        ("a\u202eb\x00c", "\u202e"),
        ("{{ 7 * 7 }}", "49"),
        ("# heading", " # "),
        ("me@x.test", "@"),
    ],
)
def test_hostile_text_does_nothing(hostile: str, absent: str) -> None:
    assert absent not in f" {escape(hostile)}"


def test_long_text_is_cut() -> None:
    assert len(escape("x" * 100_000)) < 600


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (["Apache-2.0"], "apache-2.0"),
        (["MIT", "mit"], "mit"),
        (["Apache-2.0", "apache 2.0", "Apache License, Version 2.0"], "apache-2.0"),
        (["MIT", "CC-BY-NC-4.0"], "other"),
        (["MIT", ""], "other"),
        (["", "unknown"], "unknown"),
        (["My own licence"], "other"),
    ],
)
def test_the_licence_of_a_set_is_that_of_every_row(licences: list[str], expected: str) -> None:
    assert licence_of_set(licences)["license"] == expected


def test_what_was_left_out_is_listed_without_a_word_of_it(tmp_path: Path) -> None:
    line = dict.fromkeys(LEDGER.names, "x")
    lines = [line | {"action": action, "detail": "SECRET TEXT"} for action in ("out", "dropped", "merged")]
    write_records(tmp_path / "ledger.parquet", LEDGER, lines)
    found = list(read_records(write_removed(tmp_path)))
    assert [one["action"] for one in found] == ["dropped", "merged"]
    assert tuple(found[0]) == COLUMNS
    assert "SECRET" not in str(found)
