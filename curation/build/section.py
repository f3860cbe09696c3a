"""One config of a build, `rl` or `cold_start`: what it depends on, and whether it is done."""

import json
from pathlib import Path
from typing import Any

from curation.build.manifest import Manifest, Rl
from curation.build.plan import EVIDENCE_FILE, SUSPECTS_FILE, Pipeline
from curation.core.parquet import write_text
from curation.core.stage import digest_of


class SectionBuild:
    """One config. `prepare` looks at the inputs, `run` runs what is not done."""

    def __init__(self, manifest: Manifest, config: str, out: Path, limit: int | None, code: str) -> None:
        self.manifest, self.config, self.out, self.limit, self.code = manifest, config, out, limit, code
        self.section = manifest.sections[config]
        self.inputs: dict[str, dict[str, str]] = {}
        self.record = out / "stages" / f"{config}.json"

    def prepare(self) -> None:
        """Digest what the sources and the sampler read; the earliest point at which a missing input is told."""
        self.inputs = {source.name: source.inputs() for source in self.section.sources}
        if self.section.decontaminate:
            benchmarks = self.section.decontaminate.benchmarks
            self.inputs |= {f"benchmark {benchmark.name}": benchmark.inputs() for benchmark in benchmarks}
        if isinstance(self.section, Rl) and self.section.difficulty:
            for number, engine in enumerate(self.section.difficulty.engines, 1):
                model, revision = engine.identity()
                self.inputs[f"sampler {number}"] = {model: revision}

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
        pipeline = Pipeline(
            self.manifest, self.config, self.out, self.limit, self.code, self.inputs, self.identity(), workers
        )
        ran = pipeline.run()
        stages = {stage.folder.name: round(stage.seconds, 3) for stage in ran}
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

    def evidence(self) -> Path:
        """The convictions of decontamination; the file exists where there are evaluation sets."""
        return self.stage("contamination") / EVIDENCE_FILE

    def suspects(self) -> Path | None:
        """The golds that the samples speak against, where pass rates were measured."""
        measured = isinstance(self.section, Rl) and self.section.difficulty
        return self.stage("triage") / SUSPECTS_FILE if measured else None

    def stage(self, name: str) -> Path:
        """The folder of a stage that ran, by its name without number and config."""
        return next(folder for folder in self.stage_folders() if folder.name.endswith(f"-{self.config}-{name}"))

    def shards(self) -> list[Path]:
        return sorted((self.out / "data" / self.config).glob("*.parquet"))


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_places(item) for key, item in value.items() if key not in ("path", "root", "model", "lora")
        }
    return [_without_places(item) for item in value] if isinstance(value, list) else value
