"""ovr-train preflight sft|grpo --config FILE [any option of that command] [--all_images]

Looks at shards, model and options as the run would, through its processor and its model, and trains nothing. One line a problem:

preflight: <check>: <where>: <what was got, what was expected, what to do>

Exit code 1 where there is one; warnings alone end with 0 and the table of what was looked at. At the start of `ovr-train sft` and
`grpo` the same checks run on the trainer's model.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.arguments import parse, prepare
from training.preflight.check import Problem, first_line
from training.preflight.flight import Flight
from training.preflight.rendering import load_model
from training.preflight.subject import CONFIGS, Subject

USAGE = "usage: ovr-train preflight sft|grpo --config FILE [any option of that command] [--all_images]"


def main(argv: Sequence[str]) -> int:
    """Check a run; 0 where nothing stands in its way, 1 where something does, 2 for wrong usage."""
    asks = argv[:1] in (["-h"], ["--help"])
    if asks or not argv or argv[0] not in CONFIGS:
        print((__doc__ or "").strip() if asks else USAGE, file=sys.stdout if asks else sys.stderr)
        return 0 if asks else 2
    command, options = argv[0], argv[1:]
    prepare(command, CONFIGS[command], options, files=False)
    import trl

    ours, config, model = parse(command, trl.SFTConfig if command == "sft" else trl.GRPOConfig, options)
    flight = fly(Subject(command, Path(ours.data), ours.split, model.model_name_or_path, config, model, ours))
    for problem in flight.problems:
        print(problem, file=sys.stderr)
    if not flight.failed:
        print(flight.table())
    return int(flight.failed)


def fly(subject: Subject, *, model: Any = None) -> Flight:
    """All checks; the model is loaded as the trainer loads it where none is given."""
    flight = Flight(subject, all_images=bool(subject.option("all_images")))
    flight.check_data()
    if subject.processor is None:  # what could not be read cannot be loaded
        return flight
    try:
        loaded = model or load_model(subject)
    except Exception as error:  # transformers raises whatever it likes on folders that it cannot read
        flight.problems.append(Problem("model", subject.model, f"cannot be loaded: {first_line(error)}"))
        return flight
    flight.check_model(loaded)
    return flight
