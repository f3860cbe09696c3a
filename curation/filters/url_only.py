"""Drop questions that are nothing but a link: the task is on another page.

The first rule of Big-Math's problem cleaning (Albalak et al. 2025, arXiv 2502.17387, 3.1: problems with hyperlinks), narrowed to
questions in which hardly a word is left without the link.
"""

import re
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_URL = re.compile(r"!?\[[^\]]{0,200}\]\([^)]{0,2000}\)|\b(?:https?://|www\.)\S+|<img\b[^>]{0,2000}>", re.IGNORECASE)

_NEEDED = re.compile(
    r"\b(?:read|visit|watch|open|follow|according to|based on|see|refer to)\b[^.\n?!]{0,60}(?:https?://|\bwww\.)",
    re.IGNORECASE,
)
"""The question is about what the link leads to."""


class UrlOnly(Filter):
    """Fewer than 10 letters or digits beside the links."""

    kind: Literal["url_only"] = "url_only"

    def judge(self, row: Row) -> Judgement:
        text, links = _URL.subn(" ", row.question)
        if links and sum(character.isalnum() for character in text) < 10:
            return False, "url_only"
        if _NEEDED.search(text if not links else row.question):
            return False, "link_needed"
        return True
