"""`OUTPUT_DIR/metrics.jsonl`: every figure that a run logs, one JSON object a logged step, whatever `report_to` says.

{"step": 10, "epoch": 0.4, "reward": 0.31, "domain/geometry/reward": 0.22, ...}
"""

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

FILE = "metrics.jsonl"
COMPLETIONS = "completions"
"""The folder of TRL's kept completions, a file a logged step: `completions_00010.parquet`."""


class MetricsFile(TrainerCallback):  # type: ignore[misc]
    """Appends what is logged. A run that goes on from a checkpoint cuts off the steps after it; one that begins anew keeps what an earlier
    run left as `metrics-1.jsonl` and so on. Kept completions go the same way.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Make the file hold the steps up to the run's first one."""
        if not state.is_world_process_zero:
            return
        path = Path(args.output_dir) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_completions(Path(args.output_dir) / COMPLETIONS, state.global_step)
        if not path.exists():
            return
        if state.global_step == 0:
            path.rename(_free_name(path))
            return
        kept = [line for line in _lines(path) if line["step"] <= state.global_step]
        part = path.with_suffix(".part")
        part.write_text("".join(json.dumps(line) + "\n" for line in kept))
        part.replace(path)

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Append a line."""
        if not state.is_world_process_zero or not logs:
            return
        figures = {name: _number(value) for name, value in logs.items()}
        with (Path(args.output_dir) / FILE).open("a") as file:
            file.write(json.dumps({"step": state.global_step, **figures}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The logged steps of a run, in order; steps that were logged twice are merged.

    Raises:
        FileNotFoundError: the folder has no metrics.
        ValueError: a line in the middle of the file is not a step.
    """
    path = folder / FILE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no {FILE}: expected the output_dir of ovr-train sft or grpo")
    steps: dict[int, dict[str, Any]] = {}
    for line in _lines(path):
        steps.setdefault(line["step"], {}).update(line)
    return [steps[step] for step in sorted(steps)]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The steps of a file; a killed run may have left half a last line, which is no step."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            step = json.loads(line)
            step["step"] += 0
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                return
            raise ValueError(f"{path}, line {number}: expected a JSON object with a step, got {line[:80]!r}") from error
        yield step


def _number(value: Any) -> Any:
    """A figure as JSON holds it: None where it is not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value if isinstance(value, (str, list, dict, bool)) else None
    return number if math.isfinite(number) else None


def _cut_completions(folder: Path, step: int) -> None:
    """As `MetricsFile`: those after `step` are cut off, those of an earlier run are kept under another name."""
    if step == 0 and any(folder.glob("completions_*.parquet")):
        folder.rename(_free_name(folder))
        folder.mkdir()  # TRL makes it before the run begins
    for path in folder.glob("completions_*.parquet"):
        if int(path.stem.rpartition("_")[2]) > step:
            path.unlink()


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return name
