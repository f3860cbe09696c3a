"""`--max_prompt_length N`: rows whose prompt is longer, text and image tokens together, are left out before a run begins."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from training.data.places import placed
from training.data.table import ShardTable


def prompts_within(table: ShardTable, processor: Any, limit: int) -> tuple[list[int], str]:
    """The numbers of the rows whose prompt has at most `limit` tokens, and a line on those left out (empty where there are none).

    Raises:
        ValueError: no row is left.
    """
    lengths = list(prompt_lengths(table, processor))
    kept = [number for number, length in enumerate(lengths) if length <= limit]
    if len(kept) == len(lengths):
        return kept, ""
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    line = (
        f"{len(lengths) - len(kept):,} of {len(lengths):,} rows have a prompt over --max_prompt_length {limit} and are left out; "
        f"the longest has {lengths[longest]:,} tokens ({table.column('id')[longest]})"
    )
    if not kept:
        raise ValueError(line)
    return kept, line


def prompt_lengths(table: ShardTable, processor: Any) -> Iterator[int]:
    """Tokens of each prompt, rendered for generation; images count by their grid, for which only their headers are read."""
    from trl.data_utils import prepare_multimodal_messages

    tokenizer = getattr(processor, "tokenizer", processor)
    for path in table.files:
        for batch in pq.ParquetFile(path).iter_batches(256, columns=["prompt", "images"]):
            rows = batch.to_pylist()
            images = [row["images"] or [] for row in rows]
            prompts = [placed(row["prompt"], len(some)) for row, some in zip(rows, images, strict=True)]
            prompts = [
                prepare_multimodal_messages(one, images=some) if some else one
                for one, some in zip(prompts, images, strict=True)
            ]
            texts = [processor.apply_chat_template(one, tokenize=False, add_generation_prompt=True) for one in prompts]
            ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
            for tokens, some in zip(ids, images, strict=True):
                yield len(tokens) + (image_tokens(processor, [image["bytes"] for image in some]) if some else 0)


def image_tokens(processor: Any, images: list[bytes]) -> int:
    """Tokens that images add to a text where each has one placeholder."""
    sizes = [Image.open(io.BytesIO(image)).size for image in images]
    counts = processor._get_num_multimodal_tokens(image_sizes=[(height, width) for width, height in sizes])
    return int(sum(counts["num_image_tokens"])) - len(images)
