"""One config of a build, `rl` or `cold_start`, in its folder: what it depends on, whether it is done, what it left."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from curation.build.manifest import Manifest
from curation.build.plan import plan
from curation.core.executors.base import Executor
from curation.core.lock import PLACES
from curation.core.parquet import write_text
from curation.core.row import Config
from curation.core.seen import digests_seen
from curation.core.stage import Stage
from curation.core.stage_files import read_record
from curation.core.stage_run import StageRun, digest_of, inputs_seen, verify
from curation.sources.put_together import rows_read

Inputs = dict[str, dict[str, dict[str, str]]]
"""Stage -> name -> path or model -> digest or revision."""
CHANGES_NO_ROW = (*PLACES, "accept")
"""Options that no byte of the shards depends on."""


class ConfigBuild:
    """One config. `prepare` looks at the inputs, `run` runs what is not done."""

    def __init__(self, manifest: Manifest, config: Config, out: Path, limit: int | None, code: str) -> None:
        out = out.absolute()  # a task may run in another folder
        self.manifest, self.config, self.out, self.limit, self.code = manifest, config, out, limit, code
        self.section = manifest.sections[config]
        self.record = out / "stages" / f"{config}.json"
        self._inputs: Inputs | None = None

    def prepare(self) -> None:
        """Digest what the stages read; the earliest point at which a missing input is reported."""
        with digests_seen(inputs_seen(self.out, self.config)):
            self._inputs = {stage.kind: found for stage in self._plan() if (found := stage.digests())}

    @property
    def inputs(self) -> dict[str, dict[str, str]]:
        """For the lock: every input by its name."""
        return {name: digests for of_stage in self._digests.values() for name, digests in of_stage.items()}

    @property
    def _digests(self) -> Inputs:
        """The inputs; of a config that is not prepared, as they were when it was built."""
        if self._inputs is None:
            self._inputs = read_record(self.record).get("inputs", {})
        return self._inputs

    def payload(self) -> Any:
        """Everything that the config's bytes depend on."""
        manifest = self.manifest.model_dump(mode="json", exclude={"cold_start", "rl", "name", "certify", "run"})
        return [self.code, self.limit, manifest, self.section.model_dump(mode="json"), self.inputs]

    def identity(self) -> str:
        """Names the build in the shards' metadata: the payload without the places where things lie, whose digests are in `inputs`, and
        without the flags that sources accept.
        """
        code, limit, manifest, section, inputs = self.payload()
        return digest_of([code, limit, _of_the_rows(manifest), _of_the_rows(section), inputs])

    def is_finished(self) -> bool:
        """Whether the shards of exactly this manifest are in the build folder."""
        return bool(read_record(self.record).get("digest") == digest_of(self.payload()))

    @property
    def is_whole(self) -> bool:
        """Whether all that its stages left is there."""
        return all(stage.is_done for stage in self.stages)

    @cached_property
    def stages(self) -> list[StageRun]:
        """The stages in their places, whether they have run or not."""
        runs: list[StageRun] = []
        for number, stage in enumerate(self._plan(self.identity()), 1):
            digests = self._digests.get(stage.kind)
            before = runs[-1] if runs else None
            runs.append(StageRun(stage, stage.kind, number, self.config, self.out, self.code, digests, before))
        return runs

    def run(self, executor: Executor) -> None:
        """Run every stage that is not done.

        Raises:
            CurationError: bad source, failed stage.
        """
        self.record.unlink(missing_ok=True)
        for folder in {*self.record.parent.glob(f"[0-9][0-9]-{self.config}-*")} - {*self.folders()}:
            shutil.rmtree(folder)  # of a plan with other stages
        verify(self.stages)
        executor.run(self.stages)
        record = {"digest": digest_of(self.payload()), "inputs": self._digests}
        write_text(self.record, json.dumps(record))

    def rows_in(self) -> dict[str, int]:
        """Source -> rows that came in, as the reader counted them."""
        return rows_read(self.stages[0].folder)

    def rows_added(self) -> Counter[str] | None:
        """Source -> rows that stages made of others; None where no stage does."""
        added = [run.stage.rows_added(run.context) for run in self.stages]
        return sum(map(Counter, added), Counter()) if any(added) else None

    def folders(self) -> list[Path]:
        return [stage.folder for stage in self.stages]

    def published(self) -> Iterator[tuple[str, Path]]:
        """(name in the build's folder, file) of everything that the stages publish."""
        for run in self.stages:
            yield from ((name, run.folder / name) for name in run.stage.publishes)

    def shards(self) -> list[Path]:
        return sorted((self.out / "data" / self.config).glob("*.parquet"))

    def _plan(self, build: str = "") -> list[Stage]:
        return plan(self.manifest, self.config, self.limit, build)


def _of_the_rows(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _of_the_rows(item) for key, item in value.items() if key not in CHANGES_NO_ROW}
    return [_of_the_rows(item) for item in value] if isinstance(value, list) else value
