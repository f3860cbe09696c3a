"""The counts: what the summary says came in, went out and ended, against the ledger (or a released set's `removed.parquet`) and the rows.

Lines are compared one by one, so a line that is missing, doubled or of another row is named. Memory: some 100 bytes a row.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Literal

from curation.build.summary import GROUPED_BY
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.ids import read_columns
from curation.commands.check.subject import Subject
from curation.core.parquet import read_records
from curation.images.sizes import image_sizes

AGAIN = "copy all files of one build, or build it again"
MOST = 20
"""Rows that are named of one kind of mistake in the ledger; the rest is counted."""
Lines = Counter[tuple[str, str, str, str]]
"""(config, source, action, stage: reason) -> lines."""


class Counts(Check):
    """Summary, ledger and shards say the same."""

    kind: Literal["counts"] = "counts"
    place: ClassVar[int] = 35
    whole: ClassVar[bool] = True

    def run(self, subject: Subject) -> Iterator[Said]:
        rows = {config: _rows(subject, config) for config in subject.dataset.summary["configs"]}
        for config, described in subject.dataset.summary["configs"].items():
            yield from _kept(config, described.get("kept") or {}, rows[config][1])
            yield from _sizes(subject, config, described.get("pictures"))
        if subject.dataset.summary.get("balanced") is not True:
            yield Finding("summary.json", "the build does not balance: rows are lost or doubled", "build it again")
        ledger, removed = (subject.path / name for name in ("ledger.parquet", "removed.parquet"))
        file = ledger if subject.dataset.is_build or ledger.exists() else removed
        if file in subject.broken:
            yield Skipped(f"the rows that ended: {file.name} cannot be read")
        elif not file.exists() and file == ledger:
            yield Finding(file.name, "is missing", AGAIN)
        elif not file.exists():
            yield Skipped("the rows that ended: there is no removed.parquet")
        else:
            try:
                yield from _ended(subject, file, {config: of for config, (of, _) in rows.items()})
            except (OSError, ValueError, KeyError, TypeError) as error:
                yield Finding(file.name, f"cannot be read: {' '.join(str(error).split())[:200]}", AGAIN)


def _sizes(subject: Subject, config: str, said: Any) -> Iterator[Finding]:
    """Number and sizes of the images."""
    shards = [shard.path for shard in subject.of_the_set if shard.config == config]
    if not shards:
        return
    with suppress(Exception):  # images and files that cannot be read: their checks say it
        found = image_sizes(shards)
        if json.loads(json.dumps(found)) != said:
            yield Finding("summary.json", f"{config}: says of the images {said}, and they are {found}", AGAIN)


def _rows(subject: Subject, config: str) -> tuple[dict[bytes, str], dict[str, Counter[str]]]:
    """Row -> where it is; column -> value -> rows."""
    where: dict[bytes, str] = {}
    groups: dict[str, Counter[str]] = {column: Counter() for column in GROUPED_BY}
    for shard in (one for one in subject.of_the_set if one.config == config):
        for record in read_columns(shard, ["id", "source_id", *GROUPED_BY]):
            where[_key(record, shard.split)] = shard.path.name
            for column in GROUPED_BY:
                groups[column][str(record.get(column))] += 1
    return where, groups


def _key(record: dict[str, Any], split: str) -> bytes:
    names = (record.get("id"), record.get("source"), record.get("source_id"), split)
    return blake2b("\0".join(map(str, names)).encode(), digest_size=12).digest()


def _kept(config: str, kept: dict[str, dict[str, int]], found: dict[str, Counter[str]]) -> Iterator[Finding]:
    for column, expected in kept.items():
        for value in sorted(expected.keys() | found.get(column, {}).keys(), key=str):
            got, said = found.get(column, Counter())[value], expected.get(value, 0)
            if got != said:
                what = f"{config}: {got} rows have {column} {value!r}, and the summary says {said}"
                yield Finding("summary.json", what, AGAIN)


def _ended(subject: Subject, file: Path, rows: dict[str, dict[bytes, str]]) -> Iterator[Said]:
    """The lines of the ledger, or of what was removed, against the rows and the summary."""
    lines, n, left = Lines(), 0, {config: set(of) for config, of in rows.items()}
    wrong: Counter[str] = Counter()
    for line in read_records(file, batch_rows=10_000):
        n += 1
        config, action = line["config"], line["action"]
        reason = f"{line['stage']}: {line['reason']}" if action != "out" else ""
        lines[config, line["source"], action, reason] += 1
        who = f"{config} {line['source']}/{line['source_id']} ({line['id']})"
        if action != "out" or config not in rows:
            continue
        if (key := _key(line, line["reason"])) in left[config]:
            left[config].discard(key)
            continue
        what = "twice" if key in rows[config] else "as kept, and no shard of its split has it"
        wrong[what] += 1
        if wrong[what] <= MOST:
            yield Finding(file.name, f"has {who} {what}", AGAIN)
    if file.name == "ledger.parquet":
        yield from _without_line(subject, file, left, wrong)
    yield from (Finding(file.name, f"{n - MOST} more rows {what}", AGAIN) for what, n in wrong.items() if n > MOST)
    yield from _against_summary(subject, file, lines)
    yield Looked(n, "lines")


def _without_line(subject: Subject, file: Path, left: dict[str, set[bytes]], wrong: Counter[str]) -> Iterator[Finding]:
    """The rows of the shards that the ledger does not have."""
    what = "of the shards have no line"
    for shard in subject.of_the_set:
        if not left[shard.config]:
            continue
        for record in read_columns(shard, ["id", "source", "source_id"]):
            if _key(record, shard.split) in left[shard.config]:
                wrong[what] += 1
                if wrong[what] <= MOST:
                    who = f"{shard.config} {record['source']}/{record['source_id']} ({record['id']})"
                    yield Finding(file.name, f"has no line of {who}, which {subject.name(shard.path)} has", AGAIN)


def _against_summary(subject: Subject, file: Path, lines: Lines) -> Iterator[Finding]:
    """Of every source the counts by action and by reason; `removed.parquet` has no lines of the rows that stayed."""
    actions = ("out", "dropped", "merged") if file.name == "ledger.parquet" else ("dropped", "merged")
    for config, described in subject.dataset.summary["configs"].items():
        for source, counts in described["sources"].items():
            mine = {key: n for key, n in lines.items() if key[:2] == (config, source)}
            for action in actions:
                if (got := sum(n for key, n in mine.items() if key[2] == action)) != counts[action]:
                    what = f"{config}, {source}: {got} lines are {action}, and the summary says {counts[action]}"
                    yield Finding(file.name, what, AGAIN)
            reasons = Counter[str]()
            for (_, _, action, reason), n in mine.items():
                reasons[reason] += n if action != "out" else 0
            said = Counter(counts["reasons"])
            for reason in sorted(reasons.keys() | said.keys()):
                if reason and reasons[reason] != said[reason]:
                    what = f"{config}, {source}: {reasons[reason]} rows ended as {reason!r}, and the summary says {said[reason]}"
                    yield Finding(file.name, what, AGAIN)
            total = sum(counts[action] for action in ("out", "dropped", "merged"))
            if total != counts["in"] + counts.get("added", 0):
                what = f"{config}, {source}: {counts['in']} in and {counts.get('added', 0)} added are not {total} that ended"
                yield Finding("summary.json", what, AGAIN)
        unknown = sorted({source for c, source, *_ in lines if c == config} - described["sources"].keys())
        yield from (
            Finding(file.name, f"{config}: has the source {one!r}, which the summary has not", AGAIN) for one in unknown
        )
