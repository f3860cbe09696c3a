"""A stage: a datatrove pipeline with a fingerprint, run once, resumed after an interruption, redone when what it depends on changed."""

import json
import shutil
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from curation.core.errors import BuildError
from curation.core.executor import SupervisedExecutor
from curation.core.ledger import LedgerWriter, ledger_lines
from curation.core.parquet import write_text
from curation.core.progress import StageProgress
from curation.core.write import written_rows


def digest_of(payload: Any) -> str:
    """32 hex digits over a JSON-able payload. The order of its mappings counts: it is the order of rows."""
    return blake2b(json.dumps(payload, ensure_ascii=False).encode(), digest_size=16).hexdigest()


@dataclass
class StageRun:
    """One stage of a config inside a build folder. `payload` is everything beyond the stage before that its rows depend on."""

    folder: Path
    config: str
    payload: Any
    before: "StageRun | None" = None
    seconds: float = 0.0
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self.fingerprint = digest_of([self.payload, self.before.fingerprint if self.before else "", self.folder.name])

    @property
    def rows(self) -> dict[Path, int]:
        """File -> number of rows this stage wrote."""
        return written_rows(self.folder / "rows")

    def ledger(self, step: int) -> LedgerWriter:
        return LedgerWriter(self.folder / "ledger", self.config, self.folder.name, step)

    def run(self, pipeline: list[Any], tasks: int, workers: int, total: int | None) -> bool:
        """Run the tasks that are not complete; False when there was nothing to do.

        Raises:
            CurationError: from a task, or when a task ended without completing.
        """
        done = self.folder / "done.json"
        if self._recorded(done) == self.fingerprint:
            self.seconds = float(json.loads(done.read_text())["seconds"])
            return False
        if self._recorded(self.folder / "started.json") != self.fingerprint:
            self._forget()
            shutil.rmtree(self.folder, ignore_errors=True)
            write_text(self.folder / "started.json", json.dumps({"fingerprint": self.fingerprint}))
        for lines in (self.folder / "ledger").glob("*.parquet"):
            if not (self.folder / "completions" / lines.name[:5]).exists():
                lines.unlink()  # of a task that did not complete: it may write fewer lines the next time
        started = time.monotonic()
        with StageProgress(self.folder.name, self.folder / "progress", total) as progress:
            SupervisedExecutor(pipeline, tasks, workers, self.folder, progress.refresh).run()
        self.seconds = time.monotonic() - started
        write_text(
            done, json.dumps({"fingerprint": self.fingerprint, "tasks": tasks, "seconds": round(self.seconds, 3)})
        )
        return True

    def check(self, rows_in: int) -> None:
        """Rows in = rows written + rows in the ledger.

        Raises:
            BuildError: a row was lost or doubled.
        """
        rows_out, ended = sum(self.rows.values()), sum(1 for _ in ledger_lines(self.folder / "ledger"))
        if rows_in != rows_out + ended:
            self._forget()
            raise BuildError(
                f"{self.folder}: {rows_in} rows came in, {rows_out} went out and {ended} ended here: the sum is off;"
                " the next build runs this stage again"
            )

    def _forget(self) -> None:
        """From here on nothing in the folder counts as done."""
        for name in ("done.json", "started.json"):
            (self.folder / name).unlink(missing_ok=True)

    @staticmethod
    def _recorded(file: Path) -> str | None:
        return json.loads(file.read_text())["fingerprint"] if file.exists() else None
