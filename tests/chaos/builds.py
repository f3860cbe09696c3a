"""Builds with sampling that a fault hits: `Chaos.hit(fault)` runs one, again where it failed, and compares its bytes with the undisturbed
build's.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

ROOT = Path(__file__).parents[2]
OUTSIDE = (
    "kill_build",
    "kill_worker",
    "terminate",
    "interrupt",
    "source_gone",
    "corrupt_dead",
    "corrupt_live",
    "stage_gone",
    "second_build",
)
INSIDE = ("disk_full", "read_only", "clock", "out_of_memory", "hang", "kill_engine")
FAULTS = (*OUTSIDE, *INSIDE)
ENDS = {"kill_build": (-9,), "corrupt_dead": (-9,), "stage_gone": (-9,), "terminate": (143, -15), "interrupt": (130,)}
"""Fault -> the exit codes that the build may have beside 0 and, with one line, 1; -15: it was ended before it looked out for SIGTERM."""
RUNS = 3
PATIENCE_S = 2
DAY_S = 86_400


def manifest() -> dict[str, Any]:
    puzzles = {"kind": "visual_puzzles", "families": ["count"], "levels": [1], "size": 56, "count": 6}
    fields = {"question": "q", "answer": "a", "id": "id"}
    return {
        "name": "chaos",
        "seed": 5,
        "plugins": ["guessing", "injected"],
        "rl": {
            "splits": {"test": 0.25},
            "sources": [
                {**puzzles, "name": "images"},
                {**puzzles, "name": "words", "modality": "text"},
                {"kind": "table", "name": "table", "path": "rows.jsonl", "fields": fields},
            ],
            "difficulty": {"sampler": {"kind": "guessing"}, "n": 4, "stopping": {"kind": "bayes"}, "batch_prompts": 4},
        },
    }


@dataclass(frozen=True)
class Result:
    """One build that was hit: how often it ran, what each run said and took, and what was wrong in the end."""

    fault: str
    runs: int
    codes: tuple[int, ...]
    seconds: float
    wrong: str
    said: str


class Chaos:
    """A manifest, the server that forks its builds, and the bytes of the undisturbed one."""

    def __init__(self, folder: Path, server: "subprocess.Popen[str]", errors: Path) -> None:
        self.folder, self.out, self._server, self._errors = folder, folder / "out", server, errors
        self.source, self._fault = folder / "rows.jsonl", folder / "fault.json"
        shutil.copy(ROOT / "tests/curation/build/guessing.py", folder)
        shutil.copy(ROOT / "tests/chaos/injected.py", folder)
        (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest()))
        rows = ({"id": i, "q": f"How far is town {i} from town {i + 3}?", "a": str(1 + i % 4)} for i in range(12))
        self.source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.run([])
        self.seconds = self.run([])[1]
        self.expected = self.content()

    def hit(self, fault: str, random: random.Random) -> Result:
        """Run a build in a folder of its own, let a fault hit it at a random moment, and run it again until it ends."""
        options = ["--workers", str(random.choice((1, 2))), "--set", f"run.engine_tasks={random.choice((1, 2))}"]
        options += ["--set", f"run.patience={PATIENCE_S}"] if fault == "hang" else []
        began, codes, said, wrong = time.monotonic(), list[int](), list[str](), ""
        for number in range(RUNS):
            hit = self._outside(fault, random) if number == 0 and fault in OUTSIDE else None
            if number == 0 and fault in INSIDE:
                self._prepare(fault, random)
            code, _, errors = self.run(options, hit, keep=number > 0)
            codes.append(code)
            said.append(errors)
            wrong = wrong or self._unexpected(fault, code, errors)
            self._mend(fault, random)
            if code == 0:
                break
        if codes[-1]:
            wrong = wrong or f"not done after {RUNS} runs"
        elif differing := self._differing():
            wrong = wrong or f"other bytes: {differing}"
        return Result(fault, len(codes), tuple(codes), time.monotonic() - began, wrong, "\n".join(said))

    def run(
        self, options: list[str], hit: Callable[[psutil.Process, float], None] | None = None, keep: bool = False
    ) -> tuple[int, float, str]:
        """One build: its exit code, its seconds and what it said. `hit` is called with its process once it has begun."""
        if not keep:
            shutil.rmtree(self.out, ignore_errors=True)
        said, began = self._errors.stat().st_size, time.monotonic()
        words = ["build", str(self.folder / "manifest.yaml"), "--out", str(self.out), *options]
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(words), file=self._server.stdin, flush=True)
        process = psutil.Process(int(self._server.stdout.readline()))
        if hit:
            hit(process, began)
        code = int(self._server.stdout.readline())
        with self._errors.open() as errors:
            errors.seek(said)
            return code, time.monotonic() - began, errors.read()

    def content(self) -> dict[str, bytes]:
        files = [*sorted(self.out.glob("data/**/*.*")), self.out / "ledger.parquet", self.out / "manifest.lock.yaml"]
        return {str(file.relative_to(self.out)): file.read_bytes() for file in files}

    def _differing(self) -> str:
        found = self.content()
        names = sorted(n for n in found.keys() | self.expected.keys() if found.get(n) != self.expected.get(n))
        return ", ".join(names + [path.name for path in self._partial()])

    def _partial(self) -> list[Path]:
        """Files that were being written; those of the rollout store are looked after by its writers."""
        return [path for path in self.out.rglob("*.tmp") if "rollouts" not in path.parts]

    def _unexpected(self, fault: str, code: int, errors: str) -> str:
        lines = errors.splitlines()
        if "Traceback" in errors:
            return "a traceback"
        if code == 1 and not (lines and lines[-1].startswith("ovr-curate: ")):
            return "no line that says why it failed"
        if code and fault in INSIDE and self._partial():
            return f"left {self._partial()[0].name}"
        return "" if code in (0, 1, *ENDS.get(fault, ())) else f"exit code {code}"

    def _prepare(self, fault: str, random: random.Random) -> None:
        """What goes wrong inside the next build."""
        described = {
            "kind": fault,
            "where": "worker" if fault in ("out_of_memory", "hang") else random.choice(("any", "build", "worker")),
            "at": time.monotonic() + self._moment(random),
            "request": random.randrange(12),
            "jump_s": random.choice((-DAY_S, DAY_S)),
        }
        if fault == "kill_engine":
            described["where"] = "worker"
        self._fault.write_text(json.dumps(described))

    def _moment(self, random: random.Random) -> float:
        return random.uniform(0, self.seconds)

    def _outside(self, fault: str, random: random.Random) -> Callable[[psutil.Process, float], None]:
        """What happens to a build from outside, at a random moment."""
        moment = self._moment(random)

        def hit(process: psutil.Process, began: float) -> None:
            time.sleep(max(began + moment - time.monotonic(), 0))
            with suppress(psutil.NoSuchProcess):  # it may have ended
                {
                    "kill_build": process.kill,
                    "corrupt_dead": process.kill,
                    "stage_gone": process.kill,
                    "kill_worker": lambda: self._kill_worker(process, random),
                    "terminate": process.terminate,
                    "interrupt": lambda: process.send_signal(signal.SIGINT),
                    "source_gone": lambda: self.source.rename(self.source.with_suffix(".gone")),
                    "corrupt_live": lambda: self._corrupt(random),
                    "second_build": self._build_twice,
                }[fault]()

        return hit

    def _kill_worker(self, build: psutil.Process, random: random.Random) -> None:
        """The workers are children of the server of workers, which has other children while no build runs."""
        while build.status() != psutil.STATUS_ZOMBIE:
            servers = psutil.Process(self._server.pid).children()
            if workers := [one for server in servers if server != build for one in server.children()]:
                random.choice(workers).kill()
                return
            time.sleep(0.005)

    def _corrupt(self, random: random.Random) -> None:
        """Flip a bit of a file that a stage has left, or of a stage's records."""
        for _ in range(100):
            files = [
                path
                for path in sorted(self.out.glob("stages/[0-9]*/**/*"))
                if path.is_file()
                and not {"logs", "progress", "stats", "running"} & {*path.parts}
                and path.suffix != ".tmp"
            ]
            if files:
                break
            time.sleep(0.02)
        else:
            return
        path = random.choice(files)
        try:
            content = bytearray(path.read_bytes())
            if content:
                content[random.randrange(len(content))] ^= 1 << random.randrange(8)
                path.write_bytes(content)
        except FileNotFoundError:
            pass

    def _build_twice(self) -> None:
        """A second build in the same folder, while the first runs."""
        command = [sys.executable, "-m", "tests.chaos.second", str(self.out)]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
        assert "another build is running" in said or "free" in said, said

    def _mend(self, fault: str, random: random.Random) -> None:
        """What a user does before the build is run again."""
        self._fault.unlink(missing_ok=True)
        for was in self.folder.glob("*.was"):
            was.unlink()
        if self.source.with_suffix(".gone").exists():
            self.source.with_suffix(".gone").rename(self.source)
        if fault == "corrupt_dead" and not (self.out / "summary.json").exists():
            self._corrupt(random)
        if fault == "stage_gone" and (stages := sorted(self.out.glob("stages/[0-9]*"))):
            shutil.rmtree(random.choice(stages))


@contextmanager
def chaos(folder: Path) -> Iterator[Chaos]:
    """A folder with a manifest and an undisturbed build's bytes, and a server that is ended at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    errors = folder / "errors.log"
    command = [sys.executable, "-m", "tests.curation.build.killed_build"]
    with (
        errors.open("a") as file,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True
        ) as server,
    ):
        try:
            yield Chaos(folder, server, errors)
        finally:
            assert server.stdin
            server.stdin.close()
