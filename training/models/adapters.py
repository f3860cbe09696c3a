"""LoRA adapters: where they go by default, and how one becomes a model that anything can load.

ovr-train merge ADAPTER --out DIR
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.models.vision import VISION_PARTS

CONFIG = "adapter_config.json"
LANGUAGE_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of the language module in Qwen, Llama, Mistral, Gemma and their kin."""
DTYPES = ("float32", "bfloat16", "float16")
PROCESSOR_SUFFIXES = (".json", ".jinja", ".txt", ".model")


def main(argv: Sequence[str]) -> int:
    """Merge an adapter into its base model and write a model folder."""
    parser = argparse.ArgumentParser(prog="ovr-train merge", description="Merge a LoRA adapter into its base model.")
    parser.add_argument("adapter", type=Path, help="output_dir of a run with --use_peft")
    parser.add_argument("--out", required=True, type=Path, help="folder for the merged model")
    parser.add_argument("--base", help="the base model, where it is not where the adapter says")
    parser.add_argument("--dtype", choices=DTYPES, help="default: the base model's own")
    args = parser.parse_args(argv)
    base, dtype = merge(args.adapter, args.out, args.base, args.dtype)
    print(f"merge: {args.adapter} merged into {base} in float32, saved to {args.out} in {dtype}")
    return 0


def is_adapter(model: str) -> bool:
    """Whether a path is an adapter's folder."""
    return (Path(model) / CONFIG).is_file() and not (Path(model) / "config.json").is_file()


def check_one_kind(folder: Path) -> None:
    """Make sure that a folder is a model or an adapter: transformers would load one on top of the other.

    Raises:
        ValueError: it is both.
    """
    if (folder / CONFIG).is_file() and (folder / "config.json").is_file():
        raise ValueError(
            f"{folder} holds a model and an adapter ({CONFIG}), of two runs; remove the one that is not meant"
        )


def base_of(adapter: Path) -> str:
    """The base model that an adapter names.

    Raises:
        FileNotFoundError: the folder is no adapter, or its base is a folder that is not there.
        ValueError: the adapter's configuration cannot be read, or its weights are cut.
    """
    from training.runs.checkpoints import safetensors_fault, weight_files

    if not (adapter / CONFIG).is_file():
        raise FileNotFoundError(f"{adapter} has no {CONFIG}: expected the output_dir of a run with --use_peft")
    try:
        base = str(json.loads((adapter / CONFIG).read_text())["base_model_name_or_path"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{adapter / CONFIG} is not an adapter's configuration") from error
    files = weight_files(adapter)
    fault = "no weights" if not files else safetensors_fault(files[0]) if files[0].suffix == ".safetensors" else None
    if fault:
        raise ValueError(f"{adapter} is not whole: {fault}")
    if base.startswith((".", "/", "~")) and not Path(base).is_dir():
        raise FileNotFoundError(f"the base model of {adapter}, {base}, is not there; ovr-train merge takes --base")
    return base


def merge(adapter: Path, out: Path, base: str | None = None, dtype: str | None = None) -> tuple[str, str]:
    """Write the base model with the adapter's weights added, summed in float32, and the processor; the base's name and the dtype written,
    the base's own where none is asked for.

    Raises:
        FileNotFoundError, ValueError: see `base_of`; `out` is the adapter's folder or the base's.
    """
    named = base or base_of(adapter)
    if out.resolve() in (adapter.resolve(), Path(named).resolve()):
        raise ValueError(
            f"--out {out} is the folder of the {'adapter' if out.resolve() == adapter.resolve() else 'base'}"
        )
    import torch
    import transformers
    from peft import PeftModel

    config = transformers.AutoConfig.from_pretrained(named)
    written = dtype or str(config.dtype or torch.float32).removeprefix("torch.")
    architecture = getattr(transformers, config.architectures[0])
    model: Any = PeftModel.from_pretrained(architecture.from_pretrained(named, dtype=torch.float32), adapter)
    with torch.no_grad():
        merged = model.merge_and_unload(safe_merge=True)  # refuses weights that are not finite
    merged.to(getattr(torch, written)).save_pretrained(out)
    for folder in (Path(named), adapter):  # what the adapter's run saved wins
        copy_processor(folder, out)
    return named, written


def copy_processor(folder: Path, out: Path) -> None:
    """Copy tokenizer, processor and chat template, without the weights' index and the model's own configuration."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_ours = path.name.startswith(
            ("trainer_state", "ovr_run", "adapter_", "metrics", "config.", "generation_config")
        )
        if (
            path.is_file()
            and path.suffix in PROCESSOR_SUFFIXES
            and not is_ours
            and not path.name.endswith(".index.json")
        ):
            shutil.copy(path, out / path.name)


def merged_model(model: str, output_dir: str, command: str) -> str:
    """The model to begin with: itself, or for an adapter's folder the merged model in `output_dir/merged_base`, in float32."""
    if not is_adapter(model):
        return model
    from accelerate import PartialState

    out = Path(output_dir) / "merged_base"
    with PartialState().main_process_first():
        if PartialState().is_main_process:
            base, _ = merge(Path(model), out, dtype="float32")
            print(f"{command}: {model} is an adapter; the run begins with it merged into {base} ({out})", flush=True)
    return str(out)


def model_to_sample(model: str) -> str:
    """The model that an engine can load: itself, or for an adapter's folder the merged model in its folder `merged`."""
    check_one_kind(Path(model))
    if not is_adapter(model):
        return model
    out = Path(model) / "merged"
    base, dtype = merge(Path(model), out)
    print(f"{model} is an adapter; it is sampled merged into {base}, in {dtype} ({out})", file=sys.stderr, flush=True)
    return str(out)


def lora_config(model_arguments: Any) -> Any:
    """TRL's LoRA configuration; without `--lora_target_modules` the linear layers of the language module, never the vision tower."""
    from trl import get_peft_config

    config = get_peft_config(model_arguments)
    if config is not None and not config.target_modules and not config.target_parameters:
        vision, layers = "|".join(VISION_PARTS), "|".join(LANGUAGE_LAYERS)
        config.target_modules = rf"(?!(?:.*\.)?(?:{vision})\.).*\.(?:{layers})"
    return config


def lora_options(model_arguments: Any) -> dict[str, Any]:
    """What decides how an adapter learns; nothing of a run without one."""
    names = ("lora_r", "lora_alpha", "lora_dropout", "lora_target_modules", "use_rslora", "use_dora")
    return {name: getattr(model_arguments, name) for name in names} if model_arguments.use_peft else {}


def check_output(trainer: Any) -> None:
    """An adapter and a model in one folder are read together: the one of an earlier run must not stay beside the other.

    Raises:
        ValueError: the output directory holds what the run will not write.
    """
    out = Path(trainer.args.output_dir)
    writes_adapter = hasattr(trainer.accelerator.unwrap_model(trainer.model), "peft_config")
    stale = "model*.safetensors" if writes_adapter else "adapter_*"
    if found := sorted(out.glob(stale)):
        kinds = ("a model", "an adapter") if writes_adapter else ("an adapter", "a model")
        raise ValueError(
            f"{out} holds {kinds[0]} of an earlier run ({found[0].name}), and this run writes {kinds[1]}: whoever loads the folder would "
            "get both; give another --output_dir, or remove it"
        )
