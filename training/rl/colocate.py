"""vLLM in the trainer's process, started with what TRL 1.16 does not say: the images of a row, no videos, the trainer's dtype, the seed.

Without picture limits vLLM profiles a dummy video (24 GB for a model of 0.8 M weights); without a dtype it computes a float32 checkpoint
in bfloat16. The CPU build packs each matrix into another layout and drops the original, so that TRL cannot write into it
(`weight_loader`), and vLLM's own `reload_weights` leaves a head that is tied to the embeddings as it was: the policy that samples then
moves away from the one that learns. There the matrices stay as they are. On every build vLLM keeps the features of images that it has
seen, and TRL has it forget its prompts at an update, not these: from the second epoch on it would sample from features of old weights.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from trl.generation import vllm_generation
from trl.generation.vllm_generation import VLLMGeneration

from curation.sampling.engines.vllm import quiet
from curation.sampling.engines.vllm_on_cpu import options_on_cpu

_AUTOCAST = {"bf16": "bfloat16", "fp16": "float16"}


class ColocatedVLLM(VLLMGeneration):  # type: ignore[misc]
    """TRL's vLLM with further options of `vllm.LLM`, as `llm_options`."""

    def __init__(self, *args: Any, llm_options: dict[str, Any], **kwargs: Any) -> None:
        self._options = dict(llm_options)
        super().__init__(*args, **kwargs)

    def _init_vllm(self) -> None:
        if self.mode != "colocate":
            super()._init_vllm()
            return
        autocast = _AUTOCAST.get(self.accelerator.mixed_precision)
        self._options["dtype"] = autocast or str(self.model.dtype).removeprefix("torch.")
        if not options_on_cpu(self._options["dtype"]):
            with quiet(), _started_with(self._options):
                super()._init_vllm()
            return
        from vllm.model_executor.layers import utils as layers

        # without a size vLLM asks for a share of the machine's memory, and ends where others use it
        cache = int(os.environ["VLLM_CPU_KVCACHE_SPACE"]) * 2**30
        self._options |= {"enforce_eager": True, "kv_cache_memory_bytes": cache}
        with quiet(), patch.object(layers, "dispatch_cpu_unquantized_gemm", _plain), _started_with(self._options):
            super()._init_vllm()

    def sync_weights(self) -> None:
        """Give vLLM the trainer's weights, and have it forget what it computed with those before."""
        super().sync_weights()
        if self.mode == "colocate":
            self.llm.llm_engine.reset_encoder_cache()
        elif self.accelerator.is_main_process:
            _reset_servers_encoder_cache(self.vllm_client)


def _reset_servers_encoder_cache(client: Any) -> None:
    """Beside TRL's `reset_prefix_cache`, by the same interface.

    Raises:
        RuntimeError: the server does not.
    """
    response = client.session.post(f"{client.base_url}/reset_encoder_cache")
    if response.status_code != 200:
        raise RuntimeError(
            f"the vLLM server at {client.base_url} answered {response.status_code} to /reset_encoder_cache; expected 200: its image "
            "features would stay those of old weights; start it with VLLM_SERVER_DEV_MODE=1"
        )


def _plain(layer: Any, remove_weight: bool) -> None:
    """vLLM's `dispatch_cpu_unquantized_gemm` without packing: a weight that is written to is the weight that is used."""
    layer.cpu_linear = torch.nn.functional.linear


@contextmanager
def _started_with(options: dict[str, Any]) -> Iterator[None]:
    """TRL's call of `vllm.LLM` with these options besides; `seed` is added to the rank's."""
    start = vllm_generation.LLM

    def llm(**kwargs: Any) -> Any:
        seed = kwargs.pop("seed", 0) + options["seed"]
        return start(**{**kwargs, **options, "seed": seed})

    vllm_generation.LLM = llm
    try:
        yield
    finally:
        vllm_generation.LLM = start
