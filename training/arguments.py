"""What `ovr-train sft` and `ovr-train grpo` take besides TRL's own options, and how both are parsed."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn


@dataclass
class DataArguments:
    """Where the shards are."""

    data: str = field(default="", metadata={"help": "Build directory of ovr-curate, or a folder of shards."})
    split: str = field(default="train", metadata={"help": "Which split to train on."})
    freeze_vision: bool | None = field(
        default=None,
        metadata={"help": "Train the language module only. Default: true for sft (paper, 4.1), false for grpo."},
    )


def parse(command: str, config_class: type[Any], argv: Sequence[str]) -> tuple[DataArguments, Any, Any]:
    """(data arguments, TRL config, TRL model config) from `--config FILE` and options; the options win.

    Raises:
        SystemExit: code 2 for an option that does not exist or a value of the wrong type.
        FileNotFoundError, ValueError: the file is missing or is not a mapping of known options.
    """
    from trl import ModelConfig, TrlParser

    parser = TrlParser([DataArguments, config_class, ModelConfig], prog=f"ovr-train {command}")
    options, in_file = _without_config(argv)
    if unknown := set(in_file) - {action.dest for action in parser._actions} - {"env"}:
        raise ValueError(f"--config: unknown option {min(unknown)!r}; see ovr-train {command} --help")
    given, rest = parser.parse_known_args(options)
    if rest:
        _end_usage(command, f"unknown option {rest[0]!r}; see --help")
    for name in ("data", "model_name_or_path"):
        if not (getattr(given, name) or in_file.get(name)):
            _end_usage(command, f"--{name} is needed, on the command line or in --config")
    data, config, model = parser.parse_args_and_config(list(argv))
    return data, config, model


def _end_usage(command: str, message: str) -> NoReturn:
    """One line, where argparse would print its two hundred options first."""
    print(f"ovr-train {command}: {message}", file=sys.stderr)
    raise SystemExit(2)


def _without_config(argv: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The options beside `--config FILE`, and what the file says."""
    import yaml

    options = list(argv)
    if "--config" not in options[:-1]:
        return options, {}
    at = options.index("--config")
    path = Path(options[at + 1])
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"--config: no file {path}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"--config: {path} is not YAML: {error}") from error
    if not isinstance(said, dict):
        raise ValueError(f"--config: {path} must contain a mapping of options, got {type(said).__name__}")
    return options[:at] + options[at + 2 :], said


def model_kwargs(config: Any, model: Any) -> dict[str, Any]:
    """TRL's `model_init_kwargs`, as its own scripts build them from ModelConfig."""
    chosen = {
        "revision": model.model_revision,
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
    return {**chosen, **(config.model_init_kwargs or {})}
