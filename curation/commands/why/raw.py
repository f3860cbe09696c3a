"""The raw record that a row was made of: its source is read again, up to that record."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from curation.build.load import locked_manifest
from curation.commands.preview_text import record_lines
from curation.core.errors import CurationError, ManifestError
from curation.release.dataset import Dataset
from curation.sources.base import Source
from curation.sources.collect import option_of_place
from curation.sources.table import Table
from curation.sources.unique import UniqueIds


def raw_lines(dataset: Dataset, line: dict[str, Any], changes: Sequence[str] = ()) -> Iterator[str]:
    """Where the record is and what it has, or why it is not at hand. `changes` of the manifest say where sources are.

    Raises:
        ManifestError: a change is none of this manifest.
    """
    config, where = line["config"], ""
    try:
        sources = locked_manifest(dataset.lock, dataset.path, changes).sections[config].sources
        number, source = next((n, one) for n, one in enumerate(sources) if one.name == line["source"])
        where = option_of_place(config, number, source)
        yield from _record(source, line["source_id"].partition("#trace")[0])
    except (CurationError, ValueError, OSError, KeyError, StopIteration) as error:
        if changes and isinstance(error, ManifestError):
            raise
        yield f"not at hand: {' '.join(str(error).split()) or type(error).__name__}{where}"


def _record(source: Source, wanted: str) -> Iterator[str]:
    if not isinstance(source, Table):
        yield f"{source.kind} draws its rows, there is no record"
        return
    if source.hub:
        yield f"on the Hub, {source.hub}"
        return
    unique = UniqueIds()
    for record, row in islice(source.beside(), source.limit):
        if unique(row.source_id) == wanted:
            yield from (text for _, text in record_lines(record))
            return
    yield f"{source.name} has no record {wanted} any more"
