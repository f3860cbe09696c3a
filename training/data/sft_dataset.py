"""What TRL's SFTTrainer gets of cold_start shards: ids and labels of text rows, packed or not, or rows with images for its collator.

What these rows cannot follow of TRL's options ends in one line here, before the text is read.
"""

from pathlib import Path
from typing import Any

from training.data.overlong import fitting, write_dropped
from training.data.places import with_places
from training.data.sft_rows import ROWS_AT_ONCE, TokenRows, sequences
from training.data.table import ShardTable


def sft_dataset(rows: ShardTable, config: Any, processor: Any, overlong: str, text_config: Any = None) -> Any:
    """The `datasets.Dataset`; changes `config` (SFTConfig) where TRL would prepare or cut these rows itself.

    Raises:
        ValueError: an option that these rows cannot follow, or see `fitting`.
    """
    _check_options(config)
    use_template(processor, config.chat_template_path)
    limit = _limit(config, text_config)
    has_images = rows.has("images") and any(rows.n_images())
    if has_images:
        check_takes_images(processor, rows)
        lengths = image_row_lengths(rows, processor)
    else:
        tokens = TokenRows(rows, processor, completion_only=config.completion_only_loss is not False)
        lengths = tokens.lengths.tolist()
    kept, line = fitting("sft", lengths, limit, overlong, rows.place)
    if config.process_index == 0:
        write_dropped(Path(config.output_dir), rows, lengths, kept)
        if line:
            print(line, flush=True)
        if not has_images and tokens.n_prompts_not_prefixes:
            print(
                f"sft: the chat template renders {tokens.n_prompts_not_prefixes:,} of {len(rows):,} prompts with their completion otherwise"
                " than at inference; the loss begins where they part",
                flush=True,
            )
    if has_images:
        config.max_length = None  # TRL's collator would cut at it; nothing longer is left
        return rows.only(["prompt", "completion", "images"]).dataset(with_places).select(kept)
    config.dataset_kwargs = {**(config.dataset_kwargs or {}), "skip_prepare_dataset": True}
    packed = sequences(tokens.lengths, kept, config.max_length if config.packing else None)
    if config.packing and config.process_index == 0:
        share = sum(lengths[number] for number in kept) / (len(packed) * config.max_length)
        print(f"sft: {len(kept):,} rows in {len(packed):,} sequences, {share:.0%} of their tokens used", flush=True)
    if config.padding_free and not config.packing:
        config.max_length = None  # TRL asks for it; nothing longer is left
    dataset = tokens.dataset(packed)
    return dataset.shuffle(config.seed) if config.shuffle_dataset else dataset


def image_row_lengths(rows: ShardTable, processor: Any) -> list[int]:
    """Tokens of rows with images, as TRL's collator will make them: one placeholder a merged patch. Decodes every image once."""
    from trl.data_utils import apply_chat_template, prepare_multimodal_messages

    table = rows.only(["prompt", "completion", "images"])
    lengths = []
    for start in range(0, len(table), ROWS_AT_ONCE):
        batch = with_places(table.rows(range(start, min(start + ROWS_AT_ONCE, len(table)))))
        for prompt, completion, images in zip(batch["prompt"], batch["completion"], batch["images"], strict=True):
            example = {
                "prompt": prepare_multimodal_messages(prompt, images=images),
                "completion": prepare_multimodal_messages(completion),
            }
            texts = apply_chat_template(example, processor)
            ids = processor.tokenizer([texts["prompt"], texts["completion"]], add_special_tokens=False)["input_ids"]
            sizes = [(image.height, image.width) for image in images]
            tokens = processor._get_num_multimodal_tokens(image_sizes=sizes)["num_image_tokens"] if sizes else []
            lengths.append(sum(map(len, ids)) + sum(tokens) - len(tokens))
    return lengths


def use_template(processor: Any, path: str | None) -> None:
    """`--chat_template_path`: these rows are made before TRL reads it, so it is taken here.

    Raises:
        ValueError: it is not a template's file.
    """
    if path is None:
        return
    file = Path(path)
    if not (file.is_file() and file.suffix in (".jinja", ".j2")):
        raise ValueError(
            f"--chat_template_path {path}: expected a .jinja file; another model's template must be saved as one first"
        )
    processor.chat_template = file.read_text(encoding="utf-8")


def check_takes_images(processor: Any, rows: ShardTable) -> None:
    """Rows with images need a processor that has a place for them.

    Raises:
        ValueError: the model takes text alone; names the first row with an image.
    """
    if hasattr(processor, "image_processor"):
        return
    counts = rows.n_images()
    first = next((number for number, count in enumerate(counts) if count), None)
    if first is not None:
        n_rows = sum(count > 0 for count in counts)
        raise ValueError(
            f"the model takes text alone ({type(processor).__name__}), but {n_rows:,} of {len(counts):,} rows have images, the first is"
            f" {rows.place(first)}; give a vision-language model or shards of text"
        )


def _check_options(config: Any) -> None:
    """Raises: ValueError."""
    if config.packing and config.packing_strategy != "bfd":
        raise ValueError(f"--packing_strategy {config.packing_strategy} cuts rows; bfd packs them whole")
    if config.packing and config.max_length is None:
        raise ValueError("--packing needs --max_length, the tokens of a packed sequence")


def _limit(config: Any, text_config: Any) -> int | None:
    """The longest row that may be trained on: `max_length`, or the model's positions where they are fewer."""
    positions = getattr(text_config, "max_position_embeddings", None)
    given = [limit for limit in (config.max_length, positions) if limit is not None]
    return min(given) if given else None
