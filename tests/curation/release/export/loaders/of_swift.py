"""ms-swift's load_dataset over an export, the rows through its template, and the reward plugin as `--external_plugins` loads it."""

import os

from common import EXPORT, GOLD, files, placed, say

os.environ["ROOT_IMAGE_DIR"] = str(EXPORT)

from swift.dataset import load_dataset
from swift.rewards import orms
from swift.utils import import_external_file

for config, split, path in files("jsonl"):
    dataset, _ = load_dataset([str(path)], remove_unused_columns=False, strict=True, load_from_cache_file=False)
    for row in dataset:
        images = [image["path"] for image in row.get("images") or ()]
        gold = {**{name: row[name] for name in GOLD[1:]}, "answer": row["solution"]}
        say(config, split, row["id"], placed(row["messages"], images), gold)
    if config == "rl":
        import_external_file(str(EXPORT / "reward.py"))
        columns = {name: [row[name] for row in dataset] for name in ("solution", *GOLD[1:])}
        right = [rf"\boxed{{{gold}}}" for gold in columns["solution"]]
        assert set(orms["ovr"]()(completions=right, **columns)) <= {1.0}
