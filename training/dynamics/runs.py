"""What a run left behind, as series over steps: its `metrics.jsonl`, and behaviors counted in its kept completions."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.sampling.behaviors import count_behaviors
from training.runs.metrics import read_metrics

Series = list[tuple[int, float]]
"""(step, figure) in the order of steps."""


@dataclass
class Run:
    """A run's name and its figures by their logged names; behaviors as shares of responses with at least one cue."""

    name: str
    figures: dict[str, Series] = field(default_factory=dict)
    behaviors: dict[str, Series] = field(default_factory=dict)

    @property
    def is_rl(self) -> bool:
        return "reward" in self.figures

    def by(self, group: str, figure: str) -> dict[str, Series]:
        """The series of `group/NAME/figure`, by name: `run.by("domain", "reward")`."""
        parts = ((name.split("/"), series) for name, series in self.figures.items())
        return {
            "/".join(keys[1:-1]): series
            for keys, series in parts
            if len(keys) > 2 and keys[0] == group and keys[-1] == figure
        }


def read_run(folder: Path, name: str) -> Run:
    """The series of one output directory.

    Raises:
        FileNotFoundError, ValueError: see `read_metrics`; a file of completions that is not whole.
    """
    figures: dict[str, Series] = defaultdict(list)
    for step in read_metrics(folder):
        for key, value in step.items():
            if key != "step" and isinstance(value, (int, float)):
                figures[key].append((step["step"], float(value)))
    behaviors: dict[str, Series] = defaultdict(list)
    for number, responses in _completions(folder / "completions"):
        counts = [count_behaviors(response) for response in responses]
        for behavior in counts[0] if counts else ():
            behaviors[behavior].append((number, sum(one[behavior] > 0 for one in counts) / len(counts)))
    return Run(name, dict(figures), dict(behaviors))


def _completions(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """The kept responses of each step, as TRL writes them (`completions_00010.parquet`)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("completions_*.parquet")):
        try:
            table = pq.read_table(path, columns=["step", "completion"])
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path} is not a whole Parquet file: {error}") from error
        if table.num_rows:
            yield int(table["step"][0].as_py()), [_text(one) for one in table["completion"].to_pylist()]


def _text(completion: Any) -> str:
    """The text of a kept completion: a string, or messages whose content is a string or parts."""
    if isinstance(completion, str):
        return completion
    contents = [message["content"] for message in completion or ()]
    return "\n".join(
        content if isinstance(content, str) else "".join(part.get("text") or "" for part in content or ())
        for content in contents
    )
