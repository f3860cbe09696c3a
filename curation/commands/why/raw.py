"""The raw record that a row was made of: its source is read again, up to that record."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from curation.build.manifest import Manifest
from curation.commands.preview_text import record_lines
from curation.core.errors import CurationError
from curation.core.plugins import load_plugins_of
from curation.sources.table import Table
from curation.sources.unique import UniqueIds


def raw_lines(manifest: dict[str, Any], line: dict[str, Any], path: Path) -> Iterator[str]:
    """Where the record of a data set's row is and what it has, or why it is not at hand."""
    wanted = line["source_id"].partition("#trace")[0]
    try:
        load_plugins_of(manifest, path)
        section = Manifest.model_validate(manifest).sections[line["config"]]
        source = next(one for one in section.sources if one.name == line["source"])
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
        yield f"{line['source']} has no record {wanted} any more"
    except (CurationError, ValueError, OSError, KeyError, StopIteration) as error:
        yield f"not at hand: {' '.join(str(error).split())[:160] or type(error).__name__}"
