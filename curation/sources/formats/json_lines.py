"""JSON Lines: one record a line, also with a comma behind it, in Python's words, as a list of records, or over several lines."""

from collections import deque
from collections.abc import Iterator
from io import BufferedReader, BytesIO

from curation.core.errors import first_line
from curation.sources.formats.cut import Cut
from curation.sources.formats.files import DataFile
from curation.sources.formats.json_layout import Has, Shape, has_nothing, is_wrapped, spread
from curation.sources.formats.json_text import BOM, JsonText
from curation.sources.formats.json_values import DoubledKeyError, TooManyValuesError, decode, is_cut_off
from curation.sources.formats.limits import MAX_RECORD_BYTES
from curation.sources.formats.record import BadItem, Item, TruncatedError
from curation.sources.formats.streams import open_piece

_MOST_LINES, _MOST_BYTES, _MOST_TRIES = 200, 1 << 18, 3
"""How far a record that a line begins is followed, and how often in vain, one after the other."""
_AROUND = b" \t\r\n,\x1e"


def read_json_lines(
    file: DataFile, shape: Shape = "auto", has: Has = has_nothing, cut: Cut | None = None
) -> Iterator[Item | BadItem]:
    """The records of a file or a piece, numbered by their lines; blank lines are skipped, one that is not JSON or too large is a BadItem.

    A list of records in a line gives each, with the key `line.number`; `shape: one` keeps it as one record.

    Raises:
        TruncatedError: the last line has no end and is the beginning of a record.
    """
    with open_piece(file.path, cut.start, cut.stop) if cut else file.open() as stream:
        lines = _Lines(stream, cut.before if cut else 0)
        for number, line in lines:
            if line is None:
                yield BadItem(number, "record_too_large", f"a line of {MAX_RECORD_BYTES} bytes or more")
                continue
            text = line.removeprefix(BOM).strip(_AROUND)
            if not text:
                continue
            try:
                value = decode(text)
            except DoubledKeyError as error:
                yield BadItem(number, "key_twice", str(error))
            except TooManyValuesError as error:
                yield BadItem(number, "record_too_large", str(error))
            except (ValueError, RecursionError) as error:
                whole = lines.continued(text)
                values = [whole] if whole is not None else _several(text)
                for place, value in enumerate(values):
                    yield Item(number, f"{number}.{place}" if len(values) > 1 else "", value)
                if not values:
                    if lines.is_cut or (not line.endswith(b"\n") and is_cut_off(text)):
                        raise TruncatedError(f"{file} is truncated: it ends inside line {number}", number) from error
                    yield BadItem(number, "line_not_json", _why(error))
            else:
                lines.tries = 0
                if shape == "one":
                    yield Item(number, "", value)
                    continue
                many = isinstance(value, list)
                for key, record in spread(str(number) if many else "", value, has):
                    yield Item(number, "" if many and record is value else key, record)
        if cut:
            cut.check(lines.number - cut.before, str(file))


def lines_are_wrapped(file: DataFile, has: Has) -> bool:
    """Whether the first line is around records, so that `json_file` has to find them in every value."""
    with file.open() as stream:
        for _, line in _Lines(stream):
            if line is None or (text := line.removeprefix(BOM).strip(_AROUND)):
                break
        else:
            return False
    try:
        return line is not None and is_wrapped(decode(text), has)
    except (ValueError, RecursionError):
        return False


class _Lines:
    """The lines of a stream with their numbers, None for one that is too long; those that were looked at in vain come again."""

    def __init__(self, stream: BufferedReader, before: int = 0) -> None:
        self.stream, self.number, self.again, self.tries = stream, before, deque[bytes](), 0
        self.is_cut = False
        """Whether the stream was seen to end inside an object over several lines."""

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        while True:
            line = self.again.popleft() if self.again else self.stream.readline(MAX_RECORD_BYTES)
            if not line:
                return
            self.number += 1
            if len(line) < MAX_RECORD_BYTES or line.endswith(b"\n"):
                yield self.number, line
                continue
            while line and not line.endswith(b"\n"):
                line = self.stream.readline(MAX_RECORD_BYTES)
            yield self.number, None

    def continued(self, text: bytes) -> object | None:
        """The object that a line begins and following ones end; None, and the lines come again, where that is none."""
        if not text.startswith(b"{") or len(text) >= _MOST_BYTES or self.tries >= _MOST_TRIES:
            return None
        lines, size = list[bytes](), len(text)
        while len(lines) < _MOST_LINES and size < _MOST_BYTES:
            line = self.again.popleft() if self.again else self.stream.readline(MAX_RECORD_BYTES)
            if not line or line.startswith(b'{"'):
                self.again.extendleft([line] if line else [])
                break
            lines.append(line)
            size += len(line)
        text = b"".join([text, b"\n", *lines])
        found, n_lines = _first_object(text)
        self.is_cut = found is None and not line and bool(lines) and not text.endswith(b"\n") and is_cut_off(text)
        self.again.extendleft(reversed(lines[n_lines:]))
        self.number, self.tries = self.number + n_lines, self.tries + 1 if found is None else 0
        return found


def _first_object(text: bytes) -> tuple[object | None, int]:
    """The object that a text begins with and a line ends behind, and how many line ends are in it; (None, 0) where that is none."""
    try:
        raw = JsonText(BytesIO(text), "", MAX_RECORD_BYTES).take()
        is_last = not text[len(raw) :].partition(b"\n")[0].strip(_AROUND)
        return (decode(raw), raw.count(b"\n")) if is_last else (None, 0)
    except (ValueError, RecursionError):
        return None, 0


def _several(line: bytes) -> list[object]:
    """The objects that stand on one line one after the other; none where something else is among them."""
    text, values = JsonText(BytesIO(line), "", MAX_RECORD_BYTES), list[object]()
    try:
        while (byte := text.peek()) == b"{":
            values.append(decode(text.take()))
    except (ValueError, RecursionError):
        return []
    return values if not byte else []


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: {error.reason} at byte {error.start} of the line; name the file's `encoding`"
    return first_line(error)
