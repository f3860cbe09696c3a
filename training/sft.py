"""ovr-train sft --config manifests/quickstart_sft.yaml [any TRL option]

The cold start: supervised fine-tuning of the language module on text-only reasoning traces (paper, 4.1: lr 2e-4, batch 640,
5 epochs, 64k tokens; packing on). The loss is on the completion alone. Every option is TRL's SFTConfig and ModelConfig.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.arguments import model_kwargs, parse, prepare
from training.mixed import accept_mixed_batches
from training.shards import read_shards
from training.vision import freeze_vision

if TYPE_CHECKING:
    from trl import SFTConfig, SFTTrainer


def main(argv: Sequence[str]) -> int:
    """Train on a cold_start split and save to `output_dir`."""
    prepare("sft", "cold_start", argv)
    from trl import SFTConfig, get_peft_config

    data, config, model = parse("sft", SFTConfig, argv)
    rows = read_shards(data.data, "cold_start", data.split)
    print(f"sft: {len(rows)} rows from {data.data}, model {model.model_name_or_path}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    trainer = sft_trainer(
        model.model_name_or_path,
        config,
        rows,
        language_only=data.freeze_vision is not False,
        peft_config=get_peft_config(model),
    )
    trainer.train(resume_from_checkpoint=config.resume_from_checkpoint)
    trainer.save_model(config.output_dir)
    print(f"sft: saved to {config.output_dir}", flush=True)
    return 0


def sft_trainer(
    model: Any, config: "SFTConfig", rows: Any, *, language_only: bool, processor: Any = None, peft_config: Any = None
) -> "SFTTrainer":
    """TRL's trainer over rows of prompt and completion, with images or without.

    A batch may mix both; `language_only` freezes the vision tower and its projector.
    """
    from trl import SFTTrainer

    from training.progress import show_progress

    trainer = SFTTrainer(
        model=model, args=config, train_dataset=rows, processing_class=processor, peft_config=peft_config
    )
    if language_only:
        freeze_vision(trainer.model)
    if "images" in rows.column_names:
        accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "sft")
    return trainer
