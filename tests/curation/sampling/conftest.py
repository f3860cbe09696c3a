"""One vLLM for all tests that sample from it. A process can hold one, importing and starting it takes half a minute, and so does its
first image: tests that need another one start it in a process of its own.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from curation.sampling.engines.vllm import Vllm, VllmSession


class Adapter(NamedTuple):
    """The folder of a LoRA adapter, and of the model with it merged in."""

    folder: Path
    merged: Path


@pytest.fixture(scope="session")
def peculiar(vlm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`vlm` with a generation config that wants to change how it is sampled."""
    folder = tmp_path_factory.mktemp("models") / "peculiar"
    shutil.copytree(vlm, folder)
    config = json.loads((folder / "generation_config.json").read_text())
    config |= {"do_sample": True, "top_k": 1, "repetition_penalty": 1.3, "temperature": 0.1}
    (folder / "generation_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="session")
def adapter(vlm: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    """A random adapter of `vlm`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2_5_VLForConditionalGeneration

    made = Adapter(*(tmp_path_factory.mktemp("models") / name for name in ("adapter", "merged")))
    torch.manual_seed(1)
    shutil.copytree(vlm, made.merged)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(vlm, dtype="float32")
    layers = r".*language_model.*\.(q_proj|v_proj)"
    peft = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=layers, init_lora_weights=False))
    peft.save_pretrained(made.folder)
    peft.merge_and_unload().save_pretrained(made.merged)
    return made


@pytest.fixture(scope="session")
def vllm_engine(peculiar: Path, adapter: Adapter) -> Vllm:
    """`peculiar` with the adapter and little room, so that prompts are refused and responses cut."""
    return Vllm(model=str(peculiar), lora=str(adapter.folder), max_num_seqs=16, max_images=2, max_model_len=96)


@pytest.fixture(scope="session")
def adapted_session(vllm_engine: Vllm) -> Iterator[VllmSession]:
    """The running engine, which applies the adapter."""
    with vllm_engine.load() as session:
        yield session


@pytest.fixture(scope="session")
def vllm_session(adapted_session: VllmSession) -> VllmSession:
    """The same running engine without the adapter."""
    return VllmSession(adapted_session.llm)
