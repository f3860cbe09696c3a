"""`ovr-curate build --dry-run`: which stages would run, on how many rows, and what sampling would cost. Nothing of a build is changed.

With a pilot, the stages before the sampling are built, as the build itself would, and the first samples of some prompts are drawn into the
rollout store, where the build finds them: neither is paid for twice.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from curation.build.build import BuildOptions, chosen_configs, lock_folder, read_manifest
from curation.build.config import ConfigBuild


def dry_run(
    manifest_path: Path, out: Path, options: BuildOptions, pilot: int | None = None, price: float | None = None
) -> str:
    """The stages of a build as lines; `price` is that of a GPU-hour.

    Raises:
        CurationError: bad source, or a pilot that cannot be sampled.
    """
    manifest = read_manifest(manifest_path, options)
    lock = lock_folder(out) if pilot else nullcontext()
    with lock:
        configs = chosen_configs(manifest, out, options)
        return "\n".join(line for config in configs for line in _lines(config, options.workers, pilot, price))


def _lines(config: ConfigBuild, workers: int, pilot: int | None, price: float | None) -> Iterator[str]:
    config.prepare()
    finished = config.is_finished() and all(run.is_done for run in config.stages)
    yield f"{config.config}: {'finished, nothing would run' if finished else 'would run'}"
    if finished:
        return
    known = True  # whether the rows that come in are
    for run in config.stages:
        done, cost = known and run.is_done, None
        if done:
            run.gate()
        elif known:
            cost = run.stage.cost(run.context, pilot)
            if pilot and cost is None:
                config.record.unlink(missing_ok=True)
                run.run(workers)
                done = True
        rows = f"{len(run.rows_in):,} rows" if known and run.before else ""
        line = cost.line(price) if cost else rows
        yield f"  {run.folder.name:<28} {'done' if done else 'to run':<7} {line}".rstrip()
        known = done
