"""The YAML block of a card: what the Hub and `datasets` read."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq

from curation.core.row import Config
from curation.release.card.licences import licence_of_set
from curation.release.dataset import Dataset
from curation.release.shards import split_of_shard

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def splits_of(dataset: Dataset, config: Config) -> dict[str, dict[str, int]]:
    """Split -> {rows, bytes, files, download}."""
    splits: dict[str, Counter[str]] = {}
    for shard in dataset.shards(config):
        found, counts = pq.read_metadata(shard), splits.setdefault(split_of_shard(shard), Counter())
        n_bytes = sum(found.row_group(group).total_byte_size for group in range(found.num_row_groups))
        counts.update(rows=found.num_rows, bytes=n_bytes, files=1, download=shard.stat().st_size)
    return {
        split: dict(counts) for split, counts in sorted(splits.items(), key=lambda item: (item[0] != "train", item))
    }


def card_data(dataset: Dataset, more_configs: Sequence[dict[str, Any]] = ()) -> Any:
    """The card's metadata as huggingface_hub's `DatasetCardData`; `more_configs` are those that are pushed beside ours."""
    from huggingface_hub import DatasetCardData

    described = [dataset.summary["configs"][config] for config in dataset.configs]
    kept = {key: sorted({name for one in described for name in one["kept"][key]}) for key in ("license", "language")}
    n_rows = sum(sum(one["shards"].values()) for one in described)
    has_images = any((one.get("pictures") or {}).get("pictures") for one in described)
    tasks = ["question-answering", *(["visual-question-answering", "image-text-to-text"] if has_images else [])]
    return DatasetCardData(
        pretty_name=dataset.summary["name"],
        **licence_of_set(kept["license"]),
        language=[code for code in kept["language"] if re.fullmatch("[a-z]{2,3}", code)] or None,
        task_categories=[*tasks, "text-generation"],
        size_categories=[next((name for most, name in SIZES if n_rows < most), "n>10M")],
        tags=["reasoning", "verifiable-rewards", "ovr-curate"],
        configs=[*(_config(dataset, config) for config in dataset.configs), *more_configs],
        dataset_info=[_info(dataset, config) for config in dataset.configs],
    )


def _config(dataset: Dataset, config: Config) -> dict[str, Any]:
    files = [{"split": split, "path": f"data/{config}/{split}-*.parquet"} for split in splits_of(dataset, config)]
    return {"config_name": config, "data_files": files, **({"default": True} if config == dataset.configs[-1] else {})}


def _info(dataset: Dataset, config: Config) -> dict[str, Any]:
    from datasets import Features

    splits = splits_of(dataset, config)
    return {
        "config_name": config,
        "features": Features.from_arrow_schema(pq.read_schema(dataset.shards(config)[0]))._to_yaml_list(),
        "splits": [{"name": name, "num_bytes": n["bytes"], "num_examples": n["rows"]} for name, n in splits.items()],
        "download_size": sum(n["download"] for n in splits.values()),
        "dataset_size": sum(n["bytes"] for n in splits.values()),
    }
