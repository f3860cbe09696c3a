"""Plain transformers: a forward pass over texts of like length, right-padded, and the head over the scored positions alone.

The logits of 4,096 positions and 49,152 tokens take 800 MB in float32. So the head runs over a slice of positions at a time. That is only
right where logits are the head's projection and nothing else: a model that scales or caps them behind it (Gemma 2, Granite) is recognised
when it is loaded, by a comparison with its own forward pass, and then its own logits are taken.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from pydantic import Field

from curation.cold_start.loss.scorers.base import EXTRAS, Encoded, Scorer, TokenScores
from curation.core.errors import SamplingError, first_line
from curation.core.loading import LOADING
from curation.sampling.engines.base import Hardware

LOGITS_BYTES = {"cpu": 2**26, "cuda": 2**30}
"""Of the logits that exist at one time, in float32."""

LEAST_FILLED = 0.9
"""Of the longest text of a batch, which every other one must be long."""


class TransformersScorer(Scorer):
    """transformers, on the first accelerator or the CPU.

    - {kind: transformers, model: HuggingFaceTB/SmolLM2-135M}
    """

    kind: Literal["transformers"] = "transformers"
    batch_tokens: int = Field(default=8192, ge=1)
    """Tokens of a forward pass, padding included; a longer text goes alone."""

    def hardware(self) -> Hardware:
        try:
            import torch
        except ImportError:  # it cannot run here
            return Hardware("GPU", 1)
        if torch.accelerator.is_available():
            return Hardware("GPU", 1)
        return Hardware(
            "CPU", len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )

    @contextmanager
    def open(self, max_length: int) -> Iterator["TransformersSession"]:
        tokenizer = self.load_tokenizer()
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        dtype = "float32" if self.dtype == "auto" and accelerator is None else self.dtype
        try:
            with LOADING:
                model = AutoModelForCausalLM.from_pretrained(self.model, revision=self.revision_to_load, dtype=dtype)
        except Exception as error:  # theirs, the system's, the file formats'
            raise SamplingError(
                f"scorer 'transformers' cannot load {self.model!r}: {first_line(error)}; {EXTRAS}"
            ) from error
        limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and limit < max_length:
            raise SamplingError(
                f"scorer 'transformers': {self.model!r} takes {limit} tokens, expected max_length {max_length} or more"
            )
        session = TransformersSession(model.to(accelerator or "cpu").eval(), tokenizer, self.batch_tokens)
        try:
            yield session
        finally:
            del session.model, model
            gc.collect()


class TransformersSession:
    """A loaded model and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, batch_tokens: int) -> None:
        self.model, self.tokenizer, self._batch_tokens = model, tokenizer, batch_tokens
        self._head = model.get_output_embeddings()
        self._has_plain_head = self._head is not None and self._is_plain()
        vocabulary = model.config.get_text_config().vocab_size
        self._slice = max(LOGITS_BYTES.get(model.device.type, 2**30) // (4 * vocabulary), 1)

    def score(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, TokenScores]]:
        """See `ScorerSession.score`; the longest first, so that what does not fit fails at once."""
        import torch

        for numbers in batches([len(one.ids) for one in batch], self._batch_tokens):
            try:
                with torch.inference_mode():
                    yield from zip(numbers, self._score([batch[number] for number in numbers]), strict=True)
            except torch.OutOfMemoryError as error:
                shape = f"{len(numbers)} texts of up to {len(batch[numbers[0]].ids)} tokens"
                raise SamplingError(
                    f"scorer 'transformers': no memory for {shape}; lower batch_tokens ({first_line(error)})"
                ) from error

    def _score(self, batch: list[Encoded]) -> list[TokenScores]:
        import torch

        longest = max(len(one.ids) for one in batch)
        # Padding is on the right and attention is causal, so no token that counts sees any of it, and no mask is needed.
        ids = torch.tensor([one.ids + [one.ids[0]] * (longest - len(one.ids)) for one in batch])
        places = [one.scored for one in batch]
        texts = torch.from_numpy(np.repeat(np.arange(len(batch)), [len(place) for place in places]))
        tokens = torch.from_numpy(np.concatenate(places))
        device = self.model.device
        targets = ids[texts, tokens].to(device)
        states = self._states(ids.to(device))[texts.to(device), (tokens - 1).to(device)]
        nll, rank = torch.empty(len(targets)), torch.empty(len(targets), dtype=torch.int64)
        for start in range(0, len(targets), self._slice):
            here = slice(start, start + self._slice)
            logits = (self._head(states[here]) if self._has_plain_head else states[here]).float()
            logit = logits.gather(1, targets[here, None])
            nll[here] = (logits.logsumexp(1) - logit[:, 0]).cpu()
            rank[here] = 1 + (logits > logit).sum(1).cpu()
        ends = np.cumsum([len(place) for place in places])[:-1]
        return [
            TokenScores(*both) for both in zip(np.split(nll.numpy(), ends), np.split(rank.numpy(), ends), strict=True)
        ]

    def _states(self, ids: Any) -> Any:
        """What goes into the head, or the logits where the head is not all."""
        if self._has_plain_head:
            return self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        return self.model(input_ids=ids, use_cache=False).logits

    def _is_plain(self) -> bool:
        """Whether the head over the last states gives the model's own logits."""
        import torch

        vocabulary = self.model.config.get_text_config().vocab_size
        ids = torch.arange(8, device=self.model.device)[None] * (vocabulary // 8)
        with torch.inference_mode():
            own = self.model(input_ids=ids, use_cache=False).logits.float()
            try:
                ours = self._head(self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state).float()
            except (AttributeError, RuntimeError, TypeError):  # its body is made in another way
                return False
        return own.shape == ours.shape and bool(torch.allclose(own, ours, rtol=1e-3, atol=1e-3))


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Numbers of texts in batches of at most `budget` tokens as they are padded, the longest first; a longer text is alone. None has more
    than a tenth of padding: a CPU gains nothing from a batch and reads padding as slowly as text.

    >>> list(batches([3, 9, 4, 4], budget=8))
    [[1], [2, 3], [0]]
    """
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        longest = lengths[batch[0]] if batch else 0
        if batch and ((len(batch) + 1) * longest > budget or lengths[number] < LEAST_FILLED * longest):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
