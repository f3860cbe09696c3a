"""What the stages publish and say, against their own files: the evidence in the build's folder and the stages' parts of the summary."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar, Literal

from curation.build.build import build_code
from curation.build.config import ConfigBuild
from curation.build.publish import LISTED
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.origin import same
from curation.commands.check.subject import Subject
from curation.core.errors import first_line
from curation.core.parquet import read_records
from curation.core.stage_run import StageRun

AGAIN = "the build's command writes it again"


class Evidence(Check):
    """Published files that are not the stages' own, and parts of the summary that the stages would not say."""

    kind: Literal["evidence"] = "evidence"
    place: ClassVar[int] = 36

    def run(self, subject: Subject) -> Iterator[Said]:
        if not subject.dataset.is_build:
            yield Skipped("evidence against the stages that it came from: a released set has none")
            return
        for name in json.loads((subject.path / LISTED).read_text(encoding="utf-8")):
            parts = list(_parts(subject, name))
            if not subject.broken.isdisjoint({subject.path / name, *(part for _, part in parts)}):
                yield Skipped(f"{name}: it, or what it is made of, cannot be read")
                continue
            if what := _other(subject.path / name, parts):
                yield Finding(name, what, AGAIN)
            yield Looked(1, "files")
        yield from _summaries(subject)


def _parts(subject: Subject, name: str) -> Iterator[tuple[str, Path]]:
    """(config, file) of what a published file is made of, in the order in which the build put it together."""
    for config in subject.dataset.summary["configs"]:
        for file in sorted(subject.path.glob(f"stages/[0-9][0-9]-{config}-*/{name}")):
            yield config, file


def _other(file: Path, parts: list[tuple[str, Path]]) -> str:
    """How a published file differs from its parts; empty where it does not."""
    if file.suffix != ".parquet":
        return "" if [file.read_bytes()] == [part.read_bytes() for _, part in parts] else "is not what its stage left"
    expected = ({"config": config, **line} for config, part in parts for line in read_records(part))
    for number, (line, of_stage) in enumerate(zip_longest(read_records(file), expected)):
        if line is None:
            return f"has {number} lines, and the stages left more"
        if of_stage is None:
            return f"has more lines than the {number} that the stages left"
        if line.keys() != of_stage.keys() or not same(line, of_stage):
            return f"has another line {number} than the stages left"
    return ""


def _summaries(subject: Subject) -> Iterator[Said]:
    """What each stage says of itself, where the code is that of the build."""
    manifest, versions = subject.manifest, subject.dataset.lock.get("versions") or {}
    if manifest is None or (code := build_code(manifest)) != versions.get("code"):
        yield Skipped("the stages' parts of the summary: another version of the code built it")
        return
    for config, described in subject.dataset.summary["configs"].items():
        for stage in ConfigBuild(manifest, config, subject.path, subject.dataset.lock.get("limit"), code).stages:
            try:
                differing = _differing(stage, described)
            except (OSError, ValueError, KeyError, TypeError) as error:
                yield Skipped(f"what {stage.folder.name} says: {type(error).__name__}: {first_line(error)[:120]}")
                continue
            for key in differing:
                what = f"{config}: has another {key!r} than the files of {stage.folder.name} give"
                yield Finding("summary.json", what, AGAIN)
            yield Looked(1, "stages")


def _differing(stage: StageRun, described: dict[str, Any]) -> list[str]:
    """The keys of a stage's part of the summary of which the summary has something else."""
    part = json.loads(json.dumps(stage.stage.summary(stage.context)))
    return [key for key in part if part[key] != described.get(key)]
