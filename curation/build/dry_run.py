"""`ovr-curate build --dry-run`: which stages would run, on how many rows, and what sampling would cost. Nothing of a build is changed.

With a pilot, the stages before the sampling are built, as the build itself would, and the first samples of some prompts are drawn into the
rollout store, where the build finds them: neither is paid for twice.
"""

import shlex
from contextlib import nullcontext
from pathlib import Path

from curation.build.build import BuildOptions, build_code, chosen_configs, lock_folder, read_manifest, run_options
from curation.build.config import ConfigBuild
from curation.core.executors.base import Executor, executor_of
from curation.core.rows import Rows
from curation.core.stage import ROWS, Cost, Stage
from curation.core.words import counted

PILOT = 30
"""Prompts that a pilot should have, for who has not made one."""


def dry_run(
    manifest_path: Path, out: Path, options: BuildOptions, pilot: int | None = None, price: float | None = None
) -> str:
    """The stages of a build as lines; `price` is that of a GPU-hour.

    Raises:
        CurationError: bad source, or a pilot that cannot be sampled.
    """
    manifest = read_manifest(manifest_path, options)
    lock = lock_folder(out) if pilot else nullcontext()
    with lock, executor_of(run_options(manifest, options)) as executor:
        configs = chosen_configs(manifest, out, options, build_code(manifest))
        told = [_lines(config, executor, pilot, price) for config in configs]
    lines = [line for of_config, _ in told for line in of_config]
    if pilot is None and not all(is_known for _, is_known in told):
        lines += [
            "What sampling costs is not known yet. This samples a few prompts, which the build then finds, and tells:",
            f"  {shlex.join(_with_pilot(manifest_path, out, options))}",
        ]
    return "\n".join(lines)


def _lines(config: ConfigBuild, executor: Executor, pilot: int | None, price: float | None) -> tuple[list[str], bool]:
    """The stages of a config, and whether it is known what all of them cost."""
    config.prepare()
    if config.is_finished() and all(run.is_done for run in config.stages):
        return [f"{config.config}: finished, nothing would run"], True
    lines, costs_known = [f"{config.config}: would run"], True
    rows = Rows([])
    known, same = (
        True,
        True,
    )  # whether the rows that come in are, and whether they are some of `rows`, the last that were
    for run in config.stages:
        rows = run.rows_in if known else rows
        done, told = known and run.is_done, []
        if done:
            run.gate()
        elif cost := run.stage.cost(run.context_with(rows if same else Rows([])), pilot if known else None):
            told = _told(cost, rows, known, same, price)
            costs_known &= same and cost.is_known
        elif known and pilot:
            config.record.unlink(missing_ok=True)
            executor.run([run])
            done = True
        if not told and known and run.before:
            told = [counted(len(rows), "row")]
        first, *others = told or [""]
        lines.append(f"  {run.folder.name:<28} {'done' if done else 'to run':<7} {first}".rstrip())
        lines += [f"      {line}" for line in others]
        known, same = done, same and (done or not _writes_prompts(run.stage))
    return lines, costs_known


def _told(cost: Cost, rows: Rows, known: bool, same: bool, price: float | None) -> list[str]:
    """A stage's cost; where a stage before it has not run, that of all rows that may come."""
    if not same:
        return [f"at most {counted(len(rows), 'row')}" if len(rows) else "rows not known yet"]
    lines = cost.line(price).splitlines()
    return lines if known else [f"at most, if all {counted(len(rows), 'row')} come so far:", *lines]


def _writes_prompts(stage: Stage) -> bool:
    """Whether what is sampled may be other prompts behind the stage."""
    return stage.leaves == ROWS or not {"prompt", "images"}.isdisjoint(stage.sets)


def _with_pilot(manifest_path: Path, out: Path, options: BuildOptions) -> list[str]:
    """The same command with a pilot."""
    command = ["ovr-curate", "build", str(manifest_path), "--out", str(out)]
    for flag, value in (("--executor", options.executor), ("--workers", options.workers), ("--tasks", options.tasks)):
        command += [flag, str(value)] if value else []
    command += ["--limit", str(options.limit)] if options.limit else []
    command += ["--only", options.only] if options.only else []
    command += [part for change in options.changes for part in ("--set", change)]
    return [*command, "--dry-run", "--pilot", str(PILOT)]
