"""A data set on disk as a stranger finds it: the folder of a finished build, or what `push` released of one.

    dataset = open_dataset(Path("build/quickstart"))
    dataset.summary["configs"]["rl"]["sources"], dataset.shards("rl"), dataset.file("contamination.parquet")

Both have `summary.json`, `manifest.lock.yaml` and `data/CONFIG/SPLIT-*.parquet`. A build has the stages, the rollouts and the evidence
beside them; of a released set each of these may be absent, and who reads it says so instead of guessing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, get_args

import yaml

from curation.core.errors import BuildError, first_line, no_mapping
from curation.core.parquet import read_records
from curation.core.row import Config


@dataclass(frozen=True)
class Dataset:
    """One finished build or released set. Nothing of it is held in memory but the summary and the lock."""

    path: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What `summary.json` has (see docs/build.md)."""
        return self._with("configs", "summary.json", json.loads)

    @cached_property
    def lock(self) -> dict[str, Any]:
        """What `manifest.lock.yaml` has: manifest, limit, inputs, build, versions."""
        load = partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return self._with("manifest", "manifest.lock.yaml", load)

    def document(self, name: str) -> dict[str, Any] | None:
        """What a JSON file of the folder says; None where it is not there.

        Raises:
            BuildError: it is no JSON object.
        """
        return self._mapping(name, json.loads) if self.file(name) else None

    def _mapping(self, name: str, load: Callable[[str], Any]) -> dict[str, Any]:
        try:
            text = (self.path / name).read_text(encoding="utf-8")
            found = load(text) if text.strip() else None
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            raise BuildError(
                f"{self.path / name}: cannot be read: {first_line(error)}; copy or build it again"
            ) from error
        if not isinstance(found, dict):
            raise BuildError(f"{self.path / name}: {no_mapping(found)}, expected a mapping; copy or build it again")
        return found

    def _with(self, key: str, name: str, load: Callable[[str], Any]) -> dict[str, Any]:
        """A document of the folder, with a mapping under the key."""
        found = self._mapping(name, load)
        if not isinstance(found.get(key), dict):
            raise BuildError(
                f"{self.path / name}: has no mapping `{key}`, which a build writes; copy or build it again"
            )
        return found

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest with every default, as the lock has it."""
        return dict(self.lock["manifest"])

    @property
    def configs(self) -> list[Config]:
        """The configs that have shards, in build order."""
        return [config for config in get_args(Config) if config in self.summary["configs"] and self.shards(config)]

    def shards(self, config: Config) -> list[Path]:
        """The Parquet files of a config, in order."""
        return sorted((self.path / "data" / config).glob("*.parquet"))

    def records(self, config: Config, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of a config in order, a batch in memory at a time. Name the columns: images are most of the bytes."""
        for shard in self.shards(config):
            yield from read_records(
                shard, columns, batch_rows=100 if columns is None or "images" in columns else 10_000
            )

    def file(self, name: str) -> Path | None:
        """A file of the folder, such as `ledger.parquet` or `suspect_gold.parquet`; None where it is not there."""
        return path if (path := self.path / name).exists() else None

    @property
    def is_build(self) -> bool:
        """Whether the stages, and what was sampled, are beside the rows."""
        return (self.path / "stages").is_dir()


def open_dataset(path: Path) -> Dataset:
    """The data set in a folder.

    Raises:
        BuildError: the folder has no summary or no lock.
    """
    for name in ("summary.json", "manifest.lock.yaml"):
        if not (path / name).is_file():
            raise BuildError(f"{path}: no {name}; expected the folder of a finished build, or of a released set")
    return Dataset(path)
