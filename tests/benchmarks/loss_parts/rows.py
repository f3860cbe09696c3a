"""Real questions with their responses, from the public sample, and what can go wrong with them.

Half of the sources, `tuned`, is what the cuts were chosen on; the other half is what is reported.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HALVES = {
    "tuned": {"gsm8k": 350, "thought_anchors_math": 130, "sky_t1": 170, "science_qa": 350},
    "reported": {"aime": 430, "math500": 300, "qwen25_math": 80, "marco_o1": 80, "thought_anchors": 110},
}
"""Half -> source -> clean rows; 1,000 in each."""
DOMAINS = {"science_qa": "science", "marco_o1": "logic", "thought_anchors": "logic"}
"""As the manifests have them; mathematics otherwise."""
KINDS = ("shuffled", "wrong pair", "cut", "mojibake", "other language")
PER_KIND = 20
"""In each half."""


class Trace(NamedTuple):
    """`kind`: empty for a clean row."""

    source: str
    question: str
    response: str
    kind: str = ""


def halves(root: Path, seed: int) -> dict[str, list[Trace]]:
    """Half -> its clean rows, then the corrupted ones, made of others."""
    foreign = [one.response for one in _marco(root) if _chinese_share(one.response) > 0.3]
    found: dict[str, list[Trace]] = {}
    for half, sources in HALVES.items():
        random_ = random.Random(seed)
        clean, rest = [], []
        for source, n in sources.items():
            rows = list(dict.fromkeys(READERS[source](root)))
            random_.shuffle(rows)
            if len(rows) <= n:
                raise SystemExit(f"{source} has {len(rows)} rows, expected more than {n}")
            clean += rows[:n]
            rest += rows[n:]
        random_.shuffle(rest)
        corrupted = [
            corrupt(row, KINDS[i % len(KINDS)], clean, foreign, random_)
            for i, row in enumerate(_evenly(rest, PER_KIND * len(KINDS)))
        ]
        found[half] = clean + corrupted
    return found


def corrupt(row: Trace, kind: str, others: list[Trace], foreign: list[str], random_: random.Random) -> Trace:
    """The row with its response corrupted. A wrong pair has the response to another question of its own source, as a file has whose columns
    have slipped.
    """
    text = row.response
    if kind == "shuffled":
        words = text.split(" ")
        random_.shuffle(words)
        text = " ".join(words)
    elif kind == "wrong pair":
        text = random_.choice(
            [one.response for one in others if one.source == row.source and one.question != row.question]
        )
    elif kind == "cut":
        text = text[: int(len(text) * 0.4)]
    elif kind == "mojibake":
        text = random_.choice(MOJIBAKE)(text, random_.choice(foreign))
    else:
        text = random_.choice(foreign)
    return row._replace(response=text, kind=kind)


MOJIBAKE = (
    lambda text, foreign: text.encode()[: len(text.encode()) // 2 * 2].decode("utf-16-le", errors="replace"),
    lambda text, foreign: text.encode("cp500", errors="replace").decode("cp1252", errors="replace"),
    lambda text, foreign: foreign.encode().decode("latin-1"),
)
"""UTF-8 read as UTF-16, EBCDIC read as Windows-1252, Chinese in UTF-8 read as Latin-1."""


def _evenly(rows: list[Trace], n: int) -> list[Trace]:
    """`n` rows, the sources in turn, so that no kind is of one source."""
    by_source: dict[str, list[Trace]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    chosen: list[Trace] = []
    while len(chosen) < n:
        for of_source in by_source.values():
            if of_source and len(chosen) < n:
                chosen.append(of_source.pop())
    return sorted(chosen, key=lambda row: rows.index(row))


def _chinese_share(text: str) -> float:
    return sum("\u4e00" <= c <= "\u9fff" for c in text) / max(len(text), 1)


def _lines(path: Path) -> Iterator[Any]:
    yield from map(json.loads, path.read_text().splitlines())


def _gsm8k(root: Path) -> Iterator[Trace]:
    for row in _lines(root / "gsm8k/grade_school_math/data/train.jsonl"):
        yield Trace("gsm8k", row["question"], row["answer"])


def _aime(root: Path) -> Iterator[Trace]:
    for row in json.loads((root / "rllm/rllm/data/train/math/aime.json").read_text()):
        if row["solution"]:
            yield Trace("aime", row["problem"], row["solution"])


def _math500(root: Path) -> Iterator[Trace]:
    for row in _lines(root / "decontam/math500/examples/simplelr_math_eval/data/math500/test.jsonl"):
        yield Trace("math500", row["problem"], row["solution"])


def _qwen(root: Path) -> Iterator[Trace]:
    for row in _lines(root / "qwen25_math/evaluation/data/eval_rm_maj_example/math_cot_100.jsonl"):
        yield Trace("qwen25_math", row["question"], row["code"][0])


def _marco(root: Path) -> Iterator[Trace]:
    for row in json.loads((root / "marco_o1/data/CoT_demo.json").read_text()):
        yield Trace("marco_o1", row["instruction"], row["response"])


def _sky(root: Path) -> Iterator[Trace]:
    for path in sorted((root / "skythought_hist").rglob("*.jsonl")):
        for row in _lines(path):
            yield Trace("sky_t1", row["question"], row["code"][0])


def _anchors(root: Path, pattern: str, question: str, source: str) -> Iterator[Trace]:
    for path in sorted((root / "thought_anchors/cots").glob(pattern)):
        problem, solutions = json.loads(path.read_text())[question], path.parent / "solutions.json"
        for one in json.loads(solutions.read_text()) if solutions.exists() else ():
            # The prompt is repeated in front of the trace, as it is in the source.
            yield Trace(source, problem, "<think>" + one["solution"].partition("<think>")[2])


def _science(root: Path) -> Iterator[Trace]:
    text = (root / "scienceqa_truncated/data/scienceqa/problems.json").read_text()
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while True:
        try:
            _, end = decoder.raw_decode(text, text.index('"', at))
            row, at = decoder.raw_decode(text, text.index("{", end))
        except ValueError:  # where the file is cut
            return
        if row["solution"] and not row["image"]:
            question = "\n".join([row["question"], *(f"- {choice}" for choice in row["choices"])])
            yield Trace("science_qa", "\n".join(filter(None, [row["hint"], question])), row["solution"])


READERS = {
    "gsm8k": _gsm8k,
    "aime": _aime,
    "math500": _math500,
    "qwen25_math": _qwen,
    "marco_o1": lambda root: (one for one in _marco(root) if _chinese_share(one.response) <= 0.3),
    "sky_t1": _sky,
    "thought_anchors_math": lambda root: _anchors(root, "math/*/problem.json", "problem", "thought_anchors_math"),
    "thought_anchors": lambda root: _anchors(root, "problem_*/problem.json", "question", "thought_anchors"),
    "science_qa": _science,
}
