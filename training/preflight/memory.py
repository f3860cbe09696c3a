"""What a step needs of the device's memory, roughly: weights, gradients, optimizer, activations, logits; against what there is.

The first three are counted; the others are estimates for a transformer with or without gradient checkpointing, within a factor of two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from training.preflight.check import Problem
from training.preflight.subject import Subject
from training.preflight.tokens import longest_completion

GIB = 2**30
OPTIMIZER_BYTES = {"adafactor": 0.1, "sgd": 0.0, "8bit": 2.0, "4bit": 1.0, "lion": 4.0}
"""Beside AdamW's two float32 states, by a part of the optimizer's name: bytes of state for each trained weight."""
LAYER_TENSORS = 16
"""Activations of the size tokens x hidden that one layer keeps for its backward pass (Korthikanti et al. 2022, with fused attention)."""


@dataclass(frozen=True)
class Memory:
    """Bytes on one device."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    sampler: float = 0.0

    @property
    def fixed(self) -> float:
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> float:
        return self.fixed + self.activations + self.sampler

    def __str__(self) -> str:
        parts = {"weights": self.weights, "gradients": self.gradients, "optimizer": self.optimizer}
        parts |= {"activations and logits": self.activations, "vLLM": self.sampler}
        return ", ".join(f"{name} {value / GIB:.3g}" for name, value in parts.items() if value)


def check_memory(subject: Subject, model: Any, longest_prompt: int, longest_row: int) -> Iterator[Problem]:
    """Problem: what is counted is more than the device has. Warning: what is estimated is."""
    there = device_memory(subject.options)
    memory = estimate(subject, model, longest_prompt, longest_row, there)
    subject.figures["memory"] = f"about {memory.total / GIB:.3g} GiB of {there / GIB:.3g} ({memory})"
    if memory.fixed > there:
        message = "weights, gradients and optimizer"
    elif memory.total > there:
        message = "a step"
    else:
        return
    need = memory.fixed if memory.fixed > there else memory.total
    yield Problem(
        "memory",
        str(subject.options.device),
        f"{message} need about {need / GIB:,.1f} GiB ({memory}), the device has {there / GIB:,.1f}; more devices with FSDP or DeepSpeed, "
        "--use_peft, a smaller batch or shorter limits",
        is_warning=memory.fixed <= there,
    )


def estimate(subject: Subject, model: Any, longest_prompt: int, longest_row: int, there: float) -> Memory:
    """For one device; FSDP and DeepSpeed share weights, gradients and optimizer among all."""
    option = subject.option
    trained = [p for n, p in model.named_parameters() if p.requires_grad]
    shares = max(int(option("world_size", 1) or 1), 1) if option("fsdp") or option("deepspeed") else 1
    batch = int(option("per_device_train_batch_size", 1))
    if subject.is_sft:
        row = option("max_length") or longest_row
        n_tokens = batch * (row if option("packing") else min(row, longest_row or row))
        n_logits = n_tokens
    else:
        completion = longest_completion(subject) or 0
        n_tokens, n_logits = batch * (longest_prompt + completion), batch * completion
    text = model.config.get_text_config()
    size = 2 if option("bf16") or option("fp16") or (trained and trained[0].element_size() == 2) else 4
    layer = n_tokens * text.hidden_size * size
    layers = text.num_hidden_layers
    kept = layer * (layers + LAYER_TENSORS if option("gradient_checkpointing") else layers * LAYER_TENSORS)
    uses_vllm = option("use_vllm") and option("vllm_mode") == "colocate"
    return Memory(
        weights=sum(p.numel() * p.element_size() for p in model.parameters()) / shares,
        gradients=sum(p.numel() * p.element_size() for p in trained) / shares,
        optimizer=sum(p.numel() for p in trained) * _optimizer_bytes(str(option("optim", ""))) / shares,
        activations=kept + n_logits * text.vocab_size * 4 * 2,
        sampler=there * float(option("vllm_gpu_memory_utilization", 0.0)) if uses_vllm and _is_cuda(subject) else 0.0,
    )


def device_memory(options: Any) -> float:
    """Bytes of the device that the run will use."""
    import psutil
    import torch

    if options.device.type == "cuda":
        return float(torch.cuda.get_device_properties(options.device).total_memory)
    return float(psutil.virtual_memory().total)


def _is_cuda(subject: Subject) -> bool:
    return bool(subject.options.device.type == "cuda")


def _optimizer_bytes(name: str) -> float:
    return next((size for part, size in OPTIMIZER_BYTES.items() if part in name), 8.0)
