"""A LoRA adapter in the vLLM engine: the responses of the model it was merged into. Apart from `test_vllm`: another engine."""

import shutil
from pathlib import Path

import pytest

from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.engines.transformers import Transformers
from curation.sampling.engines.vllm import Vllm

pytestmark = pytest.mark.slow

GREEDY = SamplingOptions(temperature=0, max_tokens=12)


def adapt(vlm: Path, adapter: Path, merged: Path) -> None:
    """Save a random adapter of the model, and the model with it merged in."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(1)
    shutil.copytree(vlm, merged)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(vlm, dtype="float32")
    layers = r".*language_model.*\.(q_proj|v_proj)"
    peft = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=layers, init_lora_weights=False))
    peft.save_pretrained(adapter)
    peft.merge_and_unload().save_pretrained(merged)


def texts(responses: list[Response]) -> list[str]:
    """vLLM leaves out a character that the limit cut in two."""
    return [sample.text.rstrip("\ufffd") for response in responses for sample in response.samples]


def test_an_adapter_works_as_if_it_were_merged(vlm: Path, tmp_path: Path, requests: list[Request]) -> None:
    adapter, merged = tmp_path / "adapter", tmp_path / "merged"
    adapt(vlm, adapter, merged)
    with Transformers(model=str(merged)).load() as session:
        expected = texts(session.generate(requests, GREEDY))
    with Transformers(model=str(vlm)).load() as session:
        assert texts(session.generate(requests, GREEDY)) != expected
    engine = Vllm(model=str(vlm), lora=str(adapter), max_num_seqs=16, max_images=2)
    with engine.open() as session:
        assert texts(session.generate(requests, GREEDY)) == expected
    assert engine.identity()[0] == f"{vlm.name}+adapter"
    assert engine.identity()[1] != Vllm(model=str(vlm)).identity()[1]
