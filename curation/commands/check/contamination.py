"""No row of the set is an item of the evaluation sets: they are scanned for once more, with the build's own matcher.

The items come from the build's index, or are read again where their files are at hand. How much a few words in common prove depends on the
whole corpus, of which the set is a part: so here a row counts that is an item word for word or by its image, or of which the matcher is as
sure without the rest.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.identity import bare
from curation.commands.check.ids import read_columns
from curation.commands.check.sources import not_at_hand
from curation.commands.check.subject import Shard, Subject
from curation.core.errors import CurationError
from curation.core.parquet import AtomicParquetWriter
from curation.core.row import Config, Row, from_document, to_document
from curation.core.schema import Column, stage_schema
from curation.core.steps import WriteRows, written_rows
from curation.decontamination.benchmarks import INDEX, ReadBenchmarks
from curation.decontamination.decide import EVIDENCE
from curation.decontamination.matcher import Matcher
from curation.decontamination.options import Decontaminate
from curation.decontamination.scan import ScanContamination
from curation.sources.base import Source

DECISIVE = ("exact", "picture")
SURE = 0.9
"""Share of an item's weighted 3-grams, from which on a near match counts whatever the rest of the corpus is."""


class Contamination(Check):
    """Evaluation items among the rows."""

    kind: Literal["contamination"] = "contamination"
    place: ClassVar[int] = 120

    def run(self, subject: Subject) -> Iterator[Said]:
        for config in subject.dataset.summary["configs"]:
            section = subject.manifest.sections.get(config) if subject.manifest else None
            shards = [shard for shard in subject.of_the_set if shard.config == config]
            if section is None or section.decontaminate is None:
                why = "the manifest names no evaluation sets" if section else "the manifest cannot be read here"
                yield Skipped(f"{config}: {why}")
            elif shards:
                yield from _of_config(subject, config, section.decontaminate, shards)


def _of_config(subject: Subject, config: Config, options: Decontaminate, shards: list[Shard]) -> Iterator[Said]:
    """One config, in a folder that goes: its rows without their images, the scan of them, and the index where it is made again."""
    options = options.model_copy(update={"second_opinion": None})
    with tempfile.TemporaryDirectory(prefix="ovr-check-") as made:
        folder = Path(made)
        index = next(subject.path.glob(f"stages/[0-9][0-9]-{config}-benchmarks/{INDEX}"), None)
        changed = {path.parent for path in subject.broken | subject.changed}
        if index is None or index in changed or not (index / "keys.npz").exists():
            index = folder / INDEX
            at_hand, skipped = _at_hand(subject, config, options)
            yield from skipped
            if not at_hand:
                return
            try:
                seed = subject.dataset.manifest.get("seed", 0)
                list(ReadBenchmarks(options.model_copy(update={"benchmarks": at_hand}), seed, index).run(None))
            except CurationError as error:
                yield Skipped(f"{config}: {' '.join(str(error).split())[:160]}")
                return
        template = subject.frame(shards[0]).template
        documents = map(to_document, _rows(shards, template))
        scanned = ScanContamination(index, folder / "scan").run(documents)
        bare_rows = (
            to_document(replace(from_document(document), images=(), extra={"cluster": number}))
            for number, document in enumerate(scanned)
        )
        list(WriteRows(folder / "rows", stage_schema([Column("cluster", pa.int64())])).run(bare_rows))
        rows = written_rows(folder / "rows")
        with AtomicParquetWriter(folder / "evidence.parquet", EVIDENCE) as evidence:
            matches = Matcher(rows, index, folder / "scan", options).contaminated(evidence)
        records = rows.at(np.array(sorted(matches), np.int64), ["source", "source_id", "provenance"])
        for number, record in records:
            match = matches[number]
            if match.kind not in DECISIVE and not (match.kind == "near" and match.score >= SURE):
                continue
            if options.action == "flag" and "ontaminated" in record["provenance"]:
                yield Skipped("rows that the manifest flags and keeps", 1)
                continue
            where = f"data/{config} {record['source']}/{record['source_id']} ({match.id})"
            yield Finding(where, f"is the evaluation item {match.detail}", "take it out before anyone trains on it")
        yield Looked(len(rows), "rows")


def _at_hand(subject: Subject, config: Config, options: Decontaminate) -> tuple[tuple[Source, ...], list[Said]]:
    """The evaluation sets that can be read here, unchanged, and what is said of the others."""
    inputs = (subject.dataset.lock.get("inputs") or {}).get(config, {})
    found, said = [], list[Said]()
    for benchmark in options.benchmarks:
        if why := not_at_hand(benchmark, inputs.get(f"benchmark {benchmark.name}")):
            said.append(Skipped(f"{config}, evaluation set {benchmark.name}: {why}"))
        else:
            found.append(benchmark)
    return tuple(found), said


def _rows(shards: list[Shard], template: str) -> Iterator[Row]:
    """The rows with the template off their questions. One without is scanned as it is; `identity` says so."""
    for shard in shards:
        for record in read_columns(shard, ["id", "source", "source_id", "prompt", "images", "provenance"]):
            prompt = bare(template, record["prompt"]) or bare("{question}", record["prompt"]) or []
            images = tuple(image["bytes"] for image in record.get("images") or () if image and image["bytes"])
            source, source_id = str(record.get("source")), str(record.get("source_id"))
            noted = (("", record.get("provenance") or ""),)
            yield Row(str(record.get("id")), source, source_id, tuple(prompt), images, provenance=noted)
