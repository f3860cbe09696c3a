"""The text of a JSON file, read piece by piece: where values begin and end, without what is in them.

    text = JsonText(stream, "rows.json", limit=32 << 20)
    text.peek()      b"[", the first byte of what comes next
    text.enter()     into the list
    text.take()      b'{"q": "Q?"}', one value as it stands
    text.leave()     behind its end

Between values it passes over blanks, commas, byte order marks, the separator of RFC 7464 (0x1E) and comments; so a comma too many loses
nothing. Text in single quotes is text, as Python writes it. What is in a value is for `json_values.decode`.
"""

import re
from typing import BinaryIO

from curation.core.errors import SourceError
from curation.sources.formats.record import TruncatedError

CHUNK = 1 << 18
BOM = b"\xef\xbb\xbf"
_GAP = re.compile(rb"(?:[\s,\x1e]|\xef\xbb\xbf)*+")
_INNER = re.compile(
    rb"""(?:[^"'\[\]{}/]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|\[[^"'\[\]{}/]*+\]|\{[^"'\[\]{}/]*+\})*+""",
    re.DOTALL,
)
"""What is between two brackets, whole texts included, and lists and objects without texts or others in them."""
_IN_TEXT = {quote: re.compile(rb"[^%b\\]*+(?:\\.[^%b\\]*+)*+" % (quote, quote), re.DOTALL) for quote in (b'"', b"'")}
_BARE = re.compile(rb"""[^\s,\x1e:"'\[\]{}]*+""")
_OPENING, _CLOSING = b"[{", b"]}"


class JsonSyntaxError(ValueError):
    """What stands at a byte of the file is not what JSON has there."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"{message}: line {line} column {column}")


class JsonText:
    """A cursor in a JSON text. Its buffer holds a value and a chunk; a value that is skipped is not held.

    Raises (from every method):
        TruncatedError: the file ends inside a value.
        JsonSyntaxError: something else than a value, a key or an end comes next.
        SourceError: a value of more than `limit` bytes.
    """

    def __init__(self, stream: BinaryIO, where: str, limit: int) -> None:
        self.stream, self.where, self.limit = stream, where, limit
        self._buffer, self._at, self._ended = bytearray(), 0, False
        self._start, self._before, self._lines, self._line_start = 0, 0, 0, 0

    @property
    def n_bytes(self) -> int:
        """Bytes read so far."""
        return self._before + len(self._buffer)

    def place(self, offset: int = 0) -> tuple[int, int]:
        """Line and column, from 1, of the byte at `offset` behind the start of the value that was taken last."""
        at = min(self._start + offset, len(self._buffer))
        start = self._buffer.rfind(b"\n", 0, at)
        column = at - start if start >= 0 else self._before + at - self._line_start + 1
        return self._lines + self._buffer.count(b"\n", 0, at) + 1, column

    def peek(self) -> bytes:
        """The first byte of what comes next; empty at the end of the file."""
        while True:
            self._at = self._match_end(_GAP)
            if self._buffer[self._at : self._at + 1] == BOM[:1]:  # a mark may be cut in two by a chunk
                self._need(len(BOM))
                if self._buffer.startswith(BOM, self._at):
                    continue
            if self._buffer[self._at : self._at + 1] != b"/":
                return bytes(self._buffer[self._at : self._at + 1])
            self._pass_comment()

    def enter(self) -> None:
        """Go into the list or object that comes next."""
        self._expect(_OPENING, "a list or an object")

    def leave(self) -> None:
        """Go behind the end of a list or object whose values were all taken."""
        self._expect(_CLOSING, "a value or the end of a list or object")

    @property
    def at_end(self) -> bool:
        """Whether the list or object that was entered ends here."""
        byte = self.peek()
        if not byte:
            raise self._cut()
        return byte in _CLOSING

    def key(self) -> bytes:
        """The key that comes next, as it stands, and the colon behind it."""
        key = self.take()
        self._expect(b":", f"a colon behind {key[:20].decode(errors='replace')}")
        return key

    def take(self) -> bytes:
        """The value that comes next, as it stands."""
        self._go_past(keep=True)
        return bytes(self._buffer[self._start : self._at])

    def skip(self) -> None:
        """Go past the value that comes next, however large it is."""
        self._go_past(keep=False)

    def leave_early(self) -> None:
        """Go behind the end of a list or object that was entered, past what is left in it."""
        self._pass_inner(keep=False)

    def fail(self, message: str) -> JsonSyntaxError:
        """The error for what comes next."""
        self.peek()
        self._start = self._at
        return JsonSyntaxError(message, *self.place())

    def _go_past(self, keep: bool) -> None:
        first = self.peek()
        self._drop()
        if not first:
            raise self._cut()
        if first in _OPENING:
            self._pass_nested(keep)
        elif first in (b'"', b"'"):
            self._pass_text(keep)
        elif (end := self._match_end(_BARE)) > self._at:
            self._at = end
        else:
            raise JsonSyntaxError(f"expected a value, got {first.decode(errors='replace')!r}", *self.place())

    def _pass_nested(self, keep: bool) -> None:
        self._at += 1
        self._pass_inner(keep)

    def _pass_inner(self, keep: bool) -> None:
        """Go behind the end of the list or object that the cursor is in."""
        depth = 1
        while True:
            match = _INNER.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            byte = bytes(self._buffer[self._at : self._at + 1])
            if not byte:
                self._more_of_value(keep)
            elif byte in (b'"', b"'"):
                self._pass_text(keep)
            elif byte == b"/":
                self._pass_comment(keep)
            else:
                self._at += 1
                depth += 1 if byte in _OPENING else -1
                if not depth:
                    return

    def _pass_text(self, keep: bool) -> None:
        """Go past a quoted text, which begins here; what was seen of it is not looked at again."""
        inside = _IN_TEXT[bytes(self._buffer[self._at : self._at + 1])]
        self._at += 1
        while True:
            match = inside.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._buffer[self._at : self._at + 1] not in (bytearray(), bytearray(b"\\")):
                self._at += 1
                return
            self._more_of_value(keep)

    def _pass_comment(self, keep: bool = True) -> None:
        """Go past `// ...` or `/* ... */`; a slash that begins neither is one byte."""
        self._need(2)
        end = {b"//": b"\n", b"/*": b"*/"}.get(bytes(self._buffer[self._at : self._at + 2]))
        if end is None:
            self._start = self._at
            raise JsonSyntaxError("expected a value, got '/'", *self.place())
        while (found := self._buffer.find(end, self._at + 2)) < 0:
            if self._ended and end == b"\n":
                self._at = len(self._buffer)
                return
            self._more_of_value(keep)
        self._at = found + len(end)

    def _expect(self, bytes_: bytes, what: str) -> None:
        byte = self.peek()
        if not byte:
            raise self._cut()
        if byte not in bytes_:
            raise self.fail(f"expected {what}, got {byte.decode(errors='replace')!r}")
        self._at += 1

    def _match_end(self, pattern: re.Pattern[bytes]) -> int:
        """Where the match of a pattern that needs no look back ends, however many chunks it takes."""
        end = self._at
        while True:
            match = pattern.match(self._buffer, end)
            end = match.end() if match else end
            if end < len(self._buffer) or self._ended:
                return end
            if pattern is _GAP:
                self._at = end
                self._drop()
                end = self._at
            self._more()
            self._check(end)

    def _more_of_value(self, keep: bool) -> None:
        if self._ended:
            raise self._cut()
        if not keep:
            self._drop()
        self._more()
        self._check(self._at)

    def _check(self, at: int) -> None:
        if at - self._start > self.limit:
            much = f"more than {self.limit >> 20} MiB in one record"
            raise SourceError(f"{self.where}: got {much}, before byte {self.n_bytes}")

    def _need(self, n: int) -> None:
        while len(self._buffer) - self._at < n and not self._ended:
            self._more()

    def _more(self) -> None:
        chunk: bytes = self.stream.read1(CHUNK)  # type: ignore[attr-defined]
        self._ended = not chunk
        self._buffer += chunk

    def _drop(self) -> None:
        """Forget what is behind the cursor; a value starts here."""
        if self._at > CHUNK or self._at == len(self._buffer):
            self._lines += self._buffer.count(b"\n", 0, self._at)
            if (last := self._buffer.rfind(b"\n", 0, self._at)) >= 0:
                self._line_start = self._before + last + 1
            self._before += self._at
            del self._buffer[: self._at]
            self._at = 0
        self._start = self._at

    def _cut(self) -> TruncatedError:
        return TruncatedError(f"{self.where} is truncated: it ends at byte {self.n_bytes}")
