"""The same three records in every format and shape, and tables that read them."""

import bz2
import csv
import gzip
import io
import json
import lzma
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.table import Table

RECORDS = [
    {"q": "What is 1 + 1?", "a": "2"},
    {"q": 'Say "so, what"\nin numbers: 2 + 1?', "a": "3"},
    {"q": "Was ist ½ + ½ – als Zahl?", "a": "1"},
]
LINES = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
ARROW = pa.Table.from_pylist(RECORDS)


def arrow_stream(table: pa.Table = ARROW, rows_per_batch: int = 1) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_per_batch)
    return sink.getvalue()


def arrow_file() -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, ARROW.schema) as writer:
        writer.write_table(ARROW)
    return sink.getvalue()


def parquet(table: pa.Table = ARROW) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


def csv_text(separator: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["q", "a"], delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(RECORDS)
    return text.getvalue()


COLUMNS = {key: [record[key] for record in RECORDS] for key in ("q", "a")}
FILES: dict[str, tuple[str, str | bytes]] = {
    "array": ("rows.json", json.dumps(RECORDS)),
    "array, indented": ("rows.json", json.dumps(RECORDS, indent=4)),
    "array, byte order mark": ("rows.json", "\ufeff" + json.dumps(RECORDS)),
    "array, wrong name": ("rows.csv", json.dumps(RECORDS)),
    "array, no name": ("rows", json.dumps(RECORDS)),
    "by key": ("rows.json", json.dumps({f"k{i}": record for i, record in enumerate(RECORDS)}, indent=1)),
    "groups": ("rows.json", json.dumps({"one": RECORDS[:2], "two": RECORDS[2:]})),
    "columns": ("rows.json", json.dumps(COLUMNS)),
    "columns of pandas": (
        "rows.json",
        json.dumps({k: {str(i): v for i, v in enumerate(c)} for k, c in COLUMNS.items()}),
    ),
    "lines": ("rows.jsonl", "\n".join(LINES) + "\n"),
    "lines named json": ("rows.json", "\n".join(LINES)),
    "lines named txt": ("rows.txt", "\n".join(LINES)),
    "lines, CRLF": ("rows.jsonl", "\r\n".join(LINES) + "\r\n"),
    "lines, byte order mark": ("rows.jsonl", "\ufeff" + "\n".join(LINES)),
    "lines, blank ones between": ("rows.json", "\n\n" + "\n\n  \n".join(LINES) + "\n\n"),
    "array, UTF-16": ("rows.json", json.dumps(RECORDS, ensure_ascii=False).encode("utf-16")),
    "lines, UTF-16": ("rows.txt", "\n".join(LINES).encode("utf-16-be").join([b"\xfe\xff", b""])),
    "csv, UTF-16": ("rows.csv", csv_text().encode("utf-16")),
    "csv, UTF-32": ("rows.csv", csv_text().encode("utf-32")),
    "lines, gzip": ("rows.jsonl.gz", gzip.compress("\n".join(LINES).encode(), mtime=0)),
    "array, bz2": ("rows.json.bz2", bz2.compress(json.dumps(RECORDS).encode())),
    "csv, xz": ("rows.csv.xz", lzma.compress(csv_text().encode())),
    "lines, zstd": ("rows.jsonl.zst", zstd("\n".join(LINES).encode())),
    "lines, gzip in two parts, wrong name": (
        "rows.json",
        gzip.compress(f"{LINES[0]}\n{LINES[1][:9]}".encode(), mtime=0)
        + gzip.compress(f"{LINES[1][9:]}\n{LINES[2]}".encode(), mtime=0),
    ),
    "csv, UTF-16, gzip": ("rows.csv.gz", gzip.compress(csv_text().encode("utf-16"), mtime=0)),
    "parquet, gzip": ("rows.parquet.gz", gzip.compress(parquet(), mtime=0)),
    "arrow stream, xz": ("rows.arrow.xz", lzma.compress(arrow_stream())),
    "arrow file, gzip": ("rows.arrow.gz", gzip.compress(arrow_file(), mtime=0)),
    "csv": ("rows.csv", csv_text()),
    "csv named txt": ("rows.txt", csv_text()),
    "csv, CRLF": ("rows.csv", csv_text(end="\r\n")),
    "csv, semicolons": ("rows.csv", csv_text(";")),
    "csv, tabs and byte order mark": ("rows.tsv", "\ufeff" + csv_text("\t")),
    "parquet": ("rows.parquet", parquet()),
    "parquet, wrong name": ("rows.json", parquet()),
    "arrow stream": ("rows.arrow", arrow_stream()),
    "arrow file": ("rows.arrow", arrow_file()),
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(path: Path, **options: object) -> Table:
    options = {"fields": {"question": "q", "answer": "a"}, **options}
    return Table.model_validate({"kind": "table", "name": "t", "path": str(path), **options})


def read(path: Path, **options: object) -> list[Row | BadRow]:
    return list(table(path, **options).read(seed=0))
