"""A stage in its place in a build folder: run once, resumed after an interruption, redone when what it depends on changed.

stages/03-rl-normalise/started.json     what it was started for
                       parts/           the parts that are done, with their files
                       done.json        what it was finished for, and all of its files
                       rows|decisions/  what it left, and ledger/, the rows that ended in it
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep

from curation.core.digests import files_alone
from curation.core.disk import DiskSpace
from curation.core.errors import BuildError, CurationError, SourceError
from curation.core.executors.base import TaskExecutor
from curation.core.parquet import write_text
from curation.core.parts import checked, forget_failures, is_done, marked_files
from curation.core.progress import StageProgress
from curation.core.row import Config
from curation.core.rows import Rows, decided
from curation.core.run_options import RunOptions
from curation.core.seen import digests_seen
from curation.core.stage import DECISIONS, ROWS, Run, Stage
from curation.core.stage_files import (
    BEGUN,
    FINISHED,
    NOT_DONE,
    STARTED,
    Finished,
    changed,
    differing,
    forget_differing,
    read_finished,
    read_record,
    records,
    remove_partial,
)
from curation.core.steps import written, written_rows

SHA256_CHARS = 64


def inputs_seen(out: Path, config: Config) -> Path:
    """Where the digests of what a config reads are kept."""
    return out / "stages" / f"{config}-inputs.json"


def digest_of(payload: Any) -> str:
    """32 hex digits over a JSON-able payload. The order of its mappings counts: it is the order of rows."""
    return blake2b(json.dumps(payload, ensure_ascii=False).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class StageRun:
    """A stage of a config, the number of its place, and the one before it. Its rows depend on the options of the stage, the installed
    `code` and what it reads from outside, whose `digests` are those of `Stage.digests` when the build began. Nothing is read from the disk
    to make it.
    """

    stage: Stage
    name: str
    number: int
    config: Config
    out: Path
    code: str
    digests: Mapping[str, Mapping[str, str]] | None = None
    before: "StageRun | None" = None

    @cached_property
    def folder(self) -> Path:
        return self.out / "stages" / f"{self.number:02d}-{self.config}-{self.name}"

    @cached_property
    def fingerprint(self) -> str:
        before = self.before.fingerprint if self.before else ""
        return digest_of([self.stage.model_dump(mode="json"), self.code, self.digests, before, self.folder.name])

    @property
    def is_done(self) -> bool:
        """Whether it has run, for exactly this fingerprint, on what the stages before have left, and all that it left is there."""
        return self.is_finished and read_finished(self.folder).read == self._reads and not self._differing()

    @property
    def is_finished(self) -> bool:
        """Whether it has run for exactly this fingerprint, whatever the stages before have left since."""
        return read_finished(self.folder).fingerprint == self.fingerprint

    @property
    def _reads(self) -> str | None:
        """A digest of all that the stages before have left: a stage that was done again may have left something else. None where that
        before it is not done.
        """
        if not self.before:
            return ""
        return read_finished(self.before.folder).left if self.before.is_finished else None

    def _differing(self, thorough: bool = False) -> list[str]:
        """The files that it left and that are not as they were: by size and time, or by their bytes."""
        return differing(self.folder, read_finished(self.folder).files, thorough)

    def verify(self) -> None:
        """Read all that it left, where it is done, before another stage does. What is not as it was counts as done no longer."""
        if self.is_finished and self._differing(thorough=True):
            self._clear()

    @property
    def _start(self) -> dict[str, Any]:
        return {"fingerprint": self.fingerprint, "read": self._reads}

    @property
    def _was_started(self) -> bool:
        return self._reads is not None and read_record(self.folder / STARTED) == self._start

    def start(self) -> Callable[[], None]:
        """Say what the parts are done for: a job of Slurm is submitted before what it reads is there. What is returned raises `BuildError`
        where they are done for something else by now, or the record of it is damaged.
        """
        path, start = self.folder / STARTED, self._start

        def check() -> None:
            if not (found := read_record(path) or read_record(path)):  # on a network it may just have been replaced
                raise changed(path)
            if found != start:
                raise BuildError(f"{self.folder.name}: another build has begun this stage, for other options or inputs")

        if read_record(path) == {**start, "read": None}:
            write_text(path, json.dumps(start))
        check()
        return check

    @property
    def until_here(self) -> "list[StageRun]":
        """The stages before it and itself."""
        return [*(self.before.until_here if self.before else []), self]

    def damaged(self) -> Path | None:
        """A file that is not as it was when its part, or the stage, was done, or the record of that, by its bytes; None where all are."""
        finished = read_finished(self.folder)
        if finished is NOT_DONE and (self.folder / FINISHED).exists():
            return self.folder / FINISHED
        if finished is NOT_DONE:  # what has been put elsewhere already is not there
            marked = {name: record for name, (_, record) in marked_files(self.folder).items()}
            files = {name: record for name, record in marked.items() if (self.folder / name).exists()}
        else:
            files = dict(finished.files)
        return next((self.folder / name for name in differing(self.folder, files, thorough=True)), None)

    def _n_ended(self, of: str = "*") -> int:
        """Lines in the ledger, of some of its files."""
        return sum(pq.read_metadata(file).num_rows for file in (self.folder / "ledger").glob(f"{of}.parquet"))

    @property
    def seconds(self) -> float:
        """What it took when it ran.

        Raises:
            BuildError: its record is damaged.
        """
        if not self.is_finished:
            raise changed(self.folder / FINISHED)
        return read_finished(self.folder).seconds

    @property
    def rows(self) -> Rows:
        """The rows it leaves; known once it is done."""
        folder = self.folder / self.stage.leaves
        if self.stage.leaves == ROWS:
            return written_rows(folder)
        return decided(self.rows_in, folder, written(folder)) if self.stage.leaves == DECISIONS else self.rows_in

    @property
    def rows_in(self) -> Rows:
        return self.before.rows if self.before else Rows([])

    @property
    def context(self) -> Run:
        """What the stage finds when it runs."""
        return self.context_with(self.rows_in)

    def context_with(self, rows: Rows) -> Run:
        """The same with other rows, for where those that will come in are not known."""
        return replace(self._run, rows=rows)

    @cached_property
    def _run(self) -> Run:
        stages = dict(self.before._run.stages, **{self.before.name: self.before.folder}) if self.before else {}
        columns = (*self.before._run.columns, *self.before.stage.adds) if self.before else ()
        return Run(self.config, self.name, self.folder, self.out, Rows([]), stages, columns)

    @cached_property
    def n_parts(self) -> int:
        """The parts that its tasks share; known once the stage before it is done."""
        return checked(self.stage.n_parts(self.context), self.folder)

    def part_sizes(self) -> Sequence[float]:
        return self.stage.part_sizes(self.context)

    def steps(self) -> list[PipelineStep]:
        """The steps of a task."""
        return self.stage.steps(self.context)

    def works(self, options: RunOptions) -> "list[PassRun | StageRun]":
        """What is done one after the other: its passes, where it has several engines, and itself."""
        names = self.stage.passes if options.engine_tasks > 1 else ()
        return [*(PassRun(self, name) for name in names), self]

    def run(self, executor: TaskExecutor) -> None:
        """Do the parts that are not done, and ask the stage whether the build may go on.

        Raises:
            CurationError: from a task, or when a task ended without completing, or rows were lost or doubled; from the stage's gate.
        """
        if not self.is_done:
            self.begin()
            disk = DiskSpace(self.folder, self.stage.needs_bytes(self.context))
            with StageProgress(self.folder.name, self.folder / "progress", len(self.rows_in) or None) as progress:

                def on_tick() -> None:
                    progress.refresh()
                    disk.check()

                for work in self.works(executor.options):
                    executor.do(work, self.stage.has_engine, on_tick)
            self.finish()
        self.gate()

    def gate(self) -> None:
        """Raise what the stage's gate raises; for a stage that is done."""
        with damage_told(self.until_here):
            self.stage.gate(self.context)

    def begin(self) -> None:
        """Make its folder ready for tasks.

        Raises:
            BuildError: what a stage before has left is not as it was.
        """
        self._check_inputs()
        self._clear()
        write_text(self.folder / BEGUN, "")

    def finish(self) -> None:
        """Check what its tasks have left, and record that it is done.

        Raises:
            CurationError: a row was lost or doubled, a file that the stage publishes is not there, or one that it read or wrote has changed
                since; what the stage finds.
        """
        remove_partial(self.folder)
        with damage_told(self.until_here):
            self.stage.conclude(self.context)
            self._check(self.context)
            files = records(self.folder, self.stage.outside(self.context))
        self._check_inputs()
        self._check_digests()
        self.start()
        seconds = round(max(time.time() - (self.folder / BEGUN).stat().st_mtime, 0.0), 3)
        Finished(self.fingerprint, seconds, files, self._reads or "").write(self.folder)

    def _clear(self) -> None:
        """Remove what was made for another fingerprint or of other rows and what is not as it was, and the ledger lines of parts that are
        not done: they may write fewer the next time.
        """
        if self._was_started:
            for name in forget_differing(self.folder):
                print(f"{self.folder.name}/{name}: not as it was written; it is made once more", file=sys.stderr)
        (self.folder / FINISHED).unlink(missing_ok=True)
        if not self._was_started:
            (self.folder / STARTED).unlink(missing_ok=True)  # first: nothing that stays counts as done
            if self.folder.exists():
                shutil.rmtree(self.folder)
            write_text(self.folder / STARTED, json.dumps(self._start))
        for lines in (self.folder / "ledger").glob("*.parquet"):
            if not is_done(self.folder, int(lines.name[:5])):
                lines.unlink()
        shutil.rmtree(
            self.folder / "completions", ignore_errors=True
        )  # of tasks; there may be more or fewer of them now
        forget_failures(self.folder)

    def _check_inputs(self) -> None:
        """Look whether what the stages before have left is as it was.

        Raises:
            BuildError: a file is not.
        """
        if self.before:
            self.before.check_left()

    def _check_digests(self) -> None:
        """Look whether the files that it read are those that it was to read. One that is gone by now was read before; a folder is not
        looked through again, as other files may lie in it.

        Raises:
            SourceError: a file is another.
        """
        if self.digests is None or self.stage.has_engine:  # a model is asked who it is when it is opened
            return
        try:
            with files_alone(), digests_seen(inputs_seen(self.out, self.config), save=False):
                found = _files(self.stage.digests())
        except CurationError:
            return
        before = _files(self.digests)
        if others := sorted(of for of, digest in found.items() if before.get(of) != digest):
            (self.folder / STARTED).unlink(missing_ok=True)  # nothing in the folder counts as done
            raise SourceError(
                f"{others[0][1]}: changed while it was read; run the same command again when it no longer changes"
            )

    def check_left(self) -> None:
        """Look whether what it and the stages before have left is as it was.

        Raises:
            BuildError: a file is not.
        """
        self._check_inputs()
        if names := self._differing():
            self._clear()
            raise changed(self.folder / names[0])

    def _check(self, context: Run) -> None:
        """Rows in and rows made here = rows left + rows in the ledger, of every part that knows its own, and of all.

        Raises:
            BuildError: a row was lost or doubled, or a file that the stage publishes is not there.
        """
        if missing := [name for name in self.stage.publishes if not (self.folder / name).exists()]:
            raise BuildError(
                f"{self.folder.name}: the stage publishes {missing[0]!r} and has not left it in its folder"
            )
        for part in range(self.n_parts):
            if (n_in := self.stage.rows_in_part(context, part)) is not None:
                left = read_record(self.folder / self.stage.leaves / f"{part:05d}.json")
                self._balance(f", part {part}", n_in, 0, sum(left.values()), self._n_ended(f"{part:05d}-*"))
        n_added = sum(self.stage.rows_added(context).values())
        self._balance("", self.stage.rows_in(context), n_added, len(self.rows), self._n_ended())

    def _balance(self, where: str, n_in: int, n_added: int, n_out: int, n_ended: int) -> None:
        if n_in + n_added != n_out + n_ended:
            (self.folder / STARTED).unlink(missing_ok=True)  # nothing in the folder counts as done
            made = f"{n_added} were made here, " if n_added else ""
            raise BuildError(
                f"{self.folder}{where}: {n_in} rows came in, {made}{n_out} went out and {n_ended} ended here: the sum is"
                " off; the next build runs this stage again"
            )


def _files(digests: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """Those with a SHA-256, by what reads them and their names; a model has a revision, or a commit."""
    return {(of, name): one for of, files in digests.items() for name, one in files.items() if len(one) == SHA256_CHARS}


@contextmanager
def damage_told(runs: Iterable[StageRun]) -> Iterator[None]:
    """Where something is raised inside that a file of these stages explains, as it is not what it was, say that.

    Raises:
        BuildError: the file; it is made once more by the next build.
    """
    try:
        yield
    except CurationError:
        raise
    except Exception as error:  # a reader of damaged files may raise anything
        if path := next(filter(None, (run.damaged() for run in runs)), None):
            raise changed(path) from error
        raise


def verify(stages: Sequence[StageRun]) -> None:
    """Where some of the stages have to run, read all that those before have left: they are about to read it."""
    if not all(stage.is_done for stage in stages):
        for stage in stages:
            stage.verify()


@dataclass(frozen=True)
class PassRun:
    """A pass of a stage, which several engines share."""

    of: StageRun
    name: str

    @property
    def folder(self) -> Path:
        return self.of.folder / "passes" / self.name

    @cached_property
    def n_parts(self) -> int:
        return checked(self.of.stage.parts_of_pass(self.of.context, self.name), self.folder)

    def part_sizes(self) -> Sequence[float]:
        return ()

    def start(self) -> Callable[[], None]:
        return self.of.start()

    def steps(self) -> list[PipelineStep]:
        return self.of.stage.steps_of_pass(self.of.context, self.name)
