"""What `ovr-train sft` and `ovr-train grpo` take besides TRL's own options, and how both are parsed."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class DataArguments:
    """Where the shards are."""

    data: str | None = field(default=None, metadata={"help": "Build directory of ovr-curate, or a folder of shards."})
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

    arguments = list(argv)
    if "--config" in arguments[:-1]:
        path = Path(arguments[arguments.index("--config") + 1])
        if not path.is_file():
            raise FileNotFoundError(f"--config: no file {path}")
    parser = TrlParser([DataArguments, config_class, ModelConfig], prog=f"ovr-train {command}")
    *parsed, unknown_in_file, unknown = parser.parse_args_and_config(
        arguments, return_remaining_strings=True, separate_remaining_strings=True
    )
    if unknown_in_file:
        raise ValueError(f"--config: unknown option {unknown_in_file[0].removeprefix('--')!r}; see ovr-train {command} --help")
    if unknown:
        print(f"ovr-train {command}: unknown option {unknown[0]!r}; see --help", file=sys.stderr)
        raise SystemExit(2)
    data, config, model = parsed
    for name, value in (("data", data.data), ("model_name_or_path", model.model_name_or_path)):
        if value is None:
            print(f"ovr-train {command}: --{name} is needed, on the command line or in --config", file=sys.stderr)
            raise SystemExit(2)
    return data, config, model


def model_kwargs(config: Any, model: Any) -> dict[str, Any]:
    """TRL's `model_init_kwargs`, as its own scripts build them from ModelConfig."""
    chosen = {
        "revision": model.model_revision,
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
    return {**chosen, **(config.model_init_kwargs or {})}
