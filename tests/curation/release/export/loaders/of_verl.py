"""verl's RLHFDataset and MultiTurnSFTDataset over an export, every prompt through the processor, and the reward as its trainer loads it."""

import tempfile

from common import EXPORT, GOLD, MODEL, files, pixels, say
from omegaconf import OmegaConf
from transformers import AutoProcessor
from verl.trainer.ppo.reward import get_custom_reward_fn
from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

processor = AutoProcessor.from_pretrained(MODEL)


def as_parts(content):
    if isinstance(content, str):
        return [["text", content]]
    return [["image", pixels(part["image"])] if part["type"] == "image" else ["text", part["text"]] for part in content]


for config, split, path in files("parquet"):
    if config == "rl":
        options = {
            "max_prompt_length": 40_000, "filter_overlong_prompts": True, "filter_overlong_prompts_workers": 1,
            "cache_dir": tempfile.mkdtemp(),
        }  # fmt: skip
        dataset = RLHFDataset([str(path)], processor.tokenizer, OmegaConf.create(options), processor=processor)
        reward = get_custom_reward_fn(
            OmegaConf.create(
                {"reward": {"custom_reward_function": {"path": str(EXPORT / "reward.py"), "name": "compute_score"}}}
            )
        )
        for row in (dataset[number] for number in range(len(dataset))):
            messages = [[message["role"], as_parts(message["content"])] for message in row["raw_prompt"]]
            extra, gold = row["extra_info"], row["reward_model"]["ground_truth"]
            say("rl", split, extra["id"], messages, {**{name: extra[name] for name in GOLD}, "answer": gold})
        collate_fn([dataset[0], dataset[len(dataset) - 1]])
        last = dataset[len(dataset) - 1]
        scores = [
            reward(
                data_source=last["data_source"], solution_str=text, ground_truth=last["reward_model"]["ground_truth"],
                extra_info=last["extra_info"],
            )["score"]
            for text in (rf"\boxed{{{last['reward_model']['ground_truth']}}}", r"\boxed{no such answer}")
        ]  # fmt: skip
        assert scores == [1.0, 0.0], scores
    else:
        import pyarrow.parquet as pq

        with_images = processor if "images" in pq.read_schema(path).names else None
        options = OmegaConf.create({"max_length": 40_000, "ignore_input_ids_mismatch": True})
        dataset = MultiTurnSFTDataset([str(path)], processor.tokenizer, options, processor=with_images)
        for number in range(len(dataset)):
            assert dataset[number]["loss_mask"].sum() > 0
            row = dataset.dataframe.iloc[number].to_dict()
            given = iter([image["bytes"] for image in row.get("images", ())])  # verl has them in other sizes by then
            messages = [
                [
                    message["role"],
                    [
                        ["image", pixels(next(given))] if kind == "image" else [kind, value]
                        for kind, value in as_parts(message["content"])
                    ],
                ]
                for message in dataset._build_messages(row)
            ]
            say("cold_start", split, row["id"], messages)
