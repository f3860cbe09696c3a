"""The errors a user can act on. The command line prints them as one line and exits with code 1.

CurationError
 +- ManifestError    a key, kind or value in the manifest is not what was expected
 +- SourceError      a whole source cannot be read (a bad row alone is a counted drop, see `sources.base.BadRow`)
 +- BuildError       a build cannot go on: locked, unbalanced, a stage that failed
 |   +- FlagError    what was read for one set looks wrong: that set ends, the one beside it is built
 +- PushError        a set may not be released, or the Hub refuses or fails for good
 +- SamplingError    the sampling engine cannot start or gives no answer
     +- UnansweredError    it has started, and answered no prompt of those that it was asked

BadRowError is none of them: it spoils one row, which is counted under its reason (ImageError).
"""

import difflib
import errno
from collections.abc import Iterable


class CurationError(ValueError):
    """What was got, what was expected, where - in one line."""


class ManifestError(CurationError):
    """A key, kind or value in the manifest is not what was expected."""


class SourceError(CurationError):
    """A whole source cannot be read."""


class BuildError(CurationError):
    """A build cannot go on."""


class FlagError(BuildError):
    """What was read for one set has a red flag: the set ends there, the one beside it is built."""


class PushError(CurationError):
    """A set may not be released, or the Hub refuses it, or fails for good."""


class SamplingError(CurationError):
    """The sampling engine cannot start or gives no answer."""


class UnansweredError(SamplingError):
    """An engine that has started answered none of the prompts that it was asked. `refused`: why it refused all, empty where it failed."""

    def __init__(self, message: str, refused: str = "") -> None:
        super().__init__(message, refused)
        self.refused = refused

    def __str__(self) -> str:
        return str(self.args[0])


class BadRowError(ValueError):
    """A row that cannot be used. `reason` is a short code, `detail` says what was got; both survive pickling."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


def first_line(error: BaseException) -> str:
    """The first line of what an error says, its class where it says nothing: libraries' messages run over many
    lines.

    >>> first_line(OSError("no space\\nat all")), first_line(OSError())
    ('no space', 'OSError')
    """
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


OF_THE_DISK = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.EFBIG)
)
"""What a user can mend where a file is written."""
MENDED = {
    errno.ENOSPC: "free some space, and run the same command: what is done stays",
    errno.EDQUOT: "raise the quota or free some space, and run the same command: what is done stays",
    errno.EROFS: "expected a folder that can be written to",
}


def of_the_disk(error: OSError, place: object) -> str:
    """A message about a file that cannot be read or written: which, or `place`, why, and what to do.

    >>> of_the_disk(OSError(28, "No space left on device", "a.parquet"), "out")
    'a.parquet: No space left on device; free some space, and run the same command: what is done stays'
    """
    what = f"{error.filename or place}: {error.strerror or first_line(error)}"
    return f"{what}; {MENDED[error.errno]}" if error.errno in MENDED else what


def no_mapping(value: object) -> str:
    """What a file holds that was expected to be a mapping, as a predicate.

    >>> no_mapping(None), no_mapping([1])
    ('is empty', 'holds a list')
    """
    kinds = {type(None): "is empty", list: "holds a list", str: "holds text"}
    return kinds.get(type(value), f"holds {value!r}")


def nearest(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: which known ones are near it, empty where none is.

    >>> nearest("tabel", ["table", "tqa"])
    "; did you mean 'table'?"
    """
    near = difflib.get_close_matches(name, list(known), n=2) if isinstance(name, str) else []
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
