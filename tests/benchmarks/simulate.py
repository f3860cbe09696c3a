"""How long a build takes and what it costs, before it runs: the stages of its plan as tasks on workers and engines, event by event.

    python tests/benchmarks/simulate.py                                               # the paper's sizes, with docs/scale.md's options
    python tests/benchmarks/simulate.py MANIFEST --config rl --rows text=150000 image=150000 --workers 64 --engine-tasks 8 --executor slurm
    python tests/benchmarks/simulate.py --check 10000 1000 --workers 1 2              # a build that runs here, predicted beside measured

The stages, their kinds and their passes are those of `curation.build.plan`, the jobs of a chain those of the Slurm executor. The rates are in
`rates.yaml` beside this file, each with its source; `measure_rates.py` measures those of the CPU. Every row that comes in is counted in every
stage, as if none dropped before. Seconds are those of idle cores; a file system or network that is slower than the CPU is not simulated.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from rich.console import Console
from rich.table import Table

sys.path[0] = str(Path(__file__).parents[2])

from curation.build.load import load_manifest  # noqa: E402
from curation.build.plan import plan  # noqa: E402
from curation.core.row import Config  # noqa: E402
from curation.core.run_options import Executor, RunOptions, SlurmOptions  # noqa: E402
from curation.core.stage import Stage  # noqa: E402
from tests.benchmarks.measure_rates import write_mixed  # noqa: E402
from tests.benchmarks.simulate_parts.model import Asked, Predicted, Rates, Simulation, Sources  # noqa: E402
from tests.benchmarks.simulate_parts.schedule import Machine  # noqa: E402
from tests.benchmarks.whole_build import ROOT, measure  # noqa: E402

RATES = Path(__file__).with_name("rates.yaml")


def read_rates() -> Rates:
    rates: Rates = yaml.safe_load(RATES.read_text())
    return rates


# ---- what is printed -----------------------------------------------------------------------------------------------------------------


def disk_of(sources: Sources, asked: dict[str, Asked], rates: Rates) -> dict[str, float]:
    """Bytes of what a build leaves: its stages, its shards, its rollout store."""
    rows = sources.together()
    found = {name: float(sum(n * of[kind] for kind, n in rows.items())) for name, of in rates["disk"].items()}
    tokens = sum(one.prompts * sum(one.rounds) * one.tokens for kind, one in asked.items() if kind != "loss")
    return {**found, "rollouts": tokens * rates["bytes_a_token"]}


def show(title: str, found: Sequence[Predicted]) -> None:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(("stage", "parts", "tasks", "hours", "CPU-hours", "GPU-hours", "MB of a task")):
        table.add_column(heading, justify="right" if number else "left")
    for one in found:
        if one.unknown:
            table.add_row(one.name, "not simulated: no rate")
            continue
        hours = [f"{seconds / 3600:,.2f}" if seconds else "" for seconds in (one.seconds, one.cpu, one.gpu_s)]
        table.add_row(
            one.name, f"{one.parts:,}", f"{one.tasks:,}", *hours, f"{one.peak_mb:,.0f}" if one.peak_mb else ""
        )
    sums = [sum(getattr(one, name) for one in found) / 3600 for name in ("seconds", "cpu", "gpu_s")]
    table.add_row("whole", "", "", *(f"{hours:,.2f}" for hours in sums), f"{max(one.peak_mb for one in found):,.0f}")
    Console(width=120).print(table)
    if queues := sum(one.queues for one in found):
        print(f"the chain has {queues} jobs one after the other, each of which waits for the queue")


def check(text: int, pictures: int, workers: Sequence[int], folder: Path) -> None:
    """Build what `measure_rates.py` builds, and print what is predicted beside what is measured."""
    manifest = write_mixed(folder, text, pictures)
    stages = plan(load_manifest(manifest), "rl")
    sources = Sources((("text", text // 2), ("text", text - text // 2), ("image", pictures)))
    for n in workers:
        predicted = Simulation(sources, Machine(RunOptions(workers=n)), {}, read_rates()).run(stages)
        measured = measure(ROOT, manifest, folder / f"out-{n}", n)
        show_check(f"{text:,} rows of text, {pictures:,} with pictures, {n} workers", predicted, measured)


def show_check(title: str, predicted: Sequence[Predicted], measured: dict[str, Any]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("stage", "CPU-s predicted", "measured", "ratio", "busiest worker predicted", "measured"):
        table.add_column(heading, justify="right" if heading != "stage" else "left")
    total = [0.0, 0.0]
    for one in predicted:
        real = measured["rest"] if one.name == "rest" else measured["stages"][one.name]
        total = [total[0] + one.cpu, total[1] + real["cpu"]]
        busiest = (f"{one.busiest:.2f}", f"{real['busiest']:.2f}") if one.name != "rest" else ("", "")
        table.add_row(one.name, f"{one.cpu:.2f}", f"{real['cpu']:.2f}", f"{one.cpu / real['cpu']:.2f}", *busiest)
    table.add_row("whole", f"{total[0]:.2f}", f"{total[1]:.2f}", f"{total[0] / total[1]:.2f}")
    Console(width=120).print(table)


# ---- the command ---------------------------------------------------------------------------------------------------------------------


def asked_of(stages: Sequence[Stage], sources: Sources, args: argparse.Namespace, rates: Rates) -> dict[str, Asked]:
    """What the engine stages ask for, by their scenario in `rates.yaml`; `--model`, `--tokens` and `--rule` are of what samples responses."""
    asked = {}
    for stage in stages:
        if stage.has_engine and (scenario := rates["asked"].get(stage.kind)):
            responses = scenario.get("responses", False)
            model = args.model if responses and args.model else scenario["model"]
            tokens = (
                args.tokens if responses and args.tokens else scenario.get("tokens", rates["models"][model]["tokens"])
            )
            rule = args.rule if responses and args.rule else scenario["rule"]
            prompts = int(sources.rows * scenario.get("share", 1.0))
            asked[stage.kind] = Asked(model, tokens, tuple(rates["rounds"][rule]), prompts, responses)
    return asked


def predict(manifest: Path, config: Config, sources: Sources, args: argparse.Namespace) -> None:
    rates, slurm = read_rates(), SlurmOptions(partition="any")
    options = RunOptions(
        executor=args.executor,
        workers=args.workers[0],
        engine_tasks=args.engine_tasks,
        retries=args.retries,
        slurm=slurm,
    )
    machine = Machine(options, args.queue_s, args.hours_to_death, dice=random.Random(args.seed))
    stages = plan(load_manifest(manifest), config)
    asked = asked_of(stages, sources, args, rates)
    found = Simulation(sources, machine, asked, rates).run(stages, config)
    rows = ", ".join(f"{n:,} {kind}" for kind, n in sources.together().items())
    show(
        f"{manifest.stem}: {rows} rows; {args.executor}, {args.workers[0]} workers, {args.engine_tasks} engines", found
    )
    print("disk, GB:", ", ".join(f"{name} {size / 1e9:,.0f}" for name, size in disk_of(sources, asked, rates).items()))


def paper(args: argparse.Namespace) -> None:
    """The two sets of the paper."""
    os.environ.setdefault("OVR_TEACHER_URL", "http://localhost:8000/v1")
    recipes = ROOT / "manifests" / "ovr"
    predict(recipes / "cold_start.yaml", "cold_start", Sources((("trace", 2_000_000),)), args)
    predict(recipes / "multimodal_rl.yaml", "rl", Sources((("text", 150_000), ("image", 150_000))), args)


def sources_of(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    for word in words:
        kind, _, n = word.partition("=")
        yield kind, int(n.replace("_", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path, nargs="?")
    parser.add_argument("--config", choices=get_args(Config), default="rl")
    parser.add_argument("--rows", nargs="+", default=["text=100000"], help="KIND=N of every source: text, image, trace")
    parser.add_argument("--workers", type=int, nargs="+", default=[64])
    parser.add_argument("--engine-tasks", type=int, default=8)
    parser.add_argument("--executor", choices=get_args(Executor), default="slurm")
    parser.add_argument("--queue-s", type=float, default=60.0, help="seconds that a job waits for the queue")
    parser.add_argument(
        "--hours-to-death", type=float, default=0.0, help="hours of work after which a task dies; 0: never"
    )
    parser.add_argument("--retries", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", help="of `models` in rates.yaml, for distilling and pass rates")
    parser.add_argument("--tokens", type=float, help="tokens of a response")
    parser.add_argument("--rule", help="of `rounds` in rates.yaml")
    parser.add_argument(
        "--check", type=int, nargs=2, metavar=("TEXT", "PICTURES"), help="build so many rows here and compare"
    )
    args = parser.parse_args()
    if args.check:
        with tempfile.TemporaryDirectory() as folder:
            check(*args.check, args.workers, Path(folder))
    elif args.manifest:
        predict(args.manifest, args.config, Sources(tuple(sources_of(args.rows))), args)
    else:
        paper(args)


if __name__ == "__main__":
    main()
