"""What a source is: typed options and `read`, which yields rows and, for what cannot become one, `BadRow`.

    class Gsm8k(Source):
        kind: Literal["gsm8k"] = "gsm8k"

        def read(self, seed: int) -> Iterator[Row | BadRow]:
            yield make_row(source=self.name, source_id="0", question="What is 1 + 1?", answer="2", **self.row_defaults())

A source that cannot be read at all raises `SourceError` (one clear line, exit code 1); a row that alone is bad is a `BadRow`,
counted under its reason. What an option names on disk is digested by `inputs` of the base, so that a change makes a build read again.

A source that is large and can be read in parts says so in `parts` and reads each by `read_part`: what the parts give, one after the other,
is what `read` gives. Where they begin depends on the data alone, never on who reads them.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from curation.core.plugins import ByKind, Plugin
from curation.core.row import BadRow, Row
from curation.reading.gate import check_flags
from curation.sources.formats.cut import PartSize

__all__ = ["AnySource", "BadRow", "Row", "Source", "named_apart"]


class Source(Plugin):
    """The options every source has."""

    name: str = ""
    """Shown in the ledger and in the `source` column; the kind when empty. Unique within a manifest section."""
    license: str = "unknown"
    """SPDX identifier where there is one; travels with every row."""
    domain: str = ""
    """mathematics, science, logic, chart, geometry, puzzle, ..."""
    language: str = ""
    """ISO 639-1 code, where the whole source has one language."""
    stratum: str = ""
    """Prior difficulty: easy, intermediate or challenging."""
    weight: float = Field(default=1.0, ge=0)
    """Factor on the column `weight` of its rows, by which a trainer may sample them; the mixture multiplies its own. Drops nothing."""
    limit: int | None = Field(default=None, ge=1)
    """Read at most this many rows; null: all."""
    accept: Annotated[tuple[str, ...], AfterValidator(check_flags)] = ()
    """Red flags of reading that are right for this source, by name; any other ends the build."""

    @model_validator(mode="after")
    def _name_is_kind(self) -> "Source":
        if not self.name:
            object.__setattr__(self, "name", self.kind)
        return self

    @abstractmethod
    def read(self, seed: int) -> Iterator[Row | BadRow]:
        """Yield the rows in a fixed order; random choices come from `seed` and the row's number alone.

        Raises:
            SourceError: nothing can be read.
        """

    def parts(self, size: PartSize) -> list[Any]:
        """What `read_part` takes, in the order of the rows: small values that can be pickled; None alone where a source is read as a whole.

        Called before anything is read; what is wrong with the data is for the reading to say.
        """
        return [None]

    def read_part(self, seed: int, part: Any) -> Iterator[Row | BadRow]:
        """The rows of a part as `read` gives them at that place, source_id included.

        Raises:
            SourceError: as `read`, or the data have changed since the parts were made.
        """
        return self.read(seed)

    def row_defaults(self) -> dict[str, Any]:
        """The columns that hold for every row of the source."""
        return {
            "license": self.license,
            "domain": self.domain,
            "language": self.language,
            "stratum": self.stratum,
            "weight": self.weight,
        }


AnySource = Annotated[Source, ByKind(Source)]


def named_apart(sources: tuple[Source, ...], field: ValidationInfo) -> tuple[Source, ...]:
    """A manifest's list of sources: at least one, each under a name of its own."""
    if not sources:
        raise ValueError(f"got no {field.field_name}, expected at least one")
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two {field.field_name} are named {twice[0]!r}; give one of them another `name`")
    return sources
