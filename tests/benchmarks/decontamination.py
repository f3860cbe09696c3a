"""Recall and precision of decontamination on planted cases, and the speed of its scan.

    python tests/benchmarks/decontamination.py [--planted 100] [--data $OVR_REAL_DATA]

Text: half of each evaluation set of the public sample is indexed. Altered questions of that half are planted among real training rows (to be
found), and as many of the other half, altered alike (the same family and corpus: to be left alone). ImageOptions: the same, with the held-out
pictures and those of the training rows to be left alone. A find counts where it names the right item."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT)  # this file is called like the package it measures

import yaml  # noqa: E402

from curation.build.load import load_manifest  # noqa: E402
from curation.core.row import Row  # noqa: E402
from curation.decontamination.finder import Finder  # noqa: E402
from curation.decontamination.keyring import make_keyring  # noqa: E402
from curation.decontamination.options import AnySource, Decontaminate  # noqa: E402
from curation.decontamination.scan import BATCH_ROWS  # noqa: E402
from curation.decontamination.text import question_words  # noqa: E402
from curation.images import decode  # noqa: E402
from curation.images.similarity import ImageIndex  # noqa: E402
from tests.curation.decontamination.decontaminating import benchmark, decontaminate, row  # noqa: E402
from tests.curation.decontamination.planting import PICTURE_KINDS, TEXT_KINDS, eligible  # noqa: E402

FAMILIES = ("math500", "mathvision", "mathverse", "mmlu_pro")
CORPUS = ("math", "aime", "gsm8k", "geoqa")


def questions(data: Path) -> dict[str, list[str]]:
    """Evaluation set -> its questions."""
    spec = yaml.safe_load(
        (ROOT / "manifests/benchmarks/real_sample.yaml").read_text().replace("$OVR_REAL_DATA", str(data))
    )
    sources = Decontaminate.model_validate({"benchmarks": spec}).benchmarks
    return {s.name: [r.question for r in rows_of(s)] for s in sources if s.name in FAMILIES}


def rows_of(source: AnySource) -> list[Row]:
    return [r for r in source.read(0) if isinstance(r, Row)]


def training_rows(data: Path) -> dict[str, list[Row]]:
    os.environ["OVR_REAL_DATA"] = str(data)
    manifest = load_manifest(ROOT / "manifests" / "real_sample.yaml")
    return {s.name: rows_of(s) for section in manifest.sections.values() for s in section.sources}


def measure_text(kind: str, sets: dict[str, list[str]], corpus: list[Row], n: int) -> dict[str, Any]:
    """Plant `n` altered questions of the indexed halves and `n` of the held-out halves."""
    chance, alter = random.Random(kind), TEXT_KINDS[kind]
    indexed = [q for family in FAMILIES for q in sets[family][::2]]
    planted, others = [], []
    for family in FAMILIES:
        for half, into in ((sets[family][::2], planted), (sets[family][1::2], others)):
            chosen = [
                (q, new) for q in half if eligible(q) and (new := alter(q, chance)) and changed_enough(kind, q, new)
            ]
            into += chance.sample(chosen, min(len(chosen), n // len(FAMILIES)))
    rows = [row(new, i, "planted") for i, (_, new) in enumerate(planted)]
    rows += [row(new, i, "others") for i, (_, new) in enumerate(others)]
    with tempfile.TemporaryDirectory() as folder:
        spec = {"benchmarks": [benchmark(Path(folder), "indexed", indexed)]}
        outcome = decontaminate([corpus, rows], Decontaminate.model_validate(spec), Path(folder))
    text = {str(i): q for i, (q, _) in enumerate(planted)}
    found = {e["source_id"] for e in outcome.evidence if e["source"] == "planted"}
    right = {
        e["source_id"]
        for e in outcome.evidence
        if e["source"] == "planted" and e["benchmark_text"].strip() == text[e["source_id"]].strip()
    }
    wrong = [e for e in outcome.evidence if e["source"] == "others"]
    missed = [(q, new) for i, (q, new) in enumerate(planted) if str(i) not in found]
    table = scores(len(planted), len(others), len(found), len({e["source_id"] for e in wrong}))
    return {
        **table,
        "right item": len(right),
        "missed": missed,
        "wrong": [(e["benchmark_text"], e["row_text"]) for e in wrong],
    }


def changed_enough(kind: str, question: str, new: str) -> bool:
    """Two words of another wording at least, or the question is not altered."""
    return new != question and (kind != "synonyms" or len(set(new.split()) - set(question.split())) >= 2)


def measure_pictures(kind: str, indexed: list[bytes], unaffected: list[bytes], n: int) -> dict[str, Any]:
    chance, index = random.Random(kind), ImageIndex()
    for i, data in enumerate(indexed):
        index.add(str(i), data)
    planted = [indexed[i % len(indexed)] for i in range(n)]
    found = sum(
        any(match.key == str(i % len(indexed)) for match in index.search(PICTURE_KINDS[kind](decode(data), chance)))
        for i, data in enumerate(planted)
    )
    wrong = sum(bool(index.search(PICTURE_KINDS[kind](decode(data), chance))) for data in unaffected)
    return scores(len(planted), len(unaffected), found, wrong)


def scores(planted: int, unaffected: int, found: int, wrong: int) -> dict[str, Any]:
    precision = found / (found + wrong) if found + wrong else 1.0
    return {
        "planted": planted, "found": found, "recall": found / max(planted, 1),
        "unaffected": unaffected, "flagged": wrong, "precision": precision,
    }  # fmt: skip


def speed(texts: list[str], finder: Finder) -> float:
    """Rows per CPU second of the scan."""
    started = time.process_time()
    for i in range(0, len(texts), BATCH_ROWS):
        finder.candidates(texts[i : i + BATCH_ROWS])
    return len(texts) / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planted", type=int, default=100, help="cases of each kind")
    parser.add_argument("--data", type=Path, default=os.environ.get("OVR_REAL_DATA"), help="the public sample")
    parser.add_argument("--misses", action="store_true", help="show what was missed and what was wrong")
    args = parser.parse_args()
    if not args.data or not args.data.is_dir():
        print("the public sample is not there; set OVR_REAL_DATA")
        return
    sets, rows = questions(args.data), training_rows(args.data)
    corpus = [r for name in CORPUS for r in rows[name]]
    print(f"{'kind':<12} {'planted':>7} {'found':>6} {'recall':>7} {'unaffected':>10} {'flagged':>9} {'precision':>9}")
    tables = {kind: measure_text(kind, sets, corpus, args.planted) for kind in TEXT_KINDS}
    pictures = [p for name in ("dynamath/dataset/image", "mathvision/images", "logicvista/data/images")
                for p in sorted((args.data / "decontam" / name).glob("*.*"))]  # fmt: skip
    encoded = [p.read_bytes() for p in pictures]
    training = [r.images[0] for name in ("chartqa", "puzzlevqa", "k12_mm_eureka") for r in rows[name][:40]]
    tables |= {
        kind: measure_pictures(kind, encoded[::2], encoded[1::2] + training, args.planted) for kind in PICTURE_KINDS
    }
    for kind, t in tables.items():
        print(
            f"{kind:<12} {t['planted']:>7} {t['found']:>6} {t['recall']:>7.2f} {t['unaffected']:>10} {t['flagged']:>9} {t['precision']:>9.2f}"
        )
        if args.misses:
            for name in ("missed", "wrong"):
                for pair in t.get(name, []):
                    print(f"   {name}: {pair[0][:200]!r}\n           {pair[1][:200]!r}")
    keyring = make_keyring([question_words(q) for family in sets.values() for q in family])
    short = [r.question for name in CORPUS for r in rows[name]]
    long = [r.completion for name in ("sky_t1", "thought_anchors_math") for r in rows[name]]
    print(
        f"scan, questions of {sum(map(len, short)) // len(short)} characters: {speed(short, Finder(keyring)):,.0f} rows per CPU second"
    )
    print(
        f"scan, whole traces of {sum(map(len, long)) // len(long)} characters: {speed(long, Finder(keyring)):,.0f} rows per CPU second"
    )


if __name__ == "__main__":
    main()
