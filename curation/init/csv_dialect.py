"""How a CSV file is written: its encoding, separator, quoting, and the names of its columns where it has no header line."""

import csv
import io
import re
import string
from collections.abc import Iterator
from typing import Any

from curation.core.errors import SourceError
from curation.init.columns import snake
from curation.init.words import ANSWER, ID, IMAGE, OPTIONS, QUESTION
from curation.sources.formats.files import DataFile

_HEAD = 256 << 10
_KNOWN = {
    *ANSWER,
    *ID,
    *IMAGE,
    *OPTIONS,
    *QUESTION,
    "a",
    "b",
    "c",
    "d",
    "subject",
    "explanation",
    "category",
    "level",
    "type",
}


def encoding_of(file: DataFile) -> str:
    """The encoding of a text file that is not UTF-8, by what its bytes become; '' for UTF-8 and for files that are no text."""
    head = _head(file)
    if b"\0" in head[:4000] or head.startswith((b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"\xff\xfe", b"\xfe\xff")):
        return ""
    try:
        head.decode("utf-8")
        return ""
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4:
            return ""  # a character that the end of the head cuts
    try:
        text = head.decode("gb18030")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("gb18030") if error.start >= len(head) - 4 else ""
    high = [c for c in text if ord(c) > 0x7F]
    common = sum("\u4e00" <= c <= "\u9fff" or c in "，。？！：；（）、“”" for c in high)
    return "gbk" if high and common >= 0.9 * len(high) and len(high) > 3 else "cp1252"


def csv_options(file: DataFile, encoding: str) -> Iterator[dict[str, Any]]:
    """Options of a table to try, the plainest first."""
    text = _head(file).decode(encoding or "utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n")[:200] if line.strip()]
    if not lines:
        yield {}
        return
    separator = max(
        ",\t;|", key=lambda one: (min(lines[0].count(one), 1) * sum(one in line for line in lines), lines[0].count(one))
    )
    stated = {"separator": separator} if separator == "|" else {}
    names = _names(lines, separator)
    columns: dict[str, Any] = {"columns": names} if names else {}
    header = [cell.strip().strip('"') for cell in lines[0].split(separator)]
    if not names and len(set(header)) < len(header):
        columns = {"skip": 1, "columns": [f"{c}_{i + 1}" if c in header[:i] else c for i, c in enumerate(header)]}
    for dialect in ({}, {"quote": ""}, {"escape": "\\"}):
        options = {**stated, **columns, **dialect}
        yield {"csv": options} if options else {}


def _names(lines: list[str], separator: str) -> list[str]:
    """Names for the columns of a file whose first line is a record; [] where that names them."""
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    except csv.Error:
        return []
    first = [cell.strip() for cell in rows[0]]
    words = [snake(cell) for cell in first]
    if any(word in _KNOWN or set(word.split("_")) & _KNOWN - {"a"} for word in words if len(word) < 40) and not any(
        cell.endswith(("?", "？", ".")) for cell in first
    ):
        return []
    looks_like_data = any(
        len(cell) > 40 or cell.endswith(("?", "？")) or re.fullmatch(r"-?[\d.]+", cell) for cell in first
    )
    if not looks_like_data or len(first) < 2:
        return []
    return _roles(rows, len(first))


def _roles(rows: list[list[str]], n: int) -> list[str]:
    """Names by what the columns hold: a question, options, and a letter behind them make MMLU's layout."""
    whole = [row for row in rows if len(row) == n]
    letters = [all(re.fullmatch(r"\s*[A-J]\s*", row[i]) for row in whole) for i in range(n)]
    longest = max(range(n), key=lambda i: sum(len(row[i]) for row in whole))
    if n >= 4 and letters[-1] and longest == 0:
        return ["question", *string.ascii_uppercase[: n - 2], "answer"]
    if n == 2:
        return ["question", "answer"] if longest == 0 else ["answer", "question"]
    return [f"column{i + 1}" if i != longest else "question" for i in range(n)]


def _head(file: DataFile) -> bytes:
    try:
        with file.open() as stream:
            return stream.read(_HEAD)
    except (OSError, SourceError):
        return b""
