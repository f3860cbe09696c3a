"""A checkpoint's weights into the model that trains, and the proof that they are there.

`save_pretrained` of transformers 5 writes the Hub's names (`visual.*`), `Trainer._load_from_checkpoint` loads by the names in memory
(`model.visual.*`) with `strict=False`, so that a resumed run of a Qwen-VL went on with the weights it began with (transformers#43701). Here
names are mapped as `save_pretrained` maps them, tensors are copied one by one, and each is compared with its file afterwards.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from training.runs.checkpoints import weight_files


def load_weights(model: Any, checkpoint: Path) -> None:
    """Copy the weights of a checkpoint's safetensors into a transformers model.

    Raises:
        ValueError: a weight of the model is not in the files, or a file has one that the model has not, or of another shape.
    """
    import torch

    targets = saved_names(model)
    loaded = set()
    with torch.no_grad():
        for name, tensor in file_tensors(checkpoint):
            target = targets.get(name)
            if target is None or target.shape != tensor.shape:
                got = "no such weight" if target is None else f"shape {tuple(target.shape)}, not {tuple(tensor.shape)}"
                raise ValueError(
                    f"{checkpoint}: the model has {got} for {name!r}: was the checkpoint made from another model?"
                )
            target.copy_(tensor)
            loaded.add(name)
    check_names(targets, loaded, checkpoint)


def check_weights(model: Any, checkpoint: Path) -> int:
    """Compare every weight with the checkpoint's files; the number of tensors compared.

    Raises:
        ValueError: a weight differs from its file: what would be trained is not what was saved.
    """
    import torch

    held = saved_names(model)
    compared = set()
    for name, tensor in file_tensors(checkpoint):
        if name not in held or not torch.equal(held[name].cpu(), tensor.to(held[name].dtype)):
            raise ValueError(
                f"{checkpoint}: after loading, weight {name!r} is not what its file holds; nothing was trained"
            )
        compared.add(name)
    check_names(held, compared, checkpoint)
    return len(compared)


def saved_names(model: Any) -> dict[str, Any]:
    """The model's tensors by the names that `save_pretrained` gives them; of an adapter those of its own weights.

    Raises:
        ValueError: saving changes the tensors and not the names alone, so that they cannot be filled by name.
    """
    if hasattr(model, "peft_config"):
        from peft import get_peft_model_state_dict

        return dict(get_peft_model_state_dict(model))
    from transformers.core_model_loading import revert_weight_conversion

    state = model.state_dict()
    saved = dict(revert_weight_conversion(model, state))
    own = {tensor.data_ptr() for tensor in state.values()}
    if changed := [name for name, tensor in saved.items() if tensor.data_ptr() not in own]:
        raise ValueError(
            f"weight {changed[0]!r} is saved in another form than it trains in; resume with --model_name_or_path CHECKPOINT"
        )
    return saved


def frozen_digest(trainer: Any) -> str:
    """Sixteen hex digits of the weights beneath an adapter, which no checkpoint holds; empty where there is none, and for FSDP and
    DeepSpeed, which spread them over processes. Each tensor counts by the sum of its bytes, which no order of summing changes.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    if not hasattr(model, "peft_config") or trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return ""
    import torch

    digest = hashlib.sha256()
    for name, weight in model.named_parameters():
        if not weight.requires_grad:
            total = int(weight.detach().contiguous().view(-1).view(torch.uint8).sum(dtype=torch.int64))
            digest.update(f"{name} {tuple(weight.shape)} {total}\n".encode())
    return digest.hexdigest()[:16]


def check_names(held: dict[str, Any], found: set[str], checkpoint: Path) -> None:
    """Make sure that each weight was found, itself or another that shares its memory.

    Raises:
        ValueError: names a weight that no file has.
    """
    filled = {held[name].data_ptr() for name in found}
    if missing := sorted(name for name, tensor in held.items() if tensor.data_ptr() not in filled):
        raise ValueError(f"{checkpoint} has no weight {missing[0]!r} ({len(missing)} of {len(held)} are missing)")


def file_tensors(checkpoint: Path) -> Iterator[tuple[str, Any]]:
    """Name and tensor, one at a time, of the weights in a folder.

    Raises:
        ValueError: the weights are not safetensors.
    """
    from safetensors import safe_open

    for path in weight_files(checkpoint):
        if path.suffix != ".safetensors":
            raise ValueError(f"{path}: expected safetensors; save with --save_safetensors true")
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118
                yield name, file.get_tensor(name)


@cache
def read_optimizers_on_cpu_processes() -> None:
    """Once a process: let `torch.load` put tensors on `cpu:0`, accelerate's name for the device of a CPU process; torch knows `cpu`."""
    import torch

    torch.serialization.register_package(
        100, lambda storage: None, lambda storage, place: storage if place.startswith("cpu:") else None
    )


@contextmanager
def exact_loading(trainer: Any) -> Iterator[None]:
    """Within, the trainer loads a checkpoint's weights, those to go on from and the best ones at the end, by `load_weights`.

    FSDP and DeepSpeed load in their own way, which is strict.
    """
    read_optimizers_on_cpu_processes()
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        yield
        return

    def load(checkpoint: str, model: Any = None) -> None:
        load_weights(trainer.accelerator.unwrap_model(trainer.model), Path(checkpoint))

    trainer._load_from_checkpoint = load
    trainer._load_best_model = lambda: load(trainer.state.best_model_checkpoint)
    try:
        yield
    finally:
        del trainer._load_from_checkpoint, trainer._load_best_model
