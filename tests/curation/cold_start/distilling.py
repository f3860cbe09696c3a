"""Prompts of a test, the teacher that answers them, and the build that distils."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from curation.core.parquet import read_records
from tests.curation.cold_start.teacher import Teacher

RIGHT = "<think>\nI add them.\n</think>\n\nIt is \\boxed{{{}}}."


def prompt(one: int, other: int, word: str = "", **fields: Any) -> dict[str, Any]:
    """A record of a table: a sum, with its gold."""
    question = f"{word}: What is {one} + {other}?" if word else f"What is {one} + {other}?"
    return {"question": question, "answer": str(one + other), "trace": "", "id": f"{word}{one}+{other}", **fields}


def sums(n: int) -> list[dict[str, Any]]:
    """Prompts without a trace, from easy to hard."""
    return [prompt(number, 1 + number * 37 % 47) for number in range(n)]


def manifest(folder: Path, records: list[dict[str, Any]], url: str, **options: Any) -> Path:
    """A manifest that distils, and its table. `sampling` and `section` are merged into theirs."""
    (folder / "sums.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    fields = {"question": "question", "answer": "answer", "completion": "trace", "id": "id"}
    sampler = {"kind": "openai", "model": "teacher", "base_url": url, "concurrency": 16, "max_retries": 2}
    sampling = {"max_tokens": 400, **options.pop("sampling", {})}
    section = {
        "sources": [{"kind": "table", "name": "sums", "path": "sums.jsonl", "fields": fields}],
        "dedup": {"near": False},
        **options.pop("section", {}),
        "distil": {"sampler": sampler, "sampling": sampling, **options},
    }
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump({"name": "distilled", "seed": 3, "cold_start": section}))
    return path


@contextmanager
def teacher(folder: Path, faults: int = 0) -> Iterator[Teacher]:
    server = Teacher(folder / "asked.jsonl", faults)
    server.path.touch()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def paid(log: Path) -> Counter[tuple[str, int]]:
    """How often every sample was answered."""
    return Counter((text, seed) for text, seed in map(json.loads, log.read_text().splitlines()))


def shard_rows(out: Path) -> dict[str, dict[str, Any]]:
    """The rows of the set by their source_id."""
    rows = [row for file in sorted(out.glob("data/cold_start/*.parquet")) for row in read_records(file)]
    return {row["source_id"]: row for row in rows}


def ends(out: Path) -> dict[str, tuple[str, str]]:
    """Of the rows that ended the reason and the detail, by source_id."""
    lines = read_records(out / "ledger.parquet")
    return {line["source_id"]: (line["reason"], line["detail"]) for line in lines if line["action"] != "out"}
