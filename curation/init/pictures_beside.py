"""Images that no field names: files called like a record, its id or its key, or under one name in the folder of every record."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from curation.init.columns import Column
from curation.init.file_kinds import spread
from curation.init.image_files import ImageFiles, atoms_of
from curation.init.images_at import ImagesAt
from curation.init.words import ID
from curation.sources.formats.record import Record

N_LOOKED_AT = 60
UNNAMED = " that no field names"
MANY = 10
"""Pictures that nothing names, from which on they are said."""
_TELLS = re.compile(r"(?i)(?<![a-z])(?:sol|solution|ans|answer|explanation|rationale|gt|label)s?(?![a-z])|答案|解析")
"""In names of pictures that show the answer."""


def images_beside(records: Sequence[Record], columns: Sequence[Column], folder: Path) -> ImagesAt:
    """Images by the names of their files; `unsure` names those that are left over."""
    files = ImageFiles(folder)
    if not files.count or len(records) < 3:
        return ImagesAt()
    looked = spread([*enumerate(records)], N_LOOKED_AT)
    found = _of_one_name([record for _, record in looked], files) or _by_id(looked, columns, files)
    if found:
        return found
    if files.count >= MANY and files.is_below:
        return ImagesAt(unsure=(f"{files.count} pictures ({files.example}){UNNAMED}",))
    return ImagesAt()


def _of_one_name(records: Sequence[Record], files: ImageFiles) -> ImagesAt | None:
    """Pictures of one name beside records that have a folder each."""
    folders = {record.folder for record in records if record.folder}
    if len(folders) < 3 or len(folders) < 0.9 * len(records):
        return None
    names = Counter(PurePosixPath(file).name for place in folders for file in files.inside(str(place)))
    usual = [name for name, n in names.items() if n >= 0.5 * len(folders)]
    return _chosen({f"={name}": names[name] for name in sorted(usual)}, len(folders), "")


def _by_id(looked: Sequence[tuple[int, Record]], columns: Sequence[Column], files: ImageFiles) -> ImagesAt | None:
    """Pictures whose names have the id or key of a record in them."""
    ids = [column for column in columns if column.is_scalar and column.distinct == 1 and _is_id(column)]
    leads: dict[tuple[str, str], set[str]] = defaultdict(set)
    hits: Counter[tuple[str, str]] = Counter()
    for i, record in looked:
        stem = PurePosixPath(record.file).stem
        names = {"$key": record.key, "$stem": stem} | {column.path: str(column.values[i] or "") for column in ids}
        ways = {
            (root, template): file
            for name, value in names.items()
            if value
            for root, template, file in _ways(name, value, record, files, columns)
        }
        for way, file in ways.items():
            leads[way].add(file)
            hits[way] += 1
    ways_of_all = {way: n for way, n in hits.items() if n >= 0.5 * len(looked) and len(leads[way]) >= 0.9 * n}
    if not ways_of_all:
        best = max((way for way in hits if len(leads[way]) >= 0.9 * hits[way]), key=lambda way: hits[way], default=None)
        if best is None or hits[best] < max(3, 0.2 * len(looked)) or not files.is_below:
            return None
        what = f"{hits[best]} of {len(looked)} records have a picture called {best[1]}; no field says which"
        return ImagesAt(unsure=(what,))
    n, nearest = (
        max(ways_of_all.values()),
        min(ways_of_all, key=lambda way: (-ways_of_all[way], bool(way[0]), way[1].count("{"), way)),
    )
    same = {t: k for (root, t), k in ways_of_all.items() if root == nearest[0] and _fields(t) == _fields(nearest[1])}
    folder = nearest[1].rpartition("/")[0]
    return _chosen(
        {t: k for t, k in sorted(same.items()) if t.rpartition("/")[0] == folder}, max(n, len(looked)), nearest[0]
    )


def _fields(template: str) -> list[str]:
    return re.findall(r"\{[^{}]+\}", template)


def _chosen(names: dict[str, int], n: int, root: str) -> ImagesAt | None:
    """The names as expressions, without those of pictures that show an answer."""
    shown = [name for name in names if not _TELLS.search(re.sub(r"\{[^{}]*\}", "", name.rpartition("/")[2]))]
    telling = sorted(set(names) - set(shown))
    if not names:
        return None
    unsure = [f"pictures {', '.join(telling)} may show the answer and are left out"] if telling else []
    options: dict[str, Any] = {"root": root} if root and shown else {}
    if shown and max(names[name] for name in shown) < n:
        options["required"] = False
    return ImagesAt(tuple(shown), options, tuple(unsure))


def _is_id(column: Column) -> bool:
    return (
        "id" in column.name
        or ID.get(column.name, 0) >= 6
        or bool({"index", "idx", "no", "number"} & {*column.name.split("_")})
    )


def _ways(
    name: str, value: str, record: Record, files: ImageFiles, columns: Sequence[Column]
) -> Iterator[tuple[str, str, str]]:
    """(root, template, file) of every picture whose name has the value in it; no root where it is below the record."""
    here = PurePosixPath((record.folder or files.folder).as_posix())
    for file in files.having(value)[:50] if files.is_below else ():
        path = PurePosixPath(file)
        atoms = atoms_of(record, columns) | {value: f"{{{name}}}"}
        own = re.sub(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", lambda _: f"{{{name}}}", path.name, count=1)
        if path.is_relative_to(here):
            yield "", "/".join([*(atoms.get(part, part) for part in path.relative_to(here).parts[:-1]), own]), file
            continue
        root, inner = path.parent, [own]
        while root.name in atoms and len(root.parts) > 2:
            root, inner = root.parent, [atoms[root.name], *inner]
        yield str(root), "/".join(inner), file
