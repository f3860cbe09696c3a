"""OpenRLHF's blending_datasets, PromptDataset and SFTDataset over an export, images through its own reader, and the agent's step."""

import asyncio
import importlib.util
import json
from types import SimpleNamespace

from common import EXPORT, MODEL, files, pixels, say
from openrlhf.datasets import PromptDataset, SFTDataset
from openrlhf.datasets.utils import blending_datasets
from openrlhf.utils.vlm_utils import load_images, process_prompt_with_images
from transformers import AutoProcessor

processor = AutoProcessor.from_pretrained(MODEL)


def strategy(**keys):
    data = SimpleNamespace(apply_chat_template=True, input_key="prompt", **keys)
    return SimpleNamespace(args=SimpleNamespace(data=data), print=print, is_rank_0=lambda: True)


for config, split, path in files("parquet"):
    given = strategy(label_key="label", image_key="images", output_key="response")
    rows = blending_datasets(str(path), None, given, 42)
    if config == "rl":
        prompts = PromptDataset(rows, processor, given)
        for row, (source, prompt, label, images) in zip(rows, (prompts[n] for n in range(len(prompts))), strict=True):
            process_prompt_with_images(processor, prompt, images)
            assert source == row["source"]
            say("rl", split, row["id"], [prompt, [pixels(image) for image in load_images(images)]], json.loads(label))
        spec = importlib.util.spec_from_file_location("agent", EXPORT / "agent.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        text = rf"\boxed{{{json.loads(label)['answer']}}}"
        step = asyncio.run(module.AgentInstance().step({"label": label, "action_text": text}))
        assert step["rewards"].item() == 1.0
        module.AgentExecutor()
    else:
        traces = SFTDataset(rows, processor.tokenizer, 4096, given, num_processors=1)
        for row, number in zip(rows, range(len(traces)), strict=True):
            say("cold_start", split, row["id"], [traces.prompts[number], traces.responses[number]])
