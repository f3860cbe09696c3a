"""What the scan found of the rows, task by task, under the numbers that the rows have now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.parquet import read_records
from curation.core.rows import Numbers


@dataclass(frozen=True)
class Candidate:
    """A row that may be an evaluation question: by its words, in other words, or by its images."""

    row: int
    visual: bool
    questions: tuple[int, ...]
    reworded: tuple[int, ...]
    pictures: tuple[dict[str, Any], ...]

    @property
    def all_questions(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*self.questions, *self.reworded)))

    def among(self, questions: list[int]) -> "Candidate | None":
        """With these questions alone; None where nothing is left."""
        by_words, reworded = (tuple(q for q in of if q in questions) for of in (self.questions, self.reworded))
        candidate = Candidate(self.row, self.visual, by_words, reworded, self.pictures)
        return candidate if candidate.all_questions or self.pictures else None


def read_candidates(numbers: Mapping[str, Numbers], scans: Path) -> Iterator[dict[int, Candidate]]:
    """Task by task: row -> its candidates. The scan numbered the rows as they were written; some may have been dropped since, as `numbers`
    says (`Rows.numbers_by_task`)."""
    for file in sorted(scans.glob("*-candidates.parquet")):
        if (of_task := numbers.get(file.name[:5])) is not None:
            yield {
                row: Candidate(
                    row,
                    record["visual"],
                    tuple(record["questions"]),
                    tuple(record["reworded"]),
                    tuple(record["pictures"]),
                )
                for record in read_records(file, batch_rows=10_000)
                if (row := int(of_task[record["row"]])) >= 0
            }
