"""Rows against their raw source, where it is at hand: it is read again by its own reader and normalised by the build's rules.

So an image or a gold that is another record's is found wherever in the build it was mixed up. A source on the Hub is not fetched, and one
whose files have changed since is not compared. Where another version of the code built the set, its rules for text may have been others:
then a text that differs is counted, not found, and images are compared by what they show.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import xxhash

from curation.build.build import build_code
from curation.build.manifest import ColdStart, Manifest, Rl
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.collected import Collected
from curation.commands.check.ids import read_columns
from curation.commands.check.pixels import same_picture
from curation.commands.check.subject import Shard, Subject
from curation.core.decision import Decision
from curation.core.errors import CurationError
from curation.core.row import BadRow, Row
from curation.images.step import normalise_images
from curation.normalise.step import normalise_text
from curation.sampling.template import apply_to_messages
from curation.sources.base import Source
from curation.sources.unique import UniqueIds

AGAIN = "the row was mixed up or changed on the way; build the set again"
RESTORE = "put the source back as it was, or build the set again"
COLUMNS = ("prompt", "images", "answer", "answer_kind", "answer_options", "license", "domain", "format", "language")


class Released(NamedTuple):
    """The rows of a set: (source, source_id) -> row number, of every row a hash of each of `COLUMNS`, and where it is."""

    numbers: dict[int, list[int]]
    digests: Any
    places: list[tuple[Shard, int]]
    """First row number of each shard."""


class Sources(Check):
    """Images, prompts and golds that are not those of the record that the row names."""

    kind: Literal["sources"] = "sources"
    place: ClassVar[int] = 110

    def run(self, subject: Subject) -> Iterator[Said]:
        manifest = subject.manifest
        if manifest is None:
            yield Skipped(f"raw sources: the manifest cannot be read here ({subject.manifest_error})")
            return
        versions = subject.dataset.lock.get("versions") or {}
        same_code = build_code(manifest) == versions.get("code")
        for config in subject.dataset.summary["configs"]:
            section, shards = manifest.sections.get(config), [s for s in subject.of_the_set if s.config == config]
            if section is None or not shards:
                continue
            released = _released(shards)
            frame = subject.frame(shards[0])
            there = frame.fixed.intersection(*(shard.schema.names for shard in shards))
            columns = [column for column in COLUMNS if column in there]
            for source in section.sources:
                given = (subject.dataset.lock.get("inputs") or {}).get(config, {}).get(source.name)
                if why := not_at_hand(source, given):
                    yield Skipped(f"{config}, source {source.name}: {why}")
                    continue
                of_source = _Compared(subject, manifest, section, source, released, columns, same_code)
                yield from of_source.said()


def not_at_hand(source: Source, given: dict[str, str] | None) -> str:
    """Why a source is not read again; empty where it is. Files that came into a folder of images, or went, change no other image."""
    if getattr(source, "hub", ""):
        return "it is on the Hub"
    try:
        now = source.inputs()
    except (CurationError, OSError, ImportError) as error:
        return f"it is not at hand ({' '.join(str(error).split())[:120]})"
    changed = sorted(key for key in now.keys() | (given or {}).keys() if now.get(key) != (given or now).get(key))
    if changed := [name for name in changed if not name.startswith("pictures ")]:
        return f"its raw data is not at hand or has changed since the build ({', '.join(changed[:3])})"
    return ""


def _released(shards: list[Shard]) -> Released:
    numbers: dict[int, list[int]] = {}
    digests = np.zeros((sum(shard.n_rows for shard in shards), len(COLUMNS)), np.uint64)
    places, row = [], 0
    for shard in shards:
        places.append((shard, row))
        for n, record in enumerate(read_columns(shard, ["source", "source_id", *COLUMNS]), row):
            numbers.setdefault(_key(record["source"], record["source_id"].partition("#trace")[0]), []).append(n)
            digests[n] = [_hash(record.get(column)) for column in COLUMNS]
        row += shard.n_rows
    return Released(numbers, digests, places)


def _key(source: str, source_id: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{source}\0{source_id}".encode(errors="surrogatepass"))


def _hash(value: Any) -> int:
    """A value by its texts and bytes."""
    digest = xxhash.xxh3_64()
    for part in _parts(value):
        digest.update(part)
        digest.update(b"\0")
    return digest.intdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode(errors="surrogatepass")
    elif isinstance(value, dict):
        yield from (part for key in ("role", "content", "bytes") if key in value for part in _parts(value[key]))
    elif isinstance(value, list | tuple):
        yield from (part for member in value for part in _parts(member))


class _Compared:
    """One source beside the rows that are said to be of it."""

    def __init__(
        self, subject: Subject, manifest: Manifest, section: ColdStart | Rl, source: Source, released: Released,
        columns: list[str], same_code: bool,
    ) -> None:  # fmt: skip
        self.subject, self.manifest, self.section, self.source = subject, manifest, section, source
        self.released, self.columns, self.same_code = released, columns, same_code
        self.collected = Collected(subject, released.places[0][0].config)
        self.unread: dict[int, str] = {}
        """Records that cannot be read, and why."""
        self.alike: list[tuple[int, int, int]] = []
        """(row, hash of an image, hash of its record's), of images that are not the same bytes and show the same."""
        self.at = [COLUMNS.index(column) for column in columns]

    def said(self) -> Iterator[Said]:
        looked, seen = 0, set[int]()
        try:
            for raw in self._raw():
                key = _key(raw.source, raw.source_id)
                if key not in self.released.numbers:
                    continue
                seen.add(key)
                row = self._normalised(raw)
                for number in self.released.numbers[key]:
                    looked += 1
                    found = list(self._of_row(number, row))
                    if any(isinstance(one, Finding) for one in found) and self._is_another_now(raw):
                        what = "has the images that its record had; the source's images were changed since the build"
                        found = [self._finding(number, what, RESTORE)]
                    yield from found
        except CurationError as error:
            yield Skipped(f"source {self.source.name}: {' '.join(str(error).split())[:160]}")
            return
        yield from self._exchanged()
        yield from self._without_record(seen)
        yield Looked(looked, "rows")

    def _raw(self) -> Iterator[Row]:
        """The rows of the source as the stage `collect` numbers them."""
        limits = (self.subject.dataset.lock.get("limit"), self.source.limit)
        limit, unique = min(filter(None, limits), default=None), UniqueIds()
        rows = self.source.model_copy(update={"limit": limit, "accept": ()}).read(self.manifest.seed)
        for row in islice(rows, limit):
            if isinstance(row, BadRow):
                self.unread[_key(row.source, row.source_id)] = row.reason
            else:
                name = unique(row.source_id)
                yield row if name == row.source_id else row.changed("collect", "source_id repeats", source_id=name)

    def _normalised(self, row: Row) -> Row | None:
        for change in (
            partial(normalise_text, self.section.normalise),
            partial(normalise_images, self.section.pictures),
        ):
            changed = change(row)
            if isinstance(changed, Decision):
                return None
            row = changed
        return row

    def _is_another_now(self, raw: Row) -> bool:
        """Whether the source gives a record with other images than when the build read it."""
        return self.collected.images(raw.source, raw.source_id) not in (None, raw.images)

    def _of_row(self, number: int, row: Row | None) -> Iterator[Said]:
        if row is None:
            if self.same_code:
                yield self._finding(number, "is of a record that normalisation drops today")
            return
        expected = {
            "prompt": [
                {"role": message.role, "content": message.content}
                for message in apply_to_messages(self.manifest.prompt_template, row.prompt)
            ],
            **{name: getattr(row, name) for name in COLUMNS if name not in ("prompt",)},
        }
        for column, at in zip(self.columns, self.at, strict=True):
            if self.released.digests[number][at] == _hash(expected[column]):
                continue
            record = self._record(number, [column])
            if column == "images":
                yield from self._of_images(number, [image["bytes"] for image in record["images"] or ()], row.images)
            else:
                got, read = (" ".join(str(of).split())[:120] for of in (record[column], expected[column]))
                if self.same_code:
                    yield self._finding(number, f"{column} is {got!r}, and its record has {read!r}")
                else:
                    why = "which this version of the code reads otherwise from its record than the one that built it"
                    yield Skipped(f"values of {column} {why}", 1)

    def _of_images(self, number: int, got: list[bytes], raw: tuple[bytes, ...]) -> Iterator[Said]:
        if len(got) != len(raw):
            yield self._finding(number, f"has {len(got)} images, and its record {len(raw)}")
            return
        for n, (one, other) in enumerate(zip(got, raw, strict=True), 1):
            same = same_picture(one, other, exactly=self.same_code)
            if same is None:
                yield Skipped("images that do not decode", 1)
            elif not same:
                yield self._finding(number, f"image {n} is not the image of its record")
            elif one != other:
                self.alike.append((number, _hash(one), _hash(other)))

    def _exchanged(self) -> Iterator[Said]:
        """Images that only look like those of their records, and are those of others, byte for byte."""
        of_record = {expected: number for number, _, expected in self.alike}
        for number, got, _ in self.alike:
            if of_record.get(got, number) != number:
                yield self._finding(number, "has an image that is, byte for byte, the one of another record")

    def _without_record(self, seen: set[int]) -> Iterator[Said]:
        """Rows that name a record which the source has not, or can no longer be read."""
        for shard, first in self.released.places:
            for n, record in enumerate(read_columns(shard, ["source", "source_id"]), first):
                if record["source"] != self.source.name:
                    continue
                key = _key(record["source"], record["source_id"].partition("#trace")[0])
                of = f"is of the record {record['source_id']!r}, which"
                if key in self.unread:
                    what = f"{of} cannot be read any more ({self.unread[key]}); the source was changed since the build"
                    yield self._finding(n, what, RESTORE)
                elif key not in seen:
                    yield self._finding(n, f"{of} {self.source.name} has not")

    def _finding(self, number: int, what: str, todo: str = AGAIN) -> Finding:
        shard, first = self._place(number)
        record = self._record(number, ["id"])
        where = f"{self.subject.name(shard.path)} row {number - first} ({record['id']})"
        return Finding(where, what, todo)

    def _place(self, number: int) -> tuple[Shard, int]:
        return next((shard, first) for shard, first in reversed(self.released.places) if first <= number)

    def _record(self, number: int, columns: list[str]) -> dict[str, Any]:
        """Some columns of a row; its row group is read."""
        shard, start = self._place(number)
        for group, n in enumerate(shard.groups):
            if number < start + n:
                with pq.ParquetFile(shard.path) as file:
                    table = file.read_row_group(group, columns=columns)
                found: dict[str, Any] = table.slice(number - start, 1).to_pylist()[0]
                return found
            start += n
        raise IndexError(number)
