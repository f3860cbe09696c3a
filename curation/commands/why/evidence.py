"""What speaks for a row's end: the rows of its cluster, the evaluation items that it matched, what its samples said of its gold, and the
option that decided.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.commands.why.records import record_in
from curation.commands.why.samples import short
from curation.core.row import Message, asked_in
from curation.core.stage_rows import stages_of
from curation.dedup.minhash import jaccard

MOST_NEIGHBOURS = 20


def cluster(build: Path, dedup: dict[str, Any], line: dict[str, Any]) -> list[dict[str, Any]]:
    """The other rows of the cluster: `name`, `id`, `similarity` of the words of the questions, `end`. Empty where it is alone, or ended
    before clusters were looked for.

    Raises:
        OSError, KeyError: the stages' files are gone.
    """
    stages = stages_of(build, line["config"])
    rows = next((stage.rows for stage in stages if stage.name.endswith("-clusters")), None)
    record = record_in(rows, line) if rows is not None else None
    if rows is None or record is None:
        return []
    numbers = np.flatnonzero(rows.column("cluster", np.int64) == record["cluster"])
    found = []
    for _, other in rows.at(numbers[: MOST_NEIGHBOURS + 1], ["id", "source", "source_id", "prompt", "provenance"]):
        if (other["source"], other["source_id"]) != (line["source"], line["source_id"]):
            similarity = round(jaccard(_words(record), _words(other), int(dedup.get("shingle") or 2)), 3)
            name = f"{other['source']}/{other['source_id']}"
            found.append(
                {
                    "name": name,
                    "id": other["id"],
                    "similarity": similarity,
                    "end": _end_of(build, line["config"], other),
                }
            )
    return found


def _words(record: dict[str, Any]) -> bytes:
    return " ".join(re.findall(r"\w+|[^\w\s]", asked_in(Message(**m) for m in record["prompt"]).lower())).encode()


def _end_of(build: Path, config: str, row: dict[str, Any]) -> str:
    filters = [("config", "=", config), ("source", "=", row["source"]), ("source_id", "=", row["source_id"])]
    lines = pq.read_table(build / "ledger.parquet", filters=filters).to_pylist()
    return "; ".join(
        f"kept, in split {one['reason']}" if one["action"] == "out" else f"{one['action']}: {one['reason']}"
        for one in lines
    )


def contamination(build: Path, line: dict[str, Any]) -> list[dict[str, Any]]:
    """The matches with evaluation items, without their images."""
    names = ["benchmark", "benchmark_item", "kind", "score", "row_text", "benchmark_text", "copy_of"]
    return _of_row(build / "contamination.parquet", line, names)


def suspicion(build: Path, line: dict[str, Any]) -> list[dict[str, Any]]:
    """What the samples said against the gold."""
    return _of_row(build / "suspect_gold.parquet", line, [])


def _of_row(file: Path, line: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    there = pq.read_schema(file).names
    table = pq.read_table(
        file, columns=[name for name in there if not names or name in (*names, "source", "source_id", "config")]
    )
    for name in ("config", "source", "source_id"):
        if name in table.column_names:
            table = table.filter(pc.equal(table[name], line[name]))
    return [
        {
            name: value
            for name, value in record.items()
            if name not in ("config", "source", "source_id", "id") and not _is_bytes(value)
        }
        for record in table.to_pylist()
    ]


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes) or (isinstance(value, list) and any(isinstance(member, bytes) for member in value))


def evidence_lines(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for other in found["cluster"]:
        yield f"same cluster: {other['name']} {other['id']}, words {other['similarity']:.2f} alike: {other['end']}"
    for match in found["contamination"]:
        copy = f", as a copy of {match['copy_of']}" if match.get("copy_of") else ""
        yield f"evaluation item: {match['benchmark']}/{match['benchmark_item']}: {match['kind']} {match['score']:.2f}{copy}"
        yield f"  its text: {short(match['benchmark_text'] or '')}"
    for one in found["suspicion"]:
        yield "against its gold: " + ", ".join(
            f"{name} {short(str(value))}" for name, value in one.items() if value not in (None, "", [])
        )


def options_in(remedy: str, section: dict[str, Any], manifest: dict[str, Any]) -> str:
    """The options that a remedy names, with the values that they had."""
    values: dict[str, Any] = {}
    _flatten(section, values)
    _flatten({key: value for key, value in manifest.items() if key not in ("rl", "cold_start")}, values)
    names = [
        name
        for name in dict.fromkeys(re.findall(r"[a-z_]+(?:\.[a-z_]+)*", remedy))
        if name.rpartition(".")[2] in values
    ]
    told = ", ".join(f"{name.rpartition('.')[2]} = {short(str(values[name.rpartition('.')[2]]))}" for name in names)
    return f"{remedy} ({told})" if told else remedy


def _flatten(value: Any, into: dict[str, Any]) -> None:
    """Option -> its value, by the last part of its name; the first of a name counts."""
    if isinstance(value, dict):
        for name, member in value.items():
            if (
                isinstance(member, dict | list)
                and member
                and not (isinstance(member, list) and not isinstance(member[0], dict))
            ):
                _flatten(member, into)
            elif name not in ("kind", "name"):
                into.setdefault(name, member)
    elif isinstance(value, list):
        for member in value:
            _flatten(member, into)
