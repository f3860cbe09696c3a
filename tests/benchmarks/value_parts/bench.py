"""The arms of `tests/benchmarks/value.py` and where their files are."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

ARMS = {
    "curated": ("pool", "."),
    "control: random": ("pool", "control/random"),
    "unfiltered": ("pool", "control/unfiltered"),
    "20 % wrong, with triage": ("planted", "."),
    "20 % wrong, without": ("planted", "control/without_difficulty"),
    "without duplicates": ("pool", "control/without_duplicates"),
    "without verify_golds": ("pool", "control/without_verify_golds"),
    "without difficulty": ("pool", "control/without_difficulty"),
}
"""Name -> the build, and its folder with the set. `difficulty` is left out with its triage, `duplicates` is the merging of copies."""
CONTROL = "control: random"
PAIRS = (
    ("curated", "unfiltered"),
    ("curated", "without duplicates"),
    ("curated", "without verify_golds"),
    ("curated", "without difficulty"),
    ("20 % wrong, with triage", "20 % wrong, without"),
)
"""Arms that differ in one thing."""
POINTS = 3
"""Times that a run is measured."""


@dataclass(frozen=True)
class Bench:
    """What is trained, and where."""

    out: Path
    model: Path
    steps: int
    seeds: tuple[int, ...]
    processes: int
    arms: tuple[str, ...]

    def data(self, arm: str) -> Path:
        build, folder = ARMS[arm]
        return self.out / build / folder

    def run(self, arm: str, seed: int) -> Path:
        return (
            self.out
            / "runs"
            / f"{arm.replace(' ', '-').replace('%', 'percent').replace(':', '').replace(',', '')}-seed-{seed}"
        )

    @property
    def curve(self) -> list[int]:
        """The steps after which a run is measured."""
        return [self.steps * k // POINTS for k in range(1, POINTS + 1)]

    @property
    def runs(self) -> list[tuple[str, int]]:
        """Seed by seed: what a benchmark has that was stopped can be compared."""
        return [(arm, seed) for seed, arm in product(self.seeds, self.arms)]
