"""The SHA-256 of every file that a build left beside its shards, whose own are in `shards.json` and the summary: what was changed behind
the build is found by it.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from curation.build.publish import LISTED
from curation.core.digests import sha256_of
from curation.core.parquet import write_text
from curation.core.row import Config

FILES = Path("stages") / "files.json"


def record_files(out: Path, configs: Iterable[Config]) -> None:
    """Write the record, behind all that it is about."""
    digests = {name: sha256_of(out / name) for name in sorted(_left(out, configs))}
    write_text(out / FILES, json.dumps(digests, indent=1) + "\n")


def _left(out: Path, configs: Iterable[Config]) -> Iterator[str]:
    """The files of the stages, of the set and of its controls, and what was made of them."""
    yield from ("ledger.parquet", "manifest.lock.yaml", LISTED.as_posix(), *json.loads((out / LISTED).read_text()))
    yield from (f"stages/{config}.json" for config in configs)
    for place in ("stages", "control/*/stages"):
        for file in out.glob(f"{place}/[0-9][0-9]-*/**/*"):
            if file.is_file():
                yield file.relative_to(out).as_posix()
