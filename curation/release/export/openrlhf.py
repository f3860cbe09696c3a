"""OpenRLHF: Parquet with the prompt as messages, images as bytes and the gold as JSON in `label`; an agent with our reward.

The agent and not `reward_func(queries, ...)`: a query is the decoded prompt with every image's tokens and the response, from which the
response cannot be told for sure; an agent is given the response itself. OpenRLHF strips the white space at both sides of an image's
place.
"""

import json
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
    every_split,
    file_name,
    sized,
    splits_of,
)
from curation.release.export.rows import ExportRow, ExportSet

RL = pa.schema(
    [
        ("prompt", MESSAGES),
        ("images", pa.list_(pa.binary())),
        ("label", pa.string()),
        ("datasource", pa.string()),
        *COLUMN_TYPES,
    ]
)
SFT = pa.schema([("prompt", MESSAGES), ("response", MESSAGES), *COLUMN_TYPES])
AGENT = '''"""The reward of these rows for OpenRLHF: `--train.agent_func_path agent.py`."""

import asyncio
import json
IMPORT
import torch  # noqa: E402
from openrlhf.utils.agent import AgentInstanceBase, MultiTurnAgentExecutor  # noqa: E402
from rewards import judge  # noqa: E402


class AgentInstance(AgentInstanceBase):
    """One answer, judged."""

    def __init__(self, *args, **kwargs):
        pass

    async def step(self, states, **kwargs):
        gold = json.loads(states["label"])
        verdict = await asyncio.to_thread(
            judge, gold["answer"], states["action_text"], gold["answer_kind"], gold["answer_options"]
        )
        reward = torch.tensor(verdict.reward or 0.0)
        return {
            "rewards": reward,
            "scores": reward,
            "environment_feedback": "",
            "done": True,
            "extra_logs": {"cannot_judge": torch.tensor(float(verdict.reward is None))},
        }


class AgentExecutor(MultiTurnAgentExecutor):
    def __init__(self):
        super().__init__(AgentInstance)
'''


class OpenRLHF(Exporter):
    """OpenRLHF: Parquet for PPO and its kin with our reward as an agent, and SFT on text."""

    kind: Literal["openrlhf"] = "openrlhf"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "OpenRLHF 0.11.2"

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        for one, split in every_split(sets):
            records, schema = (_rl(one, split), RL) if one.config == "rl" else (_sft(one, split), SFT)
            folder.parquet(file_name(one, split, "parquet"), schema, records)
        if splits_of(sets, "rl", ""):
            folder.text("agent.py", AGENT.replace("IMPORT", IMPORT))
            bundle_rewards(folder)

    def unfit(self, row: ExportRow) -> str | None:
        return "images_in_sft" if row.images and row.completion else None

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        train, test = (file_name(one, split, "parquet") for split in (train, test))
        if one.config == "rl":
            return f"""
```sh
pip install openrlhf vllm
{INSTALL}python -m openrlhf.cli.train_ppo_ray --actor.model_name_or_path MODEL --algo.advantage.estimator group_norm \\
  --data.prompt_dataset $PWD/{train} --eval.dataset $PWD/{test} --data.input_key prompt --data.label_key label \\
  --data.image_key images --data.apply_chat_template --train.agent_func_path $PWD/agent.py
```

OpenRLHF has no reward for "cannot judge": it is 0, and `cannot_judge` among the logs counts it.
"""
        return f"""
```sh
python -m openrlhf.cli.train_sft --model.model_name_or_path MODEL --data.dataset $PWD/{train} \\
  --data.input_key prompt --data.output_key response --data.apply_chat_template --data.max_len 16384
```
"""


def _rl(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for row in one.rows(split):
        label = json.dumps(row.gold, ensure_ascii=False)
        told = {"prompt": row.messages, "images": row.images, "label": label, "datasource": row.meta["source"]}
        yield sized(row, {**told, **columns(row)})


def _sft(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for row in one.rows(split):
        response = [{"role": "assistant", "content": row.completion}]
        yield sized(row, {"prompt": row.messages, "response": response, **columns(row)})
