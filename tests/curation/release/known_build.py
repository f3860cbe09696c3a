"""A small finished build of which every figure of the report is known beforehand."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.curation.conftest import run

MODULE = '''
import re
from contextlib import contextmanager
from typing import Literal

from curation.sampling.engines.base import Engine, Response, Sample, sample_seed


class Known(Engine):
    """Of four samples for town i, i % 5 are right (3). Of the others, those for even towns agree on 4 and those for odd ones differ."""

    kind: Literal["known"] = "known"
    model: str = "known"

    def identity(self):
        return "known", "1"

    @contextmanager
    def open(self):
        yield self

    def generate(self, requests, options):
        for r in requests:
            town = int(re.search(r"town (\\\\d+)", r.messages[-1].content)[1])
            for n in r.sample_numbers:
                answer = 3 if n < town % 5 else 4 if town % 2 == 0 else 10 + n
                yield Response(r.key, (Sample(n, rf"\\\\boxed{{{answer}}}", "stop", n_tokens=5 + n, seed=1),), prompt_tokens=town)
'''.replace("\\\\", "\\")
NORTH = [("north", i, "3") for i in range(20)]
SOUTH = [("south", i, "3") for i in range(20, 30)]
COPIES = [("south", i, "3") for i in (3, 4, 6)]
"""Rows of `south` with questions of `north`: of each, one of the two stays."""
CONFLICTS = [("south", 41, "3"), ("north", 41, "7")]
LEAKS = [("north", 50, "3"), ("north", 51, "3"), ("south", 52, "3")]
"""Rows that are items of `exam`; the first of `quiz` too."""


def known_build(folder: Path) -> Path:
    """The build's folder: RL rows of two sources with pass rates, duplicates, conflicting golds and leaks, and traces of `trips`."""
    (folder / "known.py").write_text(MODULE)
    for source in ("north", "south"):
        rows = [
            _row(name, i, gold) for name, i, gold in (*NORTH, *SOUTH, *COPIES, *CONFLICTS, *LEAKS) if name == source
        ]
        _write(folder / f"{source}.jsonl", rows)
    _write(folder / "exam.jsonl", [_row("exam", i, "3") for i in (50, 51, 52, 53)])
    _write(folder / "quiz.jsonl", [_row("quiz", i, "3") for i in (50, 60)])
    traces = [
        {**_row("trips", i, "3"), "t": f"<think>Wait, {'let me check again. ' * (i % 2)}</think> \\boxed{{3}}"}
        for i in range(70, 76)
    ]
    _write(folder / "trips.jsonl", traces)
    trips = _table("trips")
    trips["fields"]["completion"] = "t"
    manifest = {
        "name": "known",
        "seed": 3,
        "plugins": ["known"],
        "rl": {
            "sources": [_table("north"), _table("south")],
            "decontaminate": {"benchmarks": [_table("exam"), _table("quiz")]},
            "difficulty": {"sampler": {"kind": "known"}, "stopping": {"kind": "fixed"}, "n": 4},
        },
        "cold_start": {"sources": [trips]},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    run(folder / "manifest.yaml", folder / "out")
    return folder / "out"


def _row(source: str, i: int, gold: str) -> dict[str, str]:
    where = f"Zanzibar{i}" if i < 50 else f"Quagmire{i} beside the lighthouse of Ombrosa{i}"
    return {"id": f"{source}-{i}", "q": f"How many leagues of {where} lie between town {i} and the harbour?", "a": gold}


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _table(name: str) -> dict[str, Any]:
    fields = {"question": "q", "answer": "a", "id": "id"}
    return {
        "kind": "table",
        "name": name,
        "path": f"{name}.jsonl",
        "fields": fields,
        "license": {"south": "mit", "trips": "CC BY-NC-SA 4.0"}.get(name, "MIT"),
        "domain": "travel",
        "accept": ["one_gold"],
    }
