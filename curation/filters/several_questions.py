r"""Drop rows that ask several questions: one gold answers one of them, and it is not stated which.

Big-Math removes multi-part questions for the same reason (Albalak et al. 2025, arXiv 2502.17387, 3.2). A part counts when it asks; parts
that state conditions, and the options of multiple choice, do not. In Chinese school problems as NuminaMath holds them,
`(1) Find p; (2) find the distribution of X`, the gold is the last part's.
"""

import re
from itertools import pairwise
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import folded_lines, without_figures, without_formulas

_MARKER = re.compile(
    r"(?:^|(?<=[\s.?!:;,>$。；，：？]))\$?[(（]\s*(?P<mark>[1-9]|[a-h]|[Ⅰ-Ⅴ]|iv|v|i{1,3})\s*[)）]\$?[\s.:]*"
    r"|^\s*(?:\*\*)?(?:part|question)\s*(?P<part>[1-9a-h])\b[):.\s]*"
    r"|(?:^\s*|(?<=[.?!;]\s))(?P<letter>[a-h])\)\s",
    re.IGNORECASE | re.MULTILINE,
)
_ORDERS = ("123456789", "abcdefgh", ("i", "ii", "iii", "iv", "v"), "ⅰⅱⅲⅳⅴ")
_VERB = (
    r"(?:find|determine|compute|calculate|evaluate|solve|prove|show that|explain|describe|express|sketch|draw|write|state|give|estimate|"
    r"simplify|what|which|how|identify|list|verify|use|convert|discuss|answer)\b"
)
_RELATIVE = r"(?!(?:which|what|how|give|state|use|list)\b)"
"""Behind a comma these go on with a statement: `, which causes a loss`."""
_ASKS = re.compile(
    rf"\A[\W_]*{_VERB}|,\$?\s+(?:please\s+)?{_RELATIVE}{_VERB}|(?:[.;:]\$?\s|\\\]\s*|\n|\bthen\s|\band\s)\s*(?:please\s+)?{_VERB}"
    r"|[?？]|求|证明|计算|写出|多少|说明|简述|分析|概括|指出|列举|画出|回答",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:solve|simplify|evaluate|calculate|compute|factor\w*|find|answer|complete)\b"
    r"(?:(?!\b(?:from|using|with|given|by|where|that|if)\b)[^.?!]){0,60}\bfollowing(?! (?:conditions|system))\b"
    r"[^.?!]{0,30}:?\s*\Z",
    re.IGNORECASE,
)
"""What comes before a list of exercises."""
_QUOTED = re.compile(r"\"[^\"]{0,400}\"|“[^”]{0,400}”|``.{0,400}?''", re.DOTALL)
_ASKED = re.compile(
    r"(?:^|(?<=[.?!:;,])\s|\b(?:and|so|then|hence|thus)\s)(?!\W{0,9}that is\b)[\W_]{0,9}(?:in |at |by |for |to |of |on |from )?"
    r"(?:what|how (?:many|much|far|long|old|often|big|tall|wide|fast|high)|which|who|when|where|is|are|does|do|can|will|has|was)\b"
    r"(?:[^.?!]|\.(?=\d))*\?",
    re.IGNORECASE | re.MULTILINE,
)
_SAME = re.compile(
    r"\b(?:form|formula|expressed|represented|written|denoted?|that is|i\.e|in other words|let)\b", re.IGNORECASE
)
"""Between two questions: the second asks for the first one's answer in another form."""
_ALSO = re.compile(
    rf"[.?;]\s+(?:also|in addition|additionally|furthermore|moreover|finally|next|as well),?\s+(?:please\s+)?(?:{_VERB})"
    rf"|\?\s+(?:and|also)\s+(?:{_VERB})|,?\s+and\s+also\s+(?:find|determine|compute|calculate|evaluate|what)\b",
    re.IGNORECASE,
)
_PARTS_IN_GOLD = re.compile(
    r"(?:\A|\s)[(（](?:1|a|i)[)）]\s*[^\s,;、()（）].*?[\s,;]"
    r"[(（](?:2|b|ii)[)）]\s*\S|\A(?:part )?(?:1|a)[).:]\s+\S.*[\s;,](?:2|b)[).:]\s+\S",
    re.IGNORECASE | re.DOTALL,
)

_NUMBERED = re.compile(
    r"(?:^|(?<=[\s)）。？?]))(?:[1-9]\d?\s?[.．、](?!\d)|[(（][1-9]\d?[)）]|(?P<letter>[A-C])\s?[.．、:：)）])",
    re.MULTILINE,
)
_OWN_OPTIONS = re.compile(r"#ABC")
"""Of the numbers (#) and labels of a text, in their order."""
_NAMED = re.compile(
    r"\b(?:reactions?|equations?|steps?|statements?|conditions?|cases?|figures?|curves?|processe?s?|and|or|both|either) \Z",
    re.IGNORECASE,
)
"""What stands before `(1)` where a sentence speaks of it."""
_SOLVED = re.compile(r"(?:\b(?:answer|solution)|答案|解答|解)\s?[:：]\s?\S", re.IGNORECASE)
"""A part that has its answer."""


class SeveralQuestions(Filter):
    """Two parts that ask, two question sentences, an "also find", or a gold in numbered parts."""

    kind: Literal["several_questions"] = "several_questions"

    def judge(self, row: Row) -> Judgement:
        if row.answer_kind == "assignment":
            return True
        if lists_of_options(row.question) > 1:
            return False, "several_parts"
        if row.answer_kind in ("choice", "choices"):
            return True
        if _PARTS_IN_GOLD.search(row.answer):
            return False, "gold_in_parts"
        question = folded_lines(without_figures(row.question))
        if parts_that_ask(question) > 1:
            return False, "several_parts"
        bare = without_formulas(_QUOTED.sub(" x ", question), " x ")
        if _ALSO.search(bare) or several_asked(bare):
            return False, "several_questions"
        return True


def lists_of_options(question: str) -> int:
    """How many numbered questions list options of their own, A to C at least.

    >>> lists_of_options("7. Which? A. x B. y C. z\\n8. Who? A. u B. v C. w"), lists_of_options("7. Which? A. x B. y C. z")
    (2, 1)
    """
    letters = "".join(match["letter"] or "#" for match in _NUMBERED.finditer(question))
    return len(_OWN_OPTIONS.findall(letters))


def several_asked(text: str) -> bool:
    """Whether two question sentences ask for two things.

    >>> several_asked("How many cats are there? How many dogs?"), several_asked("What is p? It has the form m/n. What is m+n?")
    (True, False)
    """
    asked = list(_ASKED.finditer(text))
    return any(not _SAME.search(text[one.end() : other.end()]) for one, other in pairwise(asked))


def parts_that_ask(question: str) -> int:
    """How many of the labelled parts, in order from the first label on, ask for something.

    >>> parts_that_ask("(1) Find p; (2) If p = 1, find q."), parts_that_ask("Find n with (a) n > 1 and (b) n < 3.")
    (2, 0)
    """
    best = 0
    for order in _ORDERS:
        markers: list[re.Match[str]] = []
        for match in _MARKER.finditer(question):
            if match["mark"] and _NAMED.search(question, max(match.start() - 40, 0), match.start()):
                continue
            label = (match["mark"] or match["part"] or match["letter"]).lower()
            if len(markers) < len(order) and label == order[len(markers)]:
                markers.append(match)
        if len(markers) < 2:
            continue
        ends = [marker.start() for marker in markers[1:]] + [len(question)]
        parts = [question[marker.end() : end] for marker, end in zip(markers, ends, strict=True)]
        if _LIST.search(question[: markers[0].start()].rstrip(" \n<br/>*")):
            return len(parts)
        best = max(best, sum(bool(_ASKS.search(part)) and not _SOLVED.search(part) for part in parts))
    return best
