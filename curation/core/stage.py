"""A stage: one step of a build, which declares itself. `build/plan.py` puts the stages of a config in order.

A stage is a pydantic model. Its fields are all that its rows depend on besides those that came in, so the fingerprint of a build is made of
them before anything runs. It is one of two kinds, told apart by what it has to see:

    class CountWords(MapStage):                       # one row at a time, a part for every file of rows
        kind: Literal["count_words"] = "count_words"
        adds = (Column("n_words", pa.int32()),)

        def map(self, row: Row) -> Decision:
            return keep(n_words=len(row.question.split()))

    class KeepLongest(DecideStage):                   # all rows, in one task
        kind: Literal["keep_longest"] = "keep_longest"
        n: int

        def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
            ...                                       # one decision for every row, in their order

Neither writes rows: it says what becomes of each, and where rows are read next that is applied (`core.rows`).
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol

from datatrove.pipeline.base import PipelineStep

from curation.core.decision import Decision, decision_schema
from curation.core.ledger import LedgerWriter
from curation.core.plugins import Plugin
from curation.core.progress import TaskProgress
from curation.core.row import Config, Row
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.steps import DECISIONS as DECISIONS
from curation.core.steps import DecideRows, MapRows, ReadRows, WriteDecisions

Leaves = Literal["rows", "decisions", "nothing"]
ROWS: Final = "rows"
"""In a stage's folder: the rows that it leaves, beside `DECISIONS`."""


@dataclass(frozen=True)
class Run:
    """What a stage finds when it runs: the rows that came in, its own folder, those of the stages before it, and the build's folder."""

    config: Config
    name: str
    folder: Path
    out: Path
    rows: Rows = field(default_factory=lambda: Rows([]))
    stages: Mapping[str, Path] = field(default_factory=dict)
    """Name of a stage -> its folder."""
    columns: tuple[Column, ...] = ()
    """What the stages before added to the rows."""

    @property
    def rollouts(self) -> Path:
        """The rollout store of the build."""
        return self.out / "rollouts"

    @cached_property
    def progress(self) -> TaskProgress:
        """That of the first task, the only one where a stage decides."""
        return TaskProgress(self.folder / "progress", 0)

    def ledger(self, step: int = 0) -> LedgerWriter:
        """Where the rows that end here are written to; `step` tells the steps of one task apart."""
        return LedgerWriter(self.folder / "ledger", self.config, self.folder.name, step)


class Cost(Protocol):
    """What a stage will cost, for the dry run. `is_known`: False where a pilot would tell what nothing tells yet."""

    @property
    def is_known(self) -> bool: ...

    def line(self, gpu_hour_price: float | None) -> str: ...


class Stage(Plugin):
    """The base of `MapStage` and `DecideStage`, and of the few stages that read or write rows themselves."""

    after: str = ""
    """Where a stage that the manifest lists has its place: behind this stage, before the mixture by default."""

    adds: ClassVar[tuple[Column, ...]] = ()
    """The columns that it adds to the rows."""
    sets: ClassVar[tuple[str, ...]] = ()
    """The columns of a row that it changes."""
    publishes: ClassVar[tuple[str, ...]] = ()
    """Files that it leaves in its folder and the build puts into the build's folder: Parquet with the column `config` in front, others as
    they are."""
    leaves: ClassVar[Leaves] = "nothing"
    """Decisions on the rows that came in, or the rows themselves, written again with their images: for what changes most of them."""
    has_engine: ClassVar[bool] = False
    """Whether its tasks load a model: they are `run.engine_tasks`, and may have a GPU."""
    signs_as: ClassVar[str] = ""
    """What the provenance calls it; its kind by default."""

    @property
    def passes(self) -> tuple[str, ...]:
        """What may be done before its own parts where it is shared out to several engines, each pass after the one before (see
        `core.passes`). What it leaves is the same without: a pass only does early, into a store that the stage looks into, what the stage
        would do.
        """
        return ()

    def digests(self) -> dict[str, dict[str, str]]:
        """What it reads beyond the rows: a name for the lock -> path or model -> digest or revision; by default its `inputs`.

        Raises:
            CurationError: an input is missing.
        """
        return {self.kind: inputs} if (inputs := self.inputs()) else {}

    def n_parts(self, run: Run) -> int:
        """The parts that the tasks of a stage share: as the data have it, whatever does them. A step gets its part as its rank."""
        return 1

    def parts_of_pass(self, run: Run, name: str) -> int:
        """The parts of one of its `passes`."""
        raise NotImplementedError(f"stage {self.kind!r} has no pass {name!r}")

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        """The steps of a part of one of its `passes`."""
        raise NotImplementedError(f"stage {self.kind!r} has no pass {name!r}")

    @abstractmethod
    def steps(self, run: Run) -> list[PipelineStep]:
        """The datatrove steps of a part, the reading and the writing included. A task runs them for one part after the other."""

    def rows_in(self, run: Run) -> int:
        """How many rows came in, by a count that is not its own where there is one."""
        return len(run.rows)

    def rows_in_part(self, run: Run, part: int) -> int | None:
        """How many rows came into one of its parts, each of which is left or ended there; None where parts are not of rows."""
        return None

    def part_sizes(self, run: Run) -> Sequence[float]:
        """How much every part has to read, in any unit: the largest are begun first, so that none is alone at the end. Empty: they are
        done in their order.
        """
        return ()

    def needs_bytes(self, run: Run) -> int:
        """About how much it will write, for a warning: as much as the rows have that came in, or a twentieth where it decides on them."""
        n_bytes = sum(file.path.stat().st_size for file in run.rows.files)
        return n_bytes // 20 if self.leaves == DECISIONS else n_bytes

    def rows_added(self, run: Run) -> Mapping[str, int]:
        """Source -> rows that it made of others, beside those that came in; known once it has run."""
        return {}

    def conclude(self, run: Run) -> None:
        """Leave what only the whole shows, when all parts are done and before the stage counts as done; perhaps again, if that was cut off.

        Raises:
            CurationError: the whole is not what it must be.
        """

    def gate(self, run: Run) -> None:
        """Look at what it left, each time that a build comes past, whether it ran just now or long ago.

        Raises:
            CurationError: the build must not go on.
        """

    def remedy(self, reason: str) -> str:
        """The options of the manifest that decide who ends here for this reason; empty where it knows of none."""
        return self.remedies.get(reason, "")

    def outside(self, run: Run) -> Sequence[Path]:
        """The files that it left outside of its folder; known once it has run."""
        return ()

    def cost(self, run: Run, pilot: int | None) -> Cost | None:
        """What it will cost, None where that is only time; with `pilot`, so many prompts are sampled to find out.

        Where the stages before have not all run, `run.rows` are the last that are known, from which some may still drop, without the
        columns that are still to come, and `pilot` is None.
        """
        return None

    def summary(self, run: Run) -> dict[str, Any]:
        """Its part of the config's summary, by key, once it has run."""
        return {}


class MapStage(Stage):
    """Looks at one row at a time: a part for every file of rows."""

    leaves: ClassVar[Leaves] = DECISIONS

    def n_parts(self, run: Run) -> int:
        return len(run.rows.files)

    def rows_in_part(self, run: Run, part: int) -> int | None:
        return run.rows.files[part].n_rows

    def part_sizes(self, run: Run) -> Sequence[float]:
        return [file.path.stat().st_size for file in run.rows.files]

    def steps(self, run: Run) -> list[PipelineStep]:
        write = partial(WriteDecisions, run.rows, run.folder / DECISIONS, schema_of(self))
        return [ReadRows(run.rows, run.folder / "progress"), *self.middle(run), write()]

    def middle(self, run: Run) -> list[PipelineStep]:
        """What happens between reading and writing; for a stage of several steps."""
        return [MapRows(self.map, run.ledger())]

    def map(self, row: Row) -> Decision:
        """What becomes of a row."""
        raise NotImplementedError(f"stage {self.kind!r} has no `map`")


class DecideStage(Stage):
    """Looks at all rows at once, in one task. It keeps a few bytes a row in numpy arrays, never Python objects for each."""

    leaves: ClassVar[Leaves] = DECISIONS

    def steps(self, run: Run) -> list[PipelineStep]:
        decide = partial(self.decide, run.rows, run)
        return [DecideRows(decide, run.rows, run.folder / DECISIONS, schema_of(self), run.ledger(), run.progress)]

    @abstractmethod
    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        """A decision for every row, in their order."""


def schema_of(stage: Stage) -> Any:
    """The Arrow schema of a stage's decisions."""
    return decision_schema(stage.signs_as or stage.kind, stage.sets, stage.adds)
