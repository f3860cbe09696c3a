"""How many tokens a row has: its text as the chat template renders it, its images by the grid that the processor makes of their size.

Images are not decoded: a header says the size. What vLLM asks the processor is asked here.
"""

from collections.abc import Callable, Sequence
from typing import Any

from training.data.images import height_and_width
from training.data.table import ShardTable

ROWS_AT_ONCE = 256
Render = Callable[[dict[str, Any], Sequence[Any]], list[str]]
"""From a row and its images to the texts that are tokenized one by one, a placeholder for each image in them."""


def row_lengths(table: ShardTable, processor: Any, render: Render) -> list[int]:
    """Tokens of each row.

    Raises:
        RowError: an image has no header that can be read.
        ValueError: the processor does not say how many tokens an image has.
    """
    tokenizer = getattr(processor, "tokenizer", processor)
    lengths: list[int] = []
    for start in range(0, len(table), ROWS_AT_ONCE):
        records = table.records(range(start, min(start + ROWS_AT_ONCE, len(table))))
        texts, of_row, added = [], [], []
        for at, (number, row) in enumerate(records.items()):
            images = row.get("images") or []
            parts = render(row, images)
            texts += parts
            of_row += [at] * len(parts)
            added.append(image_tokens(processor, [height_and_width(one, table.place, number) for one in images]))
        for at, ids in zip(of_row, tokenizer(texts, add_special_tokens=False)["input_ids"], strict=True):
            added[at] += len(ids)
        lengths += added
    return lengths


def image_tokens(processor: Any, sizes: Sequence[tuple[int, int]]) -> int:
    """What images of these sizes (height, width) add to a text that has one placeholder for each.

    Raises:
        ValueError: the processor does not say how many tokens an image has.
    """
    if not sizes:
        return 0
    count = getattr(processor, "_get_num_multimodal_tokens", None)
    if count is None:
        raise ValueError(
            f"{type(processor).__name__} does not say how many tokens an image has: lengths of its rows are not known"
        )
    return int(sum(count(image_sizes=list(sizes))["num_image_tokens"])) - len(sizes)
