"""The model as it is loaded: its weights are those of the files, finite, and able to keep an update; it sees an image, and of packed
documents its own alone.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.models.adapters import is_adapter
from training.models.vision import is_vision
from training.preflight.check import Problem
from training.preflight.folder import local_folder
from training.preflight.rendering import render
from training.preflight.rows import SampledRow
from training.preflight.subject import Subject

N_COMPARED = 8
"""Weights without a file that are looked for by their values."""
N_TOKENS = 64
"""Of each of the two documents that are packed for the leak test."""
LEAK = {"float32": 1e-3, "float64": 1e-3}
LEAK_ROUNDED = 1.0
"""In logits. Measured on the quickstart's model: exact attention differs by 5e-6 in float32, 0.03 in bfloat16; a leak by 6 to 8."""
SEEN = 1e-5
"""Of the spread of the logits at the last position, which another image must move."""
KEPT = 0.5
"""Of the weights: fewer that an update of the learning rate changes, and the run trains something else than it says."""


def check_weights(subject: Subject, model: Any) -> Iterator[Problem]:
    """Every weight is in the files (transformers draws those that are not at random, with a warning), and finite."""
    import torch

    folder = local_folder(subject.model)
    if (
        folder is not None
        and not is_adapter(subject.model)
        and not hasattr(model, "peft_config")
        and not getattr(model, "is_quantized", False)
    ):
        yield from _name_faults(model, folder)
    spoiled = [name for name, weight in model.named_parameters() if not bool(torch.isfinite(weight).all())]
    if spoiled:
        yield Problem(
            "weights",
            subject.model,
            f"{len(spoiled)} tensors hold NaN or infinity, {spoiled[0]} first; take an earlier checkpoint",
        )


def _name_faults(model: Any, folder: Path) -> Iterator[Problem]:
    """Weights of the model that the files do not have. The names are those that `save_pretrained` gives."""
    from training.runs.checkpoints import weight_files
    from training.runs.weights import saved_names

    files = weight_files(folder)
    if not files or any(path.suffix != ".safetensors" for path in files):
        return
    try:
        held = saved_names(model)
    except ValueError:  # an architecture that is saved in another form than it is held: there are no names to compare
        return
    shapes = _shapes(files)
    filled = {held[name].data_ptr() for name in shapes.keys() & held.keys()}
    missing = sorted(name for name, weight in held.items() if weight.data_ptr() not in filled)
    others = {name: place for name, place in shapes.items() if name not in held}
    if missing and not all(_is_renamed(held[name], others) for name in missing[:N_COMPARED]):
        instead = f"; the files have {min(others)!r}, which the model has not" if others else ""
        message = (
            f"{len(missing)} of {len(held)} weights are in no file, {missing[0]!r} first: they would be random{instead}"
        )
        yield Problem("weights", str(folder), message)


def _shapes(files: Sequence[Path]) -> dict[str, tuple[Path, list[int]]]:
    """Where each tensor of the files is, and its shape."""
    from safetensors import safe_open

    found = {}
    for path in files:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118
                found[name] = (path, list(file.get_slice(name).get_shape()))
    return found


def _is_renamed(weight: Any, others: dict[str, tuple[Path, list[int]]]) -> bool:
    """Whether the files hold the weight by a name of before: transformers maps those of many architectures as it loads."""
    import torch
    from safetensors import safe_open

    for name, (path, shape) in others.items():
        if shape == list(weight.shape):
            with safe_open(path, framework="pt") as file:
                if torch.equal(file.get_tensor(name).to(weight.dtype), weight.detach().cpu()):
                    return True
    return False


def check_dtype(subject: Subject, model: Any) -> Iterator[Problem]:
    """An update of the learning rate changes the weights: in 16 bits a small one rounds to nothing, whatever the log says.

    AdamW moves a weight by about the learning rate. Measured on the model's own weights.
    """
    import torch

    trained = [(n, p) for n, p in model.named_parameters() if p.is_floating_point() and _is_trained(subject, n, p)]
    dtypes = Counter(str(p.dtype).removeprefix("torch.") for _, p in trained)
    subject.figures["trained weights"] = ", ".join(f"{n} tensors {name}" for name, n in dtypes.most_common()) or "none"
    rounded = [p for _, p in trained if p.dtype in (torch.bfloat16, torch.float16)]
    if not rounded or subject.option("deepspeed"):  # which keeps float32 masters
        return
    rate = float(subject.option("learning_rate", 0.0))
    with torch.no_grad():
        parts = [p.detach().flatten()[:4096] for p in rounded]
        kept = sum(int((part + rate != part).sum()) for part in parts) / sum(part.numel() for part in parts)
    yield Problem(
        "dtype",
        subject.model,
        f"trained weights are {', '.join(dtypes)}, expected float32: at a learning rate of {rate:g} an update changes {kept:.0%} of them; "
        "--dtype float32 (with --bf16 true the arithmetic stays bfloat16)",
        is_warning=kept >= KEPT,
    )


def _is_trained(subject: Subject, name: str, parameter: Any) -> bool:
    """In a run the trainer has frozen what it freezes; the command's model is as it was loaded."""
    return bool(parameter.requires_grad) and not (subject.freezes_vision and is_vision(name))


def check_image_is_seen(subject: Subject, model: Any, row: SampledRow) -> Iterator[Problem]:
    """The logits after a row's prompt move when its image becomes another one of the same size."""
    from PIL import ImageOps

    text = render(subject, row, generation=True)
    others = [ImageOps.invert(image.convert("RGB")) for image in row.opened]
    logits = [_last_logits(subject, model, images, text) for images in (row.opened, others)]
    moved, spread = float((logits[0] - logits[1]).abs().max()), float(logits[0].std())
    if not moved > SEEN * spread:
        yield Problem(
            "image is seen",
            row.where,
            f"inverting its image moves the logits by {moved:.1e}, of a spread of {spread:.1e}: the model does not see it; "
            "are the vision tower's weights loaded?",
        )
    if not moved >= 0:
        yield Problem("image is seen", row.where, "the logits are NaN; take another dtype or an earlier checkpoint")
    subject.figures["image is seen"] = f"logits move by {moved:.3g} of a spread of {spread:.3g}"


def _last_logits(subject: Subject, model: Any, images: Sequence[Any], text: str) -> Any:
    import torch

    made = subject.processor(images=[list(images)], text=[text], return_tensors="pt").to(model.device)
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), _autocast(model):
            return model(**made, use_cache=False).logits[0, -1].float()
    finally:
        model.train(training)


def _autocast(model: Any) -> Any:
    """Flash-attention has no float32; in training such a model runs under autocast."""
    import torch

    flash = "flash" in str(model.config._attn_implementation) and model.dtype == torch.float32
    return torch.autocast(model.device.type, torch.bfloat16, enabled=flash)


def check_packing(subject: Subject, model: Any, documents: Sequence[Sequence[int]]) -> Iterator[Problem]:
    """Two documents in one sequence do not see each other, by what training uses."""
    from training.data.packing import packing_leak

    leak = packing_leak(model, [ids[:N_TOKENS] for ids in documents])
    dtype = str(model.dtype).removeprefix("torch.")
    limit = LEAK_ROUNDED if "flash" in str(model.config._attn_implementation) else LEAK.get(dtype, LEAK_ROUNDED)
    subject.figures["packing"] = f"logits of packed documents differ by {leak:.1e} from those alone"
    if not leak <= limit:
        attention = model.config._attn_implementation
        yield Problem(
            "packing",
            subject.model,
            f"packed documents see each other with {attention} attention: logits differ by {leak:.2g} from those alone, expected "
            f"{limit:g} or less; --packing false",
        )
