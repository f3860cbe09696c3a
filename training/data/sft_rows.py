"""Cold-start rows as token ids and labels, made when they are read: no prepared copy of the data set anywhere.

The ids and the labels are those that TRL's own preparation makes (`SFTTrainer._prepare_dataset`: prompt with generation prompt, prompt
and completion, the completion begins where the two part); tests compare them. One pass over the text finds every row's length. The ids
of the first rows are kept, up to `TOKENS_IN_MEMORY`; those of the others are made again when a step needs them.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from training.data.packing import pack
from training.data.table import Batch, ShardTable

TOKENS_IN_MEMORY = 32 << 20
"""128 MB as int32."""
ROWS_AT_ONCE = 64
IGNORED = -100
"""The label of a token that the loss leaves out."""


class Tokenized(NamedTuple):
    """A row: its ids, where its completion begins, and whether the prompt as it is given at inference is the row's beginning."""

    ids: "np.ndarray[Any, Any]"
    start: int
    prompt_is_prefix: bool


def tokenized(processor: Any, rows: Batch) -> list[Tokenized]:
    """Rows of prompt and completion (messages) through the chat template."""
    from transformers import ProcessorMixin
    from trl.data_utils import common_prefix_length, prepare_multimodal_messages

    def ids(conversations: list[Any], **options: Any) -> list[list[int]]:
        if isinstance(processor, ProcessorMixin):
            conversations = [prepare_multimodal_messages(one) for one in conversations]
        made = processor.apply_chat_template(conversations, tokenize=True, return_dict=True, **options)
        return list(made["input_ids"])

    prompts = ids(rows["prompt"], add_generation_prompt=True)
    wholes = ids([prompt + completion for prompt, completion in zip(rows["prompt"], rows["completion"], strict=True)])
    starts = [common_prefix_length(prompt, whole) for prompt, whole in zip(prompts, wholes, strict=True)]
    return [
        Tokenized(np.asarray(whole, np.int32), start, start == len(prompt))
        for prompt, whole, start in zip(prompts, wholes, starts, strict=True)
    ]


class TokenRows:
    """The rows of a table by number, as ids and labels. A forked loader's process shares what is kept, a spawned one makes it anew."""

    def __init__(self, table: ShardTable, processor: Any, *, completion_only: bool = True) -> None:
        self.table = table.only(["prompt", "completion"])
        self.processor = processor
        self.completion_only = completion_only
        self.lengths = np.zeros(len(table), np.int32)
        self.n_prompts_not_prefixes = 0
        self._kept: dict[int, Tokenized] = {}
        n_kept_tokens = 0
        with _parallel_tokenizers():
            for start in range(0, len(table), ROWS_AT_ONCE):
                numbers = range(start, min(start + ROWS_AT_ONCE, len(table)))
                for number, row in zip(numbers, self._tokenized(numbers), strict=True):
                    self.lengths[number] = len(row.ids)
                    self.n_prompts_not_prefixes += not row.prompt_is_prefix
                    if n_kept_tokens + len(row.ids) <= TOKENS_IN_MEMORY:
                        self._kept[number] = row
                        n_kept_tokens += len(row.ids)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}

    def dataset(self, sequences: Sequence[Sequence[int]]) -> Any:
        """A `datasets.Dataset` with one row a sequence of rows (numbers), for TRL's collator: `input_ids`, `labels`, `seq_lengths`."""
        from datasets import Dataset

        def read(batch: Batch) -> Batch:
            return self.examples(batch["rows"])

        return Dataset.from_dict({"rows": [list(numbers) for numbers in sequences]}).with_transform(read)

    def examples(self, sequences: Sequence[Sequence[int]]) -> Batch:
        """Sequences of rows as TRL's packed examples."""
        rows = self._rows(sorted({number for numbers in sequences for number in numbers}))
        batch: Batch = {"input_ids": [], "labels": [], "seq_lengths": []}
        for numbers in sequences:
            batch["input_ids"].append(np.concatenate([rows[number].ids for number in numbers]).astype(np.int64))
            batch["labels"].append(np.concatenate([self._labels(rows[number]) for number in numbers]))
            batch["seq_lengths"].append([len(rows[number].ids) for number in numbers])
        return batch

    def _labels(self, row: Tokenized) -> "np.ndarray[Any, Any]":
        labels = row.ids.astype(np.int64)
        if self.completion_only:
            labels[: row.start] = IGNORED
        return labels

    def _rows(self, numbers: Sequence[int]) -> dict[int, Tokenized]:
        missing = [number for number in numbers if number not in self._kept]
        made = dict(zip(missing, self._tokenized(missing), strict=True)) if missing else {}
        return {number: made.get(number) or self._kept[number] for number in numbers}

    def _tokenized(self, numbers: Sequence[int]) -> list[Tokenized]:
        return tokenized(self.processor, self.table.rows(numbers))


def sequences(lengths: "np.ndarray[Any, Any]", numbers: Sequence[int], max_length: int | None) -> list[list[int]]:
    """The rows as they are trained on: packed into sequences of `max_length` tokens, or each alone where that is None."""
    if max_length is None:
        return [[number] for number in numbers]
    packed = pack([int(lengths[number]) for number in numbers], max_length)
    return [[numbers[at] for at in places] for places in packed]


@contextmanager
def _parallel_tokenizers() -> Iterator[None]:
    """All cores for the one pass over the text; none besides the loader's own afterwards, where a fork follows."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    try:
        yield
    finally:
        os.environ["TOKENIZERS_PARALLELISM"] = before or "false"
