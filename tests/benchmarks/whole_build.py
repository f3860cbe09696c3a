"""Rows per CPU-second and peak memory of every stage of a whole build of text and pictures; two checkouts side by side.

    python tests/benchmarks/whole_build.py --text 10000 --pictures 1000
    python tests/benchmarks/whole_build.py --against ../other                  # the same rows, by another checkout too
    python tests/benchmarks/whole_build.py --workers 1,2                       # how much faster with two
    python tests/benchmarks/whole_build.py --sizes 10000,100000                # how memory grows (text rows; a tenth are pictures)

The rows are made up: sums in words and formulas in LaTeX from JSON Lines, pictures from Parquet, among them copies, near copies, items of an
evaluation set, golds that are not there, forum markup. They go through every stage of an RL set that needs no engine. CPU-seconds are those of
the build and its workers, as the system counts them, so that other work on the machine changes little; `spread` is what the workers spent
over what the busiest of them did, the speed-up on as many idle cores. `rest` is all outside of stages: imports, ledger, report; `once
more` the same command again, for which nothing is left to do.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path[0] = os.environ.get("PYTHONPATH", sys.path[0])  # files beside this one are called like packages

ROOT = Path(__file__).resolve().parents[2]
NAMES = "Ada Ben Cleo Dan Eva Finn Gus Hana Ivo Jana Karl Lena Max Nora Otto Pia Quin Rosa Sven Tara".split()  # noqa: SIM905
THINGS = "apples pears marbles stamps coins shells books pencils cards stones tickets ribbons buttons lamps".split()  # noqa: SIM905
PLACES = "market garden school library harbour station kitchen museum forest village bakery workshop".split()  # noqa: SIM905
N_ITEMS = 300
TICK_S = 0.05
Measured = dict[str, Any]


# ---- rows -------------------------------------------------------------------------------------------------------------------------


def sum_in_words(dice: random.Random) -> tuple[str, str]:
    one, other = dice.sample(NAMES, 2)
    a, b, c = dice.randint(100, 99_999), dice.randint(2, 999), dice.randint(2, 99)
    thing, place = dice.choice(THINGS), dice.choice(PLACES)
    return (
        f"{one} went to the {place} with {a:,} {thing}. Later that day {other} came along and brought {b} boxes with {c} {thing} each. They"
        f" put everything on one long table and counted it twice to be sure. How many {thing} are on the table now?",
        f"{b} boxes with {c} {thing} each hold {b} * {c} = {b * c}.\n#### {a + b * c}",
    )


def formula(dice: random.Random) -> tuple[str, str]:
    a, b, c, d = (dice.randint(2, 999) for _ in range(4))
    return dice.choice(
        (
            (rf"Find the positive solution of $x^2 + {a}x - {b * (a + b)} = 0$.", f"{b}"),
            (rf"Compute $\dfrac{{{a}}}{{{b}}} + \frac{{{c}}}{{{d}}}$ as a common fraction.", rf"\frac{{{a * d + b * c}}}{{{b * d}}}"),
            (rf"Let $f(x) = {a}x + {b}$ and $g(x) = \sqrt{{x + {c}}}$. What is $f(g({d * d}))$?", rf"{b}+{a}\sqrt{{{c + d * d}}}"),
            (rf"What is the area of a circle of radius ${a}$ from which a disc of radius $1$ has been cut?", rf"{a * a - 1}\pi"),
            (rf"Solve the inequality $\left|x - {a}\right| \le {b}$. Write the answer in interval notation.", f"[{a - b},{a + b}]"),
        )
    )  # fmt: skip


def evaluation_item(number: int) -> dict[str, str]:
    dice = random.Random(f"item {number}")
    one, other = dice.sample(PLACES, 2)
    a, b = dice.randint(11, 99), dice.randint(3, 9)
    question = f"A bus leaves the {one} at noon and reaches the {other}, {a} miles away, after {b} hours and a stop. How fast was it?"
    return {"question": question, "answer": f"{a}/{b}"}


def text_rows(n: int, seed: int, make: Any) -> Iterator[dict[str, str]]:
    """One in twenty a copy or a near copy, one in fifty with a flaw, one in two hundred an item of the evaluation set."""
    dice = random.Random(f"{seed} {make.__name__}")
    question, answer = make(dice)
    for _ in range(n):
        if dice.random() >= 0.05:
            question, answer = make(dice)
        elif dice.random() < 0.5:
            question += " Give your answer as a number."
        if dice.random() < 0.005:
            yield evaluation_item(dice.randrange(N_ITEMS))
            continue
        flaw = dice.random()
        shown = f"<p>{question}</p><br/>" if flaw < 0.01 else question
        yield {"question": shown, "answer": "" if flaw > 0.99 else answer}


def picture(dice: random.Random) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (dice.randint(90, 160), dice.randint(90, 160)), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(dice.randint(4, 9)):
        x, y, side = dice.randint(0, 80), dice.randint(0, 80), dice.randint(8, 60)
        colour = tuple(dice.randint(0, 220) for _ in range(3))
        dice.choice((draw.rectangle, draw.ellipse))((x, y, x + side, y + side), fill=colour)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def write_pictures(path: Path, n: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    dice = random.Random(n)
    schema = pa.schema([("question", pa.string()), ("answer", pa.string()), ("image", pa.binary())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n, 500):
            rows = []
            for number in range(start, min(start + 500, n)):
                question = f"How many shapes of plan {number} touch the {dice.choice(('left', 'right', 'upper'))} edge of the image?"
                rows.append({"question": question, "answer": str(dice.randint(0, 9)), "image": picture(dice)})
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def write_lines(path: Path, rows: Iterator[dict[str, str]]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_data(folder: Path, text: int, pictures: int) -> Path:
    """The sources and the manifest, by its path."""
    import yaml

    write_lines(folder / "sums.jsonl", text_rows(text // 2, 1, sum_in_words))
    write_lines(folder / "formulas.jsonl", text_rows(text - text // 2, 1, formula))
    write_lines(folder / "evaluation.jsonl", map(evaluation_item, range(N_ITEMS)))
    write_pictures(folder / "pictures.parquet", pictures)
    table = {"kind": "table", "license": "MIT", "fields": {"question": "question", "answer": "answer"}}
    pictured = {**table, "fields": {**table["fields"], "images": "image"}}  # type: ignore[dict-item]
    manifest = {
        "name": "whole_build",
        "rl": {
            "sources": [
                {**table, "name": "sums", "path": str(folder / "sums.jsonl"), "gold": {"answer_pattern": "#### (.+)$"}},
                {**table, "name": "formulas", "path": str(folder / "formulas.jsonl")},
                {**pictured, "name": "pictures", "path": str(folder / "pictures.parquet")},
            ],
            "decontaminate": {
                "benchmarks": [{**table, "name": "evaluation", "path": str(folder / "evaluation.jsonl")}]
            },
            "filters": [{"kind": kind} for kind in ("length", "missing_picture", "open_ended", "several_questions")],
            "mixture": {
                "target": max((text + pictures) * 3 // 5, 100),
                "weights": {"source": {"sums": 1.0, "formulas": 2.0}},
            },
        },
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    return folder / "manifest.yaml"


# ---- one build, in a process of its own -----------------------------------------------------------------------------------------------


class Watch:
    """What the processes of this build spend: itself, the server that forks the workers, the workers."""

    def __init__(self) -> None:
        self.peak_kb = 0
        self.cpu_of: dict[str, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self) -> tuple[float, float, float]:
        self.peak_kb, self.cpu_of = 0, {}
        return time.perf_counter(), time.process_time(), self._of_ended_workers()

    def since(self, before: tuple[float, float, float]) -> Measured:
        clock, own, workers = before
        of_workers = self._of_ended_workers() - workers
        return {
            "seconds": time.perf_counter() - clock,
            "cpu": time.process_time() - own + of_workers,
            "busiest": max(self.cpu_of.values(), default=of_workers),
            "peak_mb": self.peak_kb / 1024,
        }

    def whole(self) -> float:
        """CPU-seconds of everything so far."""
        own = _cpu(self._server, (11, 12)) if self._server else 0.0
        return time.process_time() + own + self._of_ended_workers()

    @property
    def _server(self) -> int | None:
        from multiprocessing import forkserver

        return forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined, no-any-return]

    def _of_ended_workers(self) -> float:
        return _cpu(self._server, (13, 14)) if self._server else 0.0

    def _watch(self) -> None:
        while True:
            for child in _children(self._server) if self._server else ():
                try:
                    status = Path(f"/proc/{child}/status").read_text()
                    self.cpu_of[child] = _cpu(child, (11, 12))
                except (OSError, IndexError):
                    continue
                if "VmHWM:" in status:
                    self.peak_kb = max(self.peak_kb, int(status.partition("VmHWM:")[2].split()[0]))
            time.sleep(TICK_S)


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def _cpu(pid: int | str, fields: tuple[int, ...]) -> float:
    """CPU-seconds by fields of `/proc/PID/stat`, counted from its state on."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(values[field]) for field in fields) / os.sysconf("SC_CLK_TCK")


def build_here(manifest: str, out: str, workers: str) -> None:
    """Run a build with the checkout on the path, and print what its stages took as the last line."""
    from curation.cli import main
    from curation.core.stage_run import StageRun

    watch, stages, run = Watch(), {}, StageRun.run

    def measured(stage: StageRun, *args: Any) -> None:
        before = watch.start()
        run(stage, *args)
        stages[stage.name] = watch.since(before) | {"rows": len(stage.rows_in) or len(stage.rows)}

    StageRun.run = measured  # type: ignore[method-assign]
    started = time.perf_counter()
    sys.argv = ["ovr-curate", "build", manifest, "--out", out, "--workers", workers]
    if main():
        raise SystemExit("the build failed")
    spent = {"seconds": time.perf_counter() - started, "cpu": watch.whole()}
    rest = {key: spent[key] - sum(stage[key] for stage in stages.values()) for key in spent}
    print("\n" + json.dumps({"stages": stages, "rest": rest, "whole": spent}))


# ---- several builds --------------------------------------------------------------------------------------------------------------------


def measure(checkout: Path, manifest: Path, out: Path, workers: int) -> Measured:
    """A build, and the same once more, for which nothing is left to do."""
    shutil.rmtree(out, ignore_errors=True)
    found = run_build(checkout, manifest, out, workers)
    again = run_build(checkout, manifest, out, workers)["whole"]
    first = next(iter(found["stages"].values()))
    found["whole"]["rows"] = found["rest"]["rows"] = first["rows"]
    found["whole"]["peak_mb"] = max(stage["peak_mb"] for stage in found["stages"].values())
    return found | {"again": again | {"rows": first["rows"]}}


def side_by_side(other: Path, manifest: Path, folder: Path, workers: int) -> list[Measured]:
    """Builds of this checkout and of another at the same time, so that other work on the machine slows both."""
    builds = ((ROOT, folder / f"out-{workers}"), (other, folder / "out-other"))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda build: measure(build[0], manifest, build[1], workers), builds))


def run_build(checkout: Path, manifest: Path, out: Path, workers: int) -> Measured:
    command = [sys.executable, __file__, "--build", str(manifest), str(out), str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(command, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the build of {checkout} failed:\n{done.stdout[-2000:]}")
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def lines_of(found: Measured) -> dict[str, Measured]:
    return {**found["stages"], "rest": found["rest"], "whole": found["whole"], "once more": found["again"]}


def print_table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)


def show(title: str, found: Measured) -> None:
    rows = [
        [name, f"{one['rows']:,}", f"{one['cpu']:.2f}", f"{one['rows'] / max(one['cpu'], 1e-3):,.0f}", f"{one.get('peak_mb', 0):.0f}"]
        for name, one in lines_of(found).items()
    ]  # fmt: skip
    print_table(title, ["stage", "rows", "CPU-seconds", "rows per CPU-second", "peak MB of a worker"], rows)


def compare(ours: Measured, theirs: Measured) -> None:
    other = lines_of(theirs)
    rows = [
        [name, f"{other[name]['cpu']:.2f}", f"{one['cpu']:.2f}", f"{other[name]['cpu'] / max(one['cpu'], 1e-3):.2f}"]
        for name, one in lines_of(ours).items()
        if name in other
    ]
    print_table("beside the other checkout", ["stage", "CPU-seconds there", "here", "times as fast"], rows)


def speed_up(one: Measured, several: Measured, workers: int) -> None:
    before = lines_of(one)
    rows = []
    for name, stage in lines_of(several).items():
        alone = before[name]
        spread = f"{stage['cpu'] / max(stage['busiest'], 1e-3):.2f}" if stage.get("busiest") else ""
        rows.append(
            [name, f"{alone['seconds']:.1f}", f"{stage['seconds']:.1f}", f"{alone['seconds'] / stage['seconds']:.2f}", spread]
        )  # fmt: skip
    print_table(f"with {workers} workers", ["stage", "seconds alone", "together", "speed-up", "spread"], rows)


def same_rows(one: Path, other: Path) -> bool:
    """Whether two builds have the same shards but for their metadata, and the same ledger."""
    import pyarrow.parquet as pq

    names = [sorted(file.relative_to(out).as_posix() for file in out.glob("data/*/*.parquet")) for out in (one, other)]
    return names[0] == names[1] and all(
        pq.read_table(one / name)
        .replace_schema_metadata(None)
        .equals(pq.read_table(other / name).replace_schema_metadata(None))
        for name in [*names[0], "ledger.parquet"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=int, default=10_000, help="rows of text")
    parser.add_argument("--pictures", type=int, default=1_000, help="rows with a picture")
    parser.add_argument("--against", type=Path, help="another checkout, which builds the same rows")
    parser.add_argument("--workers", default="1", help="numbers of workers, the first beside each of the others")
    parser.add_argument(
        "--sizes", default="", help="numbers of text rows instead of --text; a tenth as many have pictures"
    )
    parser.add_argument("--folder", type=Path, help="where the rows and builds are kept; a temporary folder by default")
    parser.add_argument("--build", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build_here(*args.build)
        return
    sizes = [(int(size), int(size) // 10) for size in args.sizes.split(",") if size] or [(args.text, args.pictures)]
    workers = [int(number) for number in args.workers.split(",")]
    peaks = []
    with tempfile.TemporaryDirectory() as temporary:
        for text, pictures in sizes:
            folder = (args.folder or Path(temporary)).resolve() / f"{text}-{pictures}"
            (folder / "data").mkdir(parents=True, exist_ok=True)  # its files are inputs, so builds are outside
            manifest = write_data(folder / "data", text, pictures)
            mine = [measure(ROOT, manifest, folder / f"out-{n}", n) for n in workers]
            show(f"{text:,} rows of text, {pictures:,} with pictures", mine[0])
            peaks.append(max(one["whole"]["peak_mb"] for one in mine))
            for number, found in zip(workers[1:], mine[1:], strict=True):
                speed_up(mine[0], found, number)
            if args.against:
                compare(*side_by_side(args.against.resolve(), manifest, folder, workers[0]))
                same = same_rows(folder / f"out-{workers[0]}", folder / "out-other")
                print(f"the same rows out: {'yes' if same else 'NO'}")
    for (text, _), peak in zip(sizes[1:], peaks[1:], strict=True):
        print(
            f"most memory of a worker: {peak:.0f} MB with {text:,} rows of text, {peak / peaks[0]:.2f} times that of {sizes[0][0]:,}"
        )


if __name__ == "__main__":
    main()
