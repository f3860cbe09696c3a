"""`ovr-curate certify DIR`: is the reward right about this build's golds? Tried before GPU time is spent on them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from rich.table import Table

from curation.build.manifest import Certify
from curation.commands.console import render
from curation.core.errors import BuildError
from curation.core.parquet import read_records, write_records, write_text
from curation.core.plugins import load_plugins_of
from curation.core.words import counted
from curation.release.dataset import open_dataset
from curation.release.finish import finish
from rewards.certify import Certificate, Failure, certify

COLUMNS = ["id", "source", "source_id", "answer", "answer_kind", "answer_options"]
EXAMPLES, EXAMPLE_CHARS = 3, 60
FAILURES = "certificate/failures.parquet"
FAILURE_SCHEMA = pa.schema(
    [(name, {"expected": pa.bool_(), "reward": pa.float64()}.get(name, pa.string())) for name in Failure._fields]
)
"""One row for each case that was judged wrongly or not at all; `variant` says how its answer was made from the gold."""


def certify_build(build: Path) -> None:
    """Print false negatives and false positives per source and kind, with examples; name every failure in a Parquet file.

    The file is `certificate/failures.parquet`, the shares go into `summary.json` under `certificate`.

    Raises:
        ManifestError: a module with plugins of the build cannot be imported.
        BuildError: not a build with RL rows; more wrong verdicts than the manifest's `certify` allows; a thread and a process disagree.
    """
    shards = sorted((build / "data" / "rl").glob("*.parquet"))
    if not shards or not all((build / name).exists() for name in ("manifest.lock.yaml", "summary.json")):
        raise BuildError(f"{build}: no RL shards, manifest lock and summary; expected the folder of a finished build")
    dataset = open_dataset(build)
    lock, summary = dataset.manifest, dataset.summary
    load_plugins_of(lock, build)
    bounds = Certify.model_validate(lock.get("certify", {}))
    rows = [record for shard in shards for record in read_records(shard, COLUMNS, batch_rows=10_000)]
    in_thread, in_process = (certify(rows, where, bounds.max_rows, lock["seed"]) for where in ("thread", "process"))
    written = build / FAILURES
    n_failures = write_records(written, FAILURE_SCHEMA, (case._asdict() for case in in_thread.failures()))
    with_certificate = summary | {"certificate": in_thread.table()}
    write_text(build / "summary.json", json.dumps(with_certificate, indent=1, ensure_ascii=False) + "\n")
    print(_table(in_thread))
    for line in _examples(in_thread):
        print(line)
    print(f"{written}: {n_failures} failed cases")
    if dataset.is_build:
        finish(build)  # budget, card and report say what is certified
    if not _agree(in_thread, in_process):
        raise BuildError(f"{build}: the reward gives other verdicts in a process than in a thread")
    if over := in_thread.over(bounds.max_false_negatives, bounds.max_false_positives):
        group = in_thread.groups[over[0]]
        raise BuildError(
            f"{build}: more wrong verdicts than the manifest allows in {len(over)} of {counted(len(in_thread.groups), 'group')}; first"
            f" {'/'.join(over[0])}: {group.false_negative_share:.2%} false negatives (up to {bounds.max_false_negatives:.2%}),"
            f" {group.false_positive_share:.2%} false positives (up to {bounds.max_false_positives:.2%}); {written} names the rows"
        )


def _agree(one: Certificate, other: Certificate) -> bool:
    """Equal counts of wrong verdicts, but for the cases that a deadline left without one in either."""
    pairs = [(one.groups[key], other.groups[key]) for key in one.groups]
    return one.groups.keys() == other.groups.keys() and all(
        abs(a.false_negatives - b.false_negatives) + abs(a.false_positives - b.false_positives)
        <= max(a.not_judged, b.not_judged)
        for a, b in pairs
    )


def _examples(certificate: Certificate) -> Iterator[str]:
    for (source, _), group in sorted(certificate.groups.items()):
        for case in group.failures[:EXAMPLES]:
            place = f"{source}/{case.source_id} (id {case.id})"
            yield f"  {place}: {_short(case.answer)} for the gold {_short(case.gold)} ({case.variant}): reward {case.reward}"


def _short(text: str) -> str:
    return repr(text if len(text) <= EXAMPLE_CHARS else f"{text[:EXAMPLE_CHARS]}...")


def _table(certificate: Certificate) -> str:
    table = Table(title="the reward on this build's golds")
    for heading in ("source", "kind", "rows", "cases", "false negatives", "false positives", "not judged"):
        table.add_column(heading, justify="left" if heading in ("source", "kind") else "right")
    for (source, kind), group in sorted(certificate.groups.items()):
        counts = (group.rows, group.cases, group.false_negatives, group.false_positives, group.not_judged)
        table.add_row(source, kind, *(f"{n:,}" for n in counts))
    return render(table)
