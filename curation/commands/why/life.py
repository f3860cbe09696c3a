"""What happened to a row on its way: how it was read, what each stage changed or noted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.commands.why.records import record_in
from curation.commands.why.samples import short
from curation.core.row import Message, question_of
from curation.core.stage_rows import stages_of
from curation.images import ImageError, inspect

_OWN_LINES = ("provenance", "cluster", "copy", "distilled", "measured", "source_id")
"""Columns whose change is told elsewhere, or says nothing."""


def source_line(manifest: dict[str, Any], line: dict[str, Any]) -> str:
    """How the row was read: the kind of its source, where that is, which record."""
    sources = (manifest.get(line["config"]) or {}).get("sources") or ()
    source = next((one for one in sources if one["name"] == line["source"]), None)
    if source is None:
        return f"read from: {line['source']}, which the lock does not name; record {line['source_id']}"
    place = source.get("path") or source.get("hub") or source.get("root") or ""
    where = f" {', '.join(place) if isinstance(place, list) else place}" if place else ""
    return f"read from: {source['kind']}{where}, record {line['source_id'].partition('#trace')[0]}; licence {source['license']}"


def life(build: Path, line: dict[str, Any]) -> list[dict[str, Any]]:
    """A mapping for every stage that the row came through: `stage`, `notes`, and `changed`, column -> [before, after] as short texts.

    A row that a stage made of another (`17#trace2`) has the life of that one before.

    Raises:
        OSError, KeyError: the stages' files are gone.
    """
    told: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    origin = {**line, "source_id": line["source_id"].partition("#trace")[0]}
    for stage in (stage for stage in stages_of(build, line["config"]) if stage.decides):
        record = record_in(stage.rows, line) or record_in(stage.rows, origin)
        if record is None:
            break
        told.append({"stage": stage.name, "notes": _new_notes(before, record), "changed": _changed(before, record)})
        before = record
    return told


def _new_notes(before: dict[str, Any] | None, record: dict[str, Any]) -> list[str]:
    old = json.loads(before["provenance"]) if before else []
    return [note for _, note in json.loads(record["provenance"])[len(old) :]]


def _changed(before: dict[str, Any] | None, record: dict[str, Any]) -> dict[str, list[str]]:
    if before is None:
        return {"question": ["", short(_question(record))], "answer": ["", short(record["answer"])]}
    changed = {}
    for name, value in record.items():
        if name not in _OWN_LINES and (was := before.get(name)) != value and not (was is None and value in ("", None)):
            shown = [_shown(name, before), _shown(name, record)]
            changed["question" if name == "prompt" else name] = shown
    return changed


def _question(record: dict[str, Any]) -> str:
    return question_of(Message(**message) for message in record["prompt"])


def _shown(name: str, record: dict[str, Any]) -> str:
    value = record.get(name)
    if name == "prompt":
        return short(_question(record))
    if name == "images":
        return ", ".join(image["what"] for image in images_of(record)) or "none"
    if isinstance(value, dict) and "pass_rate" in value:
        return f"pass rate {value['pass_rate']:.3f}"
    return "" if value is None else short(str(value))


def images_of(record: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Of every image `what`, in words, and its `data`; images of shards and of stages."""
    found = []
    for image in (record or {}).get("images") or ():
        data = image["bytes"] if isinstance(image, dict) else image
        try:
            info = inspect(data)
            found.append(
                {
                    "what": f"{info.width}x{info.height} {info.format}, {len(data):,} bytes",
                    "data": data,
                    "format": info.format,
                }
            )
        except ImageError as error:
            found.append(
                {
                    "what": f"{len(data or b''):,} bytes that do not decode: {error}",
                    "data": data or b"",
                    "format": "bin",
                }
            )
    return found


def life_lines(told: list[dict[str, Any]]) -> Iterator[str]:
    """A line for every stage that did something."""
    for stage in told:
        texts = [f"{name} {_arrow(*values)}" for name, values in stage["changed"].items()]
        texts += [f"noted: {note}" for note in stage["notes"]]
        if texts:
            yield f"{stage['stage']}: {'; '.join(texts)}"
    if told:
        quiet = [stage["stage"] for stage in told if not stage["changed"] and not stage["notes"]]
        if quiet:
            yield f"passed unchanged: {', '.join(quiet)}"


def _arrow(before: str, after: str) -> str:
    return f"{before!r} -> {after!r}" if before else repr(after)
