"""Text files that are not data, and what they look like."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Set
from glob import escape
from pathlib import Path

_TEXT = (".txt", ".md", ".text", ".tex", ".rst")


def texts_below(data: Path, read: Set[str]) -> Iterator[str]:
    """A line for each folder of text files that are not data: how many there are, and how one begins."""
    by_folder: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(data.rglob("*")) if data.is_dir() else [data]:
        inner = path.relative_to(data).parts if data.is_dir() else (path.name,)
        about = re.match(r"(?i)readme|licen[sc]e|requirements|citation|changelog|contributing|notice", path.name)
        is_text = path.suffix.lower() in _TEXT and not about and not any(p.startswith((".", "__")) for p in inner)
        if is_text and path.is_file() and escape(str(path)) not in read:
            by_folder.setdefault((os.path.dirname("/".join(inner)), path.suffix), []).append(path)
    for (folder, suffix), files in by_folder.items():
        what = f"{len(files)} files" if len(files) > 1 else files[0].name
        where = f"{folder or '.'}/*{suffix}: " if len(files) > 1 else ""
        yield f"{where}{what} of plain text, such as {files[0].name}: {look_of(files[0])}"


def look_of(file: Path) -> str:
    """What a text file looks like, in a few words."""
    with file.open("rb") as stream:
        head = stream.read(20_000).decode("utf-8", errors="replace").lstrip("\ufeff")
    lines = [line.rstrip("\r") for line in head.split("\n")[:200]]
    filled = [line for line in lines if line.strip()]
    if not filled:
        return "empty"
    tabs = Counter(line.count("\t") for line in filled[:-1] or filled)
    if tabs.most_common(1)[0][0] and tabs.most_common(1)[0][1] >= 0.8 * max(len(filled) - 1, 1):
        return f"columns between tabs ({', '.join(filled[0].split(chr(9))[:6])[:100]}); a table reads it with `format: csv`"
    options = sum(bool(re.match(r"\s*[(（]?[A-Ha-h][.)、）．:：]", line)) for line in filled)
    letters = sum(bool(re.fullmatch(r"\s*[A-Ha-h]\s*", line)) for line in filled)
    if options >= 0.3 * len(filled):
        say = "questions of several lines with options" + (", each behind its answer's letter" if letters else "")
        return f"{say}; make it JSON Lines, a record each: question, options, answer"
    return f"lines of text ({filled[0].strip()[:60]!r})"
