"""Plain transformers `generate`, in batches: small and everywhere, the yardstick for the other engines.

Each sample draws from a generator of its own (Gumbel-max with `sample_seed`), so it does not depend on what else is
in the batch beyond the last bits of the arithmetic. The model's generation_config gives the end tokens and nothing
else: its temperature, top-k and repetition penalty (Qwen2.5-VL ships 1e-6, 1 and 1.05) would change what is measured.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from curation.core.errors import SamplingError, first_line
from curation.core.loading import LOADING
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, sample_seed
from curation.sampling.engines.conversation import conversation, text_conversation
from curation.sampling.engines.supervised import Heartbeat, LocalEngine, no_op


class Transformers(LocalEngine):
    """transformers, on the first accelerator or the CPU."""

    kind: Literal["transformers"] = "transformers"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto`: as the weights are stored, float32 on a CPU."""
    batch_size: int = Field(default=32, ge=1)
    """Responses generated at once; they are finished, and kept, when the longest of them is."""

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator["TransformersSession"]:
        session = self._start()
        session.heartbeat = heartbeat
        try:
            yield session
        finally:
            del session.model
            gc.collect()

    def _start(self) -> "TransformersSession":
        """Load model and processor."""
        try:
            import torch
            from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor
            from transformers.utils.logging import disable_progress_bar
        except ImportError as error:
            raise SamplingError(
                f"engine 'transformers' cannot import its libraries ({first_line(error)}); "
                "install the extra `train`, or `vllm` or `cpu`, which hold it"
            ) from error
        revision = None if Path(self.model).is_dir() else self.revision
        disable_progress_bar()
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        dtype = "float32" if self.dtype == "auto" and accelerator is None else self.dtype
        try:
            config = AutoConfig.from_pretrained(self.model, revision=revision)
            auto = AutoModelForImageTextToText if hasattr(config, "vision_config") else AutoModelForCausalLM
            with LOADING:
                model = auto.from_pretrained(self.model, revision=revision, dtype=dtype)
            processor = AutoProcessor.from_pretrained(self.model, revision=revision)
        except Exception as error:  # theirs, the system's, the file formats'
            raise SamplingError(f"engine 'transformers' cannot load {self.model!r}: {first_line(error)}") from error
        limit = self.max_model_len or getattr(config.get_text_config(), "max_position_embeddings", None)
        return TransformersSession(model.to(accelerator or "cpu").eval(), processor, self.batch_size, limit)


class TransformersSession:
    """A loaded model and its processor (a tokenizer for a model without vision). `limit`: tokens of prompt and
    response.
    """

    def __init__(self, model: Any, processor: Any, batch_size: int, limit: int | None) -> None:
        from transformers import GenerationConfig, ProcessorMixin

        self.model = model
        self.processor = processor
        self.heartbeat: Heartbeat = no_op
        self._tokenizer = processor.tokenizer if isinstance(processor, ProcessorMixin) else processor
        self._conversation = conversation if isinstance(processor, ProcessorMixin) else text_conversation
        self._batch_size = batch_size
        self._limit = limit
        self._end_tokens = _end_tokens(model.generation_config.eos_token_id, self._tokenizer.eos_token_id)
        pad = self._tokenizer.pad_token_id
        self._pad = pad if pad is not None else self._end_tokens[0]
        model.generation_config = GenerationConfig(eos_token_id=self._end_tokens, pad_token_id=self._pad)

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        """See `Session.generate`."""
        prompts: dict[str, dict[str, Any]] = {}
        for request in requests:
            try:
                prompts[request.key] = self._encode(request)
            except ValueError as error:
                yield Response(request.key, (), 0, first_line(error))
        wanted = [(request, k) for request in requests if request.key in prompts for k in request.sample_numbers]
        for start in range(0, len(wanted), self._batch_size):
            batch = wanted[start : start + self._batch_size]
            seeds = [sample_seed(request.seed, request.key, k) for request, k in batch]
            token_lists = self._continue([prompts[request.key] for request, _ in batch], seeds, options)
            for (request, k), seed, tokens in zip(batch, seeds, token_lists, strict=True):
                length = prompts[request.key]["input_ids"].shape[1]
                yield Response(request.key, (self._sample(k, seed, tokens),), length)

    def _encode(self, request: Request) -> dict[str, Any]:
        """The model's inputs for one request, batch dimension 1; ValueError for an image or a length that the model cannot take."""
        inputs = self.processor.apply_chat_template(
            self._conversation(request),
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        length = inputs["input_ids"].shape[1]
        if self._limit is not None and length >= self._limit:
            raise ValueError(f"the prompt has {length} tokens, the model takes {self._limit} with the response")
        return dict(inputs)

    def _continue(self, prompts: list[dict[str, Any]], seeds: list[int], options: SamplingOptions) -> list[list[int]]:
        """One response per prompt, as tokens up to and with the end token."""
        import torch

        inputs = _left_padded(prompts, self._pad)
        width = inputs["input_ids"].shape[1]
        room = [options.max_tokens if self._limit is None else self._limit - p["input_ids"].shape[1] for p in prompts]
        limits = [min(options.max_tokens, tokens) for tokens in room]
        try:
            with torch.inference_mode():
                output = self.model.generate(
                    **{name: tensor.to(self.model.device) for name, tensor in inputs.items()},
                    max_new_tokens=max(limits),
                    do_sample=False,
                    logits_processor=[
                        *seeded_sampling(seeds, options, self.model.device),
                        partial(self._heartbeat, width),
                    ],
                )
        except RuntimeError as error:
            raise SamplingError(f"engine 'transformers' failed while sampling: {first_line(error)}") from error
        rows = output[:, width:].tolist()
        return [self._until_end(row[:limit]) for row, limit in zip(rows, limits, strict=True)]

    def _heartbeat(self, width: int, tokens: Any, scores: Any) -> Any:
        """A logits processor that changes nothing, called for every token of responses to prompts of `width` tokens."""
        self.heartbeat(tokens.shape[0] * (tokens.shape[1] - width))
        return scores

    def _until_end(self, tokens: list[int]) -> list[int]:
        end = next((i for i, token in enumerate(tokens) if token in self._end_tokens), len(tokens))
        return tokens[: end + 1]

    def _sample(self, number: int, seed: int, tokens: list[int]) -> Sample:
        text = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        ended = bool(tokens) and tokens[-1] in self._end_tokens
        return Sample(number, text, "stop" if ended else "length", len(tokens), seed)


def seeded_sampling(seeds: Sequence[int], options: SamplingOptions, device: Any) -> Any:
    """The logits processors that turn greedy decoding into sampling, row i with a generator of its own from `seeds[i]`.

    The largest of logits plus independent Gumbel noise is a draw from their softmax (Gumbel 1954; Maddison et al.
    2014).
    """
    import torch
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

    if options.temperature == 0:
        return LogitsProcessorList()
    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def add_noise(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, generator in zip(noise, generators, strict=True):
            row.exponential_(generator=generator)
        return scores - noise.log()

    warpers: list[Any] = [TemperatureLogitsWarper(options.temperature)]
    if options.top_p < 1:
        warpers.append(TopPLogitsWarper(options.top_p))
    return LogitsProcessorList([*warpers, add_noise])


def _left_padded(prompts: list[dict[str, Any]], pad: int) -> dict[str, Any]:
    """The prompts' inputs as one batch: per-token tensors padded on the left, images' tensors one after the other."""
    import torch

    width = max(prompt["input_ids"].shape[1] for prompt in prompts)
    columns: dict[str, list[Any]] = {}
    for prompt in prompts:
        shape = prompt["input_ids"].shape
        for name, tensor in prompt.items():
            if tensor.shape == shape:
                value = pad if name == "input_ids" else 0
                tensor = torch.nn.functional.pad(tensor, (width - shape[1], 0), value=value)
            columns.setdefault(name, []).append(tensor)
    return {name: torch.cat(tensors) for name, tensors in columns.items()}


def _end_tokens(*declared: int | list[int] | None) -> list[int]:
    """The end tokens of the generation config and of the tokenizer, as vLLM unites them."""
    flat = [token for one in declared for token in (one if isinstance(one, list) else [one]) if token is not None]
    return list(dict.fromkeys(flat))
