"""NeMo RL: its layout of responses (`messages`: the question, and the gold as what is compared), with a dataset class, a processor and an
environment of ours, which `run.py` registers before it starts a script of NeMo RL's.

Its processors read one user turn; rows with other turns are left out and named. A cold start is its layout of OpenAI messages, text alone.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.core.row import PLACE, Config
from curation.release.export.base import Exporter
from curation.release.export.bundle import IMPORT, bundle_rewards
from curation.release.export.folder import Folder
from curation.release.export.layouts import (
    columns,
    conversation,
    every_split,
    file_name,
    splits_of,
)
from curation.release.export.rows import ExportRow, ExportSet


class NemoRL(Exporter):
    """NeMo RL: its layout of responses with images as files, our reward as an environment, and SFT on text."""

    kind: Literal["nemo-rl"] = "nemo-rl"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "NeMo RL 0.7.0"

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        for one, split in every_split(sets):
            folder.json_lines(file_name(one, split, "jsonl"), _records(one, split, folder))
        if splits_of(sets, "rl", ""):
            folder.text("ovr_nemo_rl.py", _MODULE.replace("IMPORT", IMPORT))
            bundle_rewards(folder)
            folder.text("run.py", _RUN)

    def unfit(self, row: ExportRow) -> str | None:
        if row.completion:
            return "images_in_sft" if row.images else None
        return None if [message["role"] for message in row.messages] == ["user"] else "not_one_user_turn"

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        train, test = (file_name(one, split, "jsonl") for split in (train, test))
        if one.config == "rl":
            return f"""
In a checkout of NeMo RL, where EXPORT is this folder:

```sh
uv pip install -r EXPORT/verifier/requirements.txt
PYTHONPATH=EXPORT uv run python EXPORT/run.py examples/run_vlm_grpo.py --config examples/configs/vlm_grpo_3B.yaml \\
  policy.model_name=MODEL data.train.dataset_name=ovr_nemo_rl.OvrDataset data.train.data_path=EXPORT/{train} \\
  data.validation.dataset_name=ovr_nemo_rl.OvrDataset data.validation.data_path=EXPORT/{test} \\
  data.default.processor=ovr data.default.env_name=ovr data.default.prompt_file=null '++env.ovr={{num_workers: 8}}'
```

NeMo RL has no reward for "cannot judge": it is 0, and `cannot_judge` among the metrics counts it.
"""
        return f"""
```sh
uv run python examples/run_sft.py policy.model_name=MODEL data.train.dataset_name=openai_format \\
  data.train.data_path=EXPORT/{train} data.validation.dataset_name=openai_format data.validation.data_path=EXPORT/{test}
```
"""


def _records(one: ExportSet, split: str, folder: Folder) -> Iterator[dict[str, Any]]:
    for row in one.rows(split):
        if one.config == "cold_start":
            yield {"messages": conversation(row), **columns(row)}
            continue
        content = _content(row, folder) if one.has_images else row.messages[0]["content"]
        gold = json.dumps(row.gold, ensure_ascii=False)
        messages = [{"role": "user", "content": content}, {"role": "assistant", "content": gold}]
        yield {"messages": messages, **columns(row)}


def _content(row: ExportRow, folder: Folder) -> list[dict[str, str]]:
    """Parts, images by their path inside the folder."""
    first, *others = row.messages[0]["content"].split(PLACE)
    parts = [{"type": "text", "text": first}] if first or not others else []
    for image, piece in zip(row.images, others, strict=True):
        parts.append({"type": "image", "image": folder.image(image)})
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts


_RUN = '''"""Register our processor and environment with NeMo RL, then run one of its scripts: python run.py SCRIPT [its arguments]"""

import runpy
import sys

import ovr_nemo_rl

if __name__ == "__main__":
    ovr_nemo_rl.register()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
'''
_MODULE = '''"""These rows for NeMo RL: a dataset class, a processor and an environment."""

import json
IMPORT
from nemo_rl.data.datasets.raw_dataset import RawDataset  # noqa: E402
from PIL import Image  # noqa: E402

NAME = "ovr"


class Rows:
    """The rows as they are in the file; images are opened when a row is read."""

    def __init__(self, path):
        self._folder = Path(path).resolve().parent
        with open(path, encoding="utf-8") as file:
            self._rows = [json.loads(line) for line in file]

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, number):
        row = self._rows[number]
        user, gold = row["messages"]
        content = user["content"]
        if not isinstance(content, str):
            content = [
                {**part, "image": self._image(part["image"])} if part["type"] == "image" else part
                for part in content
            ]
        return {**row, "messages": [{**user, "content": content}, gold], "task_name": NAME}

    def _image(self, name):
        with Image.open(self._folder / name) as image:
            return image.convert("RGB")


class OvrDataset(RawDataset):
    """`data.train.dataset_name=ovr_nemo_rl.OvrDataset data.train.data_path=FILE`"""

    def __init__(self, data_path, **kwargs):
        self.task_name = NAME
        self.dataset = Rows(data_path)
        self.val_dataset = None


def processor(datum, task_spec, processor, max_seq_length, idx):
    """NeMo RL's own processor for images, or for text where the model has none; it knows tasks by their names."""
    from nemo_rl.data.processors import math_hf_data_processor, vlm_hf_data_processor

    if hasattr(processor, "image_processor"):
        known = {**datum, "task_name": "avqa"}  # rows that are messages already
        return {**vlm_hf_data_processor(known, task_spec, processor, max_seq_length, idx), "task_name": NAME}
    question, gold = datum["messages"]
    if not isinstance(question["content"], str):
        parts = question["content"]
        if any(part["type"] == "image" for part in parts):
            raise ValueError(f"row {datum['id']} has an image, the model takes none")
        question = {**question, "content": "".join(part["text"] for part in parts)}
    datum = {**datum, "messages": [question, gold]}
    return math_hf_data_processor(datum, task_spec, processor, max_seq_length, idx)


def scored(response, ground_truth):
    """The reward, and whether it is no verdict."""
    from rewards import judge

    gold = json.loads(ground_truth)
    reward = judge(gold["answer"], response, gold["answer_kind"], gold["answer_options"]).reward
    return reward or 0.0, reward is None


def environment():
    """The environment's class, a Ray actor."""
    import ray
    import torch
    from concurrent.futures import ThreadPoolExecutor
    from nemo_rl.environments.interfaces import EnvironmentInterface, EnvironmentReturn

    @ray.remote
    class OvrEnvironment(EnvironmentInterface):
        def __init__(self, cfg):
            self.pool = ThreadPoolExecutor(cfg["num_workers"])
            self.not_judged = 0

        def shutdown(self):
            self.pool.shutdown()

        def step(self, message_log_batch, metadata, return_extracted_answer=False):
            responses = [
                "".join(one["content"] for one in log if one["role"] == "assistant") for log in message_log_batch
            ]
            results = list(self.pool.map(scored, responses, [one["ground_truth"] for one in metadata]))
            self.not_judged += sum(nobody for _, nobody in results)
            rewards = torch.tensor([reward for reward, _ in results])
            return EnvironmentReturn(
                observations=[{"role": "environment", "content": ""} for _ in results],
                metadata=metadata,
                next_stop_strings=[None] * len(results),
                rewards=rewards,
                terminateds=torch.ones_like(rewards),
                answers=None,
            )

        def global_post_process_and_metrics(self, batch):
            batch["rewards"] = batch["rewards"] * batch["is_end"]
            return batch, {"accuracy": batch["rewards"].mean().item(), "cannot_judge": self.not_judged}

    return OvrEnvironment


def register():
    """Make the processor and the environment known under the name `ovr`."""
    from nemo_rl.data.processors import register_processor
    from nemo_rl.distributed.ray_actor_environment_registry import ACTOR_ENVIRONMENT_REGISTRY
    from nemo_rl.distributed.virtual_cluster import PY_EXECUTABLES
    from nemo_rl.environments.utils import register_env

    globals()["OvrEnvironment"] = environment()
    where = "ovr_nemo_rl.OvrEnvironment"
    ACTOR_ENVIRONMENT_REGISTRY[where] = PY_EXECUTABLES.SYSTEM
    register_processor(NAME, processor)
    register_env(NAME, where)
'''
