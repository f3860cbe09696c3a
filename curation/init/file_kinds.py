"""The data files below a path, those of one kind together: alone, very many of one folder, or of one name in many folders."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from glob import escape, iglob
from pathlib import Path
from typing import TypeVar

from curation.core.errors import SourceError
from curation.sources.formats.archive import is_archive, open_archive
from curation.sources.formats.files import data_files

T = TypeVar("T")
MAX_TOGETHER = 100
"""Files of one folder and extension that are looked at one by one."""
N_SAMPLED = 60
"""Files of a kind with more that are looked at: the first, the last, and others between them at equal distances."""
SUFFIXES = (
    *(".json", ".jsonl", ".ndjson", ".jsonlines", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".txt"),
    *(".zip", ".tar", ".tgz"),
)
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_NO_DATA = re.compile(
    r"(?i)\A(?:readme|licen[sc]e|requirements|package(?:-lock)?|config|dataset_infos?|dataset_dict|state|tsconfig|metadata_info|setup)\b"
)


def file_kinds(data: Path) -> Iterator[tuple[str, list[str]]]:
    """(pattern, some files of it) of every kind of file: alone, or many of one folder, or of one name in many folders."""
    if data.is_file():
        yield from ((name, [name]) for name in _names_in(data))
        return
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and _is_data(path, data)]
    for pattern_of in (_name_with_folder, _name_with_number):
        of_name: dict[tuple[Path, str], list[Path]] = defaultdict(list)
        for file in files:
            of_name[file.parent.parent, pattern_of(file)].append(file)
        for (above, name), same in of_name.items():
            if len(same) >= 3 and above.is_relative_to(data) and len({file.parent for file in same}) == len(same):
                glob = f"{escape(str(above))}/{_star(same)}/{name}"
                if {*iglob(glob)} == {*map(str, same)}:
                    yield glob, spread([escape(str(file)) for file in same], N_SAMPLED)
                    grouped = set(same)
                    files = [file for file in files if file not in grouped]
    of_folder: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        of_folder[file.parent, file.suffix].append(file)
    for (folder, suffix), same in of_folder.items():
        same.sort()
        if len(same) > MAX_TOGETHER and not is_archive(same[0]):
            yield f"{escape(str(folder))}/*{suffix}", spread([escape(str(file)) for file in same], N_SAMPLED)
        else:
            yield from ((name, [name]) for file in same for name in _names_in(file))


def spread(items: Sequence[T], n: int) -> list[T]:
    """At most `n` of the items: the first, the last, and others at equal distances between them.

    >>> spread(range(10), 4)
    [0, 3, 6, 9]
    """
    if len(items) <= n:
        return list(items)
    return [items[i * (len(items) - 1) // max(n - 1, 1)] for i in range(n)]


def _name_with_folder(file: Path) -> str:
    """The name of a file as a glob for those of its kind in other folders: `*` for the folder's own name, where that is in it."""
    folder = file.parent.name
    if re.search(rf"(?<![^\W_]){re.escape(folder)}(?![^\W_])", file.stem):
        return "*".join(map(escape, file.name.split(folder)))
    return escape(file.name)


def _name_with_number(file: Path) -> str:
    """The name as a glob with `*` for every number."""
    return re.sub(r"\d+", "*", file.stem) + file.suffix if "[" not in file.name else escape(file.name)


def _star(files: list[Path]) -> str:
    """`*`, behind what the names of the files' folders begin with, where all others there begin otherwise."""
    names = [file.parent.name for file in files]
    head = names[0]
    while not all(name.startswith(head) for name in names):
        head = head[:-1]
    return f"{escape(head)}*"


def _names_in(file: Path) -> Iterator[str]:
    """The file, or its members that are data: none of an archive of images."""
    if not is_archive(file):
        yield escape(str(file))
        return
    try:
        names = open_archive(file).names
        members = [member for member in data_files([escape(str(file))]) if not member.problem]
    except SourceError:
        members, names = [], []
    if members or not names:
        yield from (
            (f"{escape(str(file))}!/{escape(member.member)}" for member in members) if members else (escape(str(file)),)
        )


def _is_data(file: Path, data: Path) -> bool:
    inner = file.relative_to(data).parts
    name = file.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    if any(part.startswith((".", "__")) for part in inner) or not name.endswith(SUFFIXES) or _NO_DATA.match(name):
        return False
    if name.endswith(".txt"):
        with file.open("rb") as stream:
            return stream.read(200).lstrip()[:2] in (b'{"', b"[{", b'["')
    return True
