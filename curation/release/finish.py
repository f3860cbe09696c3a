"""What a stranger reads first: written behind every build, and again when something is known that was not (a certificate, an audit).

    finish(Path("build/quickstart"))    # error_budget.json, removed.parquet, README.md (the card), croissant.json, report.html

It reads the folder alone, so a set that was downloaded gets its card and report in the same way.
"""

import hashlib
import json
from pathlib import Path

import curation
from curation.core.digests import sha256_of, source_digest
from curation.core.parquet import write_text
from curation.release.budget.audit_file import AUDIT_FILE
from curation.release.budget.budget import write_budget
from curation.release.budget.reckon import error_budget
from curation.release.card.card import write_card
from curation.release.card.croissant import write_croissant
from curation.release.card.own import CARD
from curation.release.card.own import digest_of as card_digest
from curation.release.card.removed import write_removed
from curation.release.dataset import open_dataset
from curation.release.report.page import write_report

RECORD = Path("stages") / "finished.json"
"""What the documents were made of, as a digest, and the digest of each: they are made again when one of these is another."""
MADE_OF = ("summary.json", "manifest.lock.yaml", AUDIT_FILE)
"""The summary names the build, with the digests of its shards, and has the certificate."""


def finish(path: Path, *, again: bool = False) -> list[Path]:
    """Write the error budget, the card with its metadata, and the report, in the order in which one reads the other. What was made of the
    same build by the same code stays as it is, unless `again`; own words in a card stay, and an edited one is kept beside it.

    Returns the files.

    Raises:
        BuildError: no finished build and no released set, or an audit with a label that says nothing.
    """
    dataset = open_dataset(path)
    if not dataset.is_build:  # the evidence is not there, and what was reckoned from it is
        return [write_card(dataset), write_croissant(dataset), write_report(dataset, again=again)]
    digest = _digest(path)
    of, written = _recorded(path)
    if not again and of == digest and all(is_as_written(path / name, one) for name, one in written.items()):
        return [path / name for name in written]
    (path / RECORD).unlink(missing_ok=True)
    files = [write_budget(path, error_budget(dataset)), write_removed(path)]
    files += [write_card(dataset, written.get(CARD)), write_croissant(dataset), write_report(dataset)]
    record = {"of": digest, "files": {file.name: _digest_of(file) for file in files}}
    write_text(path / RECORD, json.dumps(record, indent=1) + "\n")
    return files


def _digest(path: Path) -> str:
    templates = sorted(
        file for file in Path(__file__).parent.rglob("*") if file.suffix in (".html", ".css", ".js", ".j2")
    )
    digest = hashlib.sha256(source_digest([curation]).encode())
    for file in (*templates, *(path / name for name in MADE_OF)):
        digest.update(f"{file.name}\0".encode() + (file.read_bytes() if file.is_file() else b"") + b"\0")
    return digest.hexdigest()


def _recorded(path: Path) -> tuple[str, dict[str, str]]:
    """What the documents were made of, and name -> digest; nothing where there is no record."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        return record["of"], dict(record["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", {}


def is_as_written(file: Path, digest: str) -> bool:
    """Whether a document is there as it was recorded; what is between the marks of a card is not looked at."""
    return file.is_file() and _digest_of(file) == digest


def _digest_of(file: Path) -> str:
    return card_digest(file) if file.name == CARD else sha256_of(file)
