"""Drop text rows that refer to an image they do not have: "as shown in the figure", a linked image, `如图`.

Such rows are common where text sets were collected from illustrated ones (GeoQA without its images, NuminaMath's `![](https://...)`);
the answer can only be guessed. A figure given as `[asy]` code is in the text: see `asy_code`.
"""

import re
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_THING = r"(?:figure|diagram|picture|image|drawing|illustration|graph|chart|map|photo(?:graph)?|sketch)s?"
_PATTERNS = (
    rf"\b(?:shown|seen|pictured|illustrated|depicted|drawn|given|marked|labell?ed) (?:in|on|by) (?:the|this) "
    rf"(?:\w+ )?{_THING}\b(?! of\b)",
    rf"\b(?:in|from|to|on|at|see) (?:the|this) (?:accompanying |following |above |adjacent |attached )?{_THING}"
    r"(?: (?:below|above|shown|provided|given|at (?:the )?right|at (?:the )?left)\b|\s*[,.;:)])",
    rf"\b(?:the|this) {_THING} (?:below|above|shows|provided|depicts|illustrates)\b",
    rf"\b(?:the )?(?:accompanying|following|attached) {_THING}\b",
    r"\bas (?:shown|pictured|illustrated|depicted)(?: (?:below|above|here|at (?:the )?(?:right|left)))?\s*[,.;:)]",
    r"\b(?:pictured|illustrated|depicted) (?:below|above)\b|\bshown at (?:the )?(?:right|left)\b",
    r"\bthis (?:image|picture|photo(?:graph)?|diagram|chart|map|drawing)\b",
    r"!\[[^\]]{0,200}\]\(|<img\b|<image(?: ?\d+)?>",
    r"如(?:下|右|左|上)?图|图(?:所示|中的)",
)
_REFERENCE = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_IN_TEXT = re.compile(r"\[asy\]|\\begin\{(?:tikzpicture|asy|picture|array|tabular|[bpvV]?matrix)\}|\|\s*:?-{2,}")
"""Code, arrays and tables: what the question points at may be right there."""


class MissingPicture(Filter):
    """A row without images whose question points at one."""

    kind: Literal["missing_picture"] = "missing_picture"

    def judge(self, row: Row) -> Judgement:
        question = " ".join(row.question.split())
        if row.images or _IN_TEXT.search(question) or not _REFERENCE.search(question):
            return True
        return False, "picture_not_there"
