"""NeMo RL's resolution of an outside dataset class, its processors and its OpenAI-format class over an export, and the environment's step.

NeMo RL is on no package index: its environment has a checkout on its path.
"""

import json
import sys

from common import EXPORT, MODEL, files, pixels, say
from nemo_rl.data.datasets.response_datasets.oai_format_dataset import OpenAIFormatDataset
from nemo_rl.data.datasets.utils import resolve_external_dataset_class
from nemo_rl.data.multimodal_utils import resolve_to_image
from nemo_rl.data.processors import PROCESSOR_REGISTRY
from transformers import AutoProcessor

sys.path.insert(0, str(EXPORT))
processor = AutoProcessor.from_pretrained(MODEL)


def as_parts(content):
    if isinstance(content, str):
        return [["text", content]]
    return [
        ["text", part["text"]] if part["type"] == "text" else ["image", pixels(resolve_to_image(part["image"]))]
        for part in content
    ]


for config, split, path in files("jsonl"):
    if config == "rl":
        import ovr_nemo_rl

        if "ovr" not in PROCESSOR_REGISTRY:
            ovr_nemo_rl.register()
        dataset = resolve_external_dataset_class("ovr_nemo_rl.OvrDataset")(data_path=str(path))
        dataset.set_task_spec({"processor": "ovr"})
        dataset.set_processor()
        for number in range(len(dataset.dataset)):
            row = dataset.dataset[number]
            made = dataset.processor(row, dataset.task_spec, processor, 40_000, number)
            assert made["task_name"] == "ovr"
            assert made["loss_multiplier"] == 1.0, made
            gold = json.loads(made["extra_env_info"]["ground_truth"])
            question = row["messages"][0]
            say("rl", split, row["id"], [[question["role"], as_parts(question["content"])]], gold)
        log = [{"role": "user", "content": ""}, {"role": "assistant", "content": rf"\boxed{{{gold['answer']}}}"}]
        actor = ovr_nemo_rl.environment().__ray_metadata__.modified_class({"num_workers": 2})
        nobody = json.dumps({"answer": "?", "answer_kind": "math", "answer_options": "{}"})
        done = actor.step([log, log], [made["extra_env_info"], {"ground_truth": nobody}])
        assert done.rewards.tolist() == [1.0, 0.0], done
        assert actor.not_judged == 1
    else:
        rows = OpenAIFormatDataset(data_path=str(path), tool_key=None).dataset
        ids = [json.loads(line)["id"] for line in path.open()]
        assert len(ids) == len(rows)
        for row_id, row in zip(ids, rows, strict=True):
            say("cold_start", split, row_id, [[one["role"], as_parts(one["content"])] for one in row["messages"]])
