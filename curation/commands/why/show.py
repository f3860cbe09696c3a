"""A row's life as text and for a program: its end and the option that decided, its stages, its cluster, its images, what was measured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.build.manifest import Manifest
from curation.build.plan import plan
from curation.commands.preview_text import plain_text
from curation.commands.why.evidence import cluster, contamination, evidence_lines, options_in, suspicion
from curation.commands.why.find import lines_of
from curation.commands.why.life import images_of, life, life_lines, source_line
from curation.commands.why.measured import measured
from curation.commands.why.raw import raw_lines
from curation.commands.why.records import ended_record, record_in, shard_record, stages_of
from curation.core.errors import CurationError
from curation.core.plugins import load_plugins_of
from curation.release.dataset import Dataset, open_dataset

Facts = dict[str, Any]


def why(build: Path, wanted: str, images: Path | None = None, *, raw: bool = False) -> str:
    """One row's life, as text: by id, by the beginning of one, or by SOURCE/SOURCE_ID. Its images are written to `images`; `raw` reads
    its source again, for the record that it was made of.

    Raises:
        BuildError: no such row, or several.
    """
    return "\n".join(plain_text(text) for facts in facts_of(build, wanted, images, raw=raw) for text in _texts(facts))


def show(build: Path, wanted: str, images: Path | None, *, raw: bool, as_json: bool) -> None:
    """Print it."""
    if as_json:
        print(json.dumps(facts_of(build, wanted, images, raw=raw), indent=1, ensure_ascii=False, default=str))
    else:
        print(why(build, wanted, images, raw=raw))


def facts_of(path: Path, wanted: str, images: Path | None = None, *, raw: bool = False) -> list[Facts]:
    """What is known of every row that is asked for.

    Raises:
        BuildError: no such row, or several.
    """
    dataset = open_dataset(path)
    return [_facts(dataset, line, images, raw) for line in lines_of(dataset, wanted)]


def _facts(dataset: Dataset, line: dict[str, Any], images: Path | None, raw: bool) -> Facts:
    manifest, path = dataset.manifest, dataset.path
    section = manifest.get(line["config"]) or {}
    kept = line["action"] == "out"
    facts: Facts = {
        **line,
        "option": "" if kept else _option(manifest, line, path),
        "read": source_line(manifest, line),
        "not_at_hand": [],
    }
    record = shard_record(path, line) if kept else ended_record(path, line)
    if not dataset.is_build:
        facts["not_at_hand"].append("its stages and its cluster: a released set has none")
    facts["stages"], facts["cluster"] = _on_the_way(dataset, section, line, facts["not_at_hand"])
    facts["contamination"], facts["suspicion"] = contamination(path, line), suspicion(path, line)
    facts["images"] = _images(record if kept else _last_record(dataset, line), line, images)
    facts["measured"] = list(measured(path, manifest, line, record))
    facts["raw"] = list(raw_lines(manifest, line, path)) if raw else []
    return facts


def _on_the_way(
    dataset: Dataset, section: dict[str, Any], line: dict[str, Any], missing: list[str]
) -> tuple[list[Facts], list[Facts]]:
    if not dataset.is_build:
        return [], []
    try:
        return life(dataset.path, line), cluster(dataset.path, section.get("dedup") or {}, line)
    except (OSError, KeyError, ValueError) as error:
        missing.append(f"its stages and its cluster: {type(error).__name__}: {' '.join(str(error).split())[:100]}")
        return [], []


def _last_record(dataset: Dataset, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row that ended, as the stage before left it."""
    found = None
    try:
        for _, rows in stages_of(dataset.path, line["config"]):
            found = record_in(rows, line) or found
    except (OSError, KeyError, ValueError):
        return found
    return found


def _option(manifest: dict[str, Any], line: dict[str, Any], path: Path) -> str:
    """The option behind a drop, with its value; empty where no stage of the plan says it, or the plan cannot be made here."""
    try:
        load_plugins_of(manifest, path)
        stages = plan(Manifest.model_validate(manifest), line["config"])
    except (CurationError, ValueError):
        return ""
    kind = line["stage"].partition(f"-{line['config']}-")[2]
    remedy = next((stage.remedy(line["reason"]) for stage in stages if stage.kind == kind), "")
    return options_in(remedy.replace("{config}", line["config"]), manifest[line["config"]], manifest) if remedy else ""


def _images(record: dict[str, Any] | None, line: dict[str, Any], folder: Path | None) -> list[str]:
    told = []
    for number, image in enumerate(images_of(record), 1):
        text = image["what"]
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{line['id'] or 'row'}-{number}.{image['format'].lower()}"
            file.write_bytes(image["data"])
            text += f", written to {file}"
        told.append(text)
    return told


def _texts(facts: Facts) -> Iterator[str]:
    where = f"{facts['config']} {facts['source']}/{facts['source_id']} {facts['id']}"
    if facts["action"] == "out":
        yield f"{where}: kept, in split {facts['reason']}"
    else:
        detail = f" ({facts['detail']})" if facts["detail"] else ""
        option = f"; decided by {facts['option']}" if facts["option"] else ""
        yield f"{where}: {facts['action']} in {facts['stage']}: {facts['reason']}{detail}{option}"
    yield f"  {facts['read']}"
    yield from (f"  record: {text}" for text in facts["raw"])
    yield from (f"  {text}" for text in life_lines(facts["stages"]))
    yield from (f"  {text}" for text in evidence_lines(facts))
    yield from (f"  image {number}: {text}" for number, text in enumerate(facts["images"], 1))
    yield from facts["measured"]
    yield from (f"  not at hand: {text}" for text in facts["not_at_hand"])
