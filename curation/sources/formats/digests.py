"""Digests of what a source reads, for the manifest lock."""

import hashlib
import os
from pathlib import Path

from curation.core.errors import SourceError


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes.

    Raises:
        SourceError: unreadable.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def folder_digest(root: Path) -> str:
    """Hex digest of the names and sizes of all files below a folder: cheap, and it sees an image come, go or change size."""
    digest = hashlib.sha256()
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            line = f"{path.relative_to(root).as_posix()}\0{path.stat().st_size if path.exists() else 'missing'}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()
