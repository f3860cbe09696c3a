"""`--max_prompt_length N`: rows whose prompt is longer, text and image tokens together, are left out before a run begins."""

from collections.abc import Sequence
from typing import Any

from training.data.lengths import row_lengths
from training.data.places import placed
from training.data.table import ShardTable


def prompts_within(table: ShardTable, processor: Any, limit: int) -> tuple[list[int], str]:
    """The numbers of the rows whose prompt has at most `limit` tokens, and a line on those left out (empty where there are none).

    Raises:
        ValueError: no row is left.
    """
    lengths = prompt_lengths(table, processor)
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


def prompt_lengths(table: ShardTable, processor: Any) -> list[int]:
    """Tokens of each prompt, rendered for generation.

    Raises:
        RowError, ValueError: see `row_lengths`.
    """
    from trl.data_utils import prepare_multimodal_messages

    def render(row: dict[str, Any], images: Sequence[Any]) -> list[str]:
        prompt = placed(row["prompt"], len(images))
        messages = prepare_multimodal_messages(prompt, images=list(images)) if images else prompt
        return [processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)]

    return row_lengths(table.only(["prompt", "images"]), processor, render)
