"""The configs of a data set card: `load_dataset("owner/name", "rl")` finds its files by them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from curation.core.errors import PushError

FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)


def with_configs(card: str, name: str, splits: Mapping[str, Sequence[str]]) -> str:
    """The card with an entry for every config (config -> its splits, `data/CONFIG/SPLIT-*.parquet`); those that it has stay as they are.

    Raises:
        PushError: its metadata are no YAML mapping.
    """
    front = FRONT.match(card)
    try:
        metadata = yaml.safe_load(front[1]) if front else {}
    except yaml.YAMLError as error:
        raise PushError(f"README.md: its metadata are no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(metadata or {}, dict):
        raise PushError(f"README.md: its metadata are a {type(metadata).__name__}, expected a mapping")
    metadata = metadata or {}
    configs: list[dict[str, Any]] = list(metadata.get("configs") or [])
    known = {entry.get("config_name") for entry in configs}
    if not (missing := [config for config in splits if config not in known]):
        return card
    for config in missing:
        files = [{"split": split, "path": f"data/{config}/{split}-*.parquet"} for split in splits[config]]
        configs.append({"config_name": config, "data_files": files})
    front_text = yaml.safe_dump({**metadata, "configs": configs}, sort_keys=False, allow_unicode=True)
    return f"---\n{front_text}---\n{card[front.end() :] if front else card or f'# {name}' + chr(10)}"
