"""python -m training.demo.quickstart --out build/quickstart [--seed 1]

The whole recipe of the paper in miniature, offline, on two cores: pretrain the micro model (once, then cached), make a teacher of it,
curate the cold-start set, a part of which the teacher writes, fine-tune the language module on it, curate the RL set with pass rates that
the result samples through vLLM, reinforce on the kept rows, and measure the mean reward on held-back rows and the reasoning behaviors of
the responses after every stage.

Every step is a command that a user could type; this script only chains them, times them and reads what they leave on disk.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

LINES_OF_A_FAILURE = 20
AGAIN = "the same command keeps what is curated and the pretrained micro model; SFT and GRPO start over"
MANIFESTS = Path(__file__).parents[2] / "manifests"


@dataclass
class Quickstart:
    """One run: where it works, its seed, and what its steps took."""

    out: Path
    seed: int
    seconds: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0

    @property
    def curated(self) -> Path:
        return self.out / "curated"

    def model(self, stage: str) -> Path:
        return self.out / "models" / stage

    def step(self, name: str, *command: str | Path) -> None:
        """Run one command: what it prints is on the screen, what its libraries say in `logs/`.

        Raises:
            SystemExit: the command failed; the end of its log, which says why, is on the screen.
            KeyboardInterrupt: the command, which a terminal interrupts as well, has ended.
        """
        print(f"\n== {name}\n$ {' '.join(map(str, command))}", flush=True)
        started = time.monotonic()
        log = self.out / "logs" / f"{name.lower().replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = _environment(self.model("teacher"), self.model("sft"))
        with log.open("wb") as chatter:
            process = subprocess.Popen([sys.executable, "-m", *map(str, command)], stderr=chatter, env=environment)
        watch = threading.Thread(target=self._watch_memory, args=(process,), daemon=True)
        watch.start()
        try:
            code = process.wait()
        except KeyboardInterrupt:
            _let_end(process)
            raise
        watch.join()
        self.seconds[name] = round(time.monotonic() - started, 1)
        if code:
            print(*log.read_text(errors="replace").splitlines()[-LINES_OF_A_FAILURE:], sep="\n", file=sys.stderr)
            raise SystemExit(f"quickstart: step {name!r} failed with exit code {code}; {AGAIN}")

    def _watch_memory(self, process: "subprocess.Popen[bytes]") -> None:
        """Peak of the resident memory of this process and of all that it started; shared pages count once a process."""
        while process.poll() is None:
            total = 0
            for member in [*(me := psutil.Process()).children(recursive=True), me]:
                try:
                    total += member.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)
            time.sleep(0.5)


def _let_end(process: "subprocess.Popen[bytes]", patience_s: float = 20) -> None:
    """Wait for an interrupted command; end it where the interrupt has not reached it."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def _environment(teacher: Path, sampler: Path) -> dict[str, str]:
    """One thread a process: on few cores torch's own threads cost more than they give. vLLM would log to standard output."""
    threads = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_LOGGING_STREAM": "ext://sys.stderr"}
    models = {"OVR_QUICKSTART_TEACHER": str(teacher), "OVR_QUICKSTART_MODEL": str(sampler)}
    return {**threads, **quiet, **os.environ, **models}


def run(out: Path, seed: int) -> dict[str, Any]:
    """Run every step; return the summary, which is also in `out/summary.json`."""
    quickstart = Quickstart(out, seed)
    model, curated, images = quickstart.model, quickstart.curated, out / "micro_model_data"
    stages = {"before SFT": model("base"), "after SFT": model("sft"), "after GRPO": model("grpo")}
    models = [word for path in stages.values() for word in ("--model", path)]
    workers = ("--workers", str(min(os.cpu_count() or 1, 4)))
    build = ("curation.cli", "build")
    seeded = ("--set", f"seed={seed}", *workers)
    curate = (*build, MANIFESTS / "quickstart.yaml", "--out", curated, *seeded)
    sft = ("training.cli", "sft", "--config", MANIFESTS / "quickstart_sft.yaml", "--model_name_or_path", model("base"))
    options = ("--data", curated, "--seed", str(seed))
    in_process = ("--engine_option", "isolate=false", "--engine_option", "batch_size=512")  # one start for three models
    steps: dict[str, tuple[str | Path, ...]] = {
        "curate images for the micro model": (*build, MANIFESTS / "micro_model.yaml", "--out", images, *workers),
        "pretrain the micro model": ("training.cli", "micro-model", "--data", images, "--out", model("base")),
        "curate for the teacher": (*build, MANIFESTS / "quickstart_teacher.yaml", "--out", out / "teacher_data", *seeded),
        "SFT of the teacher": (*sft, "--output_dir", model("teacher"), "--data", out / "teacher_data", "--seed", str(seed)),
        "curate the cold start": (*curate, "--only", "cold_start"),
        "SFT": (*sft, "--output_dir", model("sft"), *options),
        "curate the RL set": curate,
        "certify the reward": ("curation.cli", "certify", curated),
        "GRPO": ("training.cli", "grpo", "--config", MANIFESTS / "quickstart_grpo.yaml",
                 "--model_name_or_path", model("sft"), "--output_dir", model("grpo"), *options),
        "plot": ("training.cli", "plot", f"SFT={model('sft')}", f"GRPO={model('grpo')}", "--out", out / "dynamics.png"),
        "evaluate": ("training.cli", "eval", *models, "--data", curated, "--out", out / "eval.json",
                     "--engine", "transformers", *in_process),
        "behaviors": ("curation.cli", "behaviors", out / "eval_rollouts" / "seed_0",
                      "--out", out / "behaviors.json", "--plot", out / "behaviors.png"),
    }  # fmt: skip
    started = time.monotonic()
    for name, command in steps.items():
        quickstart.step(name, *command)
    evaluated = json.loads((out / "eval.json").read_text())
    built = json.loads((curated / "summary.json").read_text())
    summary = {
        "seed": seed,
        "build": built["build"],
        "rows": {config: _rows(counts["sources"]) for config, counts in built["configs"].items()},
        "pass_rates": built["configs"]["rl"]["pass_rates"],
        "kept": built["configs"]["rl"]["kept"],
        "reward": {stage: result["mean_reward"] for stage, result in zip(stages, evaluated, strict=True)},
        "evaluations": evaluated,
        "behaviors": _behaviors(json.loads((out / "behaviors.json").read_text()), stages),
        "seconds": {**quickstart.seconds, "total": round(time.monotonic() - started, 1)},
        "peak_memory_gb": round(quickstart.peak_bytes / 1e9, 2),
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    return summary


def _behaviors(counted: dict[str, Any], stages: dict[str, Path]) -> dict[str, dict[str, float]]:
    """Behavior -> stage -> share of the responses with at least one instance, of the behaviors that any stage shows."""
    rates = {stage: counted["models"][path.name]["cbr"] for stage, path in stages.items()}
    names = next(iter(rates.values()))
    shown = {name: {stage: of_stage[name]["cbr"] for stage, of_stage in rates.items()} for name in names}
    return {name: of_stage for name, of_stage in shown.items() if any(of_stage.values())}


def _rows(sources: dict[str, Any]) -> dict[str, Any]:
    """Rows in, dropped by reason and kept, over all sources of a config."""
    dropped: Counter[str] = Counter()
    for counts in sources.values():
        for reason, n in counts["reasons"].items():
            dropped[reason.partition(": ")[2]] += n
    totals = {key: sum(counts[key] for counts in sources.values()) for key in ("in", "out")}
    return {"in": totals["in"], "dropped": dict(sorted(dropped.items())), "kept": totals["out"]}


def show(summary: dict[str, Any]) -> None:
    """The one table at the end."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"quickstart, seed {summary['seed']}", show_header=False, title_justify="left")
    for config, rows in summary["rows"].items():
        dropped = ", ".join(f"{reason} {n}" for reason, n in rows["dropped"].items()) or "none"
        table.add_row(f"{config} rows", f"{rows['in']} in, {rows['kept']} kept; dropped: {dropped}")
    kept = ", ".join(f"{name} {n}" for name, n in summary["kept"]["source"].items())
    table.add_row("kept in rl", kept, end_section=True)
    measured = summary["pass_rates"]["measured"]
    for tenth, n in measured.items():
        bar = "#" * round(40 * n / max(measured.values()))
        table.add_row(f"pass rate {tenth}", f"{bar} {n}, kept {summary['pass_rates']['kept'].get(tenth, 0)}")
    table.add_section()
    for stage, reward in summary["reward"].items():
        table.add_row(f"mean reward {stage}", "no response could be judged" if reward is None else f"{reward:.3f}")
    table.add_section()
    for behavior, rates in summary["behaviors"].items():
        shares = ", ".join(f"{rate:.0%} {stage}" for stage, rate in rates.items())
        table.add_row(f"responses with {behavior.replace('_', ' ')}", shares)
    table.add_section()
    for step, seconds in summary["seconds"].items():
        table.add_row(step, f"{seconds:.1f} s")
    table.add_row("peak memory", f"{summary['peak_memory_gb']} GB")
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def main(argv: Sequence[str] | None = None) -> int:
    """Run and show."""
    parser = argparse.ArgumentParser(
        prog="python -m training.demo.quickstart", description="The whole recipe in miniature, offline."
    )
    parser.add_argument("--out", type=Path, default=Path("build/quickstart"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    if not MANIFESTS.is_dir():
        print(
            f"quickstart: found no folder {MANIFESTS}; it runs in a checkout, on the manifests there", file=sys.stderr
        )
        return 1
    try:
        show(run(args.out, args.seed))
    except KeyboardInterrupt:
        print(f"quickstart: interrupted; {AGAIN}", file=sys.stderr)
        return 130
    print(
        f"\nWhat was curated, and why: {args.out}/curated/report.html, a page for a browser, and its card, {args.out}/curated/README.md.\n"
        f"The figures are in {args.out}/summary.json, the shards in {args.out}/curated/data, "
        f"the curves of training in {args.out}/dynamics.png, the behaviors in {args.out}/behaviors.png, the logs in {args.out}/logs."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
