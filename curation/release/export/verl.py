"""verl: Parquet with the prompt as messages, images as bytes and the gold under `reward_model`; `messages` for its SFT trainer.

Rows with images must have as many `<image>` as images and no `<video>` or `<audio>`: its loader drops a row that has not, with a traceback
among its output. `extra_info` takes the kind of the gold and its options to `rewards.adapters.verl`.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import pyarrow as pa

from curation.core.row import Config
from curation.release.export.base import Exporter
from curation.release.export.bundle import IMPORT, INSTALL, bundle_rewards
from curation.release.export.folder import Folder
from curation.release.export.layouts import (
    COLUMN_TYPES,
    MESSAGES,
    columns,
    conversation,
    every_split,
    file_name,
    sized,
    splits_of,
)
from curation.release.export.rows import ExportSet, Markup

IMAGES = pa.list_(pa.struct([("bytes", pa.binary())]))
RL = pa.schema([
    ("data_source", pa.string()), ("prompt", MESSAGES), ("images", IMAGES), ("ability", pa.string()),
    ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
    ("extra_info", pa.struct([("index", pa.int64()), ("split", pa.string()), *COLUMN_TYPES])),
])  # fmt: skip
REWARD = f'''"""The reward of these rows: verl's `reward.custom_reward_function.path`."""

{IMPORT}
from rewards.adapters.verl import scored as compute_score  # noqa: E402

__all__ = ["compute_score"]
'''


class Verl(Exporter):
    """verl: Parquet for GRPO and SFT, with the reward function."""

    kind: Literal["verl"] = "verl"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "verl 0.9.1"
    markup: ClassVar[Markup] = Markup(others=("<video>", "<audio>"))

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        for one, split in every_split(sets):
            records, schema = (_rl(one, split), RL) if one.config == "rl" else (_sft(one, split), _sft_schema(one))
            folder.parquet(file_name(one, split, "parquet"), schema, records)
        if splits_of(sets, "rl", ""):
            folder.text("reward.py", REWARD)
            bundle_rewards(folder)

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        train, test = (file_name(one, split, "parquet") for split in (train, test))
        if one.config == "rl":
            return f"""
```sh
pip install verl vllm
{INSTALL}python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo \\
  data.train_files=$PWD/{train} data.val_files=$PWD/{test} data.image_key=images \\
  data.max_prompt_length=4096 data.max_response_length=8192 data.filter_overlong_prompts=True data.truncation=error \\
  reward.custom_reward_function.path=$PWD/reward.py reward.custom_reward_function.name=compute_score \\
  actor_rollout_ref.model.path=MODEL actor_rollout_ref.rollout.name=vllm actor_rollout_ref.rollout.n=8
```

verl has no reward for "cannot judge": it is 0, and `cannot_judge` among the metrics counts it.
"""
        return f"""
```sh
torchrun --nproc_per_node=8 -m verl.trainer.sft_trainer data.train_files=$PWD/{train} data.val_files=$PWD/{test} \\
  data.messages_key=messages data.max_length=16384 model.path=MODEL
```
"""


def _rl(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for index, row in enumerate(one.rows(split)):
        yield sized(
            row,
            {
                "data_source": row.meta["source"],
                "prompt": row.messages,
                "images": [{"bytes": image} for image in row.images],
                "ability": row.meta["domain"],
                "reward_model": {"style": "rule", "ground_truth": row.gold["answer"]},
                "extra_info": {"index": index, "split": split, **columns(row)},
            },
        )


def _sft_schema(one: ExportSet) -> pa.Schema:
    images = [("images", IMAGES)] if one.has_images else []
    return pa.schema([("messages", MESSAGES), *images, *COLUMN_TYPES])


def _sft(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for row in one.rows(split):
        images = {"images": [{"bytes": image} for image in row.images]} if one.has_images else {}
        yield sized(row, {"messages": conversation(row), **images, **columns(row)})
