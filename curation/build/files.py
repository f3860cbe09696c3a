"""A digest of every file that a build left beside its shards, whose own SHA-256 are in `shards.json` and the summary: what was changed
behind the build is found by it. Those of the stages' files are in their records, and are not made again.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from curation.build.publish import LISTED
from curation.core.file_records import digest_of_file, is_as_recorded
from curation.core.parquet import write_text
from curation.core.row import Config
from curation.core.stage_files import read_finished

FILES = Path("stages") / "files.json"


def record_files(out: Path, configs: Iterable[Config]) -> None:
    """Write the record, behind all that it is about."""
    known = {path: record for stage in _stages(out) for path, record in _recorded(stage)}
    digests = {
        name: known[path] if (path := out / name) in known else digest_of_file(path)
        for name in sorted(_left(out, configs))
    }
    write_text(out / FILES, json.dumps(digests, indent=1) + "\n")


def _recorded(stage: Path) -> Iterator[tuple[Path, str]]:
    """The files of a stage that are as its record says, and their digests."""
    for name, record in read_finished(stage).files.items():
        if is_as_recorded(stage / name, record):
            yield stage / name, record.digest


def _left(out: Path, configs: Iterable[Config]) -> Iterator[str]:
    """The files of the stages, of the set and of its controls, and what was made of them."""
    yield from ("ledger.parquet", "manifest.lock.yaml", LISTED.as_posix(), *json.loads((out / LISTED).read_text()))
    yield from (f"stages/{config}.json" for config in configs)
    for stage in _stages(out):
        yield from (file.relative_to(out).as_posix() for file in stage.rglob("*") if file.is_file())


def _stages(out: Path) -> Iterator[Path]:
    for place in ("stages", "control/*/stages"):
        yield from out.glob(f"{place}/[0-9][0-9]-*")
