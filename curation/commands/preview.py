"""`ovr-curate preview MANIFEST [--source S] [-n 5] [--skip K]`: rows as they were read, beside the raw records, before anything is paid.

A source is an iterator: it is read to the n-th row and no further, nothing is digested, and a data set of the Hub is streamed. A row goes
through what a build does with it alone: normalisation, filters, the reward's verdict on its gold. Filters that load a model are not tried.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from curation.build.load import load_manifest
from curation.build.manifest import ColdStart, Manifest, Rl
from curation.build.plan import checks_of
from curation.commands.preview_text import Lines, record_lines, row_lines
from curation.core.decision import Decision
from curation.core.errors import CurationError, SourceError, nearest
from curation.core.row import BadRow, Config, Row
from curation.filters.base import Filter
from curation.filters.stage import judge_before
from curation.images import inspect
from curation.images.step import normalise_images
from curation.normalise.step import normalise_text
from curation.sources.base import Source
from curation.sources.formats.record import BadRecord, Record
from curation.sources.table import Table


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """Which rows are shown: `n` of every source behind the first `skip`, or of the one named `source`."""

    source: str = ""
    n: int = 5
    skip: int = 0
    images: Path | None = None
    """Where the images are written to; a temporary folder by default."""
    template: bool = False
    """Whether the question is shown inside the manifest's `prompt_template`."""


@dataclass(slots=True)
class Fate:
    """What a build does with one row: the row as it is in the end, the stages that ended it, and filters that were not tried."""

    row: Row
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    """(stage, reason, detail)"""
    not_tried: list[str] = field(default_factory=list)


def preview(path: Path, options: PreviewOptions) -> Iterator[tuple[str, str]]:
    """(style, line) of everything that is to be shown, source by source, as it is read.

    Raises:
        CurationError: a mistake in the manifest, no source of that name, or no source that can be read.
    """
    manifest = load_manifest(path)
    chosen = list(_chosen(manifest, options.source))
    images = options.images or Path(tempfile.gettempdir()) / f"ovr-preview-{manifest.name}"
    failed: list[SourceError] = []
    for config, section, source in chosen:
        yield "head", f"{config}: {source.name} ({source.kind})"
        try:
            yield from _source_lines(manifest, section, source, options, images / config)
        except SourceError as error:
            failed.append(error)
            yield "bad", str(error)
    if failed and (len(failed) == len(chosen)):
        raise failed[0]


def _chosen(manifest: Manifest, name: str) -> Iterator[tuple[Config, ColdStart | Rl, Source]]:
    every = [(config, part, source) for config, part in manifest.sections.items() for source in part.sources]
    found = [one for one in every if name in ("", one[2].name)]
    if not found:
        names = list(dict.fromkeys(source.name for *_, source in every))
        raise CurationError(f"no source is named {name!r}; the manifest has {', '.join(names)}{nearest(name, names)}")
    yield from found


def _source_lines(
    manifest: Manifest, section: ColdStart | Rl, source: Source, options: PreviewOptions, images: Path
) -> Lines:
    shown = 0
    for record, read in islice(_beside(source, manifest.seed), options.skip, options.skip + options.n):
        shown += 1
        yield "row", f"{source.name}/{read.source_id}"
        yield from record_lines(record)
        if isinstance(read, BadRow):
            yield "bad", f"bad row: {read.reason}: {read.detail}"
            continue
        fate = fate_of(read, section)
        files = _write_images(read, images)
        yield from row_lines(read, fate.row, files, manifest.prompt_template if options.template else "")
        for stage, reason, detail in fate.dropped:
            yield "bad", f"a build drops it: {stage}: {reason}" + (f": {detail}" if detail else "")
        if fate.not_tried:
            yield "dim", f"not tried, for they load a model: {', '.join(fate.not_tried)}"
    if not shown:
        skipped = f" behind the first {options.skip}" if options.skip else ""
        yield "bad", f"no row{skipped}"


def _beside(source: Source, seed: int) -> Iterator[tuple[Record | BadRecord | None, Row | BadRow]]:
    """Rows with the records that they were read from, None where a source draws its rows."""
    if isinstance(source, Table):
        yield from islice(source.beside(), source.limit)
    else:
        yield from ((None, row) for row in islice(source.read(seed), source.limit))


def fate_of(row: Row, section: ColdStart | Rl) -> Fate:
    """What becomes of a row in the stages that look at it alone."""
    fate = Fate(row)
    changes: list[tuple[str, Callable[[Row], Row | Decision]]] = [
        ("normalise", partial(normalise_text, section.normalise)),
        ("pictures", partial(normalise_images, section.pictures)),
    ]
    for stage, change in changes:
        changed = change(fate.row)
        if isinstance(changed, Decision):
            fate.dropped.append((stage, changed.reason, changed.detail))
            return fate
        fate.row = changed
    traced = isinstance(section, ColdStart)
    filters, verification = checks_of(section)
    for one in filters:
        if _loads_a_model(one):
            fate.not_tried.append(one.kind)
        elif (judgement := judge_before(one, fate.row) if traced else one.judge(fate.row)) is not True:
            fate.dropped.append((one.kind, judgement[1], str(judgement[2]) if len(judgement) > 2 else ""))
    verdict = verification.map(fate.row)
    if verdict.action != "keep":
        fate.dropped.append((verification.kind, verdict.reason, verdict.detail))
    elif completion := verdict.columns.get("completion"):
        fate.row = replace(fate.row, completion=completion)
    return fate


def _loads_a_model(one: Filter) -> bool:
    return not {"processor", "model"}.isdisjoint(type(one).model_fields)


def _write_images(row: Row, folder: Path) -> list[str]:
    """A line for every image: its size, its format, and the file that it was written to."""
    lines = []
    for number, data in enumerate(row.images, 1):
        info = inspect(data)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{row.id[:12]}-{number}.{info.format.lower()}"
        file.write_bytes(data)
        lines.append(f"{info.width}x{info.height} {info.format}  {file}")
    return lines


def show(path: Path, options: PreviewOptions) -> None:
    """Print the preview, line by line, as wide as the terminal (100 columns where there is none) and without colours there."""
    from rich.console import Console
    from rich.text import Text

    terminal = Console()
    console: Any = terminal if terminal.is_terminal else Console(width=100)
    styles = {"head": "bold", "row": "bold", "bad": "red", "dim": "dim", "": ""}
    for style, line in preview(path, options):
        if style in ("head", "row"):
            console.print()
        mark = {"head": "== ", "row": "-- "}.get(style, "")
        console.print(Text(mark + line, style=styles[style]), overflow="fold")
