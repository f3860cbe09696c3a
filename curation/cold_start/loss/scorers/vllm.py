"""vLLM: the log-probabilities of a prompt that it reads anyway. One token is sampled behind each text, because vLLM samples at least one.

Its rank of a token counts the tokens that are as likely too (`batched_count_greater_than` of vLLM 0.31), so equally likely tokens rank
lower than with transformers. Log-probabilities come before any temperature (`logprobs_mode: raw_logprobs`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from pydantic import Field, JsonValue

from curation.cold_start.loss.scorers.base import Encoded, Scorer, TokenScores
from curation.core.errors import SamplingError, first_line
from curation.sampling.engines.base import Hardware
from curation.sampling.engines.vllm import Vllm


class VllmScorer(Scorer):
    """vLLM on the GPUs it finds, or on the CPU with the CPU build.

    - {kind: vllm, model: HuggingFaceTB/SmolLM2-135M}
    """

    kind: Literal["vllm"] = "vllm"
    tensor_parallel_size: int = Field(default=1, ge=1)
    """GPUs that share one copy of the model."""
    engine_args: dict[str, JsonValue] = Field(default_factory=dict)
    """Further arguments of `vllm.LLM`, by their names there: {gpu_memory_utilization: 0.8}."""

    def hardware(self) -> Hardware:
        return self._engine(None).hardware()

    def identity(self) -> tuple[str, str]:
        return self._engine(None).identity()

    @contextmanager
    def open(self, max_length: int) -> Iterator["VllmScorerSession"]:
        tokenizer = self.load_tokenizer()
        with self._engine(max_length + 1).load() as session:
            yield VllmScorerSession(session.llm, tokenizer)

    def _engine(self, max_model_len: int | None) -> Vllm:
        return Vllm(
            model=self.model,
            revision=self.revision,
            dtype=self.dtype,
            max_model_len=max_model_len,
            tensor_parallel_size=self.tensor_parallel_size,
            engine_args=self.engine_args,
            isolate=False,
        )


class VllmScorerSession:
    """A running `vllm.LLM`."""

    def __init__(self, llm: Any, tokenizer: Any) -> None:
        self.llm, self.tokenizer = llm, tokenizer

    def score(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, TokenScores]]:
        """See `ScorerSession.score`; the steps are those of `LLM.wait_for_completion`, so that what is finished is kept."""
        from vllm import SamplingParams

        params = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False, flat_logprobs=True)
        engine = self.llm.llm_engine
        prompts = [{"prompt_token_ids": one.ids} for one in batch]
        internal_ids: list[str] = []
        try:
            internal_ids = self.llm.enqueue(prompts, params, use_tqdm=False)
            states = engine.output_processor.request_states
            numbers = {states[one].external_req_id: number for number, one in enumerate(internal_ids)}
            while numbers:
                for output in engine.step():
                    if output.finished:
                        number = numbers.pop(output.request_id)
                        yield number, _scores(batch[number], output.prompt_logprobs)
        except Exception as error:  # vLLM's own, torch's, the system's: none of them is a score
            raise SamplingError(f"scorer 'vllm' failed: {first_line(error)}") from error
        finally:  # the caller may not wait for all of them
            engine.abort_request(internal_ids, internal=True)


def _scores(text: Encoded, found: Any) -> TokenScores:
    """Of `FlatLogprobs`: one entry for every token but the first, that of the text's own token."""
    entries = np.array(found.start_indices)[text.scored]
    nll = -np.array(found.logprobs, np.float32)[entries]
    return TokenScores(nll, np.array(found.ranks, np.int64)[entries])
