"""No two rows of a set are the same: ids are unique, in the cold-start set with the trace, of which a question may have several."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, ClassVar, Literal

from curation.commands.check.base import Check, Finding, Looked, Said
from curation.commands.check.subject import Shard, Subject
from curation.core.parquet import read_records


class Ids(Check):
    """Duplicate rows, and rows without an id. Memory: some 80 bytes a row of the largest set."""

    kind: Literal["ids"] = "ids"
    place: ClassVar[int] = 30

    def run(self, subject: Subject) -> Iterator[Said]:
        sets: dict[tuple[str, str], dict[bytes, tuple[int, int]]] = {}
        names = [subject.name(shard.path) for shard in subject.shards]
        for number, shard in enumerate(subject.shards):
            seen, n = sets.setdefault((shard.config, shard.control), {}), 0
            for row, record in enumerate(read_columns(shard, ["id", "completion"])):
                n += 1
                where = f"{names[number]} row {row} ({record.get('id') or 'no id'})"
                if not record.get("id"):
                    yield Finding(where, "has no id", "copy or build the file again")
                    continue
                key = identity(record)
                if key in seen:
                    other, at = seen[key]
                    what = f"duplicate id{' with the same trace' * ('completion' in record)}, also in {names[other]} row {at}"
                    yield Finding(where, what, "one of the two was written over; copy or build the file again")
                seen.setdefault(key, (number, row))
            yield Looked(n, "rows")


def identity(record: dict[str, Any]) -> bytes:
    """What no two rows of a set share: the id, and in the cold-start set the trace beside it."""
    digest = blake2b(str(record["id"]).encode(), digest_size=16)
    for message in record.get("completion") or ():
        digest.update(b"\0" + str(message["content"]).encode())
    return digest.digest()


def read_columns(shard: Shard, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a shard, those that it has; it ends where the file cannot be read any further (`files` says so)."""
    there = [name for name in columns if name in shard.schema.names]
    try:
        yield from read_records(shard.path, there, batch_rows=2_000)
    except (OSError, ValueError):
        return
