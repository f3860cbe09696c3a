"""Packed documents do not see each other: with Qwen2.5-VL and with a text model, in sdpa and eager, and what flash-attention is given."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from training.data import packing
from training.data.packing import packing_leak

pytestmark = pytest.mark.slow

DOCUMENTS = [[7, 8, 9, 10, 11, 12], [13], [20, 21, 22, 23], [30, 31, 32, 33, 34, 35, 36]]
"""With one of a single token between them."""


def vision_language(folder: Path, attention: str) -> Any:
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(folder, attn_implementation=attention)


def text_only(attention: str) -> Any:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        attn_implementation=attention,
        initializer_range=0.3,
    )
    return Qwen2ForCausalLM(config)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_documents_have_the_logits_of_each_alone(tiny_model: Path, attention: str) -> None:
    assert packing_leak(vision_language(tiny_model, attention), DOCUMENTS) < 1e-4
    assert packing_leak(text_only(attention), DOCUMENTS) < 1e-4


def test_an_adapter_changes_nothing_of_it(tiny_model: Path) -> None:
    from peft import LoraConfig, get_peft_model

    adapter = LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    assert packing_leak(get_peft_model(vision_language(tiny_model, "sdpa"), adapter), DOCUMENTS) < 1e-4


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_leak_is_measured(tiny_model: Path, attention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers' model as it comes."""
    monkeypatch.setattr(packing, "separate_documents", lambda model: None)
    assert packing_leak(vision_language(tiny_model, attention), DOCUMENTS) > 0.01


def varlen(
    q: Any,
    k: Any,
    v: Any,
    cu_seqlens_q: Any,
    cu_seqlens_k: Any,
    max_seqlen_q: int,
    max_seqlen_k: int,
    causal: bool,
    softmax_scale: float,
) -> Any:
    """What `flash_attn.flash_attn_varlen_func` promises, in plain torch: rows of (total, heads, size), causal attention between boundaries."""
    import torch

    BOUNDARIES.append((cu_seqlens_q.tolist(), cu_seqlens_k.tolist(), max_seqlen_q, max_seqlen_k, causal))
    documents = []
    for start, end in itertools.pairwise(cu_seqlens_q.tolist()):
        one = [part[start:end].transpose(0, 1)[None] for part in (q, k, v)]
        attended = torch.nn.functional.scaled_dot_product_attention(
            *one, is_causal=causal, scale=softmax_scale, enable_gqa=True
        )
        documents.append(attended[0].transpose(0, 1))
    return torch.cat(documents)


BOUNDARIES: list[Any] = []


def test_flash_attention_is_given_the_boundaries(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers' own flash-attention path down to the kernel, which no machine without a GPU has: a reference stands in for it."""
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface, modeling_flash_attention_utils
    from transformers.integrations.flash_attention import flash_attention_forward
    from transformers.masking_utils import flash_attention_mask

    def whole(q: Any, k: Any, v: Any, causal: bool, softmax_scale: float) -> Any:
        """`flash_attn_func`, (batch, length, heads, size); a document alone takes this way."""
        ends = torch.tensor([0, q.shape[1]])
        return varlen(q[0], k[0], v[0], ends, ends, q.shape[1], q.shape[1], causal, softmax_scale)[None]

    functions = (whole, varlen, None, None, None), modeling_flash_attention_utils._lazy_define_process_function(varlen)
    monkeypatch.setattr(modeling_flash_attention_utils, "lazy_import_flash_attention", lambda *_: functions)
    model = vision_language(tiny_model, "sdpa")
    AttentionInterface.register("reference", flash_attention_forward)
    AttentionMaskInterface.register("reference", flash_attention_mask)
    for part in (model.config, model.config.text_config):
        part._attn_implementation_internal = "reference"
    BOUNDARIES.clear()
    assert packing_leak(model, DOCUMENTS) < 1e-4
    documents = [0, 6, 7, 11, 18]
    assert BOUNDARIES[0] == (documents, documents, 7, 7, True)


def test_a_mask_that_fills_the_memory_is_said(tiny_model: Path, tmp_path: Path) -> None:
    from trl import SFTConfig

    options = {"output_dir": str(tmp_path), "use_cpu": True, "bf16": False, "packing": True}
    notes = [
        packing.mask_note(SFTConfig(max_length=n_tokens, **options), vision_language(tiny_model, attention))
        for n_tokens, attention in ((65536, "sdpa"), (65536, "eager"), (4096, "sdpa"))
    ]
    assert ["4 GB with sdpa" in notes[0], "17 GB with eager" in notes[1], notes[2]] == [True, True, ""]


def test_fewer_than_two_documents_are_no_measurement(tiny_model: Path) -> None:
    with pytest.raises(ValueError, match="two documents or more"):
        packing_leak(None, [[1, 2]])
