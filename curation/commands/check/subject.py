"""What is checked: the folder, what its summary and lock say, and the shards that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.build.manifest import Manifest
from curation.core.errors import CurationError
from curation.core.plugins import load_plugins_of
from curation.core.row import Config
from curation.core.stage import Stage
from curation.release.dataset import Dataset
from curation.release.shards import split_of_shard
from curation.sampling.template import template_hash

_KNOWN = frozenset(
    (
        "prompt",
        "images",
        "answer",
        "answer_kind",
        "answer_options",
        "license",
        "domain",
        "format",
        "language",
        "difficulty",
    )
)


@dataclass(frozen=True)
class Frame:
    """What a row of a shard is to be read with; small, so that it goes to another process."""

    config: Config
    columns: frozenset[str]
    template: str
    sources: frozenset[str]
    """Names of the manifest's sources; empty where the lock does not say."""
    allowed: tuple[str, ...] | None
    """Licences that the release allows; None where the manifest does not say."""
    text_sources: frozenset[str]
    """Sources of which no row came in with an image, by the summary."""
    fixed: frozenset[str]
    """Columns that no stage of the manifest's own sets."""
    control: bool
    """Whether the shard is of a control set, which keeps what a stage of the set would have dropped."""
    templates: frozenset[str] = frozenset()
    """Hashes of the templates that the manifest samples with."""
    trace_format: bool = False
    """Whether the manifest drops traces without one closed `<think>`."""
    truncated: str = "unjudged"
    """What a response that was cut off counts as (`rl.difficulty.truncated`)."""


@dataclass(frozen=True)
class Shard:
    """A Parquet file whose footer can be read. `control` is the name of the control set that it is of, empty for the set itself."""

    path: Path
    config: Config
    control: str
    schema: pa.Schema
    groups: tuple[int, ...]
    """Rows of every row group."""

    @property
    def split(self) -> str:
        return split_of_shard(self.path)

    @property
    def n_rows(self) -> int:
        return sum(self.groups)

    def metadata(self, key: str) -> str | None:
        """`ovr.KEY` of the file; None where it is not there."""
        found: dict[bytes, bytes] = self.schema.metadata or {}
        value = found.get(f"ovr.{key}".encode())
        return None if value is None else value.decode(errors="replace")


@dataclass
class Subject:
    """A data set under check."""

    dataset: Dataset
    workers: int = 1
    broken: dict[Path, str] = field(default_factory=dict)
    """Shards that cannot be read, or not to the end, and why."""
    listed: dict[Path, tuple[Config, str]] = field(default_factory=dict)
    """Every shard that the summary names, with its config and control."""

    @property
    def path(self) -> Path:
        return self.dataset.path

    def name(self, path: Path) -> str:
        """A file as it is named in what is said."""
        return path.relative_to(self.path).as_posix() if path.is_relative_to(self.path) else str(path)

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest of the lock, its plugins loaded; None where it cannot be read here (`manifest_error` says why)."""
        try:
            given = self.dataset.manifest
            load_plugins_of(given, self.path)
            return Manifest.model_validate(given)
        except (CurationError, ValueError, KeyError, TypeError) as error:
            self.manifest_error = " ".join(str(error).split())[:200]
            return None

    manifest_error: str = ""

    @cached_property
    def shards(self) -> list[Shard]:
        """The shards that are there and that the summary names, in order; `broken` has those that cannot be read."""
        found = []
        for path, (config, control) in self.listed.items():
            if not path.exists():
                continue
            try:
                with pq.ParquetFile(path) as file:
                    groups = tuple(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))
                    found.append(Shard(path, config, control, file.schema_arrow, groups))
            except (pa.ArrowException, OSError, ValueError) as error:
                self.broken[path] = " ".join(str(error).split())[:200]
        return found

    @property
    def of_the_set(self) -> list[Shard]:
        """Those of the set itself, without its controls."""
        return [shard for shard in self.shards if not shard.control]

    def frame(self, shard: Shard) -> Frame:
        """How the rows of a shard are to be read."""
        given: Mapping[str, Any] = self.dataset.lock.get("manifest") or {}
        section = given.get(shard.config) or {}
        reading = self.dataset.summary["configs"][shard.config].get("reading") or {}
        release, difficulty = given.get("release"), section.get("difficulty") or {}
        return Frame(
            shard.config,
            frozenset(shard.schema.names),
            str(given.get("prompt_template") or "{question}"),
            frozenset(source["name"] for source in section.get("sources") or ()),
            tuple(release["allow"]) if release and not shard.control else None,
            frozenset(name for name, of in reading.items() if of.get("images") == 0),
            self._fixed(shard.config),
            bool(shard.control),
            frozenset(
                template_hash(t)
                for t in (given.get("prompt_template") or "{question}", difficulty.get("template"))
                if t
            ),
            any(one["kind"] == "trace_format" for one in section.get("filters") or ()),
            difficulty.get("truncated", "unjudged"),
        )

    def _fixed(self, config: Config) -> frozenset[str]:
        stages: tuple[Stage, ...] = self.manifest.sections[config].stages if self.manifest else ()
        return frozenset(_KNOWN.difference(*(stage.sets for stage in stages)))


def subject_of(dataset: Dataset, workers: int = 1) -> Subject:
    """The data set as its summary describes it."""
    subject = Subject(dataset, workers)
    for config, described in dataset.summary["configs"].items():
        for name in described["shards"]:
            subject.listed[dataset.path / "data" / config / name] = config, ""
        for control, of in (described.get("control") or {"sets": {}})["sets"].items():
            for name in of["shards"]:
                folder = dataset.path / "control" / control / "data" / config
                if folder.parent.is_dir() or dataset.is_build:
                    subject.listed[folder / name] = config, control
    return subject
