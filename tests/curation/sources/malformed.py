"""Malformed inputs by a seeded mutator from tiny valid files, and by hand; and a process that reads them all and reports what came.

python -m tests.curation.sources.malformed FOLDER      one line of JSON per input: {name, rows, reasons, error, seconds}, then {peak_mb}
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
import resource
import struct
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from curation.core.errors import CurationError
from curation.core.row import Row
from curation.sources.table import Table
from tests.curation.sources.crafted import MANY, big_zip, chunk, in_memory, png_header, put, tarred, write_table, zipped
from tests.curation.sources.damage import mutants

RECORDS: list[dict[str, Any]] = [
    {"q": f"What is {n} + {n}? Was ist ½?", "a": str(2 * n), "o": ["x", n]} for n in range(12)
]
FIELDS = {"question": "q", "answer": "a"}
MUTANTS = 10


def records_files() -> dict[str, bytes]:
    """A valid file of every format, by name."""
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS).encode()
    array = json.dumps(RECORDS).encode()
    text = io.StringIO()
    writer = csv.DictWriter(text, ["q", "a", "o"])
    writer.writeheader()
    writer.writerows(RECORDS)
    plain = pa.Table.from_pylist([{"q": r["q"], "a": r["a"], "o": [str(o) for o in r["o"]]} for r in RECORDS])
    files = {
        "array.json": array,
        "keyed.json": json.dumps({f"k{n}": record for n, record in enumerate(RECORDS)}).encode(),
        "columns.json": json.dumps({key: [r[key] for r in RECORDS] for key in ("q", "a")}).encode(),
        "lines.jsonl": lines,
        "utf16.jsonl": lines.decode().encode("utf-16"),
        "table.csv": text.getvalue().encode(),
        "parquet.parquet": in_memory(lambda out: pq.write_table(plain, out)),
        "snappy.parquet": in_memory(lambda out: pq.write_table(plain, out, compression="snappy", row_group_size=5)),
        "stream.arrow": in_memory(lambda out: write_table(pa.ipc.new_stream(out, plain.schema), plain)),
        "file.arrow": in_memory(lambda out: write_table(pa.ipc.new_file(out, plain.schema), plain)),
        "lines.jsonl.gz": gzip.compress(lines, mtime=0),
        "array.json.bz2": bz2.compress(array),
        "array.json.xz": lzma.compress(array),
        "lines.jsonl.zst": bytes(pa.compress(lines, "zstd", asbytes=True)),
    }
    inner = {"a.json": array, "b/lines.jsonl": lines, "c.parquet": files["parquet.parquet"]}
    files["set.zip"] = zipped(inner)
    files["stored.zip"] = zipped(inner, zipfile.ZIP_STORED)
    files["set.tar"] = tarred(inner)
    files["set.tar.gz"] = gzip.compress(tarred(inner), mtime=0)
    return files


def valid_images() -> dict[str, bytes]:
    """A valid image of every format."""
    noise = Image.effect_noise((40, 30), 90).convert("RGB")
    found = {
        f"p.{kind.lower()}": in_memory(lambda out, kind=kind: noise.save(out, kind))
        for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")
    }
    found["lzw.tiff"] = in_memory(lambda out: noise.save(out, "TIFF", compression="tiff_lzw"))
    found["moving.gif"] = in_memory(lambda out: noise.save(out, "GIF", save_all=True, append_images=[noise.rotate(90)]))
    return found


def make(folder: Path) -> dict[str, dict[str, Any]]:
    """Write every input; returns name -> options of the table that reads it."""
    draw, found = random.Random(20250705), dict[str, dict[str, Any]]()
    for name, valid in records_files().items():
        for number, data in enumerate(mutants(valid, draw, MUTANTS)):
            found[f"{number} {name}"] = {"path": put(folder / f"mutants/{number}/{name}", data)}
    shown = dict(valid_images())
    for name, valid in list(shown.items()):
        for number, data in enumerate(mutants(valid, draw, MUTANTS)):
            shown[f"{number}.{name}"] = data
    shown |= hostile_images()
    for name, data in shown.items():
        put(folder / "shown" / name, data)
    put(folder / "shown.zip", zipped(shown))
    put(folder / "shown.tar", tarred(shown))
    (folder / "shown/loop.png").symlink_to("loop.png")
    (folder / "shown/out.png").symlink_to("/etc/passwd")
    (folder / "shown/zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "shown/pipe.png")
    odd = [
        "loop.png",
        "out.png",
        "zero.png",
        "pipe.png",
        "../x.png",
        "/dev/zero",
        "a\0b",
        "x" * 5000,
        "p.png/q",
        "..",
        "\ud800",
    ]
    for name in [*shown, *odd]:
        lines = json.dumps({**RECORDS[1], "i": name}) + "\n"
        path = put(folder / f"rows/{len(found)}.jsonl", lines.encode())
        for root in ("shown", "shown.zip", "shown.tar") if name in odd or name in hostile_images() else ("shown",):
            images = {"root": str(folder / root)}
            found[f"image {name[:20]!r} of {root}"] = {
                "path": path,
                "images": images,
                "fields": {**FIELDS, "images": "i"},
            }
    for name, data in hostile_files():
        found[name] = {"path": put(folder / "hostile" / name, data)}
    found |= hostile_links(folder / "links")
    return found


def hostile_images() -> dict[str, bytes]:
    """Images that ask for far more than they are, and what is no image."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'
    return {
        "huge.png": png_header(50_000, 50_000),
        "long.png": png_header(1, 2_000_000_000),
        "large.png": png_header(8_000, 7_900, whole=True),
        "huge.gif": b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02L\x01\0;",
        "huge.bmp": b"BM" + struct.pack("<LHHLLllHHLLllLL", 99, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
        "x.svg": svg,
        "x.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        "text.png": bytes(chunk("tEXt", b"a\0" + bytes(9_000_000))),
        "empty.png": b"",
    }


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """Bombs, escapes, and records without end. The bombs are a few kilobytes to a few megabytes and expand to gigabytes."""
    zeros, record = bytes(MANY), b'{"q": "Q?", "a": 1, "x": "'
    yield "bomb.jsonl.gz", gzip.compress(zeros, mtime=0) * 100
    yield "bomb.json.bz2", bz2.compress(zeros) * 100
    yield "bomb.json.xz", lzma.compress(zeros) * 100
    yield "bomb.jsonl.zst", bytes(pa.compress(zeros, "zstd", asbytes=True)) * 100
    yield (
        "bomb.tar.gz",
        gzip.compress(tarred({"a.json": b""})[:124] + b"77777777777\0" + zeros, mtime=0) + gzip.compress(zeros) * 100,
    )
    yield "bomb.zip", big_zip()
    yield "lying.zip", big_zip(stated=1_000)
    yield "quine.zip", zipped({"a.zip": zipped({"a.zip": zipped({"a.json": b"[]"})})})
    yield "members.zip", zipped({f"{n}.txt": b"" for n in range(3_000)})
    yield (
        "bomb.parquet",
        in_memory(
            lambda out: pq.write_table(
                pa.table({"q": ["a" * (100 << 20)]}), out, compression="zstd", use_dictionary=False
            )
        ),
    )
    yield "twice.json.gz", gzip.compress(gzip.compress(b"[]"))
    yield "escape.zip", zipped({"../a.json": b"[]", "/b.json": b"[]", "c\\d.json": b"[]"})
    yield "escape.tar", tarred({"../a.json": b"[]", "/b.json": b"[]"})
    yield "line.jsonl", record + b"a" * (40 << 20) + b'"}\n' + json.dumps(RECORDS[0]).encode()
    yield (
        "values.jsonl",
        b'{"q": "Q?", "a": 1, "x": [' + b"[]," * 2_100_000 + b"0]}\n" + json.dumps(RECORDS[0]).encode(),
    )
    yield (
        "values.json",
        b'[{"q": "Q?", "a": 1, "x": [' + b"[]," * 2_100_000 + b"0]}," + json.dumps(RECORDS[0]).encode() + b"]",
    )
    yield "string.json", b"[" + record + b"a" * (40 << 20) + b'"}]'
    yield "words.jsonl", b'{"q": "' + b"ab " * 10_000_000 + b'", "a": 1}\n'
    yield "answer.jsonl", b'{"q": "Q?", "a": "' + b"1+" * 10_000_000 + b'1"}\n'
    yield "line.csv", b"q,a\n" + b"a" * (20 << 20)
    yield "cell.csv", b'q,a\n"' + b"a\n" * (10 << 20)
    yield "columns.csv", b",".join(b"c%d" % n for n in range(300_000)) + b"\n1"
    yield "deep.json", b"[" * 300_000
    yield "deep.jsonl", b'{"q": ' * 1_000_000
    yield "columns.json", b'{"q": [' + b"[]," * 2_100_000 + b"0]}"
    yield "number.jsonl", b'{"q": "Q?", "a": ' + b"9" * 5_000_000 + b"}\n"
    yield "nul.jsonl", bytes(5_000_000)
    yield "empty.json", b""


def hostile_links(folder: Path) -> dict[str, dict[str, Any]]:
    """Links in circles, pipes and devices where files are expected."""
    put(folder / "data/rows.jsonl", b"not json\n")
    for name in ("a", "b", "c"):
        (folder / "data" / name).symlink_to(folder / "data")
    (folder / "self.jsonl").symlink_to("self.jsonl")
    (folder / "zero.jsonl").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jsonl")
    names = (
        "data/**/*.jsonl",
        "self.jsonl",
        "zero.jsonl",
        "pipe.jsonl",
        "a\0b.jsonl",
        "data",
        "data/rows.jsonl!/x.json",
        "x" * 300,
    )
    return {f"links {name[:30]!r}": {"path": f"{folder}/{name}"} for name in names}


def read(options: dict[str, Any]) -> dict[str, Any]:
    """Read one input to its end. Whatever else than a CurationError is raised ends the process, as it would end a build's worker."""
    options = {"kind": "table", "fields": FIELDS, "on_truncated": "keep", **options, "path": str(options["path"])}
    rows, reasons, error = 0, Counter[str](), ""
    try:
        source = Table.model_validate(options)
        source.inputs()
        for row in source.read(seed=0):
            rows += isinstance(row, Row)
            reasons[getattr(row, "reason", "")] += not isinstance(row, Row)
    except CurationError as problem:
        error = str(problem)
    return {"rows": rows, "reasons": dict(+reasons), "error": error}


def peak_mb() -> int:
    """Of this process alone: `ru_maxrss` begins with that of the process which started it."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) >> 10
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)


def main(listed: Path) -> None:
    for name, options in json.loads(listed.read_text()).items():
        print(json.dumps({"starts": name}), flush=True)
        started = time.process_time()
        result = read(options)
        print(
            json.dumps({"name": name, **result, "seconds": time.process_time() - started, "peak_mb": peak_mb()}),
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
