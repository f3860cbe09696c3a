"""LLaMA-Factory's own reader, converter and tokenisation (`get_dataset`) over an export."""

import json
import os

os.environ["DISABLE_VERSION_CHECK"] = "1"

from common import EXPORT, MODEL, placed, say
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.data.loader import _get_merged_dataset
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

info = json.loads((EXPORT / "dataset_info.json").read_text())
for name, about in info.items():
    model_args, data_args, training_args, _, _ = get_train_args(
        {
            "stage": "sft", "do_train": True, "model_name_or_path": str(MODEL), "template": "qwen2_vl", "dataset": name,
            "dataset_dir": str(EXPORT), "media_dir": str(EXPORT), "output_dir": "/tmp/none", "overwrite_cache": True,
            "cutoff_len": 4096, "finetuning_type": "full", "report_to": "none",
        }
    )  # fmt: skip
    rows = _get_merged_dataset([name], model_args, data_args, training_args, "sft")
    stem = about["file_name"].removesuffix(".jsonl")
    config = "rl" if stem.startswith("rl_") else "cold_start"
    ids = [json.loads(line)["id"] for line in (EXPORT / about["file_name"]).open()]
    assert len(ids) == len(rows), (len(ids), len(rows))
    for row_id, row in zip(ids, rows, strict=True):
        system = [{"role": "system", "content": row["_system"]}] if row["_system"] else []
        messages = [*system, *row["_prompt"], *row["_response"]]
        say(config, stem.removeprefix(f"{config}_"), row_id, placed(messages, row["_images"] or []))
    module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(module["tokenizer"], data_args)
    done = get_dataset(template, model_args, data_args, training_args, stage="sft", **module)["train_dataset"]
    assert len(done) == len(rows), (len(done), len(rows))
