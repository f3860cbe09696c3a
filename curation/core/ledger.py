"""The ledger: one line for every row that came in or was made of one, so that a build can prove that in + added = out + dropped + merged.

While a build runs, each stage writes the lines of the rows that end there; `collect_ledger` adds the rows that were written to shards.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import pyarrow as pa

from curation.core.decision import Decision, drop
from curation.core.parquet import AtomicParquetWriter, read_records
from curation.core.row import BadRow, Config
from curation.core.schema import columns_of

Ended = Literal["dropped", "merged"]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What became of a row that came in, and where. The `reason` of a row that is out is its split."""

    config: Config
    id: str
    source: str
    source_id: str
    stage: str
    action: Ended | Literal["out"]
    reason: str
    detail: str = ""


LEDGER = pa.schema(columns_of(LedgerLine))


def as_record(line: LedgerLine) -> dict[str, str]:
    """A line as the file holds it."""
    return {name: getattr(line, name) for name in LEDGER.names}


class LedgerWriter:
    """Writes the rows that end in one step of one task.

    The file appears whole when the step ends without an error; none appears where no row ended.
    """

    def __init__(self, folder: Path, config: Config, stage: str, step: int) -> None:
        self.folder, self.config, self.stage, self.step = folder, config, stage, step
        self._file: AtomicParquetWriter | None = None

    def __enter__(self) -> "LedgerWriter":
        self._file = None
        return self

    def add(self, line: LedgerLine, rank: int) -> None:
        if self._file is None:
            path = self.folder / f"{rank:05d}-{self.step:02d}.parquet"
            self._file = AtomicParquetWriter(path, LEDGER, row_group_rows=10_000).__enter__()
        self._file.write(as_record(line), len(line.detail) + len(line.source_id))

    def end(self, id: str, source: str, source_id: str, decision: Decision, rank: int) -> None:
        """A row that ends here by a decision."""
        action: Ended = "merged" if decision.action == "merged" else "dropped"
        where = (self.config, id, source, source_id, self.stage)
        self.add(LedgerLine(*where, action, decision.reason, decision.detail), rank)

    def write_bad(self, bad: BadRow, rank: int) -> None:
        """A row that came in and could not be read."""
        self.end("", bad.source, bad.source_id, drop(bad.reason, bad.detail), rank)

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.__exit__(kind, error, trace)
            self._file = None


def ledger_lines(folder: Path) -> Iterator[LedgerLine]:
    """The lines that one stage wrote, in task and step order."""
    for file in sorted(folder.glob("*.parquet")):
        yield from (LedgerLine(**record) for record in read_records(file, batch_rows=10_000))


def collect_ledger(stages: Iterable[Path], shards: Iterable[Path], config: Config) -> Iterator[LedgerLine]:
    """Every line of a config: the rows that ended in a stage, then those in the shards (whose `reason` is the split)."""
    for stage in stages:
        yield from ledger_lines(stage / "ledger")
    for shard in shards:
        split = shard.name.rpartition("-of-")[0].rpartition("-")[0]
        for record in read_records(shard, columns=["id", "source", "source_id"], batch_rows=10_000):
            yield LedgerLine(config, **record, stage="shards", action="out", reason=split)


class Balance:
    """Counts of one config per source, from the ledger's lines and, independently, from the number of rows that were read and, where
    stages make several rows of one, that they added."""

    def __init__(self, rows_in: dict[str, int], added: Mapping[str, int] | None = None) -> None:
        self.rows_in, self.added = rows_in, added
        self.actions: dict[str, Counter[str]] = {source: Counter() for source in rows_in}
        self.reasons: dict[str, Counter[str]] = {source: Counter() for source in rows_in}

    def count(self, line: LedgerLine) -> None:
        self.actions[line.source][line.action] += 1
        if line.action != "out":
            self.reasons[line.source][f"{line.stage}: {line.reason}"] += 1

    @property
    def balanced(self) -> bool:
        """True when, for every source, the rows read and added are the rows out, dropped and merged."""
        added = self.added or {}
        return added.keys() <= self.rows_in.keys() and all(
            sum(self.actions[source].values()) == n + added.get(source, 0) for source, n in self.rows_in.items()
        )

    def table(self) -> dict[str, dict[str, Any]]:
        """Source -> {in, added, out, dropped, merged, reasons}; `added` where a stage adds rows."""
        return {
            source: {
                "in": n,
                **({} if self.added is None else {"added": self.added.get(source, 0)}),
                **{action: self.actions[source][action] for action in ("out", "dropped", "merged")},
                "reasons": dict(sorted(self.reasons[source].items())),
            }
            for source, n in self.rows_in.items()
        }
