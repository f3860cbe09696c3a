"""What TRL's SFTTrainer gets of cold_start shards: ids and labels of text rows, packed or not, or rows with images for its collator.

What these rows cannot follow of TRL's options ends in one line here, before the text is read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.data.lengths import row_lengths
from training.data.overlong import fitting, write_dropped
from training.data.places import placed, with_places
from training.data.sft_rows import TokenRows, sequences
from training.data.table import ShardTable


def sft_datasets(
    tables: list[ShardTable], config: Any, processor: Any, overlong: str = "drop", text_config: Any = None
) -> list[Any]:
    """A `datasets.Dataset` for each table: the rows to train on, then those to evaluate on; tells `config` (SFTConfig) that they are ready.

    Raises:
        ValueError: an option that these rows cannot follow, or see `fitting`.
    """
    _check_options(config)
    use_template(processor, config.chat_template_path)
    for table in tables:
        check_takes_images(processor, table)
    make = _image_rows if any(map(_has_images, tables)) else _text_rows
    limit = _limit(config, text_config)
    datasets = [make(table, config, processor, (limit, overlong), at > 0) for at, table in enumerate(tables)]
    if config.shuffle_dataset:
        datasets = [dataset.shuffle(config.seed) for dataset in datasets]
    config.dataset_kwargs = {**(config.dataset_kwargs or {}), "skip_prepare_dataset": True}
    if not config.packing:
        config.max_length = None  # TRL's collators would cut at it, and nothing longer is left
    return datasets


def _has_images(table: ShardTable) -> bool:
    return table.has("images") and any(table.n_images())


def _image_rows(table: ShardTable, config: Any, processor: Any, how: tuple[int | None, str], is_eval: bool) -> Any:
    """Prompt, completion and images, for TRL's vision collator."""
    kept = _fitting(table, image_row_lengths(table, processor), config, how, is_eval)
    return table.only(["prompt", "completion", "images"]).dataset(with_places).select(kept)


def _text_rows(table: ShardTable, config: Any, processor: Any, how: tuple[int | None, str], is_eval: bool) -> Any:
    """Ids and labels, packed where the options say so."""
    tokens = TokenRows(table, processor, completion_only=config.completion_only_loss is not False)
    kept = _fitting(table, tokens.lengths.tolist(), config, how, is_eval)
    is_packed = config.packing and not (is_eval and config.eval_packing is False)
    packed = sequences(tokens.lengths, kept, config.max_length if is_packed else None)
    lines = []
    if n_other := tokens.n_prompts_not_prefixes:
        lines.append(
            f"the chat template renders {n_other:,} of {len(table):,} prompts with their completion otherwise than at inference; the loss"
            " begins where they part"
        )
    if is_packed:
        share = float(tokens.lengths[kept].sum()) / (len(packed) * config.max_length)
        lines.append(f"{len(kept):,} rows in {len(packed):,} packed sequences, {share:.0%} full")
    for line in lines if config.process_index == 0 else ():
        print(f"sft: {line}", flush=True)
    return tokens.dataset(packed)


def _fitting(
    table: ShardTable, lengths: list[int], config: Any, how: tuple[int | None, str], is_eval: bool
) -> list[int]:
    kept, line = fitting("sft", lengths, *how, table.place)
    if config.process_index == 0:
        if not is_eval:
            write_dropped(Path(config.output_dir), table, lengths, kept)
        if line:
            print(line, flush=True)
    return kept


def image_row_lengths(rows: ShardTable, processor: Any) -> list[int]:
    """Tokens of rows with images, as TRL's collator will make them: one placeholder a merged patch. Reads the images' headers."""
    from trl.data_utils import apply_chat_template, prepare_multimodal_messages

    def render(row: dict[str, Any], images: Sequence[Any]) -> list[str]:
        example = {
            "prompt": prepare_multimodal_messages(placed(row["prompt"], len(images)), images=list(images)),
            "completion": prepare_multimodal_messages(row["completion"]),
        }
        texts = apply_chat_template(example, processor)
        return [texts["prompt"], texts["completion"]]

    return row_lengths(rows.only(["prompt", "completion", "images"]), processor, render)


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
    if config.eval_packing and not config.packing:
        raise ValueError("--eval_packing needs --packing: the batches of both are made alike")


def _limit(config: Any, text_config: Any) -> int | None:
    """The longest row that may be trained on: `max_length`, or the model's positions where they are fewer."""
    positions = getattr(text_config, "max_position_embeddings", None)
    given = [limit for limit in (config.max_length, positions) if limit is not None]
    return min(given) if given else None
