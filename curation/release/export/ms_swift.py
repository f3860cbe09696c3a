"""ms-swift: JSON Lines of `messages` and `images`, the gold in `solution`, and a GRPO plugin with our reward.

Images are files; `ROOT_IMAGE_DIR` says where their relative paths begin. Text that is one of its marks (`<bbox>`, `<video>`, ...) would be
expanded; a space keeps it text. Columns beside `solution` reach the reward because the command says `--remove_unused_columns false`.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.core.row import Config
from curation.release.export.base import Exporter
from curation.release.export.bundle import IMPORT, INSTALL, bundle_rewards
from curation.release.export.folder import Folder
from curation.release.export.layouts import (
    columns,
    conversation,
    every_split,
    file_name,
    splits_of,
)
from curation.release.export.rows import ExportSet, Markup

PLUGIN = '''"""The reward of these rows for ms-swift: `--external_plugins reward.py --reward_funcs ovr`."""

IMPORT
from rewards.adapters.trl import verdicts  # noqa: E402
from swift.rewards import ORM, orms  # noqa: E402


class Ovr(ORM):
    """1.0 correct, 0.0 wrong, None where the verifier cannot judge: ms-swift leaves None out."""

    def __call__(self, completions, solution, answer_kind, answer_options, **columns):
        return [verdict.reward for verdict in verdicts(completions, solution, answer_kind, answer_options)]


orms["ovr"] = Ovr
'''


class MsSwift(Exporter):
    """ms-swift: JSON Lines with images as files, for GRPO with our reward as a plugin, and SFT."""

    kind: Literal["ms-swift"] = "ms-swift"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "ms-swift 4.6.0"
    markup: ClassVar[Markup] = Markup(
        others=(
            "<video>", "<audio>", "<bbox>", "<ref-object>", "<cot-process>", "<start-image>", "<img>", "</img>",
        )
    )  # fmt: skip

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        for one, split in every_split(sets):
            folder.json_lines(file_name(one, split, "jsonl"), _records(one, split, folder))
        if splits_of(sets, "rl", ""):
            folder.text("reward.py", PLUGIN.replace("IMPORT", IMPORT))
            bundle_rewards(folder)

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        train, test = (file_name(one, split, "jsonl") for split in (train, test))
        if one.config == "rl":
            return f"""
```sh
pip install ms-swift vllm
{INSTALL}ROOT_IMAGE_DIR=$PWD swift rlhf --rlhf_type grpo --model MODEL --dataset {train} --val_dataset {test} \\
  --external_plugins reward.py --reward_funcs ovr --remove_unused_columns false \\
  --num_generations 8 --max_completion_length 8192 --use_vllm true --vllm_mode colocate
```

Where the verifier cannot judge, the reward is `None`, which ms-swift leaves out.
"""
        return f"""
```sh
ROOT_IMAGE_DIR=$PWD swift sft --model MODEL --dataset {train} --max_length 16384
```
"""


def _records(one: ExportSet, split: str, folder: Folder) -> Iterator[dict[str, Any]]:
    for row in one.rows(split):
        images = {"images": [folder.image(image) for image in row.images]} if one.has_images else {}
        about = columns(row)
        about["solution"] = about.pop("answer")
        yield {"messages": conversation(row), **images, **about}
