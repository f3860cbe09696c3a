"""The model's folder, by its files: configuration, whole weights, tokenizer, processor, chat template.

Loads neither torch nor transformers.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training.models.adapters import base_of, is_adapter
from training.preflight.check import Problem
from training.preflight.subject import Subject
from training.runs.checkpoints import FOLDER, STATE, safetensors_fault, weight_files

TOKENIZERS = ("tokenizer.json", "vocab.json", "tokenizer.model", "vocab.txt", "tekken.json")
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
TEMPLATES = ("chat_template.jinja", "chat_template.json")
TRAINING_STATE = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "rng_state_0.pth", "optimizer.bin")


def check_folder(subject: Subject) -> Iterator[Problem]:
    """Faults of the folder that the model is loaded from; a name that is not in the local cache is left to the Hub."""
    if is_adapter(subject.model):
        try:
            base = base_of(Path(subject.model))
        except (OSError, ValueError) as error:
            yield Problem("model", subject.model, str(error))
            return
        folder = local_folder(base)
    else:
        folder = local_folder(subject.model)
    if folder is None:
        if _is_path(subject.model):
            yield Problem("model", subject.model, "neither a folder nor a name on the Hub")
        subject.figures["model files"] = f"{subject.model} is not on this machine yet: its files were not looked at"
        return
    config = _json(folder / "config.json")
    if config is None:
        yield Problem("model", str(folder), "no config.json that can be read; is this the folder of a whole model?")
        return
    yield from _weight_faults(folder)
    yield from _unfinished(folder)
    yield from _processor_faults(folder, config)


def local_folder(model: str) -> Path | None:
    """The folder of a model's files on this machine: itself, or that of a name in the Hub's cache."""
    if Path(model).is_dir():
        return Path(model)
    if _is_path(model):
        return None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(model, "config.json")
    return Path(cached).parent if isinstance(cached, str) else None


def vision_config(config: Mapping[str, Any]) -> Any:
    """The part of a model's configuration on its vision tower, None for a model of text alone."""
    return config.get("vision_config")


def _is_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or model.count("/") > 1


def _weight_faults(folder: Path) -> Iterator[Problem]:
    try:
        files = weight_files(folder)
    except ValueError as error:
        yield Problem("weights", str(folder), str(error))
        return
    if not files:
        yield Problem("weights", str(folder), "no weights: expected model.safetensors or its parts with their index")
    for path in files:
        if not path.is_file():
            yield Problem(
                "weights",
                str(folder),
                f"{path.name}, which the index names, is missing; copy it, or save the model again",
            )
        elif path.suffix == ".safetensors" and (fault := safetensors_fault(path)):
            yield Problem("weights", str(folder), f"{fault}; copy it, or save the model again")


def _unfinished(folder: Path) -> Iterator[Problem]:
    """A checkpoint is saved weights first, trainer state last: without the state the save did not end."""
    is_checkpoint = FOLDER.fullmatch(folder.resolve().name) or any((folder / name).exists() for name in TRAINING_STATE)
    if is_checkpoint and not (folder / STATE).is_file():
        yield Problem(
            "checkpoint",
            str(folder),
            f"no {STATE}: the save was cut off in the middle; take the checkpoint before it",
        )


def _processor_faults(folder: Path, config: Mapping[str, Any]) -> Iterator[Problem]:
    if not any((folder / name).is_file() for name in TOKENIZERS):
        yield Problem(
            "processor", str(folder), f"no tokenizer: expected one of {', '.join(TOKENIZERS)}; copy the base model's"
        )
    if (folder / "tokenizer_config.json").is_file() and _json(folder / "tokenizer_config.json") is None:
        yield Problem("processor", str(folder), "tokenizer_config.json is not JSON; copy the base model's")
    if vision_config(config) is not None:
        found = [name for name in PROCESSORS if (folder / name).is_file()]
        if not found:
            names = " or ".join(PROCESSORS)
            yield Problem(
                "processor", str(folder), f"a model with a vision tower, but no {names}; copy the base model's"
            )
        for name in found:
            if _json(folder / name) is None:
                yield Problem("processor", str(folder), f"{name} is not JSON; copy the base model's")
    holders = [_json(folder / name) or {} for name in ("tokenizer_config.json", *PROCESSORS)]
    if not any((folder / name).is_file() for name in TEMPLATES) and not any(
        holder.get("chat_template") for holder in holders
    ):
        yield Problem(
            "template", str(folder), f"no chat template: expected {TEMPLATES[0]}; copy the one of the instruct model"
        )


def _json(path: Path) -> dict[str, Any] | None:
    """The object in a file, None where there is none."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None
