"""One config of a build, `rl` or `cold_start`: its stages in order, each fed by the one before."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.manifest import ColdStart, Manifest, Rl
from curation.parquet import read_records, write_text
from curation.sampling.template import template_hash
from curation.stage import StageRun, digest_of
from curation.steps import (
    ApplyDecisions,
    DecideDifficulty,
    DecideDuplicates,
    DecideMixture,
    FilterRows,
    KeepLicensed,
    ReadRows,
    ReadSource,
    VerifyCompletions,
    VerifyGolds,
    WriteRows,
    WriteShards,
)
from curation.steps.shards import shards_are_there


class SectionBuild:
    """The stages of one config. `prepare` looks at the inputs, `run` runs what is not done."""

    def __init__(self, manifest: Manifest, config: str, out: Path, limit: int | None, code: str) -> None:
        self.manifest, self.config, self.out, self.limit, self.code = manifest, config, out, limit, code
        self.section = manifest.sections[config]
        self.inputs: dict[str, dict[str, str]] = {}
        self.stages: list[StageRun] = []
        self.record = out / "stages" / f"{config}.json"

    def prepare(self) -> None:
        """Digest what the sources and the sampler read; the earliest point at which a missing input is told."""
        self.inputs = {source.name: source.inputs() for source in self.section.sources}
        if isinstance(self.section, Rl) and self.section.difficulty:
            model, revision = self.section.difficulty.sampler.identity()
            self.inputs["sampler"] = {model: revision}

    def payload(self) -> Any:
        """Everything that the config's bytes depend on."""
        manifest = self.manifest.model_dump(mode="json", exclude={"cold_start", "rl", "name", "certify"})
        return [self.code, self.limit, manifest, self.section.model_dump(mode="json"), self.inputs]

    def identity(self) -> str:
        """Names the build in the shards' metadata: the payload without the places where things lie, whose digests are in `inputs`."""
        code, limit, manifest, section, inputs = self.payload()
        return digest_of([code, limit, manifest, _without_places(section), inputs])

    def is_finished(self) -> bool:
        """Whether the shards of exactly this manifest stand in the build folder. Not yet prepared: as their inputs were then."""
        if not self.record.exists():
            return False
        told = json.loads(self.record.read_text())
        self.inputs = self.inputs or told["inputs"]
        return bool(told["digest"] == digest_of(self.payload()))

    def run(self, workers: int) -> None:
        """Run every stage that is not done.

        Raises:
            CurationError: bad source, failed stage.
        """
        self.record.unlink(missing_ok=True)
        rl = self.section if isinstance(self.section, Rl) else None
        collected = self._collect(workers)
        rows = self._rows(
            "filter",
            collected,
            self._judging,
            workers,
            [f.model_dump() for f in self.section.filters],
            self._keep(),
            self._dropped_licenses(),
        )
        rows = self._decided("duplicates", "merge", rows, lambda files, to: DecideDuplicates(files, to), workers, None)
        self._check_licenses(rows)
        if rl and (difficulty := rl.difficulty):
            store, seed, template = self.out / "rollouts", self.manifest.seed, self.manifest.prompt_template
            payload = [difficulty.model_dump(mode="json"), self.inputs["sampler"], seed, template]
            rows = self._decided(
                "difficulty",
                "triage",
                rows,
                lambda files, to: DecideDifficulty(files, to, difficulty, store, seed, template),
                workers,
                payload,
            )
        self._shards(rows, workers)
        stages = {stage.folder.name: round(stage.seconds, 3) for stage in self.stages}
        told = {"digest": digest_of(self.payload()), "inputs": self.inputs, "stages": stages}
        write_text(self.record, json.dumps(told))

    def rows_in(self) -> dict[str, int]:
        """Source -> rows that came in, as the reader counted them."""
        told = [json.loads(file.read_text()) for file in sorted(self.stage_folders()[0].glob("read/*.json"))]
        return {t["source"]: t["rows"] for t in told}

    def seconds(self) -> dict[str, float]:
        """Stage -> seconds it took when it ran."""
        return dict(json.loads(self.record.read_text())["stages"])

    def stage_folders(self) -> list[Path]:
        return [self.out / "stages" / name for name in self.seconds()]

    def shards(self) -> list[Path]:
        return sorted((self.out / "data" / self.config).glob("*.parquet"))

    def _stage(self, name: str, payload: Any) -> StageRun:
        folder = self.out / "stages" / f"{len(self.stages) + 1:02d}-{self.config}-{name}"
        stage = StageRun(folder, self.config, [self.code, payload], self.stages[-1] if self.stages else None)
        self.stages.append(stage)
        return stage

    def _collect(self, workers: int) -> StageRun:
        sources = list(self.section.sources)
        payload = [[source.model_dump(mode="json") for source in sources], self.inputs, self.limit, self.manifest.seed]
        stage = self._stage("collect", payload)
        read = ReadSource(sources, self.manifest.seed, self.limit, stage.folder, stage.ledger(0))
        stage.run([read, WriteRows(stage.folder / "rows")], len(sources), workers, None)
        stage.check(sum(json.loads(file.read_text())["rows"] for file in stage.folder.glob("read/*.json")))
        return stage

    def _keep(self) -> Any:
        return self.section.keep_verified if isinstance(self.section, ColdStart) else None

    def _dropped_licenses(self) -> Any:
        release = self.manifest.release
        return release.model_dump() if release and release.otherwise == "drop" else None

    def _judging(self, stage: StageRun) -> list[Any]:
        filters: list[Any] = [FilterRows(spec, stage.ledger(i)) for i, spec in enumerate(self.section.filters)]
        if (release := self.manifest.release) and release.otherwise == "drop":
            filters.append(KeepLicensed(release, stage.ledger(len(filters))))
        ledger = stage.ledger(len(filters))
        if isinstance(self.section, ColdStart):
            return [*filters, VerifyCompletions(self.section.keep_verified, ledger)]
        return [*filters, VerifyGolds(ledger)]

    def _rows(
        self, name: str, before: StageRun, steps: Callable[[StageRun], list[Any]], workers: int, *payload: Any
    ) -> StageRun:
        """A stage that reads the rows of the stage before, one task a file, and writes its own."""
        stage, rows = self._stage(name, payload), before.rows
        files, total = list(rows), sum(rows.values())
        stage.run(
            [ReadRows(files, stage.folder), *steps(stage), WriteRows(stage.folder / "rows")],
            len(files),
            workers,
            total,
        )
        stage.check(total)
        return stage

    def _decided(
        self,
        deciding: str,
        applying: str,
        before: StageRun,
        decide: Callable[[list[Path], Path], Any],
        workers: int,
        payload: Any,
    ) -> StageRun:
        """Two stages: a one-task decision over all rows, and its application file by file."""
        decisions = self._decision(deciding, before, decide, payload)
        return self._rows(
            applying, before, lambda s: [ApplyDecisions(decisions, s.ledger(0), deciding)], workers, payload
        )

    def _decision(
        self, name: str, before: StageRun, decide: Callable[[list[Path], Path], Any], payload: Any
    ) -> list[Path]:
        """A one-task stage that decides over all rows; returns its decision files, one for each file of rows."""
        stage, rows = self._stage(name, payload), before.rows
        files, folder = list(rows), stage.folder / "decisions"
        stage.run([decide(files, folder)], 1, 1, sum(rows.values()))
        return [folder / file.name for file in files]

    def _check_licenses(self, rows: StageRun) -> None:
        """Before anything is sampled, and before anything that could be published stands in the build folder."""
        if self.manifest.release:
            columns = ["source", "license"]
            records = (record for file in rows.rows for record in read_records(file, columns, batch_rows=10_000))
            self.manifest.release.check(self.config, Counter((r["source"], r["license"]) for r in records))

    def _shards(self, before: StageRun, workers: int) -> None:
        manifest, rows = self.manifest, before.rows
        mixture = self._decision(
            "mixture",
            before,
            lambda files, to: DecideMixture(files, to, self.section.mixture, manifest.seed),
            [self.section.mixture.model_dump(mode="json"), manifest.seed],
        )
        metadata = {
            "manifest": manifest.name,
            "build": self.identity(),
            "seed": str(manifest.seed),
            "prompt_template": manifest.prompt_template,
            "prompt_template_hash": template_hash(manifest.prompt_template),
        }
        release = manifest.release.model_dump() if manifest.release else None
        stage = self._stage("shards", [metadata, self.section.splits, manifest.rows_per_shard, release])
        folder = self.out / "data" / self.config
        if not shards_are_there(stage.folder, folder):
            (stage.folder / "done.json").unlink(missing_ok=True)
            (stage.folder / "completions" / "00000").unlink(missing_ok=True)
        writer = WriteShards(
            list(rows), mixture, folder, self.config, manifest.prompt_template, manifest.seed, self.section.splits,
            manifest.rows_per_shard, metadata, stage.folder, stage.ledger(0),
        )  # fmt: skip
        stage.run([writer], 1, 1, sum(rows.values()))


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_places(item) for key, item in value.items() if key not in ("path", "root", "model", "lora")
        }
    return [_without_places(item) for item in value] if isinstance(value, list) else value
