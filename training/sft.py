"""ovr-train sft --config manifests/quickstart_sft.yaml [any TRL option]

The cold start: supervised fine-tuning of the language module on text-only reasoning traces (paper, 4.1: lr 2e-4, batch 640,
5 epochs, 64k tokens; packing on). The loss is on the completion alone. Every option is TRL's SFTConfig and ModelConfig.

What differs from TRL's own script: rows are read where they lie and turned into ids when a step needs them, a row over the limit is
left out whole instead of cut, and packed documents do not see each other with any attention.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.arguments import model_kwargs, parse, prepare
from training.data.packing import separate_documents
from training.data.sft_dataset import sft_dataset
from training.data.shards import read_shards
from training.data.table import ShardTable
from training.models.mixed import accept_mixed_batches
from training.models.processors import load_processor, text_config
from training.models.vision import freeze_vision
from training.runs.run import run

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
        overlong=data.overlong,
        peft_config=get_peft_config(model),
    )
    return run("sft", trainer)


def sft_trainer(
    model: Any,
    config: "SFTConfig",
    rows: Any,
    *,
    language_only: bool,
    overlong: str = "drop",
    processor: Any = None,
    peft_config: Any = None,
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
        False  # what is not needed is not read; TRL would drop the row numbers, the one real column
    )
    if isinstance(rows, ShardTable):
        processor = processor or load_processor(model, config)
        rows = sft_dataset(rows, config, processor, overlong, text_config(model, config))
    trainer = SFTTrainer(
        model=model, args=config, train_dataset=rows, processing_class=processor, peft_config=peft_config
    )
    if trainer.padding_free:
        separate_documents(trainer.model)
    if language_only:
        freeze_vision(trainer.model)
        trainer.add_callback(LanguageOnly())
    if trainer._is_vision_dataset:
        accept_mixed_batches(trainer.model, trainer.processing_class)
    show_progress(trainer, "sft")
    return trainer
