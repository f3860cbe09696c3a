"""Recall and precision of decontamination on rewordings of evaluation questions, beside the usual measures, and on copies.

    python tests/benchmarks/rewordings.py --plus gsmplus_testmini.jsonl --items gsm8k/test.jsonl --others gsm8k/train.jsonl [--model M]

GSM-Plus (Li et al., arXiv 2402.19255) alters 300 of GSM8K's test questions in eight ways; its `testmini` is public, and so is GSM8K. A find counts
where it names the question that the row was made from. The training questions of GSM8K are no copies: whatever is found there is wrong, or one
of the few siblings. Beside ours: rows that share a run of 13 or 8 words with a test question (GPT-3, arXiv 2005.14165, C; PaLM, arXiv
2204.02311, 8), and MinHash of word 3-grams from a Jaccard similarity of 0.5 on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT)  # this file is called like the package it measures

from datasketch import MinHash, MinHashLSH  # noqa: E402

from curation.core.row import Row  # noqa: E402
from curation.decontamination.options import Decontaminate  # noqa: E402
from curation.decontamination.text import words_of  # noqa: E402
from tests.curation.decontamination.decontaminating import benchmark, decontaminate, row  # noqa: E402
from tests.curation.decontamination.planting import renumbered  # noqa: E402

Found = dict[int, set[int]]
"""Row -> the questions that it is found to be."""


def questions(path: Path) -> list[str]:
    return [json.loads(line)["question"].strip() for line in path.read_text().splitlines()]


def ours(items: list[str], rows: list[str], model: str = "") -> Found:
    options = {"second_opinion": {"model": model}} if model else {}
    with tempfile.TemporaryDirectory() as folder:
        spec = {"benchmarks": [benchmark(Path(folder), "items", items)], **options}
        tasks = [[row(text, i) for i, text in enumerate(rows)]]
        outcome = decontaminate(tasks, Decontaminate.model_validate(spec), Path(folder))
    number = {item: i for i, item in enumerate(items)}
    dropped = outcome.of("corpus")
    found: Found = defaultdict(set)
    for line in outcome.evidence:
        if line["source_id"] in dropped:
            found[int(line["source_id"])].add(number[line["benchmark_text"]])
    return found


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def by_ngrams(n: int) -> Callable[[list[str], list[str]], Found]:
    def find(items: list[str], rows: list[str]) -> Found:
        at: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for i, item in enumerate(items):
            for gram in grams(item, n):
                at[gram].add(i)
        return {r: {i for gram in grams(text, n) for i in at.get(gram, ())} for r, text in enumerate(rows)}

    return find


def by_minhash(threshold: float) -> Callable[[list[str], list[str]], Found]:
    def signature(text: str) -> MinHash:
        signature = MinHash(num_perm=128)
        signature.update_batch([" ".join(gram).encode() for gram in grams(text, 3)])
        return signature

    def find(items: list[str], rows: list[str]) -> Found:
        index = MinHashLSH(threshold=threshold, num_perm=128)
        signatures = [signature(item) for item in items]
        for i, s in enumerate(signatures):
            index.insert(i, s)
        return {
            r: {i for i in index.query(s) if signatures[i].jaccard(s) >= threshold}
            for r, s in ((r, signature(text)) for r, text in enumerate(rows))
        }

    return find


def rewordings(args: argparse.Namespace) -> None:
    """The table of the eight ways and of the training questions."""
    items, others = questions(args.items), questions(args.others)
    plus = [json.loads(line) for line in args.plus.read_text().splitlines()]
    number = {item: i for i, item in enumerate(items)}
    rows = [p["question"] for p in plus]
    seeds = [number[p["seed_question"].strip()] for p in plus]
    ways = dict.fromkeys(p["perturbation_type"] for p in plus)
    methods: dict[str, Callable[[list[str], list[str]], Found]] = {"ours": ours}
    if args.model:
        methods["ours, second opinion"] = lambda items, rows: ours(items, rows, args.model)
    methods |= {"13-grams": by_ngrams(13), "8-grams": by_ngrams(8), "MinHash 0.5": by_minhash(0.5)}
    print(
        f"{'recall in %':<22}"
        + "".join(f"{way.split()[0][:11]:>12}" for way in ways)
        + f"{'others':>8}{'precision of rewordings':>25}{'CPU s':>7}"
    )
    for name, find in methods.items():
        start = time.process_time()
        found = find(items, [*rows, *others])
        seconds = time.process_time() - start
        right = [seeds[i] in found.get(i, ()) for i in range(len(rows))]
        wrong = sum(bool(found.get(i)) for i in range(len(rows), len(rows) + len(others)))
        shares, reworded = [], 0
        for way in ways:
            of_way = [r for r, p in zip(right, plus, strict=True) if p["perturbation_type"] == way]
            shares.append(100 * sum(of_way) / len(of_way))
            reworded = sum(of_way) if way == "problem understanding" else reworded
        precision = reworded / max(reworded + wrong, 1)
        print(
            f"{name:<22}" + "".join(f"{share:12.1f}" for share in shares) + f"{wrong:8d}{precision:25.3f}{seconds:7.0f}"
        )


def copies(args: argparse.Namespace) -> None:
    """The share of the rows that is found, by the number of copies of each item, and what is found beside them."""
    items, others = (
        questions(args.items)[:300],
        [row(q, i, "others") for i, q in enumerate(questions(args.others)[:7000])],
    )
    print(f"\n{'found in %':<34}" + "".join(f"{n:>9}" for n in args.copies) + f"{'others':>9}")
    for name, alter, n_sources, n_sets, beside in arrangements():
        shares, wrong = [], 0
        for n in args.copies:
            rows = list(planted(items, n, alter, n_sources, name == "traces"))
            with tempfile.TemporaryDirectory() as folder:
                spec = {"benchmarks": [benchmark(Path(folder), f"set{i}", items) for i in range(n_sets)]}
                all_rows = rows + (others if beside else [])
                labels = clusters(all_rows)
                outcome = decontaminate([all_rows], Decontaminate.model_validate(spec), Path(folder), labels)
            gone = [decision.action == "dropped" for decision in outcome.decisions]
            shares.append(100 * sum(gone[: len(rows)]) / len(rows))
            wrong += sum(gone[len(rows) :])
        print(f"{name:<34}" + "".join(f"{share:9.2f}" for share in shares) + f"{wrong:9d}", flush=True)


def arrangements() -> Iterator[tuple[str, Callable[[str, random.Random], str], int, int, bool]]:
    yield "verbatim, alone", lambda q, _: q, 1, 1, False
    yield "verbatim, beside 7,000", lambda q, _: q, 1, 1, True
    yield "verbatim, ten sources", lambda q, _: q, 10, 1, True
    yield "verbatim, ten evaluation sets", lambda q, _: q, 1, 10, True
    yield "traces", lambda q, _: q, 1, 1, True
    yield "renumbered", renumbered, 1, 1, True
    yield "near", near, 1, 1, True


def near(question: str, chance: random.Random) -> str:
    """Two words others, and a sentence at one end."""
    words = question.split()
    for _ in range(2):
        place = chance.randrange(len(words))
        if not re.search(r"\d", words[place]):
            words[place] = chance.choice(["really", "just", "the", "some", "that"])
    more = f"{chance.choice(['Think about', 'Look at', 'Here is'])} task {chance.choice('abcdefghijklmnop')} of {chance.choice('qrstuvwxyz')}."
    return chance.choice([f"{more} {' '.join(words)}", f"{' '.join(words)} {more}"])


def planted(
    items: list[str], n: int, alter: Callable[[str, random.Random], str], n_sources: int, traces: bool
) -> Iterator[Row]:
    for i, item in enumerate(items):
        for k in range(n):
            text = alter(item, random.Random(f"{i}/{k}"))
            yield row(text, i * n + k, f"copies{k % n_sources}", completion=f"Trace {k}." if traces else "")


def clusters(rows: list[Row]) -> list[int]:
    first: dict[str, int] = {}
    return [first.setdefault(r.question, i) for i, r in enumerate(rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plus", type=Path, help="GSM-Plus testmini, JSON Lines")
    parser.add_argument("--items", type=Path, help="GSM8K's test questions, JSON Lines")
    parser.add_argument("--others", type=Path, help="GSM8K's training questions, JSON Lines")
    parser.add_argument("--model", default="", help="an embedding model, for the second opinion")
    parser.add_argument("--copies", type=int, nargs="*", default=[1, 5, 6, 30], help="copies of each of 300 items")
    args = parser.parse_args()
    if not (args.plus and args.items and args.others):
        print("GSM-Plus and GSM8K are not there; name their files, see --help")
        return
    rewordings(args)
    if args.copies:
        copies(args)


if __name__ == "__main__":
    main()
