"""Where the images of records are: bytes, base64, or paths, whose folder is found by looking for the files."""

import base64
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.init.columns import Column, columns_of
from curation.init.file_kinds import spread
from curation.init.image_files import IMAGE_SUFFIXES, KINDS, ImageFiles, ways_to_files
from curation.init.images_at import ImagesAt
from curation.init.pictures_beside import images_beside
from curation.init.words import IMAGE
from curation.sources.formats.record import Record

_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
MAX_SHOWN = 300
"""Records whose images are looked for."""


def find_images(records: Sequence[Record], folder: Path | None, hub: bool = False) -> ImagesAt:
    """The images of records, whose files are looked for below `folder`."""
    columns = columns_of(records)
    found = [(column, form) for column in columns if (form := form_of(column))]
    found = [one for one in found if not any(_is_inside(one[0], other[0]) for other in found if other[0] is not one[0])]
    stored = [column for column, form in found if form in ("bytes", "base64", "uri")]
    if stored:
        found = [
            (column, form) for column, form in found if column in stored
        ]  # the same image by its path is another column
    if not found:
        return ImagesAt() if folder is None else images_beside(records, columns, folder)
    options: dict[str, Any] = {}
    if all(form == "base64" for _, form in found):
        options["read_as"] = "base64"
    expressions = tuple(column.path for column, _ in found)
    unsure: list[str] = []
    if any(form == "path" for _, form in found):
        if folder is None:
            unsure.append(f"{', '.join(expressions)} holds paths; fetch the files and say images.root")
        else:
            placed = _placed([column for column, form in found if form == "path"], records, columns, folder)
            expressions = placed.expressions
            options |= placed.options
            unsure += placed.unsure
    some = [
        any(column.values[i] is not None and not _is_empty(column.values[i]) for column, _ in found)
        for i in range(len(records))
    ]
    if not all(some):
        options["required"] = False
    return ImagesAt(expressions, options, tuple(unsure))


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not any(value.get(key) for key in ("bytes", "path", "image", "url"))
    return isinstance(value, list) and all(_is_empty(item) for item in value)


def _is_inside(column: Column, other: Column) -> bool:
    return column.path.startswith(f"{other.path}.")


def form_of(column: Column) -> str:
    """What the images of a column are: bytes, base64, uri, path, or '' where it holds none."""
    forms = Counter(filter(None, (_form(value, column.name) for value in column.filled[:100])))
    return forms.most_common(1)[0][0] if forms and forms.total() >= 0.5 * min(len(column.filled), 100) else ""


def _form(value: Any, name: str) -> str:
    named = not IMAGE.isdisjoint(name.split("_")) or re.sub(r"_?\d+\Z", "", name) in IMAGE
    if isinstance(value, bytes):
        return "bytes" if value.startswith(_MAGIC) else ""
    if isinstance(value, list):
        forms = {_form(item, name) for item in value[:4]}
        return forms.pop() if len(forms) == 1 else ""
    if isinstance(value, Mapping):
        if not {"bytes", "path", "image", "url"} & value.keys() or not value.keys() <= {
            "bytes",
            "path",
            "image",
            "url",
            "type",
            "height",
            "width",
        }:
            return ""
        return next(filter(None, (_form(value.get(key), "image") for key in ("bytes", "image", "path", "url"))), "")
    if not isinstance(value, str):
        return ""
    if value.startswith("data:image/") or (value.startswith("data:") and ";base64," in value[:80]):
        return "uri"
    if value.lower().endswith(IMAGE_SUFFIXES) and len(value) < 500 and "\n" not in value:
        return "path"
    if len(value) > 100 and re.fullmatch(r"[A-Za-z0-9+/]{64}[A-Za-z0-9+/=]+", re.sub(r"\s", "", value[:400])):
        return "base64" if base64.b64decode(re.sub(r"\s", "", value[:200])[:64]).startswith(_MAGIC) else ""
    if value.startswith("[") and any(suffix in value.lower() for suffix in IMAGE_SUFFIXES) and len(value) < 2000:
        return "path"
    return (
        "path"
        if named and 0 < len(value) < 300 and re.fullmatch(r"[\w./\\ %()-]+", value) and not value.isdigit()
        else ""
    )


def _placed(found: list[Column], records: Sequence[Record], columns: Sequence[Column], folder: Path) -> ImagesAt:
    """Paths, with the root, prefix, extension or template that leads to the files."""
    files = ImageFiles(folder)
    places: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    """(kind, what, extension, column) -> the files that it leads to: a way that leads all records to one file is none."""
    n_values, sample = 0, ""
    for i in spread(range(len(records)), MAX_SHOWN):
        for column in found:
            for path in list(_paths(column.values[i]))[:2]:
                n_values, sample = n_values + 1, sample or path
                for *way, file in ways_to_files(path, records[i], files, columns):
                    places[way[0], way[1], way[2], column.path].add(file)
    if not n_values:
        return ImagesAt(tuple(column.path for column in found))
    expressions, roots, prefixes, extensions = [], [], [], []
    unsure = (
        [f"more than {files.limit} files below {folder}; pictures behind them were not looked for"]
        if files.is_cut
        else []
    )
    for column in found:
        own = {way: leads for way, leads in places.items() if way[3] == column.path}
        if len(column.texts) > 3 and column.distinct < 0.02 + 1 / len(column.texts):  # one name for the pictures of all
            own = {way: leads for way, leads in own.items() if way[0] == "template" or len(leads) > 1}
        if not own:
            expressions.append(column.path)
            unsure.append(f"no file is found for the images of {column.path}, such as {sample!r}; say images.root")
            continue
        where = str(next((record.folder for record in records if record.folder), folder))
        kind, what, _, _ = max(
            own,
            key=lambda way: (
                len(own[way]),
                len(os.path.commonpath([min(own[way]), where])),  # of copies of the files, those that are nearest
                -KINDS.index(way[0]),
                way[1].count("{"),
                -len(way[1].partition("\n")[0]),
            ),
        )
        if kind in ("beside", "root"):  # some of the paths may be of another machine
            prefixes += [
                way[1].partition("\n")[2] for way in own if way[0] == "strip" and way[1].partition("\n")[0] == what
            ][:1]
        extensions += sorted({way[2] for way in own if way[:2] == (kind, what) and way[2]})
        if kind == "template":
            expressions.append(what)
        else:
            expressions.append(column.path)
            if kind == "root":
                roots.append(what)
            if kind == "strip":
                root, _, prefix = what.partition("\n")
                roots += [root] if root else []
                prefixes.append(prefix)
    options: dict[str, Any] = {}
    if roots:
        options["root"] = list(dict.fromkeys(roots)) if len(set(roots)) > 1 else roots[0]
    if extensions:
        options["extensions"] = list(dict.fromkeys(extensions))
    if prefixes:
        options["strip_prefix"] = list(dict.fromkeys(prefixes))
    return ImagesAt(tuple(dict.fromkeys(expressions)), options, tuple(unsure))


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, Mapping):
        yield from _paths(value.get("path") or value.get("image") or value.get("url"))
    elif isinstance(value, str) and value.startswith("["):
        yield from re.findall(r"['\"]([^'\"]+)['\"]", value)
    elif isinstance(value, str) and value:
        yield value
