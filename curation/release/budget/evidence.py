"""What the samples of every measured prompt say, and which of the prompts are in the set."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.core.row import Config
from curation.difficulty.triage.evidence import AGREEMENT_FILE
from curation.release.dataset import Dataset

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Agreements:
    """An entry for every measured prompt; `source` numbers `sources`. See `difficulty.triage.evidence.AGREEMENT`."""

    ids: list[str]
    sources: list[str]
    source: Ints
    in_set: Bools
    n_answered: Ints
    n_correct: Ints
    n_agreed: Ints
    n_options: Ints
    n_judged: Ints
    sampler: Ints

    def number(self, source: str) -> int:
        """The number of a source; -1 for one that has no measured prompt."""
        return self.sources.index(source) if source in self.sources else -1

    def measured(self, source: str) -> int:
        """How many rows of the set have samples with an answer."""
        return int((self.in_set & (self.source == self.number(source)) & (self.n_answered > 0)).sum())


def agreements(dataset: Dataset, config: Config) -> Agreements | None:
    """What a build's triage left; None where nothing was sampled, or the stages are not at hand."""
    files = sorted((dataset.path / "stages").glob(f"*-{config}-triage/{AGREEMENT_FILE}"))
    if not files:
        return None
    import pyarrow.parquet as pq

    table = pq.read_table(files[-1])
    kept = {record["id"] for record in dataset.records(config, ["id"])}
    ids, names = table.column("id").to_pylist(), table.column("source").to_pylist()
    sources = sorted(set(names))
    numbers = {name: number for number, name in enumerate(sources)}
    columns = ("n_answered", "n_correct", "n_agreed", "n_options", "n_judged", "sampler")
    return Agreements(
        ids,
        sources,
        np.array([numbers[name] for name in names], np.int64),
        np.array([one in kept for one in ids], bool),
        **{name: table.column(name).to_numpy().astype(np.int64) for name in columns},
    )
