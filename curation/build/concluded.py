"""What is written behind all stages, and whether it is still as it was written: then a build that changes nothing has nothing to write.

The record has the size and the date of every such file and of the mark of every stage that is done, and a digest of the lock.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.build.control.sets import FOLDER
from curation.build.files import FILES
from curation.build.publish import LISTED
from curation.core.parquet import write_text
from curation.core.seen import State, state_of
from curation.core.stage_files import FINISHED
from curation.core.stage_run import digest_of

CONCLUDED = Path("stages") / "concluded.json"


def record_conclusion(out: Path, lock: Mapping[str, Any], stages: Iterable[Path]) -> None:
    """Write the record, behind all that it is about; `stages` are the folders of the finished configs."""
    write_text(out / CONCLUDED, json.dumps(_state(out, lock, stages)))


def concluded(out: Path, lock: Mapping[str, Any], stages: Iterable[Path]) -> dict[str, Any] | None:
    """The summary of a build that is as it was recorded; None where something is another, or is not there."""
    try:
        if json.loads((out / CONCLUDED).read_text()) != json.loads(json.dumps(_state(out, lock, stages))):
            return None
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    except (OSError, ValueError):
        return None
    return summary


def _state(out: Path, lock: Mapping[str, Any], stages: Iterable[Path]) -> dict[str, Any]:
    files: dict[str, State] = {name: state_of(out / name) for name in _written(out)}
    return {"lock": digest_of(lock), "files": files, "stages": {s.name: state_of(s / FINISHED) for s in stages}}


def _written(out: Path) -> Iterator[str]:
    yield from ("ledger.parquet", "manifest.lock.yaml", "summary.json", LISTED.as_posix(), FILES.as_posix())
    yield from json.loads((out / LISTED).read_text())
    yield from (f"{FOLDER}/{record.name}" for record in sorted((out / FOLDER).glob("*.json")))
