"""ovr-train sft --config manifests/quickstart_sft.yaml [any TRL option]

The cold start: supervised fine-tuning of the language module on text-only reasoning traces (paper, 4.1: lr 2e-4, batch 640,
5 epochs, 64k tokens; packing on). The loss is on the completion alone. Every option is TRL's SFTConfig and ModelConfig.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.arguments import model_kwargs, parse, prepare
from training.data.shards import check_shards, read_shards
from training.models.adapters import lora_config, merged_model
from training.models.mixed import accept_mixed_batches
from training.models.vision import freeze_vision
from training.preflight.start import preflight_of
from training.runs.run import run

if TYPE_CHECKING:
    from trl import SFTConfig, SFTTrainer


def main(argv: Sequence[str]) -> int:
    """Train on a cold_start split and save to `output_dir`."""
    prepare("sft", "cold_start", argv)
    from trl import SFTConfig, get_quantization_config

    from training.runs.record import shards_digest

    data, config, model = parse("sft", SFTConfig, argv)
    rows = read_shards(data.data, "cold_start", data.split).in_memory()
    print(f"sft: {len(rows)} rows from {data.data}, model {model.model_name_or_path}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    begins_with = merged_model(model.model_name_or_path, config.output_dir, "sft")
    preflight = preflight_of("sft", begins_with, data, config, model)
    preflight.before_loading()
    trainer = sft_trainer(
        begins_with,
        config,
        rows,
        language_only=data.freeze_vision is not False,
        peft_config=lora_config(model),
        quantization_config=get_quantization_config(model),
    )
    preflight.with_model(trainer.model)
    return run("sft", trainer, shards_digest(check_shards(data.data, "cold_start", data.split)))


def sft_trainer(
    model: Any,
    config: "SFTConfig",
    rows: Any,
    *,
    language_only: bool,
    processor: Any = None,
    peft_config: Any = None,
    quantization_config: Any = None,
) -> "SFTTrainer":
    """TRL's trainer over rows of prompt and completion, with images or without.

    A batch may mix both; `language_only` freezes the vision tower and its projector.
    """
    from trl import SFTTrainer

    from training.runs.progress import show_progress

    config.remove_unused_columns = (
        False  # TRL would drop the row numbers, the one real column; what is not needed is not read
    )
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=processor,
        peft_config=peft_config,
        quantization_config=quantization_config,
    )
    if language_only:
        freeze_vision(trainer.model)
    if "images" in rows[0]:
        accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "sft")
    return trainer
