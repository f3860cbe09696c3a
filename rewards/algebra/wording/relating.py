"""Relations that words state between a value and another quantity: `12 more than the number of girls`, `5 times the other`,
`the 17th prime`, `12除以人数`.

The quantity is known no better than the words say, so that the value in front is not the answer's. A comparative without
`than` (`12 more apples`), `5 times` and `5倍` answer "how many more" and "how many times": they relate to nothing.
"""

import re

from rewards.algebra.token import ORDINAL
from rewards.algebra.wording.phrases import unspelled

_MEASURES = """
number size amount length width height area volume weight mass speed cost price age value sum product total difference
quotient rate distance radius diameter original other same
"""
_LEVELS = "average mean median mode limit goal target minimum maximum expected budget rest"
_SPANS = "days? weeks? weekends? months? years? hours? minutes? seconds? summer winter course period time decades?"
_RANKED = """
primes? composite terms? numbers? elements? digits? members? multiples? powers? roots? largest smallest greatest least highest lowest
fibonacci triangular squares? cubes? odd even integers? factors? divisors? values? entry decimal percentile
"""


def _any(words: str) -> str:
    return "|".join(words.split())


_PATTERNS = (
    r"(?:(?:more|less|fewer|[a-z]+er)\b.*)?\bthan\b",
    r"(?:plus|minus|exceeds|exceeding)\b",
    r"(?:short|in excess|in addition|on top)\s+(?:of|to)\b",
    r"at\s+(?:most|least)$",
    rf"(?:above|below|under|beyond|past|off)\s+(?:the|a|an|his|her|its|their)\s+(?:[a-z]+\s+)?(?:{_any(_MEASURES)}|{_any(_LEVELS)})\b",
    r"^[/*^]\s*(?:the|a|total|number)\b",
    r"(?:multiplied|divided|increased|decreased|reduced|raised|diminished|augmented|scaled)\s+(?:by|to)\s+[a-z]",
    r"to\s+the\s+(?:[a-z]+\s+)?power\b",
    r"(?:modulo|mod|choose)\s+[a-z]",
    r"as\s+(?:[a-z]+\s+)+as\b",
    r"(?<!left )over\s+"
    rf"(?!(?:(?:the|a|an|that|this|all|next|last|past)\s+)?(?:[a-z]+\s+)?(?:{_any(_SPANS)})\b)(?:the|a|an|that|all|its|his|her|their|total)\b",
    r"^(?:added\s+to|subtracted\s+from|taken\s+from)\b",
    rf"^the\s+(?:[a-z]+\s+)?(?:{_any(_MEASURES)})\b",
    r"times\s+(?:(?:the|that|this|his|her|its|their|what|any|some|another)\b|"
    rf"(?:[a-z]+'s\s+|an?\s+)?(?:{_any(_MEASURES)})\b)",
    rf"^{ORDINAL}\s+(?:[a-z]+\s+){{0,2}}?(?:{_any(_RANKED)})\b",
    rf"^{ORDINAL}\s*(?:[质素偶奇]?数|[大小]的?)",
    "^[加减乘除]|除以|除去|乘以|乘上|乘|加上|减去|减掉|次方|次幂|倍于|倍的|一半|倒数|相反数|绝对值|平方根|立方根|阶乘",
    "比.+(?:多|少|大|小|高|低|长|短|重|轻|贵|便宜|快|慢|早|晚|远|近)",
    "^(?:平方|立方)$",
)
_RELATION = re.compile("|".join(rf"(?:(?<![a-z]){p})" if p.isascii() else f"(?:{p})" for p in _PATTERNS))
_WORD = re.compile(r"[a-z]+|[\u3007\u4e00-\u9fff]+|[^\sa-z]")
_ARTICLES = frozenset(("a", "an", "the"))
_SHARE = re.compile(r"^\W*of\b")


def relation(text: str) -> tuple[str, ...]:
    """Return the words that relate the value in front of a text to something else, up to its end; none where it only counts.

    >>> relation("girls more than the boys"), relation("more girls"), relation("times"), relation("times the other")
    (('more', 'than', 'boys'), (), (), ('times', 'other'))
    """
    text = unspelled(text)
    match = _RELATION.search(text)
    return tuple(w for w in _WORD.findall(text[match.start() :]) if w not in _ARTICLES) if match else ()


def is_share(text: str) -> bool:
    """Return whether words say what a value is a part of: `of the price`."""
    return _SHARE.match(text) is not None
