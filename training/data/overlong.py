"""What becomes of rows that are longer than the limit: left out whole and counted, or the run ends. No row is ever cut.

A cut row teaches a chain of thought without its end: TRL cuts silently.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from training.data.table import ShardTable

FILE = "dropped.jsonl"


def fitting(
    command: str, lengths: Sequence[int], limit: int | None, policy: str, place: Callable[[int], str]
) -> tuple[list[int], str]:
    """The numbers of the rows that are not longer than `limit` tokens, and a line about the others (empty where there are none).

    Raises:
        ValueError: a row is longer and the policy is `error`, or none is left.
    """
    longer = [number for number, length in enumerate(lengths) if limit is not None and length > limit]
    if not longer:
        return list(range(len(lengths))), ""
    left_out = set(longer)
    kept = [number for number in range(len(lengths)) if number not in left_out]
    longest = max(longer, key=lambda number: lengths[number])
    said = f"{command}: {len(longer):,} of {len(lengths):,} rows are longer than {limit:,} tokens (longest {lengths[longest]:,})"
    if policy == "error":
        raise ValueError(f"{said}, the first is {place(longer[0])}; raise --max_length or give --overlong drop")
    if not kept:
        raise ValueError(f"{said}, and none is left to train on; raise --max_length")
    return kept, f"{said} and are left out, see {FILE}; --max_length or --overlong"


def write_dropped(folder: Path, rows: ShardTable, lengths: Sequence[int], kept: Sequence[int]) -> None:
    """`dropped.jsonl`: number, id and tokens of every row that was left out; no file where none was."""
    path = folder / FILE
    if len(kept) == len(rows):
        path.unlink(missing_ok=True)
        return
    ids, there = rows.column("id"), set(kept)
    dropped = [
        {"row": number, "id": ids[number], "n_tokens": int(length)}
        for number, length in enumerate(lengths)
        if number not in there
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in dropped))
