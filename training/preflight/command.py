"""ovr-train preflight sft|grpo --config FILE [any option of that command] [--all_images]

Looks at shards, model and options as the run would, through its processor and its model, and trains nothing. One line a problem:

preflight: <check>: <where>: <what was got, what was expected, what to do>

Exit code 1 where there is one; warnings alone end with 0 and the table of what was looked at. At the start of `ovr-train sft` and `grpo` the
same checks run on the trainer's model.
"""

from collections.abc import Sequence
from typing import Any

from training.arguments import model_kwargs, parse, prepare
from training.preflight.check import Problem, first_line
from training.preflight.flight import Flight, PreflightError, say
from training.preflight.subject import CONFIGS, Subject

USAGE = "usage: ovr-train preflight sft|grpo --config FILE [any option of that command] [--all_images]"


def main(argv: Sequence[str]) -> int:
    """Check a run; 0 where nothing stands in its way."""
    if not argv or argv[0] not in CONFIGS:
        print(f"{USAGE}\n{__doc__.partition(']')[2].strip() if argv[:1] in (['-h'], ['--help']) else ''}".strip())
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    command, options = argv[0], argv[1:]
    prepare(command, CONFIGS[command], options, files=False)
    import trl

    ours, config, model = parse(command, getattr(trl, f"{command.upper()}Config" if command == "sft" else "GRPOConfig"), options)
    flight = preflight(command, model.model_name_or_path, ours, config, model)
    try:
        say(flight, flight.problems, at_end=True)
    except PreflightError:
        return 1
    return 0


def preflight(command: str, name: str, ours: Any, config: Any, model: Any) -> Flight:
    """All checks, the model loaded as the trainer loads it."""
    from pathlib import Path

    subject = Subject(command, Path(ours.data), ours.split, name, config, model, ours)
    flight = Flight(subject, all_images=ours.all_images)
    flight.check_data()
    if subject.processor is None:
        return flight
    try:
        loaded = load_model(subject)
    except Exception as error:  # transformers raises whatever it likes on folders that it cannot read
        flight.problems.append(Problem("model", name, f"cannot be loaded: {first_line(error)}"))
        return flight
    flight.check_model(loaded)
    return flight


def load_model(subject: Subject) -> Any:
    """The model of the trainer, on its device."""
    from trl.trainer.utils import create_model_from_path

    model = create_model_from_path(subject.model, **model_kwargs(subject.options, subject.model_options))
    return model.to(subject.options.device)
