"""`ovr-curate build --dry-run`: which stages would run, on how many rows, and what sampling would cost. Nothing of a build is changed.

With a pilot, the stages before the sampling are built, as the build itself would, and the first samples of some prompts are drawn into the
rollout store, where the build finds them: neither is paid for twice.
"""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from curation.build.build import BuildOptions, build_code, lock_folder, read_manifest
from curation.build.manifest import Manifest
from curation.build.plan import Pipeline
from curation.build.section import SectionBuild
from curation.core.stage import StageRun
from curation.difficulty.cost import Forecast, forecast
from curation.difficulty.step import DecideDifficulty, StageRows


@dataclass
class PlannedStage(StageRun):
    """A stage that says whether it would run. Up to the sampling a `pilot` lets it run."""

    pilot: int | None = None
    is_done: bool = field(default=False, init=False)
    rows_before: int | None = field(default=None, init=False)
    cost: Forecast | None = field(default=None, init=False)

    def run(self, pipeline: list[Any], tasks: int, workers: int, total: int | None) -> bool:
        self.is_done = self._recorded(self.folder / "done.json") == self.fingerprint
        known = self.before is None or (isinstance(self.before, PlannedStage) and self.before.is_done)
        self.rows_before = total if known else None
        sampling = next((step for step in pipeline if isinstance(step, DecideDifficulty)), None)
        if sampling is not None and known and not self.is_done:
            rows = StageRows(sampling.files)
            self.cost = forecast(rows, sampling.options, sampling.store, sampling.seed, sampling.template, self.pilot)
        elif self.pilot and known and not self.is_done and not self._comes_after_sampling():
            self.is_done = super().run(pipeline, tasks, workers, total)
        return False

    def check(self, rows_in: int) -> None:
        if self.is_done:
            super().check(rows_in)

    def _comes_after_sampling(self) -> bool:
        before = self.before
        while isinstance(before, PlannedStage):
            if before.cost is not None:
                return True
            before = before.before
        return False

    def told(self, price: float | None) -> str:
        """The stage's line."""
        rows = "" if self.rows_before is None else f"{self.rows_before:,} rows"
        told = self.cost.told(price) if self.cost else rows
        return f"  {self.folder.name:<28} {'done' if self.is_done else 'to run':<7} {told}".rstrip()


def dry_run(
    manifest_path: Path, out: Path, options: BuildOptions, pilot: int | None = None, price: float | None = None
) -> str:
    """The stages of a build as lines; `price` is that of a GPU-hour.

    Raises:
        CurationError: bad source, or a pilot that cannot be sampled.
    """
    manifest = read_manifest(manifest_path, options)
    lock = lock_folder(out) if pilot else nullcontext()
    with lock:
        chosen = [config for config in manifest.sections if options.only in (None, config)]
        return "\n".join(line for config in chosen for line in _lines(manifest, config, out, options, pilot, price))


def _lines(
    manifest: Manifest, config: str, out: Path, options: BuildOptions, pilot: int | None, price: float | None
) -> Iterator[str]:
    code = build_code()
    section = SectionBuild(manifest, config, out, options.limit, code)
    section.prepare()
    finished = section.is_finished()
    yield f"{config}: {'finished, nothing would run' if finished else 'would run'}"
    if finished:
        return
    if pilot:
        section.record.unlink(missing_ok=True)
    pipeline = Pipeline(
        manifest, config, out, options.limit, code, section.inputs, section.identity(), options.workers,
        make_stage=partial(PlannedStage, pilot=pilot),
    )  # fmt: skip
    with suppress(FileNotFoundError):  # of a stage that has not run; the stages up to there are what is known
        pipeline.run()
    yield from (stage.told(price) for stage in pipeline.stages if isinstance(stage, PlannedStage))
