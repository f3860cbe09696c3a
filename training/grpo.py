"""ovr-train grpo --config manifests/quickstart_grpo.yaml [any TRL option]

Multimodal reinforcement learning with verifiable rewards on text and image rows together (paper, 3.2 and 4.1). The paper
trains with PPO and a critic; this is TRL's GRPO with the same reward, sampling and on-policy settings: no KL term, temperature
1, top-p 1, advantages normalised over the batch. Every option is TRL's GRPOConfig and ModelConfig.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rewards.adapters.trl import accuracy
from training.arguments import model_kwargs, parse, prepare
from training.data.places import with_places
from training.data.shards import check_shards, read_shards
from training.data.table import ShardTable
from training.models.adapters import lora_config, merged_model
from training.models.mixed import accept_mixed_batches
from training.models.vision import freeze_vision
from training.runs.run import run

if TYPE_CHECKING:
    from trl import GRPOConfig, GRPOTrainer

REWARD_COLUMNS = ["prompt", "images", "answer", "answer_kind", "answer_options"]


def main(argv: Sequence[str]) -> int:
    """Train on an rl split and save to `output_dir`."""
    prepare("grpo", "rl", argv)
    from trl import GRPOConfig, get_quantization_config

    from training.runs.record import shards_digest

    data, config, model = parse("grpo", GRPOConfig, argv)
    rows = read_shards(data.data, "rl", data.split)
    print(f"grpo: {len(rows)} rows from {data.data}, model {model.model_name_or_path}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    begins_with = merged_model(model.model_name_or_path, config.output_dir, "grpo")
    trainer = grpo_trainer(
        begins_with, config, rows, peft_config=lora_config(model), quantization_config=get_quantization_config(model)
    )
    if data.freeze_vision:
        freeze_vision(trainer.model)
    return run("grpo", trainer, shards_digest(check_shards(data.data, "rl", data.split)))


def grpo_trainer(
    model: Any,
    config: "GRPOConfig",
    rows: ShardTable,
    processor: Any = None,
    peft_config: Any = None,
    quantization_config: Any = None,
) -> "GRPOTrainer":
    """TRL's trainer over rl rows; rows with and without images may share a batch."""
    from trl import GRPOTrainer

    from training.runs.progress import show_progress

    trainer = GRPOTrainer(
        model=model,
        args=config,
        train_dataset=rows.only(REWARD_COLUMNS).dataset(with_places),
        reward_funcs=[accuracy],
        processing_class=processor,
        peft_config=peft_config,
        quantization_config=quantization_config,
    )
    accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "grpo")
    return trainer
