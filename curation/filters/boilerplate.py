"""Drop rows that carry text of a web page, of a translator or of a chat template: it is no part of the question.

The web rules are C4's (Raffel et al. 2020, arXiv 1910.10683, 2.2: lorem ipsum, javascript, cookie and policy notes), as phrases that no
problem needs. The others are what public reasoning sets leak: NuminaMath's translator prompt, forum tags of AoPS, tokens of chat
templates that normalisation did not recognise as a whole template, signs that were not decodable.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.literals import Literals

_PAGE = re.compile(
    r"lorem ipsum|all rights reserved|terms of (?:use|service)\b|privacy policy|cookie (?:policy|settings|consent)"
    r"|(?:please )?enable javascript|click (?:here|the link|below) (?:to|for)\b|subscribe to (?:our|my)\b|sign up (?:for|to) (?:our|free)\b"
    r"|copyright ?(?:©|\(c\)|20\d\d)"
    r"|© ?(?:19|20)\d\d(?! by\b)|share (?:this )?on (?:facebook|twitter)|\bview (?:full )?(?:solution|answer)\b"
    r"|\bscan the qr code\b|follow (?:us|our) on\b|免责声明|版权所有|扫描二维码|关注公众号",
    re.IGNORECASE,
)
_TRANSLATOR = re.compile(
    r"(?:please )?(?:translate|retain) the (?:above |following )?(?:original )?text(?:'s)?\b[^\n]{0,120}(?:into english|line breaks|format)"
    r"|output the translation (?:result )?directly|note: the (?:above|translation|original text)[^\n]{0,80}translat"
    r"|(?:here is|the following is) the (?:english )?translation|the text (?:above )?has been translated",
    re.IGNORECASE,
)
_FORUM = re.compile(
    r"\[/?(?:hide|quote|img|url|spoiler|attach(?:ment)?|youtube|list)(?:=[^\]]{0,200})?\]\s*\Z|\[hide\b[^\]]{0,200}\]\s*\S|\[quote|\[attach",
    re.IGNORECASE,
)
_TOKENS = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id|begin_of_text|vision_start|image_pad|begin_of_\w+|end_of_\w+)\|>"
    r"|<｜[^｜\n]{1,30}｜>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
)
_TOKEN_HINTS = Literals(("<|i", "<|e", "<|s", "<|b", "<|v", "<｜", "inst]", "sys>>", "_of_turn>"))
"""Every token has one: to look for these is a fraction of the work."""
_BROKEN = "\ufffd"


class Boilerplate(Filter):
    """Left-over text in the question, or left-over tokens and undecodable signs in question or trace."""

    kind: Literal["boilerplate"] = "boilerplate"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        ("web_page_text", "translator_prompt", "forum_tags", "template_tokens", "undecodable_characters"), ""
    )

    def judge(self, row: Row) -> Judgement:
        if _PAGE.search(row.question):
            return False, "web_page_text"
        if _TRANSLATOR.search(row.question):
            return False, "translator_prompt"
        if _FORUM.search(row.question):
            return False, "forum_tags"
        for text in (row.question, row.completion):
            if _TOKEN_HINTS.any_in(text) and _TOKENS.search(text):
                return False, "template_tokens"
            if _BROKEN in text:
                return False, "undecodable_characters"
        return True
