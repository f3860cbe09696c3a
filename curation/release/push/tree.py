"""What is released of a folder, and what never is: a list of files, made without a copy of a shard.

Evidence holds evaluation questions and rows that went (`contamination.parquet`, `suspect_gold.parquet`), the details of the ledger quote
rows, the stages hold all of both: none of them is in the list, because only names that are in it go.
"""

from collections.abc import Mapping
from pathlib import Path

from curation.core.errors import PushError
from curation.core.parquet import write_text
from curation.release.dataset import Dataset
from curation.release.public import PUBLIC, write_public
from curation.release.published import PUBLISHED, published
from curation.release.push.card import with_configs
from curation.release.push.files import LocalFile
from curation.release.push.rollouts import ROLLOUTS, write_rollouts
from curation.release.shards import digests_as_written, split_of_shard


def released_shards(dataset: Dataset) -> list[LocalFile]:
    """The shards of all configs.

    Raises:
        PushError: one is missing, or is not the one that was built.
    """
    shards = [shard for config in dataset.configs for shard in dataset.shards(config)]
    files = [LocalFile(f"data/{shard.parent.name}/{shard.name}", shard, is_data=True) for shard in shards]
    _check_shards(dataset, {file.remote: file for file in files})
    return files


def check_published(dataset: Dataset) -> None:
    """A build that was killed while it published its files again has a summary and a lock, and lacks some: they would go from the Hub too.

    Raises:
        BuildError: the list of what it published is missing.
        PushError: a file of it is.
    """
    for name in published(dataset.path):
        if name in PUBLIC and dataset.file(name) is None:
            raise PushError(f"{dataset.path / name}: missing; {PUBLISHED} names it. Run the same `build` again")


def released_files(
    dataset: Dataset, name: str, rollouts: bool, shards: list[LocalFile], folder: Path
) -> list[LocalFile]:
    """Every file of the release, by path. What has to be made for it is written to `folder`.

    Raises:
        PushError: the card cannot be read, or there are no rollouts.
    """
    splits: dict[str, list[str]] = {
        config: sorted({split_of_shard(shard) for shard in dataset.shards(config)}) for config in dataset.configs
    }
    files, public = list(shards), write_public(dataset, folder)
    if rollouts:
        made = write_rollouts(dataset, folder / "data" / ROLLOUTS)
        files += [LocalFile(f"data/{ROLLOUTS}/{shard.name}", shard, is_data=True) for shard in made]
        splits[ROLLOUTS] = ["train"]
    found = {one: path for one in PUBLIC if (path := public.file(one)) is not None}
    found["README.md"] = _card(found.get("README.md"), folder / "README.md", name, splits)
    return sorted([*files, *(LocalFile(one, path) for one, path in found.items())], key=lambda file: file.remote)


def _check_shards(dataset: Dataset, files: Mapping[str, LocalFile]) -> None:
    """Every shard that the summary names is there, no other is, and its bytes are those that were built."""
    for config, described in dataset.summary["configs"].items():
        records = {
            "summary.json": described.get("sha256") or {},
            "the record of its stage": digests_as_written(dataset.path, config),
        }
        for shard in described["shards"]:
            path = f"data/{config}/{shard}"
            if path not in files:
                raise PushError(f"{dataset.path / path}: missing; summary.json names it. Build again")
            for record, digests in records.items():
                if shard in digests and files[path].sha256 != digests[shard]:
                    raise PushError(
                        f"{dataset.path / path}: sha256 {files[path].sha256[:12]}..., {record} has {digests[shard][:12]}...;"
                        " the file was changed behind the build. Remove it and build again"
                    )
    known = {f"data/{config}/{shard}" for config, of in dataset.summary["configs"].items() for shard in of["shards"]}
    if strange := sorted(files.keys() - known):
        raise PushError(
            f"{dataset.path / strange[0]}: a shard that summary.json does not name; remove it, or build again"
        )


def _card(card: Path | None, made: Path, name: str, splits: Mapping[str, list[str]]) -> Path:
    """The card, with every config, written to `made` where it lacks one; a bare one where there is none."""
    text = card.read_text(encoding="utf-8") if card else ""
    if card and with_configs(text, name, splits) == text:
        return card
    write_text(made, with_configs(text, name, splits))
    return made
