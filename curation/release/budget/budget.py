"""What share of a finished set's rows may be wrong, by cause and in all: the layout of `error_budget.json`.

    {"confidence": 0.95, "seed": 0, "build": "3f...", "configs": {"rl": {
        "rows": 4120, "share": 0.011, "low": 0.003, "high": 1.0, "measured": {"share": 0.011, "low": 0.003, "high": 0.027},
        "note": "not measured: verifier (run `ovr-curate certify DIR`); the upper end counts it as 1",
        "causes": [{"cause": "gold", "share": 0.01, "low": 0.003, "high": 0.025, "rows": 4120, "evidence": "measured", "in_total": true,
                    "how": "one sentence", "detail": {...}, "by_source": {"gsm8k": {"share": ..., "low": ..., "high": ..., "rows": 950}}},
                   ...]}}}

`share` is null where nothing is known, or no more than an upper end; `low` and `high` are always numbers between 0 and 1.
docs/error_budget.md says how each is reckoned.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from curation.core.errors import BuildError, first_line
from curation.core.parquet import write_text

CauseName = Literal["gold", "verifier", "contamination", "sampling"]
Evidence = Literal["measured", "bounded", "not_measured"]
BUDGET_FILE = "error_budget.json"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Range:
    """A share of rows with its 95 % interval; `share` is None where nothing is known."""

    share: float | None
    low: float
    high: float


@dataclass(frozen=True)
class OfSource(Range):
    """The same of the rows of one source."""

    rows: int


@dataclass(frozen=True)
class Cause(Range):
    """One cause of wrong rows; `rows` are those that it is a share of, all of the config."""

    cause: CauseName
    rows: int
    evidence: Evidence
    """`measured`: estimated with an interval; `bounded`: only the upper end says something; `not_measured`: 0 to 1."""
    how: str
    """One sentence: what it was reckoned from, or what would measure it."""
    in_total: bool = True
    """False of `sampling`: such a row has the wrong difficulty, and teaches nothing wrong."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    by_source: Mapping[str, OfSource] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfigBudget(Range):
    """Of a config: the rows that are wrong by at least one cause of the total.

    `measured` leaves out what is not measured, which `low` and `high` take as anything from none to all of the rows that it is about.
    """

    rows: int
    measured: Range
    causes: tuple[Cause, ...]
    note: str = ""

    @property
    def unmeasured(self) -> list[CauseName]:
        """The causes of the total of which nothing is known: with any, a share of wrong rows is no figure."""
        return [one.cause for one in self.causes if one.in_total and one.evidence == "not_measured"]

    @property
    def whole(self) -> Range:
        """Of all causes, without a share where one of them is not measured."""
        return Range(None if self.unmeasured else self.share, self.low, self.high)

    def cause(self, name: CauseName) -> Cause:
        return next(cause for cause in self.causes if cause.cause == name)


@dataclass(frozen=True)
class Budget:
    """Of a whole data set, by config."""

    configs: Mapping[str, ConfigBudget]
    seed: int
    build: str = ""
    """The build that it is of, as its summary names it."""
    confidence: float = CONFIDENCE


def write_budget(folder: Path, budget: Budget) -> Path:
    """Write `error_budget.json`; shares have six decimals."""
    write_text(folder / BUDGET_FILE, json.dumps(_rounded(asdict(budget)), indent=1, ensure_ascii=False) + "\n")
    return folder / BUDGET_FILE


def read_budget(folder: Path) -> Budget | None:
    """What the file of a folder says; None where there is none.

    Raises:
        BuildError: it is no JSON.
    """
    if not (folder / BUDGET_FILE).is_file():
        return None
    try:
        found = json.loads((folder / BUDGET_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise BuildError(
            f"{folder / BUDGET_FILE}: cannot be read: {first_line(error)}; copy or build it again"
        ) from error
    configs = {name: _config(config) for name, config in found["configs"].items()}
    return Budget(configs, found["seed"], found.get("build", ""), found["confidence"])


def _config(found: dict[str, Any]) -> ConfigBudget:
    causes = tuple(
        Cause(**{**cause, "by_source": {name: OfSource(**one) for name, one in cause["by_source"].items()}})
        for cause in found["causes"]
    )
    return ConfigBudget(**{**found, "measured": Range(**found["measured"]), "causes": causes})


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
