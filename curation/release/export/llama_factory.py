"""LLaMA-Factory: ShareGPT JSON Lines, images as files, and the `dataset_info.json` that names them.

It has no rewards by a function. Rows of an rl set have the gold in a box as the response: to train on answers, or to predict with a
model and judge the predictions with `ovr-curate score`. Turns must alternate, or it skips the row with a warning; such rows are left out
and named.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.core.row import Config
from curation.release.export.base import Exporter
from curation.release.export.folder import Folder
from curation.release.export.layouts import columns, conversation, every_split, file_name
from curation.release.export.rows import ExportRow, ExportSet, Markup

TAGS = {
    "role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system",
}  # fmt: skip


class LlamaFactory(Exporter):
    """LLaMA-Factory: ShareGPT JSON Lines with images as files, for SFT; of an rl set the gold is the response."""

    kind: Literal["llama-factory"] = "llama-factory"
    configs: ClassVar[tuple[Config, ...]] = ("rl", "cold_start")
    release: ClassVar[str] = "LLaMA-Factory 0.9.5"
    markup: ClassVar[Markup] = Markup(others=("<video>", "<audio>"))

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        info: dict[str, Any] = {}
        for one, split in every_split(sets):
            folder.json_lines(file_name(one, split, "jsonl"), _records(one, split, folder))
            found = {"messages": "messages"} | ({"images": "images"} if one.has_images else {})
            info[f"{folder.name}_{one.config}_{split}"] = {
                "file_name": file_name(one, split, "jsonl"), "formatting": "sharegpt", "columns": found, "tags": TAGS,
            }  # fmt: skip
        folder.text("dataset_info.json", json.dumps(info, indent=2) + "\n")

    def unfit(self, row: ExportRow) -> str | None:
        roles = [message["role"] for message in row.messages]
        turns = roles[1:] if roles[0] == "system" else roles
        alternate = all(role == ("user", "assistant")[n % 2] for n, role in enumerate(turns))
        return None if alternate and len(turns) % 2 else "turns_do_not_alternate"

    def command(self, one: ExportSet, name: str, train: str, test: str) -> str:
        in_a_box = "The response of an rl row is its gold in a box: LLaMA-Factory has no rewards by a function."
        return f"""
```sh
pip install llamafactory
llamafactory-cli train --stage sft --do_train true --finetuning_type full --model_name_or_path MODEL --template qwen2_vl \\
  --dataset_dir $PWD --media_dir $PWD --dataset {name}_{one.config}_{train} --cutoff_len 16384 --output_dir sft
```
{f"{chr(10)}{in_a_box}{chr(10)}" if one.config == "rl" else ""}"""


def _records(one: ExportSet, split: str, folder: Folder) -> Iterator[dict[str, Any]]:
    for row in one.rows(split):
        images = {"images": [folder.image(image) for image in row.images]} if one.has_images else {}
        yield {"messages": _answered(row), **images, **columns(row)}


def _answered(row: ExportRow) -> list[dict[str, str]]:
    if row.completion:
        return conversation(row)
    return [*row.messages, {"role": "assistant", "content": rf"\boxed{{{row.gold['answer']}}}"}]
