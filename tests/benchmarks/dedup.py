r"""Duplicates, measured: speed of the signatures, recall against datasketch, memory of the search.

    python tests/benchmarks/dedup.py speed [--documents 300] [--against 40] [--rounds 3]
    python tests/benchmarks/dedup.py recall [--planted 200] [--misses]
    python tests/benchmarks/dedup.py memory [--rows 10000,100000,1000000]

`speed` signs traces of 17.6 kB, question and trace, beside datatrove's MinhashDedupSignature as it comes (its English tokenizer is spaCy's;
where that is not installed its shingles are cut by white space, which is in its favour). `recall` takes every pair that datasketch's MinHash
finds on the same shingles at the same threshold. Both use the real sample where $OVR_REAL_DATA has it, generated text elsewhere."""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.word_tokenizers import WordTokenizer

sys.path[0] = str(Path(__file__).parents[2])

from curation.core.decision import decision_schema, keep, write_decisions  # noqa: E402
from curation.core.parquet import write_records  # noqa: E402
from curation.core.row import Row, make_row, to_document, to_record  # noqa: E402
from curation.core.rows import Rows, decided, file_of  # noqa: E402
from curation.core.schema import stage_schema  # noqa: E402
from curation.core.stage import Run  # noqa: E402
from curation.dedup import Dedup, find_clusters  # noqa: E402
from curation.dedup.clusters import Labels  # noqa: E402
from curation.dedup.decide import MergeDuplicates  # noqa: E402
from curation.dedup.equivalent import are_equivalent  # noqa: E402
from curation.dedup.minhash import jaccard  # noqa: E402
from curation.dedup.reading import facts_of, read_question  # noqa: E402
from curation.dedup.search import FindClusters  # noqa: E402
from curation.dedup.sign import SignRows  # noqa: E402

OPTIONS = Dedup()
TRACE_BYTES = 17_600
WORDS = """
find the number of ways to place some red and blue marbles into boxes such that each box holds at most its share while a circle touches
""".split()  # noqa: SIM905


def real_rows(config: str) -> list[Row]:
    """The rows of the real sample, or generated ones."""
    if not os.environ.get("OVR_REAL_DATA"):
        return [generated(i) for i in range(2000)]
    from curation.build.load import load_manifest

    manifest = load_manifest(Path(__file__).parents[2] / "manifests" / "real_sample.yaml")
    rows = (row for source in manifest.sections[config].sources for row in source.read(manifest.seed))
    return [row for row in rows if isinstance(row, Row)]


def generated(i: int) -> Row:
    """Question i; one in twenty is a copy of the one before, one in twenty a near copy."""
    copied, slip = i % 20 in (1, 3), i % 20 == 3
    rng = random.Random(i - 1 if copied else i)
    words = [rng.choice(WORDS) if rng.random() < 0.9 else str(rng.randrange(10_000)) for _ in range(40)]
    question = " ".join(words)
    trace = " ".join(rng.choices(WORDS, k=200))
    question = f"Solve this: {question}" if slip else question
    return make_row(source="s", source_id=str(i), question=question, completion=trace, answer=str(rng.randrange(100)))


def traces(n: int) -> list[Row]:
    """Rows with traces of `TRACE_BYTES`, pieced together from real ones."""
    rows = [row for row in real_rows("cold_start") if row.completion]
    text = "\n".join(row.completion for row in rows)
    step = max(1, (len(text) - TRACE_BYTES) // n)
    made = (text[i * step : i * step + TRACE_BYTES].ljust(TRACE_BYTES, "x") for i in range(n))
    return [replace(rows[i % len(rows)], completion=trace) for i, trace in enumerate(made)]


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def speed(arguments: argparse.Namespace) -> None:
    documents = [to_document(row) for row in traces(arguments.documents)]
    theirs = [to_document(row) for row in traces(arguments.documents)[: arguments.against]]
    for document in theirs:
        document.text = document.metadata["row"].completion
    with tempfile.TemporaryDirectory() as folder:
        step, tokenizer = stock_signature(f"{folder}/theirs")
        sign = SignRows(Path(folder) / "ours", OPTIONS, traces=True)
        list(step.run(iter(theirs[:1])) or ())  # what is loaded once a worker
        list(sign.run(iter(documents[:1])))
        them = us = 0.0
        for _ in range(arguments.rounds):  # in turns, since other work on the machine comes and goes
            them += cpu_seconds(lambda: list(step.run(iter(theirs)) or ()))
            us += cpu_seconds(lambda: list(sign.run(iter(documents))))
    them, us = arguments.rounds * len(theirs) / them, arguments.rounds * len(documents) / us
    print("| signatures of 17.6 kB traces | documents per CPU-second |\n|---|---|")
    print(
        f"| datatrove MinhashDedupSignature, {tokenizer} | {them:,.1f} |\n| SignRows, question and trace | {us:,.0f} |"
    )
    print(f"| ratio | {us / them:,.1f} |")


def stock_signature(folder: str) -> tuple[PipelineStep, str]:
    """datatrove's step and what cuts its words."""
    import xxhash
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    try:
        step, tokenizer = MinhashDedupSignature(folder), "spaCy"
    except ImportError:
        step, tokenizer = MinhashDedupSignature(folder, language=WhiteSpace()), "white space"
    # xxhash 4 takes bytes alone, datatrove 0.10.1 gives it text
    step._hash_func = lambda shingle: xxhash.xxh64_intdigest(shingle.encode())
    return step, tokenizer


class WhiteSpace(WordTokenizer):  # type: ignore[misc]
    def word_tokenize(self, text: str) -> list[str]:
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        return text.splitlines()

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\S+", text)]


PLANTED: dict[str, Callable[[str, random.Random], str]] = {
    "white space": lambda text, rng: re.sub(r"(?<=[a-z]) (?=[a-z])", lambda _: rng.choice([" ", "  ", "\n"]), text),
    "wrapper before": lambda text, rng: (
        rng.choice(["Solve: ", "Please solve the following problem. ", "Question: "]) + text
    ),
    "wrapper after": lambda text, rng: (
        text + rng.choice([" Explain your reasoning.", " Give a full solution.", " Show your work"])
    ),
    "TeX spacing": lambda text, rng: (
        re.sub(r"\s*([=+])\s*", r"\\,\1\\; ", text).replace("\\frac", "\\dfrac").replace("\\left", "")
    ),
    "typing slip": lambda text, rng: slip(text, rng),
    "small words": lambda text, rng: re.sub(
        r"\b(?:the|Find|find)\b", lambda m: {"the": "a"}.get(m[0], "compute"), text, count=2
    ),
}


def slip(text: str, rng: random.Random) -> str:
    """A letter doubled, dropped, swapped or wrong in a long lower-case word of prose."""
    found = [m for m in re.finditer(r"(?<![\\\w$])[a-z]{6,}(?![\w}$])", text)]
    if not found:
        return text
    at = rng.choice(found).start() + rng.randrange(1, 5)
    return rng.choice(
        [text[:at] + text[at] + text[at:], text[:at] + text[at + 1 :], text[:at] + text[at + 1] + text[at] + text[at + 2 :],
         text[:at] + rng.choice(string.ascii_lowercase) + text[at + 1 :]]
    )  # fmt: skip


def recall(arguments: argparse.Namespace) -> None:
    rows = [row for row in real_rows("rl") if not row.images]
    rng, kinds = random.Random(0), [""] * len(rows)
    origin = list(range(len(rows)))
    for kind, change in PLANTED.items():
        for i in rng.sample(range(len(origin) - origin.count(-1)), arguments.planted):
            i = origin[i]
            rows.append(
                make_row(source=f"planted {kind}", source_id=f"{kind}{i}", question=change(rows[i].question, rng))
            )
            kinds.append(kind)
            origin.append(i)
    with tempfile.TemporaryDirectory() as folder:
        list(SignRows(Path(folder), OPTIONS).run(map(to_document, rows)))
        labels = find_clusters(sorted(Path(folder).glob("*.parquet")), OPTIONS)
    tokens = [read_question(row.question) for row in rows]
    uses = Counter(word for words in tokens for word in words)
    numbers = [re.findall(r"\d+|[-+=<>/^*]", row.question) for row in rows]
    count: Counter[str] = Counter()
    by_kind: Counter[tuple[str, bool]] = Counter()
    for a, b in oracle(tokens):
        count["oracle"] += 1
        same_facts = facts_of(tokens[a]) == facts_of(tokens[b])
        if numbers[a] != numbers[b] and not same_facts:
            continue
        count["equal numbers"] += 1
        joined = bool(labels[a] == labels[b])
        planted = kinds[b] if origin[b] == a else ""
        if not planted and not same_facts:
            count["other symbols or names"] += 1
        elif not planted and not are_equivalent(tokens[a], tokens[b], lambda word: uses[word] >= 5):
            count["other words"] += 1
        else:
            count["to find"] += 1
            count["found"] += joined
        if planted:
            by_kind[planted, joined] += 1
            if not joined and arguments.misses:
                print("missed", planted, rows[b].question[:300])
    pairs = [(a, int(labels[a])) for a in range(len(rows)) if labels[a] != a and tokens[a] != tokens[labels[a]]]
    alike = sum(
        jaccard(*(" ".join(tokens[i]).encode() for i in pair), OPTIONS.shingle) >= OPTIONS.threshold for pair in pairs
    )
    strange = sum(bool(kinds[a]) and labels[origin[a]] != b for a, b in pairs)
    print(f"{len(rows)} questions, {dict(count)}; recall {count['found'] / count['to find']:.4f}")
    print(
        f"{len(pairs)} near rows joined, {alike} at the threshold with the row that stands for them, {strange} planted ones with a stranger"
    )
    print("| planted | pairs of the oracle | joined |\n|---|---|---|")
    for kind in PLANTED:
        print(f"| {kind} | {by_kind[kind, True] + by_kind[kind, False]} | {by_kind[kind, True]} |")


def oracle(tokens: list[list[str]]) -> Iterator[tuple[int, int]]:
    """Pairs (a < b) that datasketch's MinHash puts at the threshold or above."""
    from datasketch import MinHash, MinHashLSH

    search = MinHashLSH(threshold=OPTIONS.threshold - 0.1, num_perm=128)
    hashes = []
    for b, words in enumerate(tokens):
        n = OPTIONS.shingle
        shingles = {" ".join(words[i : i + n]).encode() for i in range(max(1, len(words) - n + 1))}
        found = MinHash(num_perm=128, seed=1)
        found.update_batch(list(shingles))
        yield from ((a, b) for a in sorted(search.query(found)) if hashes[a].jaccard(found) >= OPTIONS.threshold)
        hashes.append(found)
        search.insert(b, found)


def memory(arguments: argparse.Namespace) -> None:
    print("| rows | find_clusters + DecideDuplicates, CPU s | peak MB | merged |\n|---|---|---|---|", flush=True)
    for n in map(int, arguments.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            repeat(Path(folder), n)
            subprocess.run([sys.executable, __file__, "search", folder], check=True)


def repeat(folder: Path, n: int) -> None:
    """n rows: 10,000 signed ones again and again, each time under other keys and ids."""
    rows = [generated(i) for i in range(10_000)]
    signatures, stage = folder / "signatures", folder / "rows"
    list(SignRows(signatures, OPTIONS).run(map(to_document, rows)))
    write_records(stage / "00000.parquet", stage_schema(), map(to_record, rows))
    signed, written = pq.read_table(signatures / "00000.parquet"), pq.read_table(stage / "00000.parquet")
    for rank in range(1, n // len(rows)):
        salt = pa.scalar(random.Random(rank).getrandbits(64), pa.uint64())
        for name in ("words", "pictures"):
            os.link(signatures / f"00000.{name}", signatures / f"{rank:05d}.{name}")
        keys = {name: pc.bit_wise_xor(signed[name], salt) for name in ("exact", "facts")}
        pq.write_table(changed(signed, keys), signatures / f"{rank:05d}.parquet")
        ids = pc.binary_join_element_wise(written["id"], str(rank), "-")
        pq.write_table(changed(written, {"id": ids}), stage / f"{rank:05d}.parquet", row_group_size=100)


def changed(table: pa.Table, columns: dict[str, pa.ChunkedArray]) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)
    return table


def clustered(files: list[Path], labels: Labels, folder: Path) -> Rows:
    """The rows with the column `cluster`."""
    schema, start, kept = decision_schema("clusters", (), FindClusters.adds), 0, {}
    rows = Rows(map(file_of, files))
    for file in rows.files:
        lines = (keep(cluster=int(label)) for label in labels[start : start + file.n_rows])
        kept[file.path.name] = write_decisions(folder / file.path.name, schema, lines)
        start += file.n_rows
    return decided(rows, folder, kept)


def search(arguments: argparse.Namespace) -> None:
    """The measured child: labels, rows with their clusters, decisions."""
    folder = Path(arguments.folder)
    started = time.process_time()
    labels = find_clusters(sorted((folder / "signatures").glob("*.parquet")), OPTIONS)
    files = sorted((folder / "rows").glob("*.parquet"))
    rows = clustered(files, labels, folder / "clusters")
    for step in MergeDuplicates(options=OPTIONS).steps(Run("rl", "duplicates", folder / "duplicates", folder, rows)):
        list(step.run(None))
    seconds, peak = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| {len(labels):,} | {seconds:.1f} | {peak:.0f} | {sum(a != i for i, a in enumerate(labels.tolist())):,} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run, options in (
        ("speed", speed, {"--documents": 300, "--against": 40, "--rounds": 3}),
        ("recall", recall, {"--planted": 200}),
        ("memory", memory, {"--rows": "10000,100000,1000000"}),
    ):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        for option, default in options.items():
            command.add_argument(option, default=default, type=type(default))
    commands.choices["recall"].add_argument("--misses", action="store_true")
    child = commands.add_parser("search")
    child.add_argument("folder")
    child.set_defaults(run=search)
    for command in [sys.argv[1:]] if sys.argv[1:] else [["speed"], ["recall"]]:
        arguments = parser.parse_args(command)
        arguments.run(arguments)


if __name__ == "__main__":
    main()
