"""What vLLM needs on a machine without a GPU: the only place that looks. A variable that is set stays as it is."""

import os
from typing import Any

_ENVIRONMENT = {
    # No second process for the engine: it would import vLLM again, which takes 20 s.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # GiB of key-value cache. By default vLLM takes a share of the machine's memory, which others use as well.
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # Do not pin threads to cores: containers forbid it, and two runs would share the same cores.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}


def options_on_cpu(dtype: str) -> dict[str, Any]:
    """Set the environment and return the `vllm.LLM` options for a CPU; nothing and {} where torch sees an accelerator.

    To be called before vllm is imported. Half precision and compiled graphs gain nothing on a CPU; `uni` keeps the
    one worker in this process.
    """
    import torch

    if torch.accelerator.is_available():
        return {}
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return {
        "dtype": "float32" if dtype == "auto" else dtype,
        "enforce_eager": True,
        "distributed_executor_backend": "uni",
        # A prompt that is read in two steps rewinds its sample's random generator, which no CPU generator can do (vLLM 0.32).
        "enable_chunked_prefill": False,
    }
