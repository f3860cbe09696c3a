"""Parts of one layout as one, guesses of one mapping as one, and data that are there twice."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.init.columns import columns_of
from curation.init.file_kinds import spread
from curation.init.guess import Guess, guess
from curation.init.look import N_RECORDS, Part
from curation.init.roles import score_of
from curation.init.words import ANSWER, CONTEXT, OPTIONS, QUESTION

_SAME = 0.9
"""Share of the records of one part that are in another, from which on they are not read again."""


def as_layouts(parts: Sequence[Part]) -> list[Part]:
    """The parts, those that are read alike and whose fields are filled alike together."""
    groups: dict[str, list[Part]] = {}
    for number, part in enumerate(parts):
        path = part.reading.get("path")
        alone = part.error or not part.records or not isinstance(path, str) or not (filled := filled_fields(part))
        reading = {key: value for key, value in part.reading.items() if key != "path"}
        key = (
            str(number)
            if alone
            else json.dumps([reading, filled, os.path.dirname(str(path)), os.path.splitext(str(path))[1]])
        )
        groups.setdefault(key, []).append(part)
    return [same[0] if len(same) == 1 else joined(same) for same in groups.values()]


def filled_fields(part: Part) -> list[str]:
    """The fields called like a question, an answer, options or a passage that some of the records fill."""
    return sorted(
        column.path
        for column in columns_of(part.records[:60])
        if column.share >= 0.1 and _has_role(column.path, column.name)
    )


def _has_role(path: str, name: str) -> bool:
    if re.search(r"(?:\A|\.)-?\d+(?:\.|\Z)", path):
        return False
    words = name.split("_")
    scores = (score_of(name, table, frozenset()) for table in (QUESTION, ANSWER, OPTIONS))
    return max(scores) >= 4 or not CONTEXT.isdisjoint(words)


def joined(parts: Sequence[Part]) -> Part:
    """One part of several that are read alike, with records of all, in proportion to their files."""
    n_files = sum(max(len(part.files), 1) for part in parts)
    records = [
        record
        for part in parts
        for record in spread(part.records, max(N_RECORDS * max(len(part.files), 1) // n_files, 5))
    ]
    return Part(
        {**parts[0].reading, "path": _pattern([path for part in parts for path in _paths(part.reading["path"])])},
        records,
        sum((part.bad for part in parts[1:]), parts[0].bad),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        files=tuple(file for part in parts for file in part.files),
        seen=frozenset[int]().union(*(part.seen for part in parts)),
    )


def together(found: Sequence[Guess], folder: Path | None) -> list[Guess]:
    """Guesses of one mapping as one, made from the records of all; a passage that only some records have makes no other mapping."""
    alike: dict[str, list[Guess]] = defaultdict(list)
    for one in found:
        fields = {key: value for key, value in one.options["fields"].items() if key not in ("id", "images")}
        fields["question"] = fields["question"].rpartition("\n\n")[2].strip("{}")
        images = one.options["fields"].get("images", "")  # of files that are called like records
        fields["images"] = images if re.match(r"=|.*\{", str(images)) else ""
        reading = {key: value for key, value in one.part.reading.items() if key != "path"}
        key = json.dumps([fields, reading, one.config, one.options.get("explode"), one.number], sort_keys=True)
        alike[key].append(one)
    merged: list[Guess] = []
    for same in alike.values():
        if len(same) == 1 or "hub" in same[0].part.reading:
            merged += same
            continue
        whole = [one for one in guess(joined([one.part for one in same]), folder) if one.number == same[0].number]
        longest = max((one.options["fields"]["question"] for one in same), key=len)
        fits = len(whole) == 1 and len(whole[0].options["fields"]["question"]) >= len(longest)
        bad = sum(one.check.bad.total() / max(one.check.n, 1) for one in same) / len(same)
        fits = fits and whole[0].check.bad.total() / max(whole[0].check.n, 1) <= bad + 0.05
        merged += whole if fits else same
    return merged


def without_copies(parts: Sequence[Part]) -> Iterator[tuple[Part, str]]:
    """Every part, with the name of another that holds its records too, or ''; of two that hold the same the one nearer the top stays.

    A part of whose records many are in another has a note.
    """
    place = {id(part): (part.name.count("/"), number) for number, part in enumerate(parts)}
    for original in parts:
        part = original
        for other in sorted(parts, key=lambda one: place[id(one)]):
            shared = len(part.seen & other.seen) if other is not original else 0
            inside, around = shared >= _SAME * len(part.seen), shared >= _SAME * len(other.seen)
            if shared >= 3 and inside and (not around or place[id(other)] < place[id(original)]):
                yield part, other.name
                break
            if shared >= 0.2 * len(part.seen) and not inside and not around and place[id(other)] < place[id(original)]:
                what = f"unsure: {shared} of {len(part.seen)} records are in {os.path.basename(other.name)} too"
                part = replace(part, notes=(*part.notes, what))
        else:
            yield part, ""


def _paths(path: Any) -> list[str]:
    return [path] if isinstance(path, str) else list(path)


def _pattern(paths: list[str]) -> str | list[str]:
    """One glob for the files, where it matches no other; else their list."""
    folders = {os.path.dirname(path) for path in paths}
    suffixes = {os.path.splitext(path)[1] for path in paths}
    if len(folders) == len(suffixes) == 1 and "!/" not in paths[0]:
        folder, suffix = folders.pop(), suffixes.pop()
        glob = f"{folder}/*{suffix}"
        names = {name for name in os.listdir(folder) if name.endswith(suffix)} if os.path.isdir(folder) else set()
        if names == {os.path.basename(path) for path in paths}:
            return glob
    return paths
