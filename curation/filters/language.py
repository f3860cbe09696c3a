"""Keep the languages that are wanted.

The rule of CCNet (Wenzek et al. 2020, arXiv 1911.00359, 3.3), on the language that the source states or the normalisation identified, with
no threshold: where a question has too few words to decide, its language is `und`, and formulas are read everywhere.
"""

from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement


class Language(Filter):
    """An allow list of ISO 639-1 codes."""

    kind: Literal["language"] = "language"
    remedies: ClassVar[dict[str, str]] = {"language_unknown": "keep_unknown", "language_not_allowed": "allow"}
    allow: tuple[str, ...] = Field(default=("en",), min_length=1)
    """ISO 639-1 codes that stay; `en` lets `en-GB` pass too."""
    keep_unknown: bool = True
    """Keep what has no language: `und`, or none stated and none looked for; false drops it as `language_unknown`."""

    def judge(self, row: Row) -> Judgement:
        if row.language in ("", "und"):
            return True if self.keep_unknown else (False, "language_unknown")
        return True if row.language.partition("-")[0] in self.allow else (False, "language_not_allowed")
