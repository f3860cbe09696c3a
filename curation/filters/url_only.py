"""Drop questions that are nothing but a link: the task is on another page.

The first rule of Big-Math's problem cleaning (Albalak et al. 2025, arXiv 2502.17387, 3.1: problems with hyperlinks), narrowed to
questions in which hardly a word is left without the link.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_URL = re.compile(r"!?\[[^\]]{0,200}\]\([^)]{0,2000}\)|\b(?:https?://|www\.)[!-~]+|<img\b[^>]{0,2000}>", re.IGNORECASE)


_BEHIND_IT = re.compile(
    r"\b(?:watch|visit|open|click(?: on)?|go to|read|listen to|download|summari[sz]e|check out|refer to|according to|based on|look at)\b"
    r"[^?!\n]{0,80}?(?:https?://|www\.)\S|(?:观看|打开|访问|点击|阅读|下载)[^。？\n]{0,40}(?:https?://|www\.)\S",
    re.IGNORECASE,
)
"""A demand to look at what the link leads to."""


class UrlOnly(Filter):
    """Fewer than 10 letters or digits (three for a Han sign) beside the links, or a demand to read what is behind one."""

    kind: Literal["url_only"] = "url_only"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(("url_only", "link_needed"), "")

    def judge(self, row: Row) -> Judgement:
        text, links = _URL.subn(" ", row.question)
        if links and sum((1 if character.isascii() else 3) for character in text if character.isalnum()) < 10:
            return False, "url_only"
        return (False, "link_needed") if links and _BEHIND_IT.search(row.question) else True
