"""The licence gate: what a build may publish. `release: {allow: [MIT, Apache-2.0]}` in a manifest."""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from curation.core.errors import BuildError


class Release(BaseModel):
    """The licences that rows of the set may have; `unknown` counts only where it is listed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = Field(min_length=1)
    """SPDX identifiers, compared without regard to case."""
    otherwise: Literal["fail", "drop"] = "fail"
    """What a row with another licence does: fails the build before shards are written, or drops as `license_not_allowed`."""

    @property
    def drops(self) -> bool:
        return self.otherwise == "drop"

    def allows(self, license: str) -> bool:
        return (license.strip() or "unknown").casefold() in {name.casefold() for name in self.allow}

    def check(self, config: str, counts: Mapping[tuple[str, str], int]) -> None:
        """Make sure that no row may not be published; `counts` is (source, licence) -> rows.

        Raises:
            BuildError: which sources, which licences, how many rows.
        """
        refused = {key: n for key, n in counts.items() if not self.allows(key[1])}
        if refused:
            raise BuildError(
                f"{config}: {sum(refused.values())} rows may not be published: {_told(refused)}; the manifest allows"
                f" {', '.join(self.allow)}. Leave the sources out, or say `release.otherwise: drop`"
            )


def _told(refused: Mapping[tuple[str, str], int]) -> str:
    parts: Iterable[str] = (
        f"{n} of {source} ({license or 'unknown'})" for (source, license), n in sorted(refused.items())
    )
    return ", ".join(parts)
