"""`ovr-curate check DIR`: what is in a build, read back from its files."""

import io
import json
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from curation.core.errors import BuildError
from curation.core.parquet import read_records
from curation.core.row import PLACE
from curation.core.schema import version_fault, version_of


def check(build: Path) -> str:
    """Read every shard back: schema version, unique ids, images that decode and are as many as their places in the prompt, counts that
    agree with the ledger and the summary.

    Raises:
        BuildError: the first thing that is not as it must be.
    """
    summary = read_summary(build)
    if not summary["balanced"]:
        raise BuildError(f"{build}/summary.json: the ledger does not balance")
    ledger = Counter(
        (line["config"], line["source"], line["action"])
        for line in read_records(build / "ledger.parquet", batch_rows=10_000)
    )
    out = Counter[str]()
    for (config, _, action), n in ledger.items():
        out[config] += n if action == "out" else 0
    lines = []
    for config, described in summary["configs"].items():
        _check_balance(build, config, described["sources"], ledger)
        seen: set[str] = set()
        n_images = 0
        for name, expected in described["shards"].items():
            shard = build / "data" / config / name
            n_images += _check_shard(shard, expected, seen)
        if len(seen) != out[config]:
            raise BuildError(f"{build}: {config} has {len(seen)} rows in its shards and {out[config]} in the ledger")
        lines.append(f"{config}: {len(seen)} rows, {n_images} images in {len(described['shards'])} shards, all valid")
        for name, control in described.get("control", {"sets": {}})["sets"].items():
            of_control: set[str] = set()
            for shard, expected in control["shards"].items():
                _check_shard(build / "control" / name / "data" / config / shard, expected, of_control)
            lines.append(f"{config}, control/{name}: {len(of_control)} rows, all valid")
    return "\n".join(lines)


def _check_balance(build: Path, config: str, sources: dict[str, Any], ledger: Counter[tuple[str, str, str]]) -> None:
    """Of every source the rows that came in, and those that stages made of them, are the lines of the ledger."""
    for source, counts in sources.items():
        lines = sum(ledger[config, source, action] for action in ("out", "dropped", "merged"))
        if lines != counts["in"] + counts.get("added", 0):
            told = f"{counts['in']} in and {counts.get('added', 0)} added"
            raise BuildError(f"{build}: {config}, {source}: {told} by the summary, {lines} in the ledger")


def _check_shard(shard: Path, expected: int, seen: set[str]) -> int:
    """Check one shard, add its ids to `seen`, return its number of images."""
    if not shard.exists():
        raise BuildError(f"{shard}: missing; summary.json names it")
    if fault := version_fault(version_of(pq.read_schema(shard))):
        raise BuildError(f"{shard}: {fault}")
    before, n_images = len(seen), 0
    for record in read_records(shard):
        key = _identity(record)
        if key in seen:
            raise BuildError(
                f"{shard}: duplicate id {record['id']}" + " with the same trace" * ("completion" in record)
            )
        seen.add(key)
        images = record.get("images") or []
        places = sum(message["content"].count(PLACE) for message in record["prompt"])
        if images and places not in (0, len(images)):
            raise BuildError(f"{shard}: row {record['id']} has {places} {PLACE} in its prompt and {len(images)} images")
        n_images += len(images)
        for number, image in enumerate(images):
            try:
                Image.open(io.BytesIO(image["bytes"])).load()
            except OSError as error:
                raise BuildError(f"{shard}: row {record['id']}, image {number} does not decode: {error}") from error
    if len(seen) - before != expected:
        raise BuildError(f"{shard}: has {len(seen) - before} rows, summary.json says {expected}")
    return n_images


def _identity(record: dict[str, Any]) -> str:
    """What no two rows of a set share: the id, and in the cold-start set the trace beside it, of which a question may have several."""
    trace = "\0".join(message["content"] for message in record.get("completion") or ())
    return f"{record['id']}{blake2b(trace.encode(), digest_size=16).hexdigest()}" if trace else str(record["id"])


def read_summary(build: Path) -> dict[str, Any]:
    """The summary of a finished build.

    Raises:
        BuildError: there is none.
    """
    try:
        summary: dict[str, Any] = json.loads((build / "summary.json").read_text())
    except FileNotFoundError:
        raise BuildError(f"{build}: no summary.json; expected the folder of a finished build") from None
    return summary
