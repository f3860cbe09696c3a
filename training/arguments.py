"""What `ovr-train sft` and `ovr-train grpo` take besides TRL's own options, and how both are checked and parsed.

Importing torch and trl takes 5 to 80 s. `prepare` looks at options, data and model before that, so that a typo costs a second.
"""

import argparse
import ast
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NoReturn

from curation.sampling.identity import model_folder
from training.data.shards import Config, check_shards
from training.models.adapters import base_of, check_one_kind, is_adapter
from training.models.precision import check_quantization
from training.runs.checkpoints import checkpoint_to_resume
from training.runs.parallel import set_parallelism

SOURCES = ("trl/trainer/model_config.py", "trl/trainer/base_config.py", "transformers/training_args.py")
"""The classes that hold the options of every trainer, beside `trl/trainer/<command>_config.py`."""


@dataclass
class DataArguments:
    """Where the shards are."""

    data: str = field(default="", metadata={"help": "Build directory of ovr-curate, or a folder of shards."})
    split: str = field(default="train", metadata={"help": "Which split to train on."})
    eval_split: str | None = field(
        default=None, metadata={"help": "Which split to evaluate on while training (with --eval_strategy steps)."}
    )
    max_pixels: int | None = field(
        default=None,
        metadata={
            "help": "Scale larger images down to so many pixels, width x height; for Qwen-VL, 784 are one token."
        },
    )
    freeze_vision: bool | None = field(
        default=None,
        metadata={"help": "Train the language module only. Default: true for sft (paper, 4.1), false for grpo."},
    )
    preflight: bool = field(default=True, metadata={"help": "Check data, processor and model before the first step."})
    all_images: bool = field(
        default=False, metadata={"help": "Preflight decodes all images, not only those of 1,000 rows."}
    )


@dataclass
class SFTArguments(DataArguments):
    """What `ovr-train sft` takes besides."""

    overlong: Literal["drop", "error"] = field(
        default="drop",
        metadata={"help": "Rows longer than max_length: left out whole and counted, or the run ends. None is cut."},
    )


@dataclass
class GRPOArguments(DataArguments):
    """What `ovr-train grpo` takes besides."""

    rewards: list[str] = field(
        default_factory=lambda: ["accuracy"],
        metadata={
            "help": "Reward functions, NAME or NAME:WEIGHT: accuracy, format, soft_overlong, or a function by its dotted path."
        },
    )
    length_schedule: str | None = field(
        default=None,
        metadata={
            "help": "Limit of responses by step, such as 0:24576,300:32768,700:49152; instead of max_completion_length."
        },
    )
    max_prompt_length: int | None = field(
        default=None,
        metadata={"help": "Leave out rows whose prompt has more tokens, text and images together."},
    )
    order: str = field(
        default="random",
        metadata={
            "help": "random, weight (as often as the shard's weight says), easy_first, hard_first (by pass rate), strata (evenly mixed)."
        },
    )
    dynamic_sampling: float = field(
        default=1.0,
        metadata={
            "help": "Replace prompts whose responses all got the same reward, sampling at most this many batches for one; 1: off."
        },
    )


ARGUMENTS: dict[str, type[DataArguments]] = {"sft": SFTArguments, "grpo": GRPOArguments}
DEFAULTS: dict[str, dict[str, Any]] = {"sft": {}, "grpo": {"vllm_importance_sampling_mode": "token_truncate"}}
"""Where ours are other than TRL's: see `training.rl.importance`."""


def prepare(command: str, config: Config, argv: Sequence[str], *, files: bool = True) -> None:
    """Check options and, with `files`, data and model, and set the variables that the config file has under `env`, without torch and trl.

    Raises:
        SystemExit: code 2 for an option that does not exist or is needed and missing.
        FileNotFoundError, ValueError: what is wrong with the config file, the shards or the model's folder.
    """
    if {"-h", "--help"} & set(argv):
        return
    options, in_file = _without_config(argv)
    known = option_names(command)
    if unknown := set(in_file) - known - {"env"}:
        raise ValueError(f"--config: unknown option {min(unknown)!r}; see ovr-train {command} --help")
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data", default=in_file.get("data"))
    parser.add_argument("--split", default=in_file.get("split", DataArguments.split))
    for name in ("eval_split", "eval_strategy"):
        parser.add_argument(f"--{name}", f"--{name.replace('_', '-')}", default=in_file.get(name))
    parser.add_argument("--output_dir", "--output-dir", default=in_file.get("output_dir", ""))
    parser.add_argument(
        "--resume_from_checkpoint", "--resume-from-checkpoint", default=in_file.get("resume_from_checkpoint")
    )
    for name in ("load_in_4bit", "load_in_8bit", "use_peft"):
        parser.add_argument(
            f"--{name}", f"--{name.replace('_', '-')}", nargs="?", const=True, default=in_file.get(name)
        )
    parser.add_argument("--model_name_or_path", "--model-name-or-path", default=in_file.get("model_name_or_path"))
    given, others = parser.parse_known_args(options)
    for option in others:
        name = option.removeprefix("--").partition("=")[0].replace("-", "_")
        if option.startswith("--") and not {name, name.removeprefix("no_")} & known:
            _end_usage(command, f"unknown option {option!r}; see --help")
    for name in ("data", "model_name_or_path"):
        if not getattr(given, name):
            _end_usage(command, f"--{name} is needed, on the command line or in --config")
    check_quantization(vars(given))
    if files:
        _check_files(given, config)
    _check_evaluation(given.data, config, given.eval_split, given.eval_strategy)
    if isinstance(env := in_file.get("env"), dict):  # the parser refuses anything else, but sets them after the imports
        os.environ.update({name: str(value) for name, value in env.items()})


def _check_files(given: argparse.Namespace, config: Config) -> None:
    check_shards(given.data, config, given.split)
    if is_adapter(given.model_name_or_path):
        base_of(Path(given.model_name_or_path))
    else:
        model_folder(given.model_name_or_path)
        check_one_kind(Path(given.model_name_or_path))
    checkpoint_to_resume(given.resume_from_checkpoint, Path(given.output_dir))


def _check_evaluation(data: str, config: Config, split: str | None, strategy: Any) -> None:
    """Make sure that a run that evaluates has rows for it, and that rows for it are used.

    Raises:
        FileNotFoundError, ValueError: see `check_shards`; one of the two options without the other.
    """
    evaluates = strategy not in (None, False, "no")  # YAML reads `no` as False
    if evaluates and not split:
        raise ValueError(f"--eval_strategy {strategy} needs --eval_split NAME, a split of {data}")
    if split and not evaluates:
        raise ValueError(f"--eval_split {split} needs --eval_strategy steps or epoch")
    if split:
        check_shards(data, config, split)


def parse(command: str, config_class: type[Any], argv: Sequence[str]) -> tuple[Any, Any, Any]:
    """(our arguments, TRL config, TRL model config) from `--config FILE` and options; the options win.

    Raises:
        SystemExit: code 2 for a value of the wrong type.
    """
    from trl import ModelConfig, TrlParser

    parser = TrlParser([ARGUMENTS[command], config_class, ModelConfig], prog=f"ovr-train {command}")
    parser.error = lambda message: _end_usage(command, message)
    parser.set_defaults(**DEFAULTS[command])
    data, config, model = parser.parse_args_and_config(list(argv))
    set_parallelism(config)
    return data, config, model


def option_names(command: str) -> set[str]:
    """The names of all options of a trainer: ours, and the fields of TRL's classes, read from their source because importing
    them imports torch.

    Raises:
        ModuleNotFoundError: trl or transformers is not installed.
    """
    names = {option.name for option in fields(ARGUMENTS[command])}
    for source in (f"trl/trainer/{command}_config.py", *SOURCES):
        package, _, file = source.partition("/")
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"No module named {package!r}")
        tree = ast.parse((Path(spec.origin).parent / file).read_text(encoding="utf-8"))
        declared = [line for part in tree.body if isinstance(part, ast.ClassDef) for line in part.body]
        names |= {
            line.target.id for line in declared if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
    return names


def _end_usage(command: str, message: str) -> NoReturn:
    """One line, where argparse would print its two hundred options first."""
    print(f"ovr-train {command}: {message}", file=sys.stderr)
    raise SystemExit(2)


def _without_config(argv: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The options beside `--config FILE`, and those in the file."""
    import yaml

    options = [
        part for option in argv for part in (option.split("=", 1) if option.startswith("--config=") else [option])
    ]
    if options and options[-1] == "--config":
        raise ValueError("--config needs a file")
    if "--config" not in options:
        return options, {}
    at = options.index("--config")
    path = Path(options[at + 1])
    try:
        in_file = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"--config: no file {path}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"--config: {path} is not YAML: {error}") from error
    if not isinstance(in_file, dict):
        raise ValueError(f"--config: {path} must contain a mapping of options, got {type(in_file).__name__}")
    return options[:at] + options[at + 2 :], in_file


def model_kwargs(config: Any, model: Any) -> dict[str, Any]:
    """TRL's `model_init_kwargs`, as its own scripts build them from ModelConfig."""
    chosen = {
        "revision": model.model_revision,
        "trust_remote_code": getattr(config, "trust_remote_code", False),
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
    return {**chosen, **(config.model_init_kwargs or {})}
