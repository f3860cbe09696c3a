r"""Text stages on long traces, measured beside `datasets.map` and `filter`: speed, memory, the same rows out.

    python tests/benchmarks/traces.py [--rows 20000] [--flat 5000,20000]

Traces of 17 kB are generated into Parquet shards of 20,000, one in ten with a flaw. Both sides normalise them and apply the filters of the cold
start in `real_sample.yaml`, with one process each: the project's executor in one pass over a shard, `datasets` with a `map` and a `filter` for
each, in batches. Memory is what the process and its children have together (PSS), and without pages of mapped files (anonymous), sampled ten times
a second. `--flat` runs the project's side at two sizes and says what 2 million rows would take; `--rows 0` that alone.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep

sys.path[0] = str(Path(__file__).parents[2])

from curation.build.load import load_manifest  # noqa: E402
from curation.core.executors.local import LocalExecutor  # noqa: E402
from curation.core.parquet import AtomicParquetWriter  # noqa: E402
from curation.core.row import Row, from_record, make_row, to_record  # noqa: E402
from curation.core.rows import Rows, file_of  # noqa: E402
from curation.core.run_options import RunOptions  # noqa: E402
from curation.core.schema import stage_schema  # noqa: E402
from curation.core.stage import Run  # noqa: E402
from curation.core.steps import ReadRows, WriteRows  # noqa: E402
from curation.filters.base import Filter  # noqa: E402
from curation.filters.stage import FilterStage  # noqa: E402
from curation.normalise import Normalise, normalise_row  # noqa: E402
from curation.normalise.step import ChangeRows, normalise_text  # noqa: E402

SHARD = 20_000
BATCH = 1_000
"""Rows that `datasets` has in memory at a time: its default."""
TRACE_CHARS = 17_000
WORDS = """
first we find the number of ways to place red and blue marbles into boxes such that each box holds at most its share while a circle touches
the line so that both points are equal then let me check this again because it may be wrong and we know that is not what was asked for here
""".split()  # noqa: SIM905
FORMULAS = ("\\( x_1 = 7 \\)", "$a^2 + b^2 = c^2$", "\\[ n = \\frac{3}{4} k \\]", "\\( 2^{10} = 1024 \\)", "$p \\le q$")
FLAWS = (
    lambda trace, rng: trace[: rng.randrange(8_000, 16_000)],
    lambda trace, rng: trace.rpartition("</think>")[0] + "Wait, let me count the boxes once more. " * 30,
    lambda trace, rng: trace + "<|im_end|>\n<|im_start|>user\nAnd now?",
    lambda trace, rng: trace.replace("</think>", "这里我们需要重新计算一下这个问题的答案是多少。</think>"),
    lambda trace, rng: trace + "\n\nThe final answer is: 17",
)


class Side(NamedTuple):
    """What a side took: seconds by the clock, CPU seconds, peak MB, and of those anonymous."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    anonymous_mb: float


def filters() -> list[Filter]:
    """The cold start's filters of the manifest."""
    os.environ.setdefault("OVR_REAL_DATA", "unused")
    return list(
        load_manifest(Path(__file__).parents[2] / "manifests" / "real_sample.yaml").sections["cold_start"].filters
    )


def records(start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Rows with a trace of about `TRACE_CHARS`, a tenth of them with one of the flaws."""
    for i in range(start, stop):
        rng, sentences, size = random.Random(i), [], 0
        while size < TRACE_CHARS:
            words = rng.choices(WORDS, k=rng.randrange(8, 22))
            words[rng.randrange(len(words))] = rng.choice(FORMULAS).replace("7", str(rng.randrange(10_000)))
            sentences.append(" ".join(words).capitalize() + rng.choice((". ", ".\n\n")))
            size += len(sentences[-1])
        answer = f"The number of ways is {i % 97}.\n\n\\[\n\\boxed{{{i % 97}}}\n\\]"
        trace = f"<think>\n{''.join(sentences).strip()}\n</think>\n\n{answer}"
        if i % 10 == 3:
            trace = FLAWS[i // 10 % len(FLAWS)](trace, rng)
        question = f"In how many ways can {i} marbles be placed into {rng.randrange(2, 99)} boxes of {rng.randrange(2, 99)} each?"
        row = make_row(
            source="made", source_id=str(i), question=question, completion=trace, answer=str(i % 97), language="en"
        )
        yield to_record(row)


def write_shards(folder: Path, n_rows: int) -> None:
    for number, start in enumerate(range(0, n_rows, SHARD)):
        with AtomicParquetWriter(folder / f"{number:05d}.parquet", stage_schema()) as writer:
            for record in records(start, min(n_rows, start + SHARD)):
                writer.write(record, len(record["completion"]))


class Shards(NamedTuple):
    """The work of the stages, a part for every shard."""

    folder: Path
    n_parts: int
    made: list[PipelineStep]

    def steps(self) -> list[PipelineStep]:
        return self.made


def ours(shards: Path, out: Path) -> None:
    """The project's executor and the steps of its stages, a task for every shard: read once, written once."""
    rows = Rows(map(file_of, sorted(shards.glob("*.parquet"))))
    run = Run("cold_start", "traces", out / "run", out, rows)
    text = ChangeRows(partial(normalise_text, Normalise()), run.ledger(len(filters())), "text")
    judges = FilterStage(filters=tuple(filters())).middle(run)
    steps = [ReadRows(rows, run.folder / "progress"), text, *judges, WriteRows(out / "data", stage_schema())]
    LocalExecutor(RunOptions()).do(Shards(run.folder, len(rows.files), steps))


def theirs(shards: Path, out: Path) -> None:
    """`datasets` in batches: load, a map, a filter for each, written as Parquet. The filters leave indices, no rows."""
    from datasets import load_dataset

    files = [str(file) for file in sorted(shards.glob("*.parquet"))]
    data = load_dataset("parquet", data_files=files, split="train", cache_dir=str(out / "cache"))
    batches: dict[str, Any] = {"batched": True, "batch_size": BATCH}
    data = data.map(_normalised, **batches)
    for one in filters():
        data = data.filter(partial(_kept, one), **batches)
    (out / "data").mkdir(parents=True)
    data.to_parquet(str(out / "data" / "00000.parquet"), batch_size=BATCH)


def _rows(batch: dict[str, list[Any]]) -> Iterator[Row]:
    return (from_record(dict(zip(batch, values, strict=True))) for values in zip(*batch.values(), strict=True))


def _normalised(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    records = [to_record(normalise_row(row, Normalise())) for row in _rows(batch)]
    return {name: [record[name] for record in records] for name in batch}


def _kept(one: Filter, batch: dict[str, list[Any]]) -> list[bool]:
    return [one.judge(row) is True for row in _rows(batch)]


def measured(side: str, shards: Path, out: Path) -> Side:
    """Run one side in a process group of its own and watch it."""
    started = time.monotonic()
    environment = {**os.environ, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TMPDIR": str(out.parent)}
    command = [sys.executable, __file__, "--side", side, str(shards), str(out)]
    child = subprocess.Popen(command, start_new_session=True, env=environment)
    peak = anonymous = 0.0
    cpu: dict[int, float] = {}
    while child.poll() is None:
        seen = [(pid, *_used(pid)) for pid in _session(child.pid)]
        peak = max(peak, sum(pss for _, _, pss, _ in seen))
        anonymous = max(anonymous, sum(anon for *_, anon in seen))
        cpu |= {pid: seconds for pid, seconds, *_ in seen if seconds}
        time.sleep(0.1)
    if child.returncode:
        raise SystemExit(f"{side} ended with {child.returncode}")
    return Side(time.monotonic() - started, sum(cpu.values()), peak / 1024, anonymous / 1024)


def _session(leader: int) -> list[int]:
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                pids.append(int(entry.name))
        except OSError:
            continue
    return pids


def _used(pid: int) -> tuple[float, float, float]:
    """CPU seconds, PSS and its anonymous part in kB; zeros for a process that is gone."""
    try:
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        sizes = dict(line.split()[:2] for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    except OSError:
        return 0.0, 0.0, 0.0
    seconds = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
    return seconds, float(sizes.get("Pss:", 0)), float(sizes.get("Pss_Anon:", 0))


def ids(folder: Path) -> list[str]:
    return [
        name
        for file in sorted(folder.rglob("*.parquet"))
        for name in pq.read_table(file, columns=["source_id"])["source_id"].to_pylist()
    ]


def compare(n_rows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shards(folder / "shards", n_rows)
        print(
            f"| {n_rows:,} traces | wall s | CPU s | peak MB | anonymous MB |\n|---|---|---|---|---|",
            flush=True,
        )
        sides = {}
        for side in ("ours", "theirs"):
            sides[side] = measured(side, folder / "shards", folder / side)
            print(f"| {side} | " + " | ".join(f"{figure:,.1f}" for figure in sides[side]) + " |", flush=True)
        same = ids(folder / "ours" / "data") == ids(folder / "theirs" / "data")
        ratios = [b / a for a, b in zip(sides["ours"], sides["theirs"], strict=True)]
        print(
            "| theirs / ours | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + f" |\n\nthe same rows: {same}",
            flush=True,
        )


def flat(sizes: list[int]) -> None:
    peaks = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            write_shards(Path(name) / "shards", size)
            peaks.append(measured("ours", Path(name) / "shards", Path(name) / "ours").peak_mb)
            print(f"{size:,} rows: {peaks[-1]:,.0f} MB", flush=True)
    if len(sizes) == 2:
        slope = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
        print(f"2,000,000 rows by extrapolation: {peaks[1] + slope * (2_000_000 - sizes[1]):,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--flat", default="5000,20000")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        {"ours": ours, "theirs": theirs}[arguments.side[0]](*map(Path, arguments.side[1:]))
        return
    if arguments.rows:
        compare(arguments.rows)
    flat([int(size) for size in arguments.flat.split(",") if size])


if __name__ == "__main__":
    main()
