"""The rates of `rates.yaml` that a CPU has: CPU-seconds, bytes and memory a row in every stage, from a few builds on this machine.

    python tests/benchmarks/measure_rates.py [--folder DIR]           # --folder keeps the builds, and what was measured is not measured again
    python tests/benchmarks/measure_rates.py --builds text=20000,image=100 text=100000,image=100 text=500,image=2000 trace=1000 trace=8000

Texts are those of `whole_build.py`, images are of 640 x 480 and about 40 kB, as in public sets of charts and puzzles, traces those of
`traces.py`, 17 kB each. A stage takes `start` seconds of a process and so many
milliseconds of a row of each kind: non-negative least squares over the builds, of relative errors. Memory is a line through the two
largest builds of text, of 20,000 rows or more. What is printed replaces `stages` and `disk` of the file.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image
from scipy.optimize import nnls

sys.path[0] = str(Path(__file__).parents[2])

from curation.core.chunks import chunks  # noqa: E402
from tests.benchmarks import whole_build  # noqa: E402
from tests.benchmarks.traces import records  # noqa: E402
from tests.benchmarks.whole_build import ROOT, measure, write_data, write_lines  # noqa: E402

KINDS = ("text", "image", "trace")
BUILDS = ("text=500,image=100", "text=4000,image=100", "text=500,image=1000", "trace=200", "trace=1000")
FILTERS = (
    "length", "boilerplate", "refusal", "repetition", "cut_off", "looping_end", "prompt_copied", "role_leftovers", "language_switch",
    "conflicting_answers",
)  # fmt: skip
DISK = {"stages": "collect", "data": "shards"}
"""Folder of a build -> the stage whose rows it holds."""
ENOUGH_ROWS = 20_000
"""Fewer fill the buffers of a process, whose memory then grows with them."""
Measured = dict[str, Any]


def write_mixed(folder: Path, text: int, images: int) -> Path:
    """The set of `whole_build.py` with larger images, of which all rows are kept; by its manifest."""
    manifest = write_data(folder, text, 0)
    plan = yaml.safe_load(manifest.read_text())
    del plan["rl"]["mixture"]
    manifest.write_text(yaml.safe_dump(plan))
    schema = pa.schema([("question", pa.string()), ("answer", pa.string()), ("image", pa.binary())])
    with pq.ParquetWriter(folder / "pictures.parquet", schema) as writer:
        for numbers in chunks(range(images), 100):
            writer.write_table(pa.Table.from_pylist([image_row(number) for number in numbers], schema=schema))
    return manifest


def image_row(number: int) -> dict[str, Any]:
    question = f"How many spots of plan {number} are brighter than the one in the middle?"
    return {"question": question, "answer": str(number % 10), "image": image_of(number)}


def image_of(number: int) -> bytes:
    """A JPEG of soft spots."""
    spots = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(spots).resize((640, 480), Image.Resampling.BICUBIC).save(data, "JPEG", quality=60)
    return data.getvalue()


def write_traces(folder: Path, n: int) -> Path:
    """A cold-start set of one source, by its manifest."""
    rows = ({**row, "question": row["prompt"][0]["content"]} for row in records(0, n))
    columns = ("question", "answer", "completion")
    write_lines(folder / "traces.jsonl", ({name: row[name] for name in columns} for row in rows))
    write_lines(folder / "evaluation.jsonl", map(whole_build.evaluation_item, range(whole_build.N_ITEMS)))
    table = {"kind": "table", "license": "MIT", "fields": {"question": "question", "answer": "answer"}}
    traces = {**table, "name": "traces", "path": str(folder / "traces.jsonl"), "gold": {"required": False}}
    traces["fields"] = {name: name for name in columns}
    section = {
        "sources": [traces],
        "decontaminate": {"benchmarks": [{**table, "name": "evaluation", "path": str(folder / "evaluation.jsonl")}]},
        "filters": [{"kind": kind} for kind in FILTERS],
        "keep_verified": ["correct", "correct_without_box", "no_gold", "wrong", "cannot_judge"],
        "verify": {"append_box": True, "max_unjudged": 1.0},
        "mixture": {"target": max(n * 4 // 5, 1), "group_by": ["domain", "behavior"]},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump({"name": "traces", "cold_start": section}))
    return folder / "manifest.yaml"


def build(rows: dict[str, int], folder: Path) -> Measured:
    """What a build took, with the rows of each kind and the bytes that it left."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "measured.json"
    if not record.exists():
        traces = rows.get("trace", 0)
        manifest = write_traces(folder, traces) if traces else write_mixed(folder, rows["text"], rows["image"])
        found = measure(ROOT, manifest, folder / "out", 1)
        files = {name: [file for file in (folder / "out" / name).rglob("*") if file.is_file()] for name in DISK}
        disk = {name: sum(file.stat().st_size for file in found_there) for name, found_there in files.items()}
        record.write_text(json.dumps({**found, "disk": disk}))
    return {**json.loads(record.read_text()), "of": rows}


def fit(values: Sequence[float], rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """`start`, and thousandths of a row of each kind; a row of an image or a trace takes what one of text takes, or more."""
    design = np.array([[1.0, sum(n.values()) / 1000, *(n.get(kind, 0) / 1000 for kind in KINDS[1:])] for n in rows])
    scale = 1 / np.maximum(np.array(values), 1e-9)
    (start, text, *more), _ = nnls(design * scale[:, None], np.ones(len(values)))
    found = dict(zip(("start", *KINDS), (start, text, *(text + extra for extra in more)), strict=True))
    seen = {kind for n in rows for kind, of in n.items() if of}
    return {name: float(f"{value:.3g}") for name, value in found.items() if name == "start" or name in seen}


def rates_of(builds: Sequence[Measured]) -> Iterator[tuple[str, dict[str, float]]]:
    """Stage -> its rates; a kind that no build sent through a stage has none."""
    names = dict.fromkeys(name for one in builds for name in [*one["stages"], "rest"])
    for name in names:
        here = [one for one in builds if name in one["stages"] or name == "rest"]
        spent = [one["rest"] if name == "rest" else one["stages"][name] for one in here]
        rates = fit([stage["cpu"] for stage in spent], list(map(came_in, here, spent)))
        if name != "rest":
            rates["mb"] = round(max(stage["peak_mb"] for stage in spent))
            rates |= slope(here, [stage["peak_mb"] for stage in spent])
        yield name, rates


def came_in(one: Measured, stage: Measured) -> dict[str, float]:
    """The rows of each kind that came into a stage, as if those that had ended were of all kinds alike."""
    share = stage["rows"] / one["stages"]["collect"]["rows"]
    return {kind: n * share for kind, n in one["of"].items()}


def slope(builds: Sequence[Measured], peaks: Sequence[float]) -> dict[str, int]:
    """Bytes of memory that a row of text adds, between the two largest builds of `ENOUGH_ROWS` or more; nothing where there are none."""
    sizes = sorted((one["of"].get("text", 0), peak) for one, peak in zip(builds, peaks, strict=True))[-2:]
    (small, low), (large, high) = sizes[0], sizes[-1]
    enough = ENOUGH_ROWS <= small < large
    return {"bytes_a_row": max(0, round((high - low) * 2**20 / (large - small)))} if enough else {}


def rows_of(text: str) -> dict[str, int]:
    return {kind: int(n) for kind, _, n in (word.partition("=") for word in text.split(","))}


def show(name: str, of: dict[str, float]) -> None:
    print(f"  {name}: {{{', '.join(f'{key}: {value:g}' for key, value in of.items())}}}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builds", nargs="+", default=BUILDS, help="rows of each kind in every build")
    parser.add_argument("--folder", type=Path, help="where the builds are kept; a temporary folder by default")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        builds = [build(rows_of(one), (args.folder or Path(temporary)).resolve() / one) for one in args.builds]
    print("stages:")
    for name, rates in rates_of(builds):
        show(name, rates)
    print("disk:")
    for name, stage in DISK.items():
        of = fit([one["disk"][name] for one in builds], [came_in(one, one["stages"][stage]) for one in builds])
        show(name, {kind: round(of[kind] / 1000) for kind in KINDS if kind in of})


if __name__ == "__main__":
    main()
