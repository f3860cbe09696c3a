"""A part of the files of a source: some of them, one after the other, or a piece of one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from curation.core.errors import SourceError
from curation.sources.formats.cut import Cut
from curation.sources.formats.files import DataFile


@dataclass(frozen=True, slots=True)
class FilePart:
    """Files [first, stop) of a source by their numbers, or the `cut` of one; `name` is that of the first, `n_bytes` the size of all, and
    `share` how much of it is in the part.
    """

    first: int
    stop: int
    name: str
    n_bytes: int
    cut: Cut | None = None
    share: float = 1.0

    def of(self, files: Iterable[DataFile]) -> Iterator[DataFile]:
        """Its files among those of the source.

        Raises:
            SourceError: they are no longer those that the part was made of.
        """
        own = list(islice(files, self.first, self.stop))
        name, n_bytes = own[0].name if own else "nothing", sum(file.n_bytes for file in own)
        if (len(own), name, n_bytes) != (self.stop - self.first, self.name, self.n_bytes):
            got = f"{len(own)} files from {name!r} on with {n_bytes} bytes"
            expected = f"{self.stop - self.first} from {self.name!r} on with {self.n_bytes}"
            raise SourceError(f"files of the source changed while it was read: got {got}, expected {expected}")
        yield from own
