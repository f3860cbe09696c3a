"""ovr-train sft --config manifests/quickstart_sft.yaml [any TRL option]

The cold start: supervised fine-tuning of the language module on text-only reasoning traces (paper, 4.1: lr 2e-4, batch 640,
5 epochs, 64k tokens; packing on). The loss is on the completion alone. Every option is TRL's SFTConfig and ModelConfig.

What differs from TRL's own script: rows are read where they lie and turned into ids when a step needs them, a row over the limit is
left out whole instead of cut, and packed documents do not see each other with any attention.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.arguments import model_kwargs, parse, prepare
from training.data.packing import mask_note, separate_documents
from training.data.sft_dataset import sft_datasets
from training.data.shards import check_shards, read_shards
from training.data.table import ShardTable
from training.models.adapters import lora_config, lora_options, merged_model
from training.models.mixed import accept_mixed_batches
from training.models.processors import capped, load_processor, text_config
from training.models.vision import freeze_vision
from training.preflight.start import preflight_of
from training.runs.parallel import is_sequence_parallel
from training.runs.run import run

if TYPE_CHECKING:
    from trl import SFTConfig, SFTTrainer


def main(argv: Sequence[str]) -> int:
    """Train on a cold_start split and save to `output_dir`."""
    prepare("sft", "cold_start", argv)
    from trl import SFTConfig, get_quantization_config

    from training.runs.record import shards_digest

    data, config, model = parse("sft", SFTConfig, argv)
    rows = read_shards(data.data, "cold_start", data.split)
    print(f"sft: {len(rows)} rows from {data.data}, model {model.model_name_or_path}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    begins_with = merged_model(model.model_name_or_path, config.output_dir, "sft")
    preflight = preflight_of("sft", begins_with, data, config, model)
    preflight.before_loading()
    rows, processor = capped(rows, begins_with, config, data.max_pixels)
    chosen = (config.max_length, config.packing, config.completion_only_loss, data.max_pixels)
    trainer = sft_trainer(
        begins_with,
        config,
        rows,
        language_only=data.freeze_vision is not False,
        overlong=data.overlong,
        eval_rows=read_shards(data.data, "cold_start", data.eval_split) if data.eval_split else None,
        processor=processor,
        peft_config=lora_config(model),
        quantization_config=get_quantization_config(model),
    )
    preflight.with_model(trainer.model)
    return run(
        "sft", trainer, shards_digest(check_shards(data.data, "cold_start", data.split), chosen), lora_options(model)
    )


def sft_trainer(
    model: Any,
    config: "SFTConfig",
    rows: Any,
    *,
    language_only: bool,
    overlong: str = "drop",
    eval_rows: ShardTable | None = None,
    processor: Any = None,
    peft_config: Any = None,
    quantization_config: Any = None,
) -> "SFTTrainer":
    """TRL's trainer over rows of prompt and completion, with images or without: a ShardTable, or a Dataset that TRL takes as it is.

    A batch may mix both; `language_only` freezes the vision tower and its projector.

    Raises:
        ValueError: an option that these rows cannot follow, or rows that are too long (see `fitting`).
    """
    from trl import SFTTrainer

    from training.models.moved import LanguageOnly
    from training.runs.progress import show_progress

    config.remove_unused_columns = (
        False  # TRL would drop the row numbers, the one real column; what is not needed is not read
    )
    of_eval: list[Any] = []
    if isinstance(rows, ShardTable):
        processor = processor or load_processor(model, config)
        tables = [rows] if eval_rows is None else [rows, eval_rows.capped(rows.cap)]
        rows, *of_eval = sft_datasets(tables, config, processor, overlong, text_config(model, config))
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        eval_dataset=of_eval[0] if of_eval else None,
        processing_class=processor,
        peft_config=peft_config,
        quantization_config=quantization_config,
    )
    if trainer.padding_free or getattr(trainer.data_collator, "return_position_ids", False):
        separate_documents(trainer.model)
    if config.packing and config.process_index == 0 and (note := mask_note(config, trainer.model)):
        print(f"sft: {note}", flush=True)
    if not is_sequence_parallel(trainer):  # whose loss transformers weighs itself
        trainer.model_accepts_loss_kwargs = (
            True  # the mean over all ranks' tokens; Qwen-VL's would be one of ranks' means
        )
    if language_only:
        freeze_vision(trainer.model)
        trainer.add_callback(LanguageOnly())
    if trainer._is_vision_dataset:
        accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "sft")
    return trainer
