"""CSV as people write it: the separator found by content, bad rows counted with their line, and none behind them lost.

A quote that nothing closes, or that stands inside a quoted cell, costs the row of its line alone: reading goes on with the next line. So
does a carriage return inside a cell without quotes, where lines end in `\\n`.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from pydantic import field_validator

from curation.core.errors import SourceError
from curation.core.plugins import Options
from curation.sources.formats.files import DataFile
from curation.sources.formats.limits import MAX_CSV_COLUMNS, MAX_CSV_LINE, MAX_CSV_LINES_OF_ROW
from curation.sources.formats.record import BadItem, Item, TruncatedError

_SEPARATORS = ",\t;|"
_SAMPLE = 30
"""Lines by which the separator is found."""
_NONE_GOOD = 100_000
"""So many bad rows without a good one are no CSV."""
_NEARLY_ALL, _MANY, _VERY_MANY = 0.9, 20, 200
"""Share and numbers of lines that are rows, behind a quote that nothing closes. Hardly a cell has so many with a row's separators."""
_MISSING = frozenset({"", "nan", "NaN"})
"""Cells that hold nothing, as pandas writes them; None, NA and null may be answers."""


_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_LONE_SURROGATE = re.compile("\udced[\udca0-\udcbf][\udc80-\udcbf]")
"""One of UTF-16 as `streams` hands it on, its three bytes escaped as no UTF-8."""


class CsvOptions(Options):
    """How a CSV file is written, where that is not what `read_csv` finds by itself."""

    separator: str = ""
    """One character, or `tab`; found among comma, tab, semicolon and bar when empty."""
    columns: tuple[str, ...] = ()
    """Names of the columns, where the file has no header line."""
    quote: str = '"'
    """The character around cells; empty where quotes are text."""
    escape: str = ""
    """The character in front of a quote inside a cell, such as a backslash; two quotes are one anyway."""
    skip: int = 0
    """Lines to pass over at the beginning: notes, or a header line that `columns` replaces."""

    @field_validator("separator", "quote", "escape")
    @classmethod
    def _one_character(cls, text: str) -> str:
        text = {"tab": "\t", "\\t": "\t"}.get(text, text)
        if len(text) > 1 or text in ("\n", "\r"):
            raise ValueError(f"got {text!r}, expected one character")
        return text


def read_csv(file: DataFile, options: CsvOptions | None = None) -> Iterator[Item | BadItem]:
    """One record per row, keyed by the header line. Cells stay text; an empty one, `nan` and `NaN` are None.

    Raises:
        TruncatedError: the file ends inside a quoted cell, as far as can be told.
        SourceError: not CSV in its encoding, or a header that names two columns alike.
    """
    csv.field_size_limit(MAX_CSV_LINE)
    options = options or CsvOptions()
    with _text(file, "") as text:
        line_end = "" if text.readline(MAX_CSV_LINE).endswith("\r") else "\n"  # old Macs wrote \r alone
    with _text(file, line_end) as text:
        yield from _rows(_Lines(text, file), options, file)


def _text(file: DataFile, line_end: str) -> io.TextIOWrapper:
    """The text of a file whose lines end in `line_end`; in any way where that is empty."""
    return io.TextIOWrapper(file.open(), encoding="utf-8-sig", errors="surrogateescape", newline=line_end)


def _rows(lines: "_Lines", options: CsvOptions, file: DataFile) -> Iterator[Item | BadItem]:
    for _ in range(options.skip):
        next(lines, "")
    dialect = _dialect(lines, options)
    if 1 + lines.first().count(dialect["delimiter"]) > MAX_CSV_COLUMNS:
        raise SourceError(
            f"{file}: got {1 + lines.first().count(dialect['delimiter'])} columns, limit {MAX_CSV_COLUMNS}"
        )
    reader = csv.reader(lines, **dialect)
    names = list(options.columns) or _names(lines, reader, file)
    number = good = 0
    while True:
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            at = f"line {lines.number - len(lines.taken) + 1}"
            if "unexpected end of data" in str(error) and not _is_stray(lines.taken, dialect, len(names)):
                raise TruncatedError(
                    f"{file} is truncated: it ends inside row {number}, which begins in {at}"
                ) from error
            if "new-line character" in str(error):
                detail = f"a carriage return in a cell without quotes ({_shown(lines.taken)})"
                yield BadItem(number, "line_end_in_cell", f"{at}: {detail}")
            else:
                yield BadItem(number, "stray_quote", f"line {lines.put_back()}: {error} ({_REMEDY})")
            continue
        if not cells or (number == 0 and tuple(cells) == options.columns):
            continue
        number += 1
        cells = cells[: len(names)] if not any(cells[len(names) :]) else cells
        at = f"line {lines.number - len(lines.taken) + 1}"
        if len(cells) != len(names):
            detail = f"{at}: {len(cells)} cells, expected {len(names)} ({_shown(cells)})"
            yield BadItem(number, "wrong_number_of_cells", detail)
        elif any("\0" in cell for cell in cells):
            yield BadItem(number, "nul_in_cell", f"{at}: a NUL byte in {'; '.join(cells)[:80]!r}")
        else:
            good += 1
            yield Item(number, "", {n: None if c in _MISSING else c for n, c in zip(names, cells, strict=True)})
        if number == _NONE_GOOD and not good:
            raise SourceError(f"{file} is not CSV: of {number} rows none has {len(names)} cells; see `csv`")


_REMEDY = "where quotes are text say `csv: {quote: ''}`, where a backslash stands before them `csv: {escape: '\\'}`"


def _shown(cells: list[str]) -> str:
    """The beginning of cells as text that UTF-8 can hold."""
    return " ".join("; ".join(cells).split())[:80].encode(errors="backslashreplace").decode()


def _names(lines: "_Lines", reader: Any, file: DataFile) -> list[str]:
    """The names of the header line; a column without one is called as pandas calls it."""
    lines.taken.clear()
    try:
        cells: list[str] = next((row for row in reader if row), [])
    except csv.Error as error:
        raise SourceError(f"{file}: the header, line {lines.put_back()}, is not CSV: {error}; see `csv`") from error
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(cells)]
    if twice := [name for name in names if names.count(name) > 1]:
        places = " and ".join(str(place) for place, name in enumerate(names, 1) if name == twice[0])
        remedy = f"name all columns by `csv: {{skip: {lines.number}, columns: [...]}}`"
        raise SourceError(f"{file}: columns {places} of the header are both {twice[0]!r}; {remedy}")
    return names


def _dialect(lines: "_Lines", options: CsvOptions) -> dict[str, Any]:
    """The arguments of `csv.reader`. The separator is the one that cuts most of the first lines into as many cells as the header."""
    sample = lines.peek(_SAMPLE)
    separator = options.separator
    if sample and (stated := re.fullmatch(r'"?sep=(.)"?\s*', sample[0])):  # a line of Excel
        next(lines)
        separator, sample = separator or stated[1], sample[1:]
    rest: dict[str, Any] = {"strict": True, "skipinitialspace": True, "escapechar": options.escape or None}
    rest |= {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    if not separator:
        scores = {mark: _score(sample, {**rest, "strict": False, "delimiter": mark}, options) for mark in _SEPARATORS}
        separator = max(scores, key=lambda mark: scores[mark])
    return {**rest, "delimiter": separator}


def _score(sample: list[str], dialect: dict[str, Any], options: CsvOptions) -> tuple[float, int]:
    """(share of rows as wide as the first, its width); zeros for one column."""
    widths = []
    try:
        widths = [len(cells) for cells in csv.reader([line.replace("\r", "") for line in sample], **dialect) if cells]
    except csv.Error:
        return 0.0, 0
    wide = len(options.columns) or (widths[0] if widths else 0)
    return (widths.count(wide) / len(widths), wide) if wide > 1 and widths else (0.0, 0)


def _is_stray(taken: list[str], dialect: dict[str, Any], width: int) -> bool:
    """Whether the quote of an unclosed cell is the mistake, and not the end of the file: lines behind its first are rows by themselves.

    A cell of several lines that was cut may have such lines, too. So they are nearly all, and either very many, or the last is whole (it
    has an end, or is one of many rows) and the first has as many cells as a row. In one column every line is a row, which says nothing.
    """
    if width == 1:
        return False
    behind = [line for line in taken[1:] if line.strip()]
    n_rows = sum(_is_row(line, dialect, width) for line in behind)
    has_end = taken[-1].endswith(("\n", "\r")) or (n_rows >= _MANY and _is_row(taken[-1], dialect, width))
    is_whole = has_end and taken[0].count(dialect["delimiter"]) >= width - 1
    return n_rows > len(behind) * _NEARLY_ALL and (is_whole or n_rows >= _VERY_MANY)


def _is_row(line: str, dialect: dict[str, Any], width: int) -> bool:
    try:
        return any(len(cells) == width for cells in csv.reader([line], **dialect))
    except csv.Error:
        return False


class _Lines:
    """The lines of a text with their numbers: `taken` are those of the row that is read, which can be put back but for the first."""

    def __init__(self, text: io.TextIOWrapper, file: DataFile) -> None:
        self.text, self.file, self.number = text, file, 0
        self.taken, self.again = list[str](), deque[str]()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_CSV_LINES_OF_ROW:
            raise csv.Error(f"a quoted cell runs over more than {MAX_CSV_LINES_OF_ROW} lines")
        line = self.again.popleft() if self.again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def put_back(self) -> int:
        """Let the lines behind the first come again; its number."""
        self.again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        return self.number

    def peek(self, n: int) -> list[str]:
        """The next n lines, which come again."""
        while len(self.again) < n and (line := self._read()):
            self.again.append(line)
        return list(self.again)[:n]

    def first(self) -> str:
        """The next line, which comes again; empty at the end."""
        return next(iter(self.peek(1)), "")

    def _read(self) -> str:
        if len(line := self.text.readline(MAX_CSV_LINE)) == MAX_CSV_LINE:
            raise SourceError(f"{self.file} is not CSV: a line of more than {MAX_CSV_LINE >> 20} Mi characters")
        if line.isascii() or not _NOT_UTF8.search(line):
            return line
        if wrong := _NOT_UTF8.search(_LONE_SURROGATE.sub("", line)):
            at = f"{wrong[0].encode(errors='surrogateescape')!r} in line {self.number + len(self.again) + 1}"
            raise SourceError(f"{self.file} is not UTF-8: got {at}; name its `encoding`: cp1252, gbk, ...")
        return line.encode(errors="surrogateescape").decode(errors="surrogatepass")
