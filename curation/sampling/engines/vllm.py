"""vLLM without a server: the engine that scales. `vllm serve` is the engine `openai`'s business.

The n samples of a prompt are one vLLM request, so the prompt is tokenised and its images are processed once; vLLM
gives sample k of a request the request's seed + k, which is `sample_seed`. A sample is given on as soon as it is
finished, while its siblings go on. Every seeded sample costs vLLM one small
generator call per token; it is the price of draws that do not depend on the batch they were in.
"""

import gc
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, JsonValue, model_validator

from curation.core.errors import SamplingError, first_line
from curation.sampling.engines.base import (
    Request,
    Response,
    Sample,
    SamplingOptions,
    Underway,
    consecutive,
    sample_seed,
)
from curation.sampling.engines.conversation import conversation
from curation.sampling.engines.supervised import Heartbeat, LocalEngine, no_op
from curation.sampling.engines.vllm_on_cpu import options_on_cpu
from curation.sampling.identity import folder_revision, options_digest

_CHANGES_THE_MODEL = ("quantization", "hf_overrides", "kv_cache_dtype", "mm_processor_kwargs")
_UNDERWAY_S = 1.0
_EXTRAS = "install the extra `vllm` on a machine with a GPU, `cpu` on one without"


class Vllm(LocalEngine):
    """vLLM on the GPUs it finds, or on the CPU with the CPU build. One process holds one at a time."""

    kind: Literal["vllm"] = "vllm"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto`: the model's own on a GPU, float32 on a CPU."""
    max_num_seqs: int | None = Field(default=None, ge=1)
    """Responses generated at once; vLLM's default when null."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """GPUs that share one copy of the model."""
    data_parallel_size: int = Field(default=1, ge=1)
    """Copies of the model, each on GPUs and in a process of its own (`vllm.LLM` itself holds one per process)."""
    max_images: int = Field(default=8, ge=1)
    """Most images in a prompt."""
    lora: str | None = None
    """Folder of a LoRA adapter that is applied to the model."""
    engine_args: dict[str, JsonValue] = Field(default_factory=dict)
    """Further arguments of `vllm.LLM`, by their names there: {gpu_memory_utilization: 0.8, enforce_eager: true}."""

    renamed: ClassVar[dict[str, str]] = {
        "gpu_memory_utilization": "engine_args.gpu_memory_utilization",
        "enforce_eager": "engine_args.enforce_eager",
        "prefix_caching": "engine_args.enable_prefix_caching",
    }

    @model_validator(mode="after")
    def _arguments_are_fit(self) -> "Vllm":
        if self.data_parallel_size > 1 and not self.isolate:
            raise ValueError(f"data_parallel_size {self.data_parallel_size} needs processes of its own: isolate: true")
        if ours := sorted(self._llm_options().keys() & self.engine_args.keys()):
            raise ValueError(f"engine_args has {ours[0]!r}, which is set by the option of the engine or for it")
        return self

    @property
    def gpus(self) -> int:
        return self.tensor_parallel_size * self.data_parallel_size

    def identity(self) -> tuple[str, str]:
        """What `engine_args` makes of the weights or of the images is part of the revision."""
        model, revision = super().identity()
        if changes := {name: self.engine_args[name] for name in _CHANGES_THE_MODEL if name in self.engine_args}:
            revision = f"{revision}+{options_digest(changes)}"
        if self.lora is None:
            return model, revision
        adapter = Path(self.lora)
        return f"{model}+{adapter.resolve().name}", f"{revision}+{folder_revision(adapter, 'adapter_config.json')}"

    def environments(self) -> list[dict[str, str]]:
        """Each copy sees its own GPUs, of those that are visible here."""
        if self.data_parallel_size == 1:
            return [{}]
        size, needed = self.tensor_parallel_size, self.gpus
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(needed)))).split(",")
        if len(visible) < needed:
            raise SamplingError(f"engine 'vllm' needs {needed} GPUs, CUDA_VISIBLE_DEVICES names {len(visible)}")
        return [{"CUDA_VISIBLE_DEVICES": ",".join(visible[k : k + size])} for k in range(0, needed, size)]

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator["VllmSession"]:
        llm = self._start()
        try:
            yield VllmSession(llm, self.lora)
        finally:
            llm.llm_engine.engine_core.shutdown()
            del llm
            gc.collect()

    def _start(self) -> Any:
        """Start vLLM."""
        try:
            with quiet():
                on_cpu = options_on_cpu(self.dtype)
                from vllm import LLM

                return LLM(**{**self._llm_options(), **self._lora_options(), **on_cpu, **self.engine_args})
        except ImportError as error:
            raise SamplingError(f"engine 'vllm' cannot import vllm ({first_line(error)}); {_EXTRAS}") from error
        except Exception as error:  # pydantic's, torch's, the system's and vLLM's own: all mean that there is no engine
            raise SamplingError(f"engine 'vllm' cannot load {self.model!r}: {first_line(error)}; {_EXTRAS}") from error

    def _llm_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "model": self.model,
            "revision": None if Path(self.model).is_dir() else self.revision,
            "dtype": self.dtype,
            "tensor_parallel_size": self.tensor_parallel_size,
            "limit_mm_per_prompt": {"image": self.max_images, "video": 0},
            "use_tqdm_on_load": False,
        }
        given = {"max_model_len": self.max_model_len, "max_num_seqs": self.max_num_seqs}
        return {**options, **{name: value for name, value in given.items() if value is not None}}

    def _lora_options(self) -> dict[str, Any]:
        """vLLM reserves memory for ranks of 2**k from 8 on."""
        if self.lora is None:
            return {}
        rank = json.loads((Path(self.lora) / "adapter_config.json").read_bytes())["r"]
        return {"enable_lora": True, "max_loras": 1, "max_lora_rank": max(8, 1 << (rank - 1).bit_length())}


class Run(NamedTuple):
    """Samples with consecutive numbers, one request to vLLM; it goes by `internal_id` there and by `id` in outputs."""

    id: str
    internal_id: str
    request: Request
    numbers: tuple[int, ...]


class VllmSession:
    """A running `vllm.LLM`, as `llm`."""

    def __init__(self, llm: Any, lora: str | None = None) -> None:
        self.llm = llm
        self._told = time.monotonic()
        self._content_format = "openai" if llm.model_config.is_multimodal_model else "string"
        self._lora = None
        if lora is not None:
            from vllm.lora.request import LoRARequest

            self._lora = LoRARequest(Path(lora).name, 1, lora)

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        """See `Session.generate`."""
        from vllm.exceptions import VLLMClientError

        runs: dict[str, Run] = {}
        try:
            for request in requests:
                try:
                    messages = conversation(request, "image_pil")
                    for numbers in consecutive(request.sample_numbers, 1 if options.temperature == 0 else None):
                        run = self._enqueue(messages, request, numbers, options)
                        runs[run.id] = run
                except (ValueError, VLLMClientError) as error:  # a prompt that it will not take
                    yield Response(request.key, (), 0, first_line(error))
                if time.monotonic() - self._told > _UNDERWAY_S:  # images may take longer than the first responses
                    yield from self._step(runs)
            while runs:
                yield from self._step(runs)
        finally:  # the caller may not wait for all of them
            self.llm.llm_engine.abort_request([run.internal_id for run in runs.values()], internal=True)

    def _enqueue(
        self, messages: list[dict[str, Any]], request: Request, numbers: tuple[int, ...], options: SamplingOptions
    ) -> "Run":
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            n=len(numbers),
            seed=sample_seed(request.seed, request.key, numbers[0]),
            temperature=options.temperature,
            top_p=options.top_p,
            max_tokens=options.max_tokens,
        )
        (internal_id,) = self.llm.enqueue_chat(
            [messages],
            params,
            lora_request=self._lora,
            use_tqdm=False,
            chat_template_content_format=self._content_format,
        )
        processor = self.llm.llm_engine.output_processor
        if len(numbers) == 1:
            return Run(processor.request_states[internal_id].external_req_id, internal_id, request, numbers)
        parent = processor.parent_requests[internal_id]
        # `LLM` asks for final outputs only, and a parent then holds back what is finished until all of it is. Its children still say
        # nothing before their ends, so this costs nothing.
        parent.sampling_params.output_kind = RequestOutputKind.CUMULATIVE
        return Run(parent.external_req_id, internal_id, request, numbers)

    def _step(self, runs: dict[str, "Run"]) -> Iterator[Response | Underway]:
        """One step of the engine, as `LLM.wait_for_completion` takes it, and what is finished then; such runs leave `runs`."""
        engine = self.llm.llm_engine
        try:
            outputs = engine.step()
        except Exception as error:  # whatever it was, what is not finished is lost and not wrong
            raise SamplingError(f"engine 'vllm' failed while sampling: {first_line(error)}") from error
        for output in outputs:
            run = runs[output.request_id]
            samples = tuple(_sample(run.request, run.numbers[choice.index], choice) for choice in output.outputs)
            if output.finished:
                del runs[output.request_id]
            yield Response(run.request.key, samples, len(output.prompt_token_ids))
        if time.monotonic() - self._told > _UNDERWAY_S:
            self._told = time.monotonic()
            states = engine.output_processor.request_states.values()
            yield Underway(sum(state.detokenizer.num_output_tokens() for state in states if state.detokenizer))


@contextmanager
def quiet() -> Iterator[None]:
    """Errors only, unless the environment asks for more: vLLM logs a hundred lines while it starts."""
    for name in ("VLLM_LOGGING_LEVEL", "TORCH_CPP_LOG_LEVEL"):
        os.environ.setdefault(name, "ERROR")
    if os.environ["VLLM_LOGGING_LEVEL"] != "ERROR":
        yield
        return
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _sample(request: Request, number: int, choice: Any) -> Sample:
    if choice.finish_reason not in ("stop", "length"):
        raise SamplingError(f"engine 'vllm' gave up on sample {number} of {request.key!r}: {choice.finish_reason}")
    seed = sample_seed(request.seed, request.key, number)
    return Sample(number, choice.text, choice.finish_reason, len(choice.token_ids), seed)
