"""The stages of one config, in order. A stage runs as a datatrove executor over the rows of the one before, or decides in one task over
all of them; what is already done stays.

    collect -> normalise -> contamination -> filter -> duplicates -> merge [-> difficulty -> triage -> select] -> mixture -> shards

Decontamination comes before the filters: its evidence covers every row that came in, and a contaminated copy condemns its cluster even
where a filter would drop it.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from curation.decontamination.benchmarks import ReadBenchmarks
from curation.decontamination.decide import DecideContamination
from curation.decontamination.options import Decontaminate
from curation.decontamination.scan import ScanContamination
from curation.dedup import ClusterSearch, DecideClusters, DecideDuplicates, SignRows
from curation.build.manifest import ColdStart, Manifest, Rl
from curation.core.parquet import read_records
from curation.difficulty.pass_rate import PassRate
from curation.sampling.template import template_hash
from curation.difficulty.triage.marks import Triage
from curation.core.stage import StageRun
from curation.core.decide import ApplyDecisions
from curation.core.read import ReadRows
from curation.core.write import WriteRows
from curation.difficulty.step import DecideDifficulty
from curation.filters.step import FilterRows, KeepLicensed, VerifyCompletions, VerifyGolds
from curation.images.step import NormaliseImages
from curation.mixture.step import DecideMixture
from curation.normalise.step import NormaliseRows
from curation.release.shards import WriteShards
from curation.sources.collect import ReadSource
from curation.release.shards import shards_are_there
from curation.difficulty.triage.step import DecideTriage

EVIDENCE_FILE = "evidence.parquet"
"""In the folder of the stage `contamination`: a line for every conviction."""
INDEX = "index"
"""In the folder of the stage `benchmarks`."""
SUSPECTS_FILE = "suspect_gold.parquet"
"""In the folder of the stage `triage`: the golds that the samples speak against."""
Decide = Callable[[list[Path], Path], Any]
"""Makes the step that decides over files and writes its lines to a folder."""


@dataclass
class Pipeline:
    """Runs the stages that are not done; `stages` are those of this run, as `make_stage` makes them."""

    manifest: Manifest
    config: str
    out: Path
    limit: int | None
    code: str
    inputs: dict[str, dict[str, str]]
    identity: str
    workers: int
    make_stage: Callable[[Path, str, Any, StageRun | None], StageRun] = StageRun
    stages: list[StageRun] = field(default_factory=list)

    def run(self) -> list[StageRun]:
        """Run every stage that is not done.

        Raises:
            CurationError: bad source, failed stage.
        """
        section = self._section
        rows = self._collect()
        index = self._benchmarks(section.decontaminate) if section.decontaminate else None
        rows = self._normalise(rows, index)
        rows = self._filter(rows, self._contamination(rows, index))
        rows = self._apply("merge", "duplicates", rows, self._duplicates(rows))
        self._check_licenses(rows)
        if isinstance(section, Rl) and section.difficulty:
            measured = self._difficulty(rows, section.difficulty)
            rows = self._apply(
                "select", "difficulty", rows, self._triage(rows, measured, section.difficulty, section.triage)
            )
        self._shards(rows)
        return self.stages

    @property
    def _section(self) -> ColdStart | Rl:
        return self.manifest.sections[self.config]

    # ---- the stages ------------------------------------------------------------------------------------------------------------

    def _collect(self) -> StageRun:
        sources = list(self._section.sources)
        inputs = {source.name: self.inputs[source.name] for source in sources}
        stage = self._stage("collect", [_dumped(*sources), inputs, self.limit, self.manifest.seed])
        read = ReadSource(sources, self.manifest.seed, self.limit, stage.folder, stage.ledger(0))
        stage.run([read, WriteRows(stage.folder / "rows")], len(sources), self.workers, None)
        stage.check(sum(json.loads(file.read_text())["rows"] for file in stage.folder.glob("read/*.json")))
        return stage

    def _benchmarks(self, options: Decontaminate) -> Path:
        """Read the evaluation sets; returns the folder of their index."""
        stage = self._stage("benchmarks", [_dumped(options), self._inputs("benchmark "), self.manifest.seed])
        stage.run([ReadBenchmarks(options, self.manifest.seed, stage.folder / INDEX)], 1, 1, None)
        return stage.folder / INDEX

    def _normalise(self, before: StageRun, index: Path | None) -> StageRun:
        section = self._section

        def steps(stage: StageRun) -> list[Any]:
            scan = [ScanContamination(index, stage.folder / "scan")] if index else []
            return [
                NormaliseRows(section.normalise, stage.ledger(0)),
                NormaliseImages(section.pictures, stage.ledger(1)),
                *scan,
                SignRows(stage.folder / "signatures", section.dedup, traces=self.config == "cold_start"),
            ]

        return self._rows("normalise", before, steps, _dumped(section.normalise, section.pictures, section.dedup))

    def _contamination(self, rows: StageRun, index: Path | None) -> list[Path]:
        section = self._section
        search = ClusterSearch(rows.folder / "signatures", section.dedup, traces=self.config == "cold_start")

        def decide(files: list[Path], to: Path) -> Any:
            if not (section.decontaminate and index):
                return DecideClusters(files, to, search)
            return DecideContamination(
                files, index, rows.folder / "scan", to, to.parent / EVIDENCE_FILE, section.decontaminate, search
            )

        return self._decide("contamination", rows, decide, _dumped(section.decontaminate, section.dedup))

    def _filter(self, before: StageRun, decisions: list[Path]) -> StageRun:
        section, release = self._section, self.manifest.release
        dropping = release if release and release.otherwise == "drop" else None

        def steps(stage: StageRun) -> list[Any]:
            found: list[Any] = [ApplyDecisions(decisions, stage.ledger(0), "contamination")]
            found += [FilterRows(spec, stage.ledger(len(found) + i)) for i, spec in enumerate(section.filters)]
            if dropping:
                found.append(KeepLicensed(dropping, stage.ledger(len(found))))
            ledger = stage.ledger(len(found))
            if isinstance(section, ColdStart):
                return [*found, VerifyCompletions(section.keep_verified, ledger)]
            return [*found, VerifyGolds(ledger)]

        keep = section.keep_verified if isinstance(section, ColdStart) else None
        return self._rows("filter", before, steps, [_dumped(*section.filters, dropping), keep])

    def _duplicates(self, rows: StageRun) -> list[Path]:
        options = self._section.dedup
        return self._decide(
            "duplicates", rows, lambda files, to: DecideDuplicates(files, to, options), _dumped(options)
        )

    def _difficulty(self, rows: StageRun, difficulty: PassRate) -> list[Path]:
        store, seed, template = self.out / "rollouts", self.manifest.seed, self.manifest.prompt_template
        return self._decide(
            "difficulty",
            rows,
            lambda files, to: DecideDifficulty(files, to, difficulty, store, seed, template),
            [_dumped(difficulty), self._inputs("sampler "), seed, template],
        )

    def _triage(self, rows: StageRun, decisions: list[Path], difficulty: PassRate, triage: Triage) -> list[Path]:
        store, seed, template = self.out / "rollouts", self.manifest.seed, self.manifest.prompt_template

        def decide(files: list[Path], to: Path) -> Any:
            suspects = to.parent / SUSPECTS_FILE
            return DecideTriage(files, decisions, to, triage, difficulty, store, seed, template, suspects)

        return self._decide("triage", rows, decide, _dumped(triage))

    def _check_licenses(self, rows: StageRun) -> None:
        """Before anything is sampled, and before anything that could be published stands in the build folder."""
        if self.manifest.release:
            columns = ["source", "license"]
            records = (record for file in rows.rows for record in read_records(file, columns, batch_rows=10_000))
            self.manifest.release.check(self.config, Counter((r["source"], r["license"]) for r in records))

    def _shards(self, before: StageRun) -> None:
        manifest, section, rows = self.manifest, self._section, before.rows
        mixture = self._decide(
            "mixture",
            before,
            lambda files, to: DecideMixture(files, to, section.mixture, manifest.seed),
            [_dumped(section.mixture), manifest.seed],
        )
        metadata = {
            "manifest": manifest.name,
            "build": self.identity,
            "seed": str(manifest.seed),
            "prompt_template": manifest.prompt_template,
            "prompt_template_hash": template_hash(manifest.prompt_template),
        }
        stage = self._stage("shards", [metadata, section.splits, manifest.rows_per_shard, _dumped(manifest.release)])
        folder = self.out / "data" / self.config
        if not shards_are_there(stage.folder, folder):
            (stage.folder / "done.json").unlink(missing_ok=True)
            (stage.folder / "completions" / "00000").unlink(missing_ok=True)
        writer = WriteShards(
            list(rows), mixture, folder, self.config, manifest.prompt_template, manifest.seed, section.splits,
            manifest.rows_per_shard, metadata, stage.folder, stage.ledger(0),
        )  # fmt: skip
        stage.run([writer], 1, 1, sum(rows.values()))

    # ---- what stages are made of -----------------------------------------------------------------------------------------------

    def _stage(self, name: str, payload: Any) -> StageRun:
        folder = self.out / "stages" / f"{len(self.stages) + 1:02d}-{self.config}-{name}"
        stage = self.make_stage(folder, self.config, [self.code, payload], self.stages[-1] if self.stages else None)
        self.stages.append(stage)
        return stage

    def _rows(self, name: str, before: StageRun, steps: Callable[[StageRun], list[Any]], payload: Any) -> StageRun:
        """A stage that reads the rows of the stage before, one task a file, and writes its own."""
        stage, rows = self._stage(name, payload), before.rows
        files, total = list(rows), sum(rows.values())
        pipeline = [ReadRows(files, stage.folder), *steps(stage), WriteRows(stage.folder / "rows")]
        stage.run(pipeline, len(files), self.workers, total)
        stage.check(total)
        return stage

    def _decide(self, name: str, before: StageRun, decide: Decide, payload: Any) -> list[Path]:
        """A one-task stage that decides over all rows; returns its decision files, one for each file of rows."""
        stage, rows = self._stage(name, payload), before.rows
        files, folder = list(rows), stage.folder / "decisions"
        stage.run([decide(files, folder)], 1, 1, sum(rows.values()))
        return [folder / file.name for file in files]

    def _apply(self, name: str, decided: str, before: StageRun, decisions: list[Path]) -> StageRun:
        return self._rows(name, before, lambda stage: [ApplyDecisions(decisions, stage.ledger(0), decided)], decided)

    def _inputs(self, kind: str) -> dict[str, dict[str, str]]:
        return {name: told for name, told in self.inputs.items() if name.startswith(kind)}


def _dumped(*options: BaseModel | None) -> list[Any]:
    return [option and option.model_dump(mode="json") for option in options]
