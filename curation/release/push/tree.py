"""What is released of a folder, and what never is: a list of files, made without a copy of a shard.

Evidence holds evaluation questions and rows that went (`contamination.parquet`, `suspect_gold.parquet`), the details of the ledger quote
rows, the stages hold all of both: none of them is in the list, because only names that are in it go.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from curation.core.errors import PushError
from curation.core.lock import public_lock
from curation.core.parquet import write_text
from curation.release.dataset import Dataset
from curation.release.push.card import with_configs
from curation.release.push.files import LocalFile
from curation.release.push.rollouts import ROLLOUTS, write_rollouts
from curation.release.shards import split_of_shard

RELEASED = (
    "README.md",
    "croissant.json",
    "error_budget.json",
    "summary.json",
    "manifest.lock.yaml",
    "report.html",
    "removed.parquet",
    "contaminated_items.parquet",
    "loss.json",
    "loss.png",
)
"""What may be beside the shards."""
REPORT = "report.html"
"""Of a build, the one in `DIR/release` alone is released: the other shows rows that went."""
FOLDER = "release"


def released_shards(dataset: Dataset) -> list[LocalFile]:
    """The shards of all configs.

    Raises:
        PushError: one is missing, or is not the one that was built.
    """
    shards = [shard for config in dataset.configs for shard in dataset.shards(config)]
    files = [LocalFile(f"data/{shard.parent.name}/{shard.name}", shard, is_data=True) for shard in shards]
    _check_shards(dataset, {file.remote: file for file in files})
    return files


def released_files(dataset: Dataset, name: str, rollouts: bool, shards: list[LocalFile]) -> list[LocalFile]:
    """Every file of the release, by path. What has to be made for it is written to `DIR/release`.

    Raises:
        PushError: the card cannot be read, or there are no rollouts.
    """
    splits: dict[str, list[str]] = {
        config: sorted({split_of_shard(shard) for shard in dataset.shards(config)}) for config in dataset.configs
    }
    files = list(shards)
    if rollouts:
        made = write_rollouts(dataset, dataset.path / FOLDER / "data" / ROLLOUTS)
        files += [LocalFile(f"data/{ROLLOUTS}/{shard.name}", shard, is_data=True) for shard in made]
        splits[ROLLOUTS] = ["train"]
    found = {one: path for one in RELEASED if (path := _found(dataset, one)) is not None}
    found["manifest.lock.yaml"] = _lock(dataset)
    found["summary.json"] = _summary(dataset)
    found["README.md"] = _card(dataset, found.get("README.md"), name, splits)
    return sorted([*files, *(LocalFile(one, path) for one, path in found.items())], key=lambda file: file.remote)


def _check_shards(dataset: Dataset, files: Mapping[str, LocalFile]) -> None:
    """Every shard that the summary names is there, no other is, and its bytes are those that were built."""
    for config, described in dataset.summary["configs"].items():
        digests = described.get("sha256") or {}
        for shard in described["shards"]:
            path = f"data/{config}/{shard}"
            if path not in files:
                raise PushError(f"{dataset.path / path}: missing; summary.json names it. Build again")
            if shard in digests and files[path].sha256 != digests[shard]:
                raise PushError(
                    f"{dataset.path / path}: sha256 {files[path].sha256[:12]}..., summary.json has {digests[shard][:12]}...;"
                    " the file was changed behind the build. Remove it and build again"
                )
    known = {f"data/{config}/{shard}" for config, of in dataset.summary["configs"].items() for shard in of["shards"]}
    if strange := sorted(files.keys() - known):
        raise PushError(
            f"{dataset.path / strange[0]}: a shard that summary.json does not name; remove it, or build again"
        )


def _found(dataset: Dataset, name: str) -> Path | None:
    if name != REPORT or not dataset.is_build:
        return dataset.file(name)
    report = dataset.file(f"{FOLDER}/{REPORT}")
    is_newer = report and report.stat().st_mtime >= (dataset.path / "summary.json").stat().st_mtime
    return report if is_newer else None  # one of an earlier build is of other rows


def _lock(dataset: Dataset) -> Path:
    """The lock without the folders of this machine."""
    if (public := public_lock(dataset.lock)) == dataset.lock:
        return dataset.path / "manifest.lock.yaml"
    made = dataset.path / FOLDER / "manifest.lock.yaml"
    write_text(made, yaml.safe_dump(public, sort_keys=False, allow_unicode=True))
    return made


def _summary(dataset: Dataset) -> Path:
    """The summary without what its red flags quote: rows that went, evaluation questions among them, and folders of this machine."""
    if (public := _unquoted(dataset.summary)) == dataset.summary:
        return dataset.path / "summary.json"
    made = dataset.path / FOLDER / "summary.json"
    write_text(made, json.dumps(public, indent=1, ensure_ascii=False) + "\n")
    return made


def _unquoted(value: Any) -> Any:
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: "" if key == "quote" and isinstance(item, str) else _unquoted(item) for key, item in value.items()}


def _card(dataset: Dataset, card: Path | None, name: str, splits: Mapping[str, list[str]]) -> Path:
    """The card, with every config; a bare one where there is none."""
    text = card.read_text(encoding="utf-8") if card else ""
    if card and with_configs(text, name, splits) == text:
        return card
    made = dataset.path / FOLDER / "README.md"
    write_text(made, with_configs(text, name, splits))
    return made
