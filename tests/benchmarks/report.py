"""What the report of a build costs: seconds, peak memory and the size of the page.

    python tests/benchmarks/report.py --rows 10000 300000

A finished build is made without sampling or judging anything, of our own writers: N rows that came in, seven of ten of them in the set,
the decisions of each stage, the ledger, eight responses to every measured row, evidence of contamination, an image in every twentieth row.
The report is then written in a process of its own. Bars: 10,000 rows in 20 s and 5 MB, 300,000 in 60 s and 1 GB of memory.
"""

import argparse
import io
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path[0] = str(Path(__file__).parents[2])  # a file beside this one is called like the package `rewards`

from curation.core.decision import Decision, decision_schema, drop, keep, merge, write_decisions  # noqa: E402
from curation.core.ledger import LEDGER  # noqa: E402
from curation.core.parquet import AtomicParquetWriter, write_records, write_text  # noqa: E402
from curation.core.row import STRATA, Difficulty, Message, Row, Sampler, make_row, to_record  # noqa: E402
from curation.core.schema import ROW, Column, released_record, released_schema, stage_schema  # noqa: E402
from curation.core.steps import ROWS_PER_FILE, row_bytes  # noqa: E402
from curation.decontamination.decide import EVIDENCE  # noqa: E402
from curation.sampling.engines.base import Request, Sample  # noqa: E402
from curation.sampling.rollouts.rollout import SCHEMA, Rollout, Setting, prompt_hash, to_line  # noqa: E402

SAMPLER = Sampler("Qwen/Qwen2.5-VL-7B-Instruct", "c" * 40, "d" * 16, 1.0, 1.0, 4096)
SETTING = Setting(SAMPLER.model, SAMPLER.revision, SAMPLER.template_hash, 1.0, 1.0)
SAMPLES, PER_SEGMENT, PER_SHARD = 8, 200_000, 20_000
SOURCES, DOMAINS = [f"source-{i:02d}" for i in range(24)], ["mathematics", "science", "chart", "geometry", "logic"]
STAGES = ("02-rl-filter", "03-rl-contamination", "04-rl-duplicates", "05-rl-triage")
WORDS = [f"word{i}" for i in range(2_000)]


def images(n: int = 40) -> list[bytes]:
    """Some images of noise, of many sizes."""
    rng = random.Random(1)
    found = []
    for _ in range(n):
        width, height = rng.randint(56, 400), rng.randint(56, 400)
        out = io.BytesIO()
        Image.effect_noise((width, height), 60).convert("RGB").save(out, "JPEG", quality=80)
        found.append(out.getvalue())
    return found


def row_of(i: int, rng: random.Random, pictures: list[bytes]) -> Row:
    question = f"Row {i}: " + " ".join(rng.choices(WORDS, k=min(int(rng.lognormvariate(3.3, 0.8)) + 3, 1_500))) + "?"
    n_correct = rng.randint(1, 7)
    difficulty = Difficulty(
        n_correct / 8, n_correct / 8, "share", n_correct, 8, 0, rng.randint(0, 1), 0, 0, 0, 0, 0.1, 0.9, "fixed", SAMPLER
    )  # fmt: skip
    row = make_row(
        source=rng.choice(SOURCES),
        source_id=f"record-{i}",
        question=question,
        answer=str(rng.randint(0, 999)),
        license="MIT",
    )
    chosen = (pictures[i // 20 % len(pictures)],) if i % 20 == 0 else ()
    return replace(
        row, images=chosen, domain=rng.choice(DOMAINS), stratum=rng.choice(STRATA), language="en", difficulty=difficulty
    )


def fate(i: int) -> tuple[str, Decision]:
    """The stage in which a row ends and how; '' and keep for one that is in the set."""
    place = i % 20
    if place < 2:
        return STAGES[0], drop(f"reason_{i // 20 % 12}", "some detail of it")
    if place == 2:
        return STAGES[1], drop("contaminated", "exam/7: exact")
    if place in (3, 4):
        return STAGES[2], merge("near_duplicate", f"{SOURCES[i // 20 % 24]}/record-{i // 60 * 60 + 5}")
    return (STAGES[3], drop("hard", "0 of 8 correct")) if place == 5 else ("", keep())


def rows(n_rows: int, pictures: list[bytes]) -> Iterator[Row]:
    rng = random.Random(7)
    return (row_of(i, rng, pictures) for i in range(n_rows))


class Build:
    """Writes everything of a build in one pass over its rows."""

    def __init__(self, out: Path, n_rows: int) -> None:
        self.out, self.n_rows = out, n_rows
        self.kept: Counter[str] = Counter()
        self.sources = {name: Counter[str]() for name in SOURCES}
        self.reasons = {name: Counter[str]() for name in SOURCES}
        self.shards: dict[str, int] = {}

    def write(self) -> None:
        everything = rows(self.n_rows, images())
        ledger: list[dict[str, Any]] = []
        for first in range(0, self.n_rows, ROWS_PER_FILE):
            file = [next(everything) for _ in range(min(ROWS_PER_FILE, self.n_rows - first))]
            fates = [fate(first + i) for i in range(len(file))]
            self._stages(f"00000-{first // ROWS_PER_FILE:05d}.parquet", file, fates)
            kept = [row for row, (stage, _) in zip(file, fates, strict=True) if not stage]
            self._shard(f"train-{len(self.shards):05d}-of-00001.parquet", kept)
            self._rollouts(first // ROWS_PER_FILE, kept)
            for row, (stage, decision) in zip(file, fates, strict=True):
                ledger.append(self._line(row, stage, decision))
        write_records(self.out / "ledger.parquet", LEDGER, ledger)
        self._evidence(ledger)
        self._documents()

    def _stages(self, name: str, file: list[Row], fates: list[tuple[str, Decision]]) -> None:
        folder = self.out / "stages/01-rl-collect/rows"
        with AtomicParquetWriter(folder / name, stage_schema()) as writer:
            for row in file:
                writer.write(to_record(replace(row, difficulty=None)), row_bytes(row))
        write_text(folder / f"{name[:-8]}.json", json.dumps({name: len(file)}))
        left = list(zip(file, fates, strict=True))
        for stage in STAGES:
            ending = [end == stage for _, (end, _) in left]
            columns = [Column("difficulty", ROW["difficulty"])] if stage == STAGES[3] else []
            decisions = [
                None if ends else keep(difficulty=row.difficulty) if columns else keep()
                for (row, _), ends in zip(left, ending, strict=True)
            ]
            schema = decision_schema(stage, (), columns)
            n = write_decisions(self.out / f"stages/{stage}/decisions" / name, schema, decisions)
            write_text(self.out / f"stages/{stage}/decisions/{name[:-8]}.json", json.dumps({name: n}))
            left = [one for one, ends in zip(left, ending, strict=True) if not ends]

    def _shard(self, name: str, kept: list[Row]) -> None:
        with AtomicParquetWriter(self.out / "data/rl" / name, released_schema("rl", {})) as writer:
            for row in kept:
                writer.write(released_record("rl", row, row.question), row_bytes(row))
        self.shards[name] = len(kept)

    def _rollouts(self, number: int, kept: list[Row]) -> None:
        """Responses of 300 characters; the page shows those of a few rows, and counts the tokens of all."""

        def lines() -> Iterator[dict[str, Any]]:
            rng = random.Random(number)
            for row in kept:
                prompt = prompt_hash(Request("", (Message("user", row.question),), row.images, (), 0))
                for k in range(SAMPLES):
                    n = int(rng.lognormvariate(6, 0.7))
                    sample = Sample(
                        k, f"step {k} {n} " * 25 + r"\boxed{3}", "length" if n > 4096 else "stop", min(n, 4096), k
                    )
                    yield to_line(Rollout(prompt, row.id, SETTING, 4096, sample, len(row.question) // 4, 0.1))

        path = self.out / f"rollouts/segment-{number:08d}.parquet"
        write_records(path, SCHEMA, lines())

    def _line(self, row: Row, stage: str, decision: Decision) -> dict[str, Any]:
        action = "out" if not stage else decision.action
        self.sources[row.source][action] += 1
        if stage:
            self.reasons[row.source][f"{stage}: {decision.reason}"] += 1
        else:
            self.kept[row.source] += 1
        names = {name: getattr(row, name) for name in ("id", "source", "source_id")}
        end = (
            ("shards", "out", "train", "") if not stage else (stage, decision.action, decision.reason, decision.detail)
        )
        return {"config": "rl", **names, **dict(zip(("stage", "action", "reason", "detail"), end, strict=True))}

    def _evidence(self, ledger: list[dict[str, Any]]) -> None:
        schema = EVIDENCE.insert(0, pa.field("config", pa.string()))
        text = "The text of an evaluation item. " * 8
        hits = (
            {
                **{name: line[name] for name in ("id", "source", "source_id")},
                "config": "rl", "benchmark": f"exam-{i % 9}", "benchmark_item": str(i), "kind": ("exact", "near", "template")[i % 3], "score": 0.9,
                "row_text": text, "benchmark_text": text, "copy_of": "",
            }
            for i, line in enumerate(line for line in ledger if line["reason"] == "contaminated")
        )  # fmt: skip
        write_records(self.out / "contamination.parquet", schema, hits)

    def _documents(self) -> None:
        sources = {
            name: {
                "in": counts.total(), **{action: counts[action] for action in ("out", "dropped", "merged")},
                "reasons": dict(sorted(self.reasons[name].items())),
            }
            for name, counts in self.sources.items()
        }  # fmt: skip
        hit = {name: self.reasons[name]["03-rl-contamination: contaminated"] for name in SOURCES}
        overlap = {
            name: {
                "rows": sources[name]["in"],
                "all": {"rows": n, "share": n / max(sources[name]["in"], 1), "kinds": {"exact": n}},
                "benchmarks": {
                    f"exam-{i}": {
                        "rows": n // 9,
                        "share": n / 9 / max(sources[name]["in"], 1),
                        "kinds": {"exact": n // 9},
                    }
                    for i in range(9)
                },
            }
            for name, n in hit.items()
        }
        n_kept = sum(self.kept.values())
        tenths = {f"{k / 10:.1f}": n_kept // 8 for k in (1, 2, 3, 5, 6, 7, 8)}
        samples = {"n_correct": 4 * n_kept, "n_judged": 8 * n_kept, "n_truncated": 0, "n_unjudged": 0}
        rates = {
            "estimator": "share",
            "measured": {"0.0": self.n_rows // 20, **tenths},
            "kept": {"0.0": 0, **tenths},
            "samples": samples,
        }
        unsolved = {name: {"rows": n, "hard": n} for name in SOURCES if (n := self.reasons[name]["05-rl-triage: hard"])}
        mixture = {"rows": {"wanted": n_kept, "available": n_kept, "taken": n_kept}, "source": {
            name: {"wanted": n, "available": n, "taken": n} for name, n in self.kept.items()
        }}  # fmt: skip
        rl = {
            "sources": sources, "shards": self.shards, "kept": {"source": dict(self.kept), "license": {"MIT": n_kept}}, "pictures": None,
            "seconds": {}, "overlap": overlap, "contamination": {f"exam-{i}": {"rows": 500, "unreadable": {}, "contaminated": {}, "items_hit": 9} for i in range(9)},
            "pass_rates": rates, "zero_pass": unsolved, "mixture": mixture, "reading": {},
        }  # fmt: skip
        summary = {"name": "synthetic", "build": "0" * 32, "balanced": True, "configs": {"rl": rl}}
        write_text(self.out / "summary.json", json.dumps(summary))
        manifest = {
            "name": "synthetic",
            "seed": 1,
            "prompt_template": "{question}",
            "rl": {"difficulty": {}},
            "cold_start": None,
        }
        write_text(
            self.out / "manifest.lock.yaml",
            yaml.safe_dump({"manifest": manifest, "limit": None, "inputs": {}, "build": "0" * 32, "versions": {}}),
        )


REPORT = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from curation.release.dataset import open_dataset
from curation.release.report import page
from curation.release.report.section import Page
dataset = open_dataset(Path(sys.argv[1]))
if len(sys.argv) > 2:
    took = {}
    for section in page.known_sections():
        begin = time.perf_counter()
        section.facts(dataset, Page(1))
        took[section.kind] = round(time.perf_counter() - begin, 2)
    print(json.dumps(took))
else:
    file = page.write_report(dataset)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(json.dumps([time.perf_counter() - start, peak, file.stat().st_size / 1e6]))
"""


def report(out: Path, *options: str) -> Any:
    """What the report of a folder took, in a process of its own: seconds, peak memory in MB, megabytes of the page; or seconds by section."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, str(out), *options], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000])
    parser.add_argument("--out", type=Path, help="a folder that keeps the builds for the next run")
    parser.add_argument("--sections", action="store_true", help="also the seconds of each section")
    args = parser.parse_args()
    table = Table(title="the report")
    for heading in ("rows", "in the set", "seconds", "peak MB", "page MB"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for n_rows in args.rows:
            out = (args.out or Path(folder)) / str(n_rows)
            if not (out / "summary.json").exists():
                Build(out, n_rows).write()
            seconds, peak, size = report(out)
            kept = sum(json.loads((out / "summary.json").read_text())["configs"]["rl"]["shards"].values())
            table.add_row(f"{n_rows:,}", f"{kept:,}", f"{seconds:.1f}", f"{peak:,.0f}", f"{size:.2f}")
            if args.sections:
                print(n_rows, report(out, "sections"), flush=True)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
