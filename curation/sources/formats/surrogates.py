"""The bytes of a JSON file for ijson, which replaces a lone surrogate (`\\ud800`) silently where the row has to be counted as bad.

A lone surrogate is handed over as U+10FFFF, which Unicode keeps out of text, and put back into the values of that record.
"""

import re
from typing import Any, BinaryIO

from curation.core.errors import SourceError

CHUNK = 1 << 18
"""Large, since the parser copies a long string again with every chunk."""
_MARK, _LONE = "\U0010ffff", "\ud800"
# Alternatives in this order: a pair is skipped whole, what is left of surrogates is lone (group 1), and any other escape is skipped,
# so that in `\\ud800` the escaped backslash does not make a surrogate of the text behind it.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_OPEN_END = re.compile(
    rb"(?<!\\)(?:\\\\)*(\\(?:u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?|u[0-9a-fA-F]{0,3})?)\Z"
)
_LONGEST = 12


class JsonText:
    """What `ijson.basic_parse` reads from: `read(n)` gives about n bytes.

    Raises (from `read`):
        SourceError: more than `limit` bytes since `begin_part`.
    """

    def __init__(self, file: BinaryIO, where: str, limit: int) -> None:
        self.file, self.where, self.limit = file, where, limit
        self.n_bytes = self.n_part = 0
        self._pending, self._marked = b"", False

    def begin(self) -> None:
        """Something is complete: the limit starts again."""
        self.n_part = 0

    def read(self, n: int = CHUNK) -> bytes:
        if n == 0:
            return b""
        while True:
            chunk: bytes = self.file.read1(n)  # type: ignore[attr-defined]
            self.n_bytes += len(chunk)
            self.n_part += len(chunk)
            if self.n_part > self.limit + CHUNK:
                much = f"more than {self.limit >> 20} MiB in one record"
                raise SourceError(f"{self.where}: got {much}, before byte {self.n_bytes}")
            data = self._pending + chunk
            self._pending = b""
            if chunk and (end := _open_end(data)):
                data, self._pending = data[:-end], data[-end:]
            if data or not chunk:
                return self._without_lone(data)

    def with_surrogates(self, value: Any) -> Any:
        """A record with its lone surrogates put back."""
        return _put_back(value) if self._marked else value

    def _without_lone(self, data: bytes) -> bytes:
        if b"\\u" not in data:
            return data

        def replaced(match: re.Match[bytes]) -> bytes:
            if match[1] is None:
                return match[0]
            self._marked = True
            return rb"\udbff\udfff"

        return _ESCAPE.sub(replaced, data)


def _open_end(data: bytes) -> int:
    """Length of an escape at the end that the next bytes may complete, or make the first half of a pair."""
    start = max(len(data) - _LONGEST, 0)
    while start and data[start - 1] == 0x5C:  # a backslash: whether it escapes or is escaped depends on those before
        start -= 1
    match = _OPEN_END.search(data, start)
    return len(match[1]) if match else 0


def _put_back(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_MARK, _LONE)
    if isinstance(value, list):
        return [_put_back(item) for item in value]
    if isinstance(value, dict):
        return {_put_back(key): _put_back(item) for key, item in value.items()}
    return value
