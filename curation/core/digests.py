"""Digests of what a plugin reads and of the code that runs, for the manifest lock."""

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from curation.core.errors import SourceError
from curation.core.folder_lock import is_of_a_build
from curation.core.seen import by_seen

MAX_PATH = 4096
"""A longer text is no path; asking the system about it would fail."""


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes; it is not read where a build has recorded it (see `core.seen`).

    Raises:
        SourceError: unreadable.
    """
    return by_seen(path, _sha256_of)


def _sha256_of(path: Path) -> str:
    """The same, by reading it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


_FOLDERS_OF_BUILDS = frozenset(("stages", "data", "rollouts", "control", "certificate"))
_FILES_OF_BUILDS = (".json", ".parquet", ".yaml", ".html", ".md")
"""In the folder of a build."""
MAX_FILES = 2_000_000
"""Below one folder: their names take ten seconds to list."""


_files_alone: ContextVar[bool] = ContextVar("files_alone", default=False)


@contextmanager
def files_alone() -> Iterator[None]:
    """Inside, no folder is looked through: what else lies in it may come, go and grow."""
    token = _files_alone.set(True)
    try:
        yield
    finally:
        _files_alone.reset(token)


def folder_digest(root: Path, contents: bool = False, max_files: int = MAX_FILES) -> str:
    """Hex digest of the names and sizes of all files below a folder: cheap, and it sees a file come, go or change size. What a build writes
    is left out: one whose `--out` is below would change the digest with every file.

    With `contents` every file is read, and no change is missed. Empty inside `files_alone`.

    Raises:
        SourceError: a file is unreadable, or there are more than `max_files`.
    """
    if _files_alone.get():
        return ""
    digest, count, start = hashlib.sha256(), 0, len(os.path.join(root, ""))
    for folder, subfolders, names in os.walk(root):
        if folder != str(root) and is_of_a_build(Path(folder)):
            subfolders[:] = [name for name in subfolders if name not in _FOLDERS_OF_BUILDS]
            names = [name for name in names if not name.startswith(".") and not name.endswith(_FILES_OF_BUILDS)]
        subfolders.sort()
        if (count := count + len(names)) > max_files:
            raise SourceError(
                f"{root} has more than {max_files:,} files below it; name the folder that holds what is meant"
            )
        for name in sorted(names):
            path = os.path.join(folder, name)
            try:
                size: int | str = os.stat(path).st_size
            except OSError:
                size = "missing"
            content = f"\0{sha256_of(Path(path))}" if contents and os.path.isfile(path) else ""
            digest.update(f"{path[start:].replace(os.sep, '/')}\0{size}{content}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def is_whole_disk(folder: Path) -> bool:
    """Whether a folder is the root of the file system, a home, or above one: nothing to walk."""
    return Path.home().resolve().is_relative_to(folder.resolve())


def source_digest(modules: Iterable[ModuleType]) -> str:
    """16 hex digits of the source of modules, of a package as a whole: other code may make other rows and verdicts."""
    digest = hashlib.blake2b(digest_size=8)
    for module in modules:
        folders = [Path(folder) for folder in getattr(module, "__path__", ())]
        files = [(file.relative_to(folder).as_posix(), file) for folder in folders for file in folder.rglob("*.py")]
        if not folders and module.__file__:
            files = [("", Path(module.__file__))]
        for name, file in sorted(files):
            digest.update(f"{module.__name__}/{name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def installed_versions(libraries: Iterable[str]) -> dict[str, str]:
    """Library -> version, of those that are installed."""
    found: dict[str, str] = {}
    for library in libraries:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found


def path_digests(options: Mapping[str, Any], folders: bool = True) -> dict[str, str]:
    """Option and name -> digest of each file or folder that a value names, in lists, mappings and nested models too.

    A path counts when it exists, a glob in an absolute path by what it matches, `set.zip!/member` by its archive. The name is the last
    part of the path, so that what was moved as a whole keeps its digests.

    Raises:
        SourceError: a file is unreadable.
    """
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for option, value in options.items():
        for path in dict.fromkeys(path for text in _texts(value) for path in _paths(text)):
            if path.is_file() or folders:
                counts[name := f"{option}: {path.name}"] += 1
                key = name if counts[name] == 1 else f"{name} ({counts[name]})"
                found[key] = sha256_of(path) if path.is_file() else folder_digest(path, contents=True)
    return found


def _texts(value: Any) -> Iterator[str | Path]:
    """Every text and path in a value."""
    if isinstance(value, str | Path):
        yield value
        return
    inner: Iterable[Any] = ()
    if isinstance(value, BaseModel):
        inner = (item for _, item in value)
    elif isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    for item in inner:
        yield from _texts(item)


def _paths(text: str | Path) -> Iterator[Path]:
    """The existing files and folders that a text names.

    Not every text is a path. A relative one has to be a file, since `data` or `.` could be anything; a bare word is none.
    """
    name = str(text)
    if not name or len(name) > MAX_PATH or "\0" in name or "\n" in name:
        return
    path = Path(name)
    is_path = isinstance(text, Path) or (path.is_absolute() and len(path.parts) > 1)
    if _exists(path) and (is_path or (path.is_file() and ("/" in name or "." in name))):
        yield path
        return
    outer, _, _ = name.partition("!/")
    if is_path and glob.has_magic(outer):
        yield from map(Path, sorted(glob.glob(outer, recursive=True)))
    elif is_path and outer != name and _exists(Path(outer)):
        yield Path(outer)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a part that is too long, or a folder that may not be looked into
        return False
