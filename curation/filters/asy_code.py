"""Drop questions whose figure is drawing code, Asymptote or TikZ: what is asked is to see, and there is nothing to be seen.

Asymptote figures are how the AoPS wiki, and with it MATH and AIME, stores its images (79 of the 975 AIME problems to 2023). They
may be rendered instead; until then the code is neither language nor an image.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_CODE = re.compile(r"\[/?asy\]|\\begin\{(?:asy|tikzpicture|pspicture)\}|\bimport (?:olympiad|graph|three|cse5);")
_EMPTY = re.compile(r"\[asy\]\s{0,40}\[/asy\]")
"""No figure: a page that was copied without it."""


class AsyCode(Filter):
    """Any figure written as code in the question."""

    kind: Literal["asy_code"] = "asy_code"
    remedies: ClassVar[dict[str, str]] = {"figure_as_code": ""}

    def judge(self, row: Row) -> Judgement:
        return (False, "figure_as_code") if _CODE.search(_EMPTY.sub("", row.question)) else True
