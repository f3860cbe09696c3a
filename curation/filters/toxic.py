"""Drop rows with slurs, sexual content about minors or instructions to harm, by a short list of phrases.

The idea is C4's word list (Raffel et al. 2020, arXiv 1910.10683, 2.2), cut down to phrases with hardly another meaning: the long lists
remove dialects, medicine and minorities above all (Dodge et al. 2021, arXiv 2104.08758, 5.3). English alone, no context, no spelling
tricks: this catches the plain cases of a reasoning set, and a set of user conversations needs a classifier before it comes here.
"""

import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.literals import Literals

_PHRASES = re.compile(
    r"\b(?:nigg(?:er|a)s?|fagg?ots?|kikes?|trann(?:y|ies)|wetbacks?|gooks?|towelheads?|sand ?niggers?)\b"
    r"|\b(?:motherfuck\w*|fuck(?:ing|ed|er)?|cunts?|cocksuck\w*)\b"
    r"|\b(?:child|kiddie|underage) (?:porn\w*|sex|erotic\w*)\b|\b(?:gang ?bang|blow ?job|cum ?shot|creampie|hentai)s?\b"
    r"|\bhow (?:to|do i|can i) (?:(?:make|build) (?:a |an )?(?:pipe |nail |car |dirty )?bombs?|cook meth\w*|make (?:meth\w*|sarin|ricin)"
    r"|kill (?:myself|my (?:wife|husband|mother|father|boss|neighbou?r))|commit suicide|poison (?:my|someone))\b"
    r"|\bkill (?:yourself|all (?:the )?(?:jews|muslims|blacks|gays|women))\b|\b(?:white power|heil hitler|gas the jews)\b",
    re.IGNORECASE,
)
_STEMS = Literals((
    "nigg", "fag", "kike", "trann", "wetback", "gook", "towelhead", "towel head", "fuck", "cunt", "cocksuck", "child ", "kiddie ",
    "underage ", "gangbang", "gang bang", "blowjob", "blow job", "cumshot", "cum shot", "creampie", "hentai", "bomb", "cook meth",
    "make meth", "sarin", "ricin", "kill ", "poison ", "suicide", "white power", "heil hitler", "gas the jews",
))  # fmt: skip
"""Every phrase has one: to look for these is a tenth of the work."""


class Toxic(Filter):
    """A phrase of the list in the question, the gold or the trace."""

    kind: Literal["toxic"] = "toxic"
    remedies: ClassVar[dict[str, str]] = {"toxic": ""}

    def judge(self, row: Row) -> Judgement:
        is_toxic = any(map(_is_toxic, (row.question, row.answer, row.completion)))
        return (False, "toxic") if is_toxic else True


def _is_toxic(text: str) -> bool:
    return _STEMS.any_in(text) and _PHRASES.search(text) is not None
