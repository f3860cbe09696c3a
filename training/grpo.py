"""ovr-train grpo --config manifests/quickstart_grpo.yaml [any TRL option]

Multimodal reinforcement learning with verifiable rewards on text and image rows together (paper, 3.2 and 4.1). The paper
trains with PPO and a critic; this is TRL's GRPO with the same reward, sampling and on-policy settings: no KL term, temperature
1, top-p 1, advantages normalised over the batch. Every option is TRL's GRPOConfig and ModelConfig.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rewards.adapters.trl import accuracy
from training.arguments import model_kwargs, parse, prepare
from training.mixed import accept_mixed_batches
from training.places import with_places
from training.shards import read_shards
from training.vision import freeze_vision

if TYPE_CHECKING:
    from trl import GRPOConfig, GRPOTrainer

REWARD_COLUMNS = ["prompt", "images", "answer", "answer_kind", "answer_options"]


def main(argv: Sequence[str]) -> int:
    """Train on an rl split and save to `output_dir`."""
    prepare("grpo", "rl", argv)
    from trl import GRPOConfig, get_peft_config

    data, config, model = parse("grpo", GRPOConfig, argv)
    rows = read_shards(data.data, "rl", data.split)
    print(f"grpo: {len(rows)} rows from {data.data}, model {model.model_name_or_path}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    trainer = grpo_trainer(model.model_name_or_path, config, rows, peft_config=get_peft_config(model))
    if data.freeze_vision:
        freeze_vision(trainer.model)
    trainer.train(resume_from_checkpoint=config.resume_from_checkpoint)
    trainer.save_model(config.output_dir)
    print(f"grpo: saved to {config.output_dir}", flush=True)
    return 0


def grpo_trainer(
    model: Any, config: "GRPOConfig", rows: Any, processor: Any = None, peft_config: Any = None
) -> "GRPOTrainer":
    """TRL's trainer over rl rows; rows with and without images may share a batch."""
    from trl import GRPOTrainer

    from training.progress import show_progress

    trainer = GRPOTrainer(
        model=model,
        args=config,
        train_dataset=with_places(rows.select_columns(REWARD_COLUMNS)),
        reward_funcs=[accuracy],
        processing_class=processor,
        peft_config=peft_config,
    )
    accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "grpo")
    return trainer
