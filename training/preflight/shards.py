"""What the shards say of themselves, and the columns that cost little to read: all rows, however many.

Ids, golds' presence, reward kinds with their options, weights. What needs the text or the images is looked at in a sample (`rows`).
"""

import json
import math
from collections import Counter
from collections.abc import Iterator

import pyarrow.parquet as pq

import rewards
from rewards.kinds import make_kind
from training.data.shards import file_faults, shard_files
from training.preflight.check import Problem, RowFaults
from training.preflight.subject import Subject

CHEAP = ("id", "answer", "answer_kind", "answer_options", "weight")


def check_shards(subject: Subject) -> Iterator[Problem]:
    """Faults of files, schema and cheap columns; sets the subject's `files` and `n_rows` where the rows can be read."""
    try:
        files = shard_files(subject.data, subject.config, subject.split)
    except (OSError, ValueError) as error:
        yield Problem("shards", str(subject.data), str(error))
        return
    readable = []
    n_rows = 0
    for path in files:
        faults = list(file_faults(path, subject.config))
        yield from (Problem(check, str(path), fault) for check, fault in faults)
        if faults:
            continue
        n_rows += (n := pq.read_metadata(path).num_rows)
        if n:
            readable.append(path)
        else:
            todo = "an empty shard is what a build that was cut off leaves: build it again"
            yield Problem("shards", str(path), f"no rows; {todo}")
    if len(readable) < len(files):
        return
    subject.files, subject.n_rows = readable, n_rows
    yield from _column_faults(subject)


def _column_faults(subject: Subject) -> Iterator[Problem]:
    ids, golds, kinds, weights = (RowFaults(name) for name in ("ids", "golds", "kinds", "weights"))
    seen: Counter[str] = Counter()
    of_kind: dict[tuple[str, str], str | None] = {}
    n_weights, total_weight, n_golds, n_needed = 0, 0.0, 0, 0
    number = -1
    for path in subject.files:
        names = [name for name in CHEAP if name in pq.read_schema(path).names]
        columns = {name: pq.read_table(path, columns=[name])[name].to_pylist() for name in names}
        for at in range(pq.read_metadata(path).num_rows):
            number += 1
            row = {name: values[at] for name, values in columns.items()}
            where = row_name(row.get("id"), number)
            if "id" in row:
                if not row["id"]:
                    ids.add(f"row number {number}", f"the id is {row['id']!r}, expected text that no other row has")
                else:
                    seen[row["id"]] += 1
            if row.get("weight") is not None:
                n_weights += 1
                if not math.isfinite(row["weight"]) or row["weight"] < 0:
                    weights.add(where, "a weight that cannot be sampled by", f"{row['weight']}, expected 0 or more")
                else:
                    total_weight += row["weight"]
            if subject.config == "rl":
                key = (row["answer_kind"] or "", row["answer_options"] or "")
                if key not in of_kind:
                    of_kind[key] = kind_fault(*key)
                if fault := of_kind[key]:
                    kinds.add(where, fault)
                elif needs_gold(*key):
                    n_needed += 1
                    n_golds += bool((row["answer"] or "").strip())
                    if not (row["answer"] or "").strip():
                        golds.add(where, "no answer, so its reward is None whatever the response", f"{row['answer']!r}")
    for row_id, n in seen.items():
        if n > 1:
            ids.add(f"row {row_id}", "the id is not the row's alone", f"{n} rows have it")
    if n_needed and not n_golds:
        golds.found = {}
        yield Problem(
            "golds",
            str(subject.data),
            f"none of {n_needed:,} rows has an answer: every reward would be None and nothing learnt",
        )
    if n_weights and not total_weight and not weights.found:
        yield Problem("weights", str(subject.data), f"all {n_weights:,} weights are 0; expected one above 0 at least")
    for faults in (ids, kinds, golds, weights):
        yield from faults.problems(subject.n_rows)


def kind_fault(kind: str, options: str) -> str | None:
    """Why there is no verifier for this kind and these options, None where there is one."""
    if kind and kind not in rewards.kinds():
        return f"unknown answer_kind {kind!r}; known: {', '.join(sorted(rewards.kinds()))}"
    try:
        given = json.loads(options) if options else {}
    except ValueError as error:
        return f"answer_options of kind {kind!r} are not JSON: {error}"
    if not isinstance(given, dict):
        return f"answer_options of kind {kind!r} are {type(given).__name__}, expected a JSON object"
    try:
        make_kind(kind or "math", given)
    except (ValueError, TypeError) as error:
        return f"answer_options of kind {kind!r}: {' '.join(str(error).split())}"
    return None


def needs_gold(kind: str, options: str) -> bool:
    """Whether a response of this kind is compared with the row's answer."""
    return bool(make_kind(kind or "math", options or None).needs_gold)


def row_name(row_id: str | None, number: int) -> str:
    """How a line names a row."""
    return f"row {row_id}" if row_id else f"row number {number}"
