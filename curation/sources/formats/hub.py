"""Data sets by name from the Hugging Face Hub, streamed; needs the network and imports `datasets` only when asked."""

import re
from collections.abc import Iterator

from curation.core.errors import SourceError, first_line
from curation.sources.formats.record import Item


def read_hub(name: str, config: str | None, split: str, revision: str) -> Iterator[Item]:
    """The rows of one split, images left encoded ({"bytes": ..., "path": ...}).

    Raises:
        SourceError: no such data set, config, split or revision, or no network.
    """
    import datasets

    number = 0
    try:
        rows = datasets.load_dataset(name, config, split=split, revision=revision, streaming=True).decode(False)
        for number, value in enumerate(rows, 1):
            yield Item(number, "", value)
    except Exception as error:  # ValueError, HTTP errors, script errors: all end this source
        where = f"{describe(name, config, split)} after {number} rows"
        raise SourceError(f"cannot read {where}: {type(error).__name__}: {first_line(error)}") from error


def resolve_revision(name: str, revision: str | None) -> str:
    """The commit that a revision means; a full commit needs no network.

    Raises:
        SourceError: no such data set or revision, or no network.
    """
    if revision and re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    from huggingface_hub import HfApi

    try:
        return str(HfApi().dataset_info(name, revision=revision).sha)
    except Exception as error:  # as above
        raise SourceError(f"cannot find {name!r} on the Hub: {type(error).__name__}: {first_line(error)}") from error


def describe(name: str, config: str | None, split: str) -> str:
    """A data set as an error message names it."""
    return f"Hub data set {name!r} ({config + ', ' if config else ''}{split})"
