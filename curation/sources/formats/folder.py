"""A file by its name below a root, which is a folder or an archive (or a folder in one); never a file outside it."""

import posixpath
from collections.abc import Sequence
from pathlib import Path

from curation.core.digests import folder_digest, is_whole_disk, sha256_of
from curation.core.errors import BadRowError, SourceError
from curation.sources.formats.archive import open_archive, split_place


def read_below(root: str | Path, name: str, extensions: Sequence[str], max_bytes: int) -> bytes:
    """The bytes of a file; `extensions` are tried in order where the name itself is none.

    Raises:
        BadRowError: `missing`, `outside_root` (by its name or by a link), `too_large` or `unreadable`.
        SourceError: the root is a damaged archive.
    """
    if place := split_place(root):
        return _read_member(*place, name, extensions, max_bytes)
    folder = Path(root).resolve()
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise BadRowError("outside_root", f"{name!r} leaves {folder}")
        candidates = [path, *(path.with_name(path.name + extension) for extension in extensions)]
        file = next((candidate for candidate in candidates if candidate.is_file()), None)
        if file is None:
            raise BadRowError("missing", f"no file {name!r} below {folder}")
        _check_size(name, file.stat().st_size, max_bytes)
        return file.read_bytes()
    except BadRowError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # no permission, a loop of links, a NUL in the name
        raise BadRowError("missing", f"{name!r}: {error}") from error


def root_digest(root: Path) -> str:
    """Hex digest of an archive, or of the names and sizes of all files below a folder.

    Raises:
        SourceError: the folder is a whole disk or home, or has too many files.
    """
    if place := split_place(root):
        return sha256_of(place[0])
    if is_whole_disk(root):
        remedy = "set images.root to the folder that holds the pictures (images.strip_prefix takes the beginning off absolute paths)"
        raise SourceError(f"pictures are looked for below {root.resolve()}, a whole disk or home; {remedy}")
    return folder_digest(root)


def _read_member(path: Path, inner: str, name: str, extensions: Sequence[str], max_bytes: int) -> bytes:
    archive = open_archive(path)
    whole = posixpath.normpath(posixpath.join("/", inner, name)).lstrip("/")
    # a leading slash swallows what leads above it, so a relative path is checked as well
    relative = posixpath.normpath(posixpath.join(inner or ".", name))
    if name.startswith("/") or relative.startswith("..") or (inner and not relative.startswith(f"{inner}/")):
        raise BadRowError("outside_root", f"{name!r} leaves {path}!/{inner}")
    member = next((path for path in (whole, *(whole + extension for extension in extensions)) if path in archive), None)
    if member is None:
        reason = archive.refused.get(whole, "")
        raise BadRowError("missing", f"no file {name!r} in {path}!/{inner}" + (f": it is {reason}" if reason else ""))
    raw, _ = archive.open_packed(member)
    data = bytearray()
    try:
        while len(data) <= max_bytes and (chunk := raw.read(1 << 20)):
            data += chunk
    except SourceError as error:
        raise BadRowError("unreadable", str(error)) from error
    _check_size(name, len(data), max_bytes)
    return bytes(data)


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise BadRowError("too_large", f"{name!r} has {size} bytes or more, limit {max_bytes}")
