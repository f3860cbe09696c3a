r"""Drop rows that ask several questions: one gold answers one of them, and it is not stated which.

Big-Math removes multi-part questions for the same reason (Albalak et al. 2025, arXiv 2502.17387, 3.2). A part counts when it asks; parts
that state conditions, and the options of multiple choice, do not. In Chinese school problems as NuminaMath holds them,
`(1) Find p; (2) find the distribution of X`, the gold is the last part's.
"""

import re
from itertools import pairwise
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import folded_lines, without_figures, without_formulas
from curation.text.hints import holds
from curation.text.options import option_lists

_MARKER = re.compile(
    r"(?:^|(?<=[\s.?!:;,>$。；，：？！]))\$?[(（]\s*(?P<mark>[1-9]|[a-h]|iv|v|i{1,3}|[一二三四五六]|[Ⅰ-Ⅴ])\s*[)）]\$?[\s.:]*"
    r"|(?P<circled>[①-⑨])|\\textcircled\s?\{\s?(?P<ringed>[1-9])\s?\}"
    r"|^\s*(?:\*\*)?(?:part|question)\s*(?P<part>[1-9a-h])\b[):.\s]*"
    r"|^\s*(?P<number>[1-9])(?:[.．](?!\d)|、)\s*"
    r"|(?:^\s*|(?<=[.?!;]\s))(?P<letter>[a-h1-9])\)\s",
    re.IGNORECASE | re.MULTILINE,
)
_ORDERS = ("123456789", "abcdefgh", ("i", "ii", "iii", "iv", "v"), "①②③④⑤⑥⑦⑧⑨", "一二三四五六", "ⅰⅱⅲⅳⅴ")
_SPEAKS_OF = re.compile(
    r"\b(?:reaction|equation|eq|eqn|expression|formula|relation|inequalit(?:y|ie)|condition|statement|assertion|hypothes[ie]s|propert(?:y|ie)"
    r"|step|stage|process|case|method|figure|fig|line|row|type|rule|law|axiom|event|state|phase|theorem|lemma|definition|box|species|compound)"
    r"s?[ ~]*\Z|\b(?:eqn?|fig)s?\.[ ~]*\Z",
    re.IGNORECASE,
)
"""Before a label that is a name in a sentence: `from reactions (1) and (2)`."""
_AND = re.compile(r"[\s,&;、和与及或]*(?:\b(?:and|or|to|through)\b)?[\s,]*")
_NEAR, _FAR, _END = 40, 200, 150
_DEMAND = (
    r"(?:find|determine|compute|calculate|evaluate|solve|prove|show that|explain|describe|express|sketch|draw|write|estimate|"
    r"simplify|identify|verify|convert|discuss|(?:state|give|list) (?:the|an?|all|your|its|their|whether))\b"
)
_VERB = rf"(?:{_DEMAND}|(?:what|which|how|write|state|give|list|use|answer)\b)"
_ASKS = re.compile(
    rf"\A[\W_]*(?:{_DEMAND}|(?-i:What|Which|How|State|Give|List|Use|Answer)\b)"
    rf"|(?:[.;:]\$?\s|\\\]\s*|\n)\s*(?:please\s+)?(?:{_DEMAND}|(?-i:What|Which|How)\b)"
    rf"|(?:,\$?\s|\bthen\s|\band\s)\s*(?:please\s+)?{_DEMAND}"
    r"|[?？]|(?<![要需追请征寻供力渴])求(?![和职医婚学生助知援])|证明|计算(?![机器])|写出|指出|多少|说明理由|_{3,}|[(（]\s*(?:\\q?quad)?\s*[)）]",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:solve|simplify|evaluate|calculate|compute|factor\w*) the "
    r"(?:equations|inequalities|expressions|problems|integrals|limits)\s*[:：]?\s*\Z|"
    r"\b(?:solve|simplify|evaluate|calculate|compute|factor\w*|find|answer|complete)\b[^.?!]{0,60}\bfollowing(?! (?:conditions|system))\b"
    r"[^.?!]{0,30}:?\s*\Z"
    r"|\b(?:find|determine|compute|calculate|evaluate|what (?:is|are|was|were))(?: the (?:value|values) of)?\s*:?\s*\Z"
    r"|(?<![要需追请征寻供力渴])(?:求|试求|计算)(?:下列各[题式]的?值?)?\s*[:：]?\s*\Z",
    re.IGNORECASE,
)
"""What comes before a list of exercises, or of what one sentence asks for."""
_SOLVED = re.compile(
    r"(?:^|[\n.?!;)\]}$。？！；）]\s*)[(\[*]{0,3}(?:context |sub-?question |part )?"
    r"(?:(?:answer|solution|ans|sol)(?: \([a-z0-9]{1,3}\))?|答案|解答|答|解)\s*[)*]{0,3}[:：][*\s]{0,4}(?P<answer>[^\n]*[^\s_?？][^\n]*)",
    re.IGNORECASE,
)
"""An answer that the question gives away itself."""
_ANSWER_END = re.compile(r"[.;；。](?:\s|\Z)|\s[(（]\w{1,3}[)）]")
_QUESTION = re.compile(r"[?？]")
_QUOTED = re.compile(r"(?m:^\"[^\"]{0,4000}\"$)|\"[^\"]{0,400}\"|“[^”]{0,400}”|``.{0,400}?''", re.DOTALL)
_ASKED = re.compile(
    r"(?:^|(?<=[.?!:;,])\s|\b(?:and|so|then|hence|thus)\s)(?!\W{0,9}that is\b)[\W_]{0,9}(?:in |at |by |for |to |of |on |from )?"
    r"(?:what|how (?:many|much|far|long|old|often|big|tall|wide|fast|high)|which|who|when|where|is|are|does|do|can|will|has|was)\b"
    r"(?:[^.?!]|\.(?=\d)){0,600}\?",
    re.IGNORECASE | re.MULTILINE,
)
_SAME = re.compile(
    r"\banswer (?:to|of) (?:the|this|that) (?:above |previous |first |preceding )?(?:question|problem) (?:is|was)\b"
    r"|\b(?:form|formula|expressed|represented|written|denoted?|that is|i\.e|in other words|let)\b",
    re.IGNORECASE,
)
"""Between two questions: the second asks for the first one's answer in another form."""
_ALSO = re.compile(
    rf"[.?;]\s+(?:also|in addition|additionally|furthermore|moreover|finally|next|as well),?\s+(?:please\s+)?(?:{_VERB})"
    rf"|\?\s+(?:and|also)\s+(?:{_VERB})|,?\s+and\s+also\s+(?:find|determine|compute|calculate|evaluate|what)\b",
    re.IGNORECASE,
)
_ASKED_IN_CHINESE = re.compile(
    r"(?:多少|几|什么|哪|谁|吗|呢|如何|怎样|怎么|为何|是否|能否|(?<![要需追请征寻供力渴])求)[^。！？?；\n]{0,60}[？?]"
)
_ALSO_IN_CHINESE = re.compile(
    r"[，；。,;]\s*(?:并|再|且|同时|还|另)请?(?:求出?|计算出?|写出|指出|说明|证明|回答)(?!值|理由|单位|必要|过程|主要|解题)"
    r"|求[^。；？?]{2,60}[；;。]\s*(?:再|又|并|试)?求(?![和职医婚学生助知援证])"
)
_PARTS_IN_GOLD = re.compile(
    r"(?:\A|\s)[(（](?:1|a|i)[)）]\s*\S.*?[\s,;][(（](?:2|b|ii)[)）]\s*\S|\A(?:part )?(?:1|a)[).:]\s+\S.*[\s;,](?:2|b)[).:]\s+\S",
    re.IGNORECASE | re.DOTALL,
)


_ONE_ANSWER = re.compile(
    r"[\d\s.:：/]+|(?:[\s,，、;；和与]|and|[(（]\s?(?:[1-9]|[a-h]|i{1,3}|iv|v)\s?[)）]|[①-⑨])+|[A-Za-z]\s?:\s?[^;:]{1,40}[,;]\s?[A-Za-z]\s?:\s?[^;:]{1,40}",
    re.IGNORECASE,
)
"""A ratio, the labels of what is right, or the values of letters: a list that answers one question."""


class SeveralQuestions(Filter):
    """Two parts that ask, two question sentences, an "also find", a gold in numbered parts, or one that the question states itself."""

    kind: Literal["several_questions"] = "several_questions"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        ("several_option_lists", "gold_in_parts", "answer_in_question", "several_parts", "several_questions"), ""
    )

    def judge(self, row: Row) -> Judgement:
        if row.answer_kind in ("choice", "choices"):
            return (False, "several_option_lists") if option_lists(row.question) > 1 else True
        if row.answer_kind == "assignment":
            return True
        if _PARTS_IN_GOLD.search(row.answer) and not _ONE_ANSWER.fullmatch(row.answer):
            return False, "gold_in_parts"
        question = folded_lines(without_figures(row.question))
        if holds(question, ":：") and _bare(row.answer) in _given(question):
            return False, "answer_in_question"
        if parts_that_ask(question) > 1:
            return False, "several_parts"
        bare = without_formulas(_QUOTED.sub(" x ", question), " x ")
        if _ALSO.search(bare) or several_asked(bare):
            return False, "several_questions"
        return True


def _given(question: str) -> set[str]:
    """The answers that a question gives away itself, bare."""
    return {_bare(_ANSWER_END.split(match["answer"], maxsplit=1)[0]) for match in _SOLVED.finditer(question)}


def _bare(answer: str) -> str:
    r"""An answer without its dress, to be compared.

    >>> _bare(r"$\boxed{x = 3}$."), _bare(" x=3 ")
    ('x=3', 'x=3')
    """
    bare = re.sub(r"\\(?:boxed|text|mathrm)\b|[\s${}*]|\\[,;!()\[\]]", "", answer)
    return bare.rstrip(".。,;；").casefold()


def several_asked(text: str) -> bool:
    """Whether two question sentences ask for two things.

    >>> several_asked("How many cats are there? How many dogs?"), several_asked("What is p? It has the form m/n. What is m+n?")
    (True, False)
    """
    if _ALSO_IN_CHINESE.search(text):
        return True
    end = text[-_END:]
    for pattern, part in ((_ASKED, text), (_ASKED_IN_CHINESE, end)):
        if part.count("?") + part.count("？") < 2:  # as most, and each of them ends with one
            continue
        for one, other in pairwise(pattern.finditer(part)):
            between = part[one.end() : other.end()]
            if not _SAME.search(between) and not _SOLVED.search(part, one.end() - 1, other.start()):
                return True
    return False


def parts_that_ask(question: str) -> int:
    """How many of the labelled parts, in order from the first label on, ask for something.

    >>> parts_that_ask("(1) Find p; (2) If p = 1, find q."), parts_that_ask("Find n with (a) n > 1 and (b) n < 3.")
    (2, 0)
    """
    best = 0
    found = _labels(question)
    for order in _ORDERS:
        markers: list[re.Match[str]] = []
        for match in found:
            if len(markers) < len(order) and _label(match) == order[len(markers)]:
                markers.append(match)
        if len(markers) < 2:
            continue
        ends = [marker.start() for marker in markers[1:]] + [len(question)]
        parts = [question[marker.end() : end] for marker, end in zip(markers, ends, strict=True)]
        if _are_steps(parts):
            continue
        if _LIST.search(question[: markers[0].start()].rstrip(" \n<br/>*")[-_FAR:]):
            return len(parts)
        best = max(best, sum(bool(_ASKS.search(part)) and not _SOLVED.search(part) for part in parts))
    return best


def _are_steps(parts: list[str]) -> bool:
    """Whether the only question stands on a line below the last part: then the parts are its steps or conditions."""
    last, _, below = parts[-1].partition("\n")
    return bool(_QUESTION.search(below)) and not any(_QUESTION.search(part) for part in (*parts[:-1], last))


def _labels(question: str) -> list[re.Match[str]]:
    """Everything that may be a part's label: what a sentence speaks of (`from reactions (1) and (2)`, `both (a) and (b)`) is none."""
    if not _may_be_labelled(question):
        return []
    matches = list(_MARKER.finditer(question))
    spoken = [bool(_SPEAKS_OF.search(question[max(match.start() - _NEAR, 0) : match.start()])) for match in matches]
    for number, (one, other) in enumerate(pairwise(matches)):
        if _AND.fullmatch(question, one.end(), other.start()):
            spoken[number] = spoken[number + 1] = True
    return [match for match, is_spoken in zip(matches, spoken, strict=True) if not is_spoken]


def _may_be_labelled(question: str) -> bool:
    """Whether the signs of a label are there: a bracket, a circle, a number or the word before it at the beginning of a line."""
    words = question.lower()
    if not question.isascii() or any(sign in words for sign in (")", "textcircled", "part", "question")):
        return True
    return any(line.lstrip()[:1].isdigit() for line in question.split("\n"))


def _label(match: re.Match[str]) -> str:
    return str(next(filter(None, match.groups()))).lower()
