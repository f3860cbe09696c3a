"""Image files below a folder and in its archives, and the ways in which the paths of records lead to them."""

import os
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from curation.core.errors import SourceError
from curation.init.columns import Column
from curation.sources.formats.archive import is_archive, open_archive
from curation.sources.formats.expression import lookup
from curation.sources.formats.record import Record

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
MAX_FILES = 200_000
"""Files that are looked at below the data's folder."""
_SIGN = re.compile(r"[\W_]+")
KINDS = ("beside", "root", "template", "strip")
"""Ways in which paths lead to files, the plainest first: from the record's folder, from a root, in a template, behind a foreign prefix."""


class ImageFiles:
    """The image files below a folder, and in the archives there, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count, self.limit, self.is_cut, self.is_below = folder, 0, MAX_FILES, False, True
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_part: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._walk(folder, MAX_FILES)
        if not self.count and folder.parent not in (folder, Path.home(), Path(folder.anchor)):
            self.is_below = False
            self._walk(folder.parent, MAX_FILES // 10)  # data/train.json beside images/

    def named(self, name: str) -> list[str]:
        return self._by_name.get(name, [])

    @property
    def example(self) -> str:
        """The name that most pictures have."""
        names = [name for name in self._by_name if name.lower().endswith(IMAGE_SUFFIXES)]
        return max(names, key=lambda name: len(self._by_name[name]), default="")

    def inside(self, folder: str) -> list[str]:
        """The files right in a folder."""
        return self._by_folder.get(folder, [])

    def having(self, value: str) -> list[str]:
        """The files called by the value, or that begin or end with it beside a sign: `12.png`, `12_a.png`, `img-12.png`."""
        if not self._by_part:
            for name, files in self._by_name.items():
                stem = name.rpartition(".")[0] or name
                parts = {
                    stem,
                    *(stem[: m.start()] for m in _SIGN.finditer(stem)),
                    *(stem[m.end() :] for m in _SIGN.finditer(stem)),
                }
                for part in parts:
                    self._by_part.setdefault(part, []).extend(files)
        return self._by_part.get(value, [])

    def _walk(self, folder: Path, limit: int) -> None:
        n = 0
        for place, subfolders, names in os.walk(folder):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            for name in sorted(names):
                n += 1
                if n > limit:
                    self.is_cut, self.limit = True, limit
                    return
                path = f"{place}/{name}"
                if name.lower().endswith(IMAGE_SUFFIXES) or "." not in name:
                    self._add(path)
                elif name.lower().endswith(_ARCHIVES):
                    self._add_archive(path)

    def _add_archive(self, path: str) -> None:
        try:
            if is_archive(Path(path)):
                for member in open_archive(Path(path)).names:
                    if member.lower().endswith(IMAGE_SUFFIXES):
                        self._add(f"{path}!/{member}")
        except SourceError:
            return  # damaged: its reader says how, when it is named

    def _add(self, path: str) -> None:
        self.count += path.lower().endswith(IMAGE_SUFFIXES)
        folder, _, name = path.rpartition("/")
        self._by_name[name].append(path)
        self._by_folder[folder].append(path)


def ways_to_files(
    path: str, record: Record, files: ImageFiles, columns: Sequence[Column]
) -> Iterator[tuple[str, str, str, str]]:
    """(kind, root or template or prefix, extension, file) of every way in which a path leads to a file."""
    said = urllib.parse.unquote(path.removeprefix("file://")).replace("\\", "/")
    is_elsewhere = re.match(r"/|[A-Za-z]:/|https?://", said) is not None
    parts = [part for part in said.split("/") if part not in ("", ".")]
    here = record.folder or files.folder
    for extension in ("", *IMAGE_SUFFIXES):
        for file in files.named(parts[-1] + extension):
            tail = _common_tail(file, "/".join(parts) + extension)
            inner = "/".join(tail)
            root = _root_of(file, inner)
            extended = extension and inner.removesuffix(extension)
            if len(tail) == len(parts) and not is_elsewhere:
                if Path(root) == here:
                    yield "beside", "", extension, file
                    continue
                yield "root", root, extension, file
                column = _column_of(path, columns, record)
                if column and not extended and (between := _below(root, here)):
                    yield "template", f"{between}/{{{column}}}", extension, file
            elif is_elsewhere and Path(file) == Path(said):
                yield "root", str(Path(said).parent), extension, file
            elif is_elsewhere:  # a path of another machine
                for n in range(1, len(tail) + 1):
                    inner = "/".join(tail[-n:])
                    root, prefix = (
                        _root_of(file, inner),
                        said[: -len(inner.removesuffix(extension))].rstrip("/"),
                    )
                    yield "strip", f"{'' if Path(root) == here else root}\n{prefix}", extension, file
        if extension == "" and files.named(parts[-1]):
            break
    if len(parts) == 1:
        for file in files.named(parts[0])[:200]:
            if template := template_of(file, record, here, columns):
                yield "template", template, "", file


def _root_of(file: str, inner: str) -> str:
    """The folder or archive that the file is in by its inner name: `x.zip` for `x.zip!/3.jpg`."""
    return file[: -len(inner)].rstrip("/").removesuffix("!")


def _common_tail(file: str, path: str) -> list[str]:
    one, two = file.split("/"), path.split("/")
    n = 0
    while n < min(len(one), len(two)) and one[-1 - n] == two[-1 - n]:
        n += 1
    return two[len(two) - n :] if n else []


def _below(root: str, here: Path) -> str:
    try:
        return PurePosixPath(root).relative_to(here.as_posix()).as_posix()
    except ValueError:
        return ""


def _column_of(path: str, columns: Sequence[Column], record: Record) -> str:
    return next((column.path for column in columns if lookup(record.value, column.path) == path), "")


def template_of(file: str, record: Record, here: Path, columns: Sequence[Column]) -> str:
    """The file's path below the record's folder, with every part that is a value of the record as the field's name."""
    try:
        below = PurePosixPath(file).relative_to(here.as_posix()).parts
    except ValueError:
        return ""
    atoms = atoms_of(record, columns)
    parts = []
    for part in below:
        stem, dot, suffix = part.rpartition(".")
        parts.append(atoms.get(part) or (f"{atoms[stem]}{dot}{suffix}" if dot and stem in atoms else part))
    template = "/".join(parts)
    return template if len(below) > 1 and "{" in template else ""


def atoms_of(record: Record, columns: Sequence[Column]) -> dict[str, str]:
    """The values of a record that a part of a path can be, with the field in braces that each is of."""
    atoms: dict[str, str] = {}
    for column in columns:
        value = lookup(record.value, column.path)
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) < 120:
            atoms.setdefault(str(value), f"{{{column.path}}}")
    if record.key:
        atoms[record.key] = "{$key}"
    return atoms
