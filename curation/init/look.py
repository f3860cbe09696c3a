"""What there is: the data files of a folder, file, archive or Hub name, those of one kind together, how each is read, and first records."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curation.core.errors import SourceError, first_line
from curation.core.row import BadRow, Row
from curation.init.columns import snake
from curation.init.csv_dialect import csv_options, encoding_of
from curation.init.file_kinds import SUFFIXES, file_kinds, spread
from curation.init.plain_text import texts_below
from curation.init.roles import score_of
from curation.init.words import NO_QUESTION, QUESTION
from curation.sources.formats.files import DataFile, data_files, sniff
from curation.sources.formats.record import BadRecord, Record
from curation.sources.table import Table

N_RECORDS = 300
MAX_READ = 5000
"""Records of one file among which those that are looked at are spread: a file may be sorted."""
MAX_GROUPS, MAX_WHOLE = 200, 64 << 20
"""Kinds of files that are looked at; bytes of a JSON file read whole."""
_HEAD, _SURE = 256 << 10, 4
"""Bytes in which fields are looked for; the score of a name that is a question's."""
SPLITS = ("train", "training", "validation", "valid", "val", "dev", "test", "train_data", "test_data")


@dataclass(frozen=True)
class Part:
    """Files that are read alike: the options of a table that say how, the first records, and what was noticed."""

    reading: dict[str, Any]
    records: list[Record] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why nothing can be read; then there are no records."""
    files: tuple[str, ...] = ()
    """Patterns of the single files that the records come from; none for a Hub data set."""
    seen: frozenset[int] = frozenset()
    """A digest of every record that was read, of which `records` are some."""

    @property
    def name(self) -> str:
        path = self.reading.get("path")
        paths = [path] if isinstance(path, str) else list(path or ())
        more = f" and {len(paths) - 3} more" if len(paths) > 4 else ""
        return ", ".join(paths[:3] if more else paths) + more or str(self.reading.get("hub"))


def table_of(options: Mapping[str, Any]) -> Table | None:
    """The table that options describe, None where it does not take them."""
    try:
        return Table.model_validate({"kind": "table", "name": "guess", **options})
    except ValidationError:
        return None


def read_with(
    options: Mapping[str, Any], records: list[Record] | None = None, n: int = N_RECORDS
) -> Iterator[tuple[Record | BadRecord, Row | BadRow]]:
    """The first records, of the files or those given, with the rows that they become; nothing where a table does not take the options.

    Raises:
        SourceError: as a build would say it.
    """
    if table := table_of(options):
        yield from islice(table.beside(records), n)


def find_parts(data: Path) -> list[Part]:
    """The kinds of files at a path.

    Raises:
        SourceError: nothing there, or nothing that looks like data.
    """
    if not data.exists():
        raise SourceError(
            f"no such file or folder: {str(data)!r}, and no data set of the Hub is called so (OWNER/NAME)"
        )
    groups = dict(file_kinds(data))
    if not groups:
        raise SourceError(f"{data}: no data file below it; {_there(data)}")
    parts = [_part(pattern, sample) for pattern, sample in islice(groups.items(), MAX_GROUPS)]
    if more := list(groups)[MAX_GROUPS:]:
        parts.append(Part({"path": more[0]}, error=f"with {len(more) - 1} others not looked at: name a folder below"))
    return parts


def _there(data: Path) -> str:
    """What there is instead of data."""
    if texts := [*texts_below(data, set())]:
        return "; ".join(texts)
    endings = Counter(path.suffix or path.name for path in data.rglob("*") if path.is_file())
    has = ", ".join(f"{n} {ending}" for ending, n in endings.most_common(4)) or "no files"
    return f"it has {has}, expected names that end in {', '.join(SUFFIXES)}"


def _part(pattern: str, sample: list[str]) -> Part:
    """One kind of file, with the options that give most records."""
    try:
        first = next(iter(data_files([sample[0]])))
    except SourceError as error:
        return Part({"path": pattern}, error=first_line(error))
    notes: list[str] = []
    best: Part | None = None
    probe = _probe(first)
    for extra in _ways(first):
        part = read_part({"path": sample[0], **extra}, probe)
        if part and (best is None or _worth(part) > _worth(best)):
            best = part
        if best and best.records and not best.bad and len(_keys(best)) > 1 and not best.error:
            break
    if best is None:
        return Part({"path": pattern}, error="no way of reading it is known")
    best = _whole(best if len(sample) > 1 else _inside(best, probe), sample, first, probe)
    if best.reading.get("split"):
        notes.append("the file holds several splits; this is one of them")
    if best.reading.get("on_truncated"):
        notes.append("unsure: the file is cut short; its complete records are kept")
    if (encoding := best.reading.get("encoding")) and best.records:
        notes.append(f"unsure: the file is not UTF-8; {encoding} fits its bytes")
    return replace(best, reading={**best.reading, "path": pattern}, notes=tuple(notes), files=tuple(sample))


def _whole(part: Part, sample: list[str], first: DataFile, probe: str) -> Part:
    """The part with records of every file of the sample, or of one file from its beginning to its end, as far as `MAX_READ`."""
    is_binary = first.suffix in (".parquet", ".arrow", ".feather")
    if len(sample) > 1:
        files = spread(sample, 10) if is_binary else sample
        each = max(N_RECORDS // len(files), 5)
        read = [read_part({**part.reading, "path": file}, probe, each) for file in files]
        found = [one for one in read if one]
        bad = sum((one.bad for one in found), Counter[str]())
        records = [record for one in found for record in one.records]
        return replace(part, records=records, bad=bad, seen=frozenset(map(_digest, records)))
    records = part.records
    if len(records) >= N_RECORDS and not is_binary and not part.error:
        more = read_part(part.reading, probe, MAX_READ)
        records = more.records if more and more.records else records
    return replace(part, records=spread(records, N_RECORDS), seen=frozenset(map(_digest, records)))


def _digest(record: Record) -> int:
    return hash(repr(record.value))


def _worth(part: Part) -> tuple[float, int, int]:
    n = len(part.records) + part.bad.total()
    return (len(part.records) - 2 * part.bad.total() if part.records else -1.0, len(_keys(part)), n)


def _keys(part: Part) -> set[str]:
    return {
        str(key)
        for record in part.records[:20]
        if isinstance(record.value, dict | list)
        for key in _names(record.value)
    }


def _names(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else [str(number) for number in range(len(value))]


def _ways(file: DataFile) -> Iterator[dict[str, Any]]:
    """The options to try, the plainest first."""
    try:
        is_csv = sniff(file) == "csv"
    except SourceError:
        is_csv = False
    encoding = encoding_of(file)
    base = {"encoding": encoding} if encoding else {}
    if is_csv:
        yield from ({**base, **options} for options in csv_options(file, encoding))
        return
    if _is_cut(file):
        yield {**base, "on_truncated": "keep"}
    splits = _splits_of(file)
    if splits:
        yield {**base, "split": splits[0]}
    yield base
    yield {**base, "on_truncated": "keep"}


def _is_cut(file: DataFile) -> bool:
    """Whether a JSON file on disk ends in the middle; the first records do not show it."""
    if file.member or file.suffix != ".json" or file.path.suffix.lower() != ".json":
        return False
    with file.path.open("rb") as stream:
        stream.seek(max(file.path.stat().st_size - 200, 0))
        return not stream.read().rstrip().endswith((b"]", b"}"))


def _splits_of(file: DataFile) -> list[str]:
    """The names of splits that are the top-level keys of a JSON file, the one to train on first."""
    with file.open() as stream:
        if not re.match(rb'\s*\{\s*"(\w+)"\s*:\s*[\[{]', head := stream.peek(400)[:400]):
            return []
        name = re.match(rb'\s*\{\s*"(\w+)"', head)
        if not name or name[1].decode().lower() not in SPLITS:
            return []
        whole = stream.read(MAX_WHOLE + 1)
    try:
        keys = list(json.loads(whole)) if len(whole) <= MAX_WHOLE else [name[1].decode()]
    except ValueError:
        return []
    known = [key for key in keys if key.lower() in SPLITS]
    return sorted(known, key=lambda key: SPLITS.index(key.lower())) if len(known) == len(keys) else []


def read_part(reading: dict[str, Any], probe: str = "=x", n: int = N_RECORDS) -> Part | None:
    """The first records with these options; None where a table does not take them. `probe` names fields by which a record is known."""
    if table_of({**reading, "fields": {"question": probe}}) is None:
        return None
    records: list[Record] = []
    bad: Counter[str] = Counter()
    error = ""
    try:
        for record, _ in read_with({**reading, "fields": {"question": probe}}, None, n):
            if isinstance(record, BadRecord):
                bad[record.reason] += 1
            else:
                records.append(record)
    except SourceError as problem:
        error = first_line(problem)
    return Part(reading, records, bad, error=error)


def _probe(file: DataFile) -> str:
    """A question made of all fields of a JSON file that are called like one: by them the reader knows a record from what is around it."""
    try:
        with file.open() as stream:
            head = stream.read(_HEAD).decode("utf-8", errors="replace")
    except (OSError, SourceError):
        return "=x"
    keys = dict.fromkeys(re.findall(r'"([^"{}.$=][^"{}.]{0,60})"\s*:', head))
    asking = [key for key in keys if score_of(snake(key), QUESTION, NO_QUESTION) >= _SURE]
    return "".join(f"{{{key}}}" for key in asking) or "=x"


def _inside(part: Part, probe: str) -> Part:
    """The part read at the list inside its one record, or inside its records, where that is what holds the rows."""
    if len(part.records) != 1 or not isinstance(part.records[0].value, dict):
        return part
    lists = [(path, value) for path, value in _lists(part.records[0].value, "") if len(value) > 0]
    if not lists:
        return part
    path, value = max(lists, key=lambda one: len(one[1]))
    if {"question", "problem", "query"} & {str(key).lower() for key in part.records[0].value} and len(value) < 20:
        return part
    inner = read_part({**part.reading, "records": path}, probe)
    return inner if inner and len(inner.records) >= len(part.records) and not inner.error else part


def _lists(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    """Lists of objects inside an object, with their dotted paths."""
    for key, item in value.items():
        if isinstance(item, list) and item and all(isinstance(one, dict) for one in item[:5]):
            yield f"{prefix}{key}", item
        elif isinstance(item, dict) and prefix.count(".") < 3:
            yield from _lists(item, f"{prefix}{key}.")
