"""TRL: a data set for GRPO and SFT with the images' places as content parts, the reward function, and the task as an environment.

`ovr-train` reads the shards themselves; this is for scripts of one's own. In the environment the model hands its answer in through a tool,
`submit`, and `get_reward` judges what was handed in.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import pyarrow as pa

from curation.core.row import PLACE, Config
from curation.release.export.base import Exporter
from curation.release.export.bundle import IMPORT, INSTALL, bundle_rewards
from curation.release.export.folder import Folder
from curation.release.export.layouts import (
    COLUMN_TYPES,
    columns,
    every_split,
    file_name,
    sized,
    splits_of,
)
from curation.release.export.rows import ExportSet

PART = pa.struct([("type", pa.string()), ("text", pa.string())])
PARTS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(PART))]))

TRAIN = '''"""GRPO on these rows with our reward; any option of TRL's GRPOConfig can follow.

    python train.py --model_name_or_path MODEL --output_dir out
"""

IMPORT
from datasets import load_dataset  # noqa: E402
from rewards.adapters.trl import accuracy  # noqa: E402
from trl import GRPOConfig, GRPOTrainer, ModelConfig, TrlParser  # noqa: E402

FILES = NAMES

if __name__ == "__main__":
    config, model = TrlParser((GRPOConfig, ModelConfig)).parse_args_and_config()
    folder = Path(__file__).resolve().parent
    rows = load_dataset("parquet", data_files={split: str(folder / name) for split, name in FILES.items()})
    config.remove_unused_columns = False
    trainer = GRPOTrainer(
        model=model.model_name_or_path, reward_funcs=[accuracy], args=config, train_dataset=rows["train"]
    )
    trainer.train()
'''
ENVIRONMENT = '''"""The task as TRL's environment form.

    GRPOTrainer(..., environment_factory=OvrEnvironment)
"""

IMPORT
from rewards import make_verifier  # noqa: E402


class OvrEnvironment:
    """One question. The model hands its final answer in with `submit`; the last one counts."""

    def reset(self, answer="", answer_kind="math", answer_options="{}", **row):
        self._verifier = make_verifier(answer, answer_kind or "math", answer_options)
        self._submitted = None

    def submit(self, answer: str) -> str:
        """
        Hand in the final answer.

        Args:
            answer: The final answer alone, without a sentence around it.

        Returns:
            A receipt, which does not say whether it is right.
        """
        self._submitted = answer
        return "The answer was handed in."

    def get_reward(self):
        """1.0, 0.0, or None where the verifier cannot judge, which TRL leaves out."""
        return 0.0 if self._submitted is None else self._verifier.judge_answer(self._submitted).reward
'''


class Trl(Exporter):
    """TRL: Parquet with content parts for GRPO and SFT, a training script with our reward, an environment."""

    kind: Literal["trl"] = "trl"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "trl 1.16"

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        for one, split in every_split(sets):
            folder.parquet(file_name(one, split, "parquet"), _schema(one), _records(one, split))
        if files := splits_of(sets, "rl", "parquet"):
            if "train" in files:
                folder.text("train.py", TRAIN.replace("IMPORT", IMPORT).replace("NAMES", repr(files)))
            folder.text("environment.py", ENVIRONMENT.replace("IMPORT", IMPORT))
            bundle_rewards(folder)

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        if one.config == "rl":
            return f"""
```sh
pip install trl vllm
{INSTALL}accelerate launch train.py --model_name_or_path MODEL --output_dir out \\
  --num_generations 8 --max_completion_length 8192 --use_vllm
```

The reward is `None` where the verifier cannot judge, which TRL leaves out. `environment.py` is the same task in TRL's environment form,
where the model hands its answer in through a tool: `GRPOTrainer(..., environment_factory=OvrEnvironment)`.
"""
        return f"""
```sh
mkdir sft && cp {file_name(one, train, "parquet")} sft/train.parquet
trl sft --model_name_or_path MODEL --dataset_name ./sft --max_length 16384 --output_dir out
```
"""


def _schema(one: ExportSet) -> pa.Schema:
    """With the features that make `datasets` decode the images."""
    from datasets import Features, Image, List
    from datasets.features.features import generate_from_arrow_type

    messages = {"prompt": PARTS, **({"completion": PARTS} if one.config == "cold_start" else {})}
    features = {name: generate_from_arrow_type(type_) for name, type_ in (*messages.items(), *COLUMN_TYPES)}
    images = {"images": List(Image())} if one.has_images else {}
    schema: pa.Schema = Features({**features, **images}).arrow_schema
    return schema


def _records(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for row in one.rows(split):
        record = {"prompt": _parts(row.messages), **columns(row)}
        if one.config == "cold_start":
            record["completion"] = [{"role": "assistant", "content": [{"type": "text", "text": row.completion}]}]
        if one.has_images:
            record["images"] = [{"bytes": image, "path": None} for image in row.images]
        yield sized(row, record)


def _parts(messages: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"role": message["role"], "content": _content(message["content"])} for message in messages]


def _content(text: str) -> list[dict[str, str]]:
    first, *others = text.split(PLACE)
    parts = [{"type": "text", "text": first}] if first or not others else []
    for piece in others:
        parts.append({"type": "image"})
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts
