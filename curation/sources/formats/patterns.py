"""Patterns of names, on disk and inside archives."""

import glob
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from curation.sources.formats.archive import SEPARATOR


def split_pattern(pattern: str) -> tuple[str, str]:
    """What is sought on disk and what inside it; a `!/` in a folder's own name is no separator."""
    pattern += "/*" if pattern.endswith("/**") else ""
    outer, _, inner = pattern.partition(SEPARATOR)
    if inner and not os.path.isdir(f"{outer}!"):
        return outer, inner
    return pattern, ""


def matching_paths(pattern: str) -> Iterator[str]:
    """As `glob.glob`, but `**` enters no folder twice: links may lead round and round."""
    recursive = re.match(r"(.*?(?:^|/))\*\*/(.*)", pattern, re.DOTALL)
    if not recursive:
        yield from glob.glob(pattern)
        return
    before, after = recursive.groups()
    seen: set[tuple[int, int]] = set()
    for start in sorted(glob.glob(before or ".")):
        for folder, subfolders, _ in os.walk(start, followlinks=True):
            status = os.stat(folder)
            if (key := (status.st_dev, status.st_ino)) in seen:
                subfolders.clear()
                continue
            seen.add(key)
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            yield from matching_paths(os.path.join(glob.escape(folder), after))


def fixed_part(pattern: str) -> Path:
    """The folder that a glob starts from: its leading parts without magic."""
    parts = Path(pattern).parts[:-1]
    fixed: list[str] = []
    for part in parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def matches(parts: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a name match those of a pattern, as `glob` has it: `**` is any number of folders, `*` no hidden one."""
    if not pattern or not parts:
        return not parts and not pattern
    if pattern[0] == "**":
        return matches(parts, pattern[1:]) or (not is_hidden(parts[0]) and matches(parts[1:], pattern))
    if is_hidden(parts[0]) and not is_hidden(pattern[0]):
        return False
    return fnmatchcase(parts[0], pattern[0]) and matches(parts[1:], pattern[1:])


def is_hidden(part: str) -> bool:
    return part == "__MACOSX" or (part.startswith(".") and part not in (".", ".."))
