r"""What curation is worth: GRPO with the micro model on a curated set, on its controls, and on sets with planted wrong golds.

    python tests/benchmarks/value.py [--model DIR] [--out build/value] [--seeds 0 1 2] [--steps 48] [--processes 2] [--arms NAME ...] [--page FILE.md]

The pool (`value_parts/pool.yaml`) has puzzles that the quickstart's model can learn, puzzles beyond it, copies, golds that nothing can judge and wrong
ones. `ovr-curate build --control` makes of it the curated set, a random one as large, and sets without one stage; the same pool with a fifth of
its golds wrong gives a set with triage and one without. Every arm starts from the same model and takes the same number of steps, prompts and
responses, by the quickstart's recipe. Models are measured on puzzles that are in no pool and have no faults (`value_parts/held_back.yaml`), those that
the model can learn and those beyond it apart, by four responses a row at temperature 1.

Intervals are 95 %, of a bootstrap that draws seeds and rows anew 10,000 times, the same rows for all arms; of three seeds alone they are rather too
narrow. What is done is kept in `--out`: the same command goes on. `--page` puts the tables between the
page's marks, and the curves beside it, as a PNG.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT)

from tests.benchmarks.value_parts.bench import ARMS, Bench  # noqa: E402
from tests.benchmarks.value_parts.report import draw, report  # noqa: E402

PARTS, MODEL = Path(__file__).parent / "value_parts", ROOT / "build/quickstart/models/sft"
PLANTED, SAMPLES = 0.2, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="where all arms begin (that of the quickstart after SFT)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/value")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=48)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--page", type=Path)
    parser.add_argument("--measure", type=Path, nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure, args.out)
        return
    if args.model is None and not MODEL.exists():
        command = [sys.executable, "-m", "training.demo.quickstart", "--out", str(MODEL.parents[1])]
        subprocess.run(command, check=True, cwd=ROOT)
    model = (args.model or MODEL).resolve()
    bench = Bench(args.out.resolve(), model, args.steps, tuple(args.seeds), args.processes, tuple(args.arms))
    started = time.monotonic()
    build(bench)
    with ThreadPoolExecutor(bench.processes) as pool:
        list(pool.map(lambda run: train(bench, *run), bench.runs))
    text = report(bench, time.monotonic() - started)
    print(text)
    if args.page:
        draw(bench, args.page.with_suffix(".png"))
        before, mark, rest = args.page.read_text().partition("<!-- figures -->\n")
        args.page.write_text(f"{before}{mark}{text}\n<!-- end -->{rest.partition('<!-- end -->')[2]}")


def build(bench: Bench) -> None:
    """The held-back rows, the pool and the pool with planted golds, which finds the responses of the first: a gold is no part of a prompt."""
    start(bench, "held_back", "curation.cli", "build", PARTS / "held_back.yaml", "--out", bench.out / "held_back")
    start(bench, "pool", "curation.cli", "build", PARTS / "pool.yaml", "--out", bench.out / "pool", "--control")
    planted = bench.out / "planted"
    if not planted.exists():
        planted.mkdir()
        (planted / ".lock").touch()  # what marks the folder of a build
        shutil.copytree(bench.out / "pool/rollouts", planted / "rollouts")
    changes = ("--set", f"rl.sources[0].wrong={PLANTED}")
    start(bench, "planted", "curation.cli", "build", PARTS / "pool.yaml", "--out", planted, "--control", *changes)
    if not (bench.out / "start.json").exists():
        start(bench, "measure-start", __file__, "--out", bench.out, "--measure", bench.model)


def train(bench: Bench, arm: str, seed: int) -> None:
    """One run and, of its checkpoints, the rewards on the held-back rows."""
    run = bench.run(arm, seed)
    if (run / "rewards.json").exists():
        return
    shutil.rmtree(run, ignore_errors=True)
    save = (
        "--save_strategy",
        "steps",
        "--save_steps",
        bench.curve[0],
        "--save_only_model",
        "true",
        "--log_completions",
        "true",
    )
    options = (
        "--preflight",
        "false",
        "--data",
        bench.data(arm),
        "--model_name_or_path",
        bench.model,
        "--output_dir",
        run,
        "--seed",
        seed,
    )
    recipe = ("--config", ROOT / "manifests/quickstart_grpo.yaml", "--max_steps", bench.steps, "--logging_steps", 1)
    start(bench, run.name, "training.cli", "grpo", *recipe, *options, *save)
    checkpoints = [run / f"checkpoint-{step}" for step in bench.curve]
    start(bench, f"measure-{run.name}", __file__, "--out", bench.out, "--measure", *checkpoints)
    for checkpoint in checkpoints:
        (checkpoint / "model.safetensors").unlink()


def start(bench: Bench, name: str, *command: object) -> None:
    """Run a command to its end and note its CPU seconds, those of its workers too.

    Raises:
        SystemExit: it failed.
    """
    folder = bench.out / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    script = [] if str(command[0]).endswith(".py") else ["-m"]
    quiet = {
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "OVR_VALUE_MODEL": str(bench.model),
        "PYTHONPATH": str(ROOT),
    }
    began, seconds = time.monotonic(), dict[int, float]()
    with (folder / f"{name}.log").open("w") as log:
        line = [sys.executable, *script, *map(str, command)]
        process = psutil.Popen(line, stdout=log, stderr=log, cwd=ROOT, env={**os.environ, **quiet})
        while process.poll() is None:
            with suppress(psutil.Error):  # one that has just ended
                for one in [process, *process.children(recursive=True)]:
                    times = one.cpu_times()
                    seconds[one.pid] = times.user + times.system
            time.sleep(0.2)
    if process.returncode:
        last = (folder / f"{name}.log").read_text().strip().splitlines()[-1:]
        raise SystemExit(
            f"value: {name} ended with code {process.returncode}: {' '.join(last)}; its log: {folder}/{name}.log"
        )
    took = time.monotonic() - began
    figures = {"cpu_s": round(sum(seconds.values()), 1), "wall_s": round(took, 1)}
    if not (folder / f"{name}.json").exists() or not name.startswith(("held_back", "pool", "planted")):
        (folder / f"{name}.json").write_text(json.dumps(figures))
    print(f"{name}: {took:.0f} s, {figures['cpu_s']:.0f} CPU s", flush=True)


def measure(models: Sequence[Path], out: Path) -> None:
    """Sample the held-back rows with every model and write, beside the last, step -> the mean reward of every row."""
    from curation.sampling.engines.base import Request, SamplingOptions, gathered
    from curation.sampling.engines.transformers import Transformers
    from rewards import make_verifier
    from rewards.verify import judge_all
    from training.data.shards import read_rows

    rows, options = list(read_rows(sorted((out / "held_back/data/rl").glob("*")))), SamplingOptions(max_tokens=48)
    requests = [Request(row.id, row.prompt, row.images, tuple(range(SAMPLES)), 0) for row in rows]
    verifiers = [make_verifier(row.answer, row.answer_kind, row.answer_options) for row in rows for _ in range(SAMPLES)]
    found = {}
    for model in models:
        with Transformers(model=str(model), isolate=False, batch_size=512).open() as session:
            samples = [
                sample for one in gathered(requests, session.generate(requests, options)) for sample in one.samples
            ]
        verdicts = judge_all(verifiers, [sample.text for sample in samples])
        right = [v.outcome == "correct" and s.finish_reason != "length" for v, s in zip(verdicts, samples, strict=True)]
        step = model.name.removeprefix("checkpoint-") if model.name.startswith("checkpoint-") else "0"
        found[step] = np.reshape(right, (len(rows), SAMPLES)).mean(1).tolist()
    place = out / "start.json" if "0" in found else models[-1].parent / "rewards.json"
    place.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
