"""A large source is read in parts, which together give what the whole gives: the same rows, bad rows and ids in the same order."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from curation.core.errors import SourceError
from curation.core.ledger import ledger_lines
from curation.core.stage import Run
from curation.core.steps import written_rows
from curation.reading.gate import reports_in
from curation.sources.collect import Collect
from curation.sources.formats.cut import PartSize, row_cuts
from curation.sources.put_together import rows_read
from curation.sources.table import Table
from curation.sources.unique import UniqueIds

N = 40
ACCEPT = {"repeats": ("one_gold", "bad_rows", "gold_in_question")}
TINY = PartSize(bytes=400, rows=7)
RECORDS = [{"question": f"What is {n} + é{n}?", "answer": str(2 * n)} for n in range(N)]
LINES = [json.dumps(record, ensure_ascii=False).encode() for record in RECORDS]
BOM = b"\xef\xbb\xbf"


def lines(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def parquet(path: Path, **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(RECORDS), path, **options)
    return path


def arrow(path: Path, kind: Callable[..., Any], rows: int = 5) -> Path:
    table = pa.Table.from_pylist(RECORDS)
    with kind(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return path


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(0, N, 5):
            archive.writestr(f"data/{number:03d}.jsonl", b"\n".join(LINES[number : number + 5]))
        archive.writestr("../outside.jsonl", LINES[0])
    return path


def tarred(path: Path) -> Path:
    """Samples of one record each, as WebDataset has them."""
    with tarfile.open(path, "w") as archive:
        for number, line in enumerate(LINES):
            info = tarfile.TarInfo(f"{number:06d}.json")
            info.size = len(line)
            archive.addfile(info, io.BytesIO(line))
    return path


def folder(path: Path) -> Path:
    """A large file among small ones, of several formats."""
    path.mkdir()
    for number in range(0, 20, 2):
        (path / f"a{number:02d}.json").write_bytes(b"[" + b",".join(LINES[number : number + 2]) + b"]")
    lines(path / "b.jsonl", b"\n".join(LINES[20:]))
    (path / "c.csv").write_text('question,answer\n"a\nb",1\nc,2,3\n')
    return path


BROKEN = [b'{"question": "Q?"', b'{"question": "Q\xff?"}', b'{"question": 3, "answer": null}']
MANY: dict[str, Callable[[Path], Path]] = {
    "lines": lambda d: lines(d / "a.jsonl", b"\n".join(LINES) + b"\n"),
    "lines without the last end": lambda d: lines(d / "a.jsonl", b"\n".join(LINES)),
    "lines of Windows behind a mark": lambda d: lines(d / "a.jsonl", BOM + b"\r\n".join(LINES) + b"\r\n\r\n"),
    "lines between empty ones": lambda d: lines(d / "a.jsonl", b"\n\n\r\n".join(LINES)),
    "lines of which some are broken": lambda d: lines(
        d / "a.jsonl", b"\n".join([*LINES[:20], b"", *BROKEN, *LINES[20:], b'{"question": "cut', b""])
    ),
    "lines that are cut off": lambda d: lines(d / "a.jsonl", b"\n".join([*LINES, b"", b"", b'{"question": "cut'])),
    "lines that are cut off at a part": lambda d: lines(
        d / "a.jsonl", b"\n".join([*LINES[:21], b'{"question": "' + b"x" * 500])
    ),
    "row groups": lambda d: parquet(d / "a.parquet", row_group_size=3),
    "one row group": lambda d: parquet(d / "a.parquet"),
    "an Arrow file": lambda d: arrow(d / "a.arrow", pa.ipc.new_file),
    "an Arrow stream": lambda d: arrow(d / "a.arrow", pa.ipc.new_stream, rows=N),
    "members of a zip": lambda d: zipped(d / "a.zip"),
    "members of a tar": lambda d: tarred(d / "a.tar"),
    "files of a folder": lambda d: folder(d / "a"),
}
ONE: dict[str, Callable[[Path], Path]] = {
    "compressed lines": lambda d: lines(d / "a.jsonl.gz", gzip.compress(b"\n".join(LINES), mtime=0)),
    "a compressed Parquet file": lambda d: lines(d / "b.bz2", bz2.compress(parquet(d / "a.parquet").read_bytes())),
    "lines in UTF-16": lambda d: lines(d / "a.jsonl", b"\n".join(LINES).decode().encode("utf-16")),
    "a record over several lines": lambda d: lines(
        d / "a.jsonl", b"\n".join([*LINES, b'{\n"question": "Q?",\n"answer": "1"}', *LINES])
    ),
    "a list": lambda d: lines(d / "a.json", b"[" + b",".join(LINES) + b"]"),
    "CSV": lambda d: lines(d / "a.csv", b"question,answer\n" + b'"a\nb",1\n' * N),
    "a field that no record has": lambda d: lines(d / "a.jsonl", b"\n".join(LINES).replace(b"answer", b"result")),
}  # fmt: skip


def table(path: Path, **options: Any) -> Table:
    fields = {"question": "question", "answer": "answer"}
    return Table.model_validate({"kind": "table", "name": "t", "path": str(path), "fields": fields, **options})


@pytest.mark.parametrize("layout", MANY)
def test_parts_give_what_the_whole_gives(layout: str, tmp_path: Path) -> None:
    source = table(MANY[layout](tmp_path), on_truncated="keep")
    parts = source.parts(TINY)
    assert len(parts) >= 3
    apart = [list(source.read_part(0, part)) for part in parts]
    assert [row for rows in apart for row in rows] == list(source.read(0))
    assert all(apart)
    assert source.parts(PartSize()) == [None]


def test_a_group_without_rows_is_no_piece() -> None:
    cuts = row_cuts([(0, 900), (3, 10), (0, 900), (2, 10)], TINY)
    assert [(cut.start, cut.stop) for cut in cuts] == [(0, 3), (3, 5)]


@pytest.mark.parametrize("layout", ONE)
def test_what_only_the_whole_shows_is_one_part(layout: str, tmp_path: Path) -> None:
    assert table(ONE[layout](tmp_path)).parts(TINY) == [None]


def collected(folder: Path, sources: tuple[Table, ...], size: PartSize) -> dict[str, Any]:
    """What the stage leaves, read by a task for every part."""
    stage, run = Collect(sources=sources, part=size, accept=ACCEPT), Run("rl", "collect", folder, folder)
    for rank in range(stage.n_parts(run)):
        data: Any = None
        for step in stage.steps(run):
            data = step.run(data, rank)
        list(data)
    for _ in range(2):
        stage.conclude(run)
    return {
        "rows": list(written_rows(folder / "rows")),
        "ended": list(ledger_lines(folder / "ledger")),
        "reports": reports_in(folder),
        "read": rows_read(folder),
        "parts": len(stage.parts),
    }


def test_ids_and_reports_are_those_of_the_whole(tmp_path: Path) -> None:
    ids = ["a", "b", "a", "a#2", "c", "c#3", "d", "ü#2", "c", "c"] * 4
    records = [{"id": one, **record, "gold": [] if one == "b" else 7} for one, record in zip(ids, RECORDS, strict=True)]
    repeats = lines(tmp_path / "a.jsonl", b"".join(json.dumps(record).encode() + b"\n" for record in records))
    fields = {"id": "id", "question": "question", "answer": "gold"}
    sources = (table(repeats, name="repeats", fields=fields), table(MANY["row groups"](tmp_path)))

    whole, apart = (collected(tmp_path / str(size.rows) / "collect", sources, size) for size in (PartSize(), TINY))
    assert (whole.pop("parts"), apart.pop("parts")) == (2, 14)
    assert apart == whole
    numbered = UniqueIds()
    assert [row.source_id for row in whole["rows"][:36]] == [numbered(one) for one in ids if one != "b"]
    assert whole["rows"][2].provenance[-1] == ("collect", "source_id repeats")
    assert list(whole["reports"][0]["flags"]) == ["bad_rows", "one_gold"]


def test_a_limit_and_a_join_need_the_whole(tmp_path: Path) -> None:
    path = MANY["lines"](tmp_path)
    assert table(path, limit=9).parts(TINY) == table(path, join={"more": "b.json"}).parts(TINY) == [None]


@pytest.mark.parametrize("layout", ["lines", "files of a folder", "row groups"])
def test_data_that_change_after_planning_are_one_clear_line(layout: str, tmp_path: Path) -> None:
    source = table(MANY[layout](tmp_path))
    parts, file = source.parts(TINY), max(tmp_path.rglob("*.*"))
    data = file.read_bytes()
    file.write_bytes(data + b"\n")
    with pytest.raises(SourceError, match="files of the source changed while it was read: got 1 files from"):
        list(source.read_part(0, parts[-1]))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (LINES[2], b"{}\n", r"got 8 rows behind row 0, expected 7"),
        (b" ", b"\n", "it is no longer made of pieces, it is json"),
    ],
)
def test_lines_that_move_within_a_file_are_noticed(old: bytes, new: bytes, line: str, tmp_path: Path) -> None:
    source = table(path := MANY["lines"](tmp_path))
    parts = source.parts(TINY)
    path.write_bytes(path.read_bytes().replace(old, new.ljust(len(old))))
    with pytest.raises(SourceError, match=rf"a\.jsonl changed while it was read: {line}"):
        list(source.read_part(0, parts[0]))
