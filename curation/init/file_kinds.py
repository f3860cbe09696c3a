"""The data files below a path, those of one kind together: alone, many of one folder, or of one name in many folders."""

import re
from collections import defaultdict
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from curation.core.errors import SourceError
from curation.sources.formats.archive import is_archive, open_archive
from curation.sources.formats.files import data_files

MAX_TOGETHER = 20
"""Files of one folder and extension that are looked at one by one."""
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
    of_name: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        of_name[file.parent.parent, file.name].append(file)
    of_folder: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for (above, name), same in of_name.items():
        if len(same) >= 3 and above.is_relative_to(data):
            beside = sorted(path.name for path in above.glob(f"*/{escape(name)}"))
            if len(beside) == len(same):
                yield f"{escape(str(above))}/{_star(same)}/{escape(name)}", [*map(str, same[:60])]
                continue
        for file in same:
            of_folder[file.parent, file.suffix].append(file)
    for (folder, suffix), same in of_folder.items():
        if len(same) > MAX_TOGETHER:
            yield f"{escape(str(folder))}/*{suffix}", [*map(str, same[:8])]
        else:
            yield from ((name, [name]) for file in same for name in _names_in(file))


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
