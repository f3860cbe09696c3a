"""The residue of an RL set: what most samples of a prompt end in, where the rule says that it is not the gold (`suspect_gold.parquet`).

A gold that no rule can read is none of it: `verify_golds` has dropped the row, and no model's word may bring it back, since the reward in
training is the rule's.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.core.parquet import read_records
from curation.core.row import PLACE
from curation.core.rows import Rows
from curation.difficulty.triage.evidence import SUSPECTS_FILE
from curation.judging.answers.residue import Residue, why_not_asked

GONE = -1
"""The number of a row that triage has dropped."""


def residue_of_suspects(rows: Rows, triage: Path, of: Iterable[str]) -> Iterator[tuple[int, Residue]]:
    """What triage found, with the number of its row; dropped rows are asked about too, as evidence on the gold or the reward."""
    wanted = frozenset(of)
    found = [line for line in read_records(triage / SUSPECTS_FILE) if line["mark"] in wanted]
    numbers = _numbers(rows, {(line["source"], line["source_id"]) for line in found})
    for line in found:
        yield numbers.get((line["source"], line["source_id"]), GONE), _residue(line)


def _residue(line: Mapping[str, Any]) -> Residue:
    gold, answer = line["gold"], line["agreed_answer"]
    named = line["id"], line["source"], line["source_id"], line["mark"]
    return Residue(*named, line["question"].replace(PLACE, "[picture]"), gold, answer, why_not_asked(gold, answer))


def _numbers(rows: Rows, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    names = ((record["source"], record["source_id"]) for record in rows.records(["source", "source_id"]))
    return {name: number for number, name in enumerate(names) if name in wanted}
