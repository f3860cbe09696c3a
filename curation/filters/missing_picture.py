"""Drop text rows that refer to an image or a table they do not have: "as shown in the figure", "the following ECG", a linked image, `如图`.

Such rows are common where text sets were collected from illustrated ones (GeoQA without its images, NuminaMath's `![](https://...)`);
the answer can only be guessed. A figure given as `[asy]` code is in the text: see `asy_code`. A finding that is put into words ("the
X-ray shows a fracture") and a thing of the story ("he looks for clues on the map") need no image.
"""

import json
import re
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.hints import folded, holds

_FIGURE = r"(?:figure|diagram|illustration|graph|chart|schematic|flow ?chart|plot)s?"
_STORY = r"(?:picture|image|drawing|map|photo(?:graph)?|sketch)(?:e?s)?"
"""What people of a problem may have in their hands."""
_THING = rf"(?:{_FIGURE}|{_STORY})"
_SCAN = (
    r"(?:x-?rays?|radiographs?|ecgs?|ekgs?|electrocardiograms?|eegs?|(?:ct|mri|pet|bone)(?: scans?)?|ultrasounds?|angiograms?|"
    r"(?:photo)?micrographs?|mammograms?|fundus photo\w*|histology slides?|(?:blood|peripheral) smears?|spectrogram|chromatogram)"
)
_SORT = r"(?:(?:bar|line|circle|pie|scatter|venn|tree|circuit|phase|free-body|box|stem-and-leaf) )?"
_HERE = r"(?:below(?! the\b)|above(?! the\b)|here|at (?:the )?(?:right|left)|on the (?:right|left)|alongside|opposite)"
_SHOWN = r"(?:shown|seen|pictured|illustrated|depicted|drawn|given|marked|labell?ed|displayed|presented|provided)"
_PATTERNS = (
    rf"\b{_SHOWN} (?:in|on|by) (?:the|this) (?:\w+ )?{_THING}\b(?! of\b)",
    rf"\b(?:in|from|to|on|at|see) (?:the|this) (?:(?:accompanying|following|above|adjacent|attached) )?{_FIGURE}"
    rf"(?: (?:{_HERE}|shown|provided|given)\b|\s*[,.;:)?])",
    rf"\b(?:in|from|to|on|at|see) (?:the|this) (?:accompanying |following |above |adjacent |attached )?{_STORY}"
    rf" (?:{_HERE}|shown|provided|given)\b",
    rf"(?:^|[.?!:] )(?:in|from) the {_STORY}\s*,",
    rf"\bsee (?:the )?{_THING}\b|\bsee fig\b|\bin figure\s*[(.,?]",
    rf"\b(?:the|this) {_SORT}{_THING} (?:{_HERE}|shows|provided|depicts|illustrates)\b",
    rf"\b(?:the |whose |this |these )(?:\w+ )?{_FIGURE}(?: of [^.?!]{{1,60}}?)? (?:is|are) "
    r"(?:shown|given|displayed|pictured|depicted)(?! (?:to|that|on|by|as|in the form|with)\b)",
    rf"\b(?:accompanying|following|attached) {_SORT}{_THING}\b(?!\s*:\s*[^?]{{20}})",
    rf"\b(?:use|using|based on|according to|refer(?:ring)? to) (?:the|this) "
    rf"{_SORT}(?:{_FIGURE}|picture|image|photo)\b(?! of\b)",
    rf"\b(?:pictured|illustrated|depicted) {_HERE}\b|\bshown at (?:the )?(?:right|left)\b",
    r"\bthis (?:image|picture|photo(?:graph)?|diagram|chart|map|drawing)\b",
    rf"\b(?:this|the (?:following|given|accompanying|attached|provided|above)) (?:\w+ )?{_SCAN}\b",
    rf"\b{_SCAN} (?:\w+ )?(?:is|are) (?:shown|given|attached|provided|displayed|presented|pictured|depicted|as (?:shown|follows|below))"
    rf"(?! (?:to|as)\b)|\b{_SCAN} (?:shown|{_HERE}|provided|attached)\b",
    rf"\bdo(?:es)? (?:the|his|her|this) (?:\w+ )?{_SCAN} (?:\w+ )?(?:show|reveal|depict|indicate|represent|suggest|demonstrate)",
    rf"\b{_SCAN} (?:shows?|reveals?|depicts?|indicates?|suggests?|demonstrates?|is suggestive of|represents?)"
    r"\s*(?:\Z|[:?]|\.{3}|_{2}|-\s*\Z)",
    rf"\b(?:what|which|identify|diagnos\w+|name)\b[^.?!]{{0,80}} (?:in|on|from|by) the (?:\w+ )?{_SCAN}\s*[?.]",
    r"!\[[^\]]{0,200}\]\(|<img\b|<image(?: ?\d+)?>",
    r"(?:如|由|见|读|据|看|观察|结合|根据|依据|分析)[上下左右附题]{0,2}图(?!书|形|案|纸|谋|章|层|腾|》)|(?<!早)[上下左右附]图(?!书|形|案|纸|谋|章|层|腾|》)",
    r"(?:(?<![一-鿿])|(?<=[如在从由下上左右附和与意计线路]))图"
    r"(?:所示|示中|中(?!国|华|心|央|间)|[甲乙丙丁](?![烷烯醇苯醛酸])|[1-9①-⑨](?!\d*[本张幅册元])|[(（][1-9一二三甲乙a-e][)）])",
    r"(?:这幅|该|上述|观察|下列|下面|右边)漫画|漫画中|观察(?:下[列面])?图[形案]|图片(?:中|所示|显示)|(?:这[张幅]|该|下列|下面)(?:图片|照片)",
    r"(?:心电图|[Xx][光线]片|CT|B超|脑电图)如[下图右左]|(?:该|此|这张|下列|以下)(?:心电图|[Xx][光线]片|CT|B超|脑电图)",
)
_REFERENCE = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_REFERENCE_WORDS = (
    "fig", "diagram", "illustrat", "graph", "chart", "schematic", "plot", "picture", "image", "drawing", "map", "photo", "sketch",
    "depicted", "shown", "x-ray", "xray", "ecg", "ekg", "eeg", "cardiogram",
    "mri", "pet", "bone", "ultrasound", "angiogram", "mammogram", "fundus",
    "histology", "smear", "spectrogram", "chromatogram", "![", "<img", "图", "漫画", "照片", "片", "b超",
)  # fmt: skip
_CT = re.compile(r"(?<![a-z])ct|ct如")
"""Of `_SCAN`; as letters it is in too many words."""
_NUMBERED = re.compile(
    r"\bfigs?\. ?\(?\d[\d.-]*|\b(?:see|in|from|to|by|of|on|using) figures? ?\(?\d[\d.-]*", re.IGNORECASE
)
_WHOLE, _SAYS_ENOUGH = 4, 3
"""Numbers of a question that says itself what its numbered figure shows, as those of textbooks may, or what is "as shown"."""
_SHOWN_HERE = re.compile(
    rf"\bas (?:shown|pictured|illustrated|depicted)(?: {_HERE})?\s*[,.;:?)]|\bshown {_HERE}\b"
    r"|\b(?:in|for|of|on|consider) the (?:[\w-]+ ){0,2}(?:circuit|structure|compound|molecule|shape|solid|triangle|graph|region"
    r"|network|arrangement|system|mechanism|truss|beam|tree|grid|polygon|table) shown\b",
    re.IGNORECASE,
)
_WORDS_FOLLOW = re.compile(
    r"\w?\s*(?:[:：]\s*\S|[^$]{0,60}\$?[^$]{0,120}(?:\$\$|\\to\b|\\\[|\\begin|->|→|\\(?:long)?rightarrow|\\ce\b|```))"
)
"""What is shown stands behind, as text, a formula or a reaction."""
_FORMULA_ABOVE = re.compile(r"\$\$|\\\[|\\begin|\d[,;] ?-?\d[,;] ?-?\d")
_SHADED = re.compile(
    r"\bthe shaded (?:region|area|part|portion|section|figure|triangle|square|circle)\b", re.IGNORECASE
)
_SHADING = re.compile(r"\b(?:is|are|be|was|were|we|and|to) (?:\w+ )?shaded?\b|\bshad(?:es|ing)\b", re.IGNORECASE)
_TABLE = re.compile(
    r"\b(?:the|this) (?:(?!periodic|truth|times|multiplication|round)\w+ )?table "
    r"(?:below|above|shows?|lists?|gives|provides|given|provided|represents)\b"
    r"|\b(?:following|accompanying|attached) (?:(?!truth)\w+ )?table\b"
    r"|\b(?:use|using|based on|according to|refer to) the (?:following )?table(?! of\b)\b"
    r"|\b(?:shown|given|listed|recorded|summari[sz]ed) in (?:the|this) (?:following )?table\b|(?:如|见|[下上右左])表(?:所示|中|给出|是|为)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d.,/:%]*")
_HAN = re.compile("[\u4e00-\u9fff]")
_LEAST_NUMBERS, _LEAST_LINES, _LEAST_WORDS = 8, 4, 60
"""Numbers, short lines, Chinese signs or characters of options that may be the table itself."""
_IN_TEXT = re.compile(
    r"\[asy\]|\\begin\{(?:tikzpicture|asy|picture|array|tabular|[bpvV]?matrix|cases|align)|\|\s*:?-{2,}|(?:\|[^|\n]{0,80}){6}|<t[dr]\b"
)
"""Code, arrays and tables: what the question points at may be right there."""
_IN_TEXT_SIGNS = ("[asy]", "\\begin{", "|", "<td", "<tr")


class MissingPicture(Filter):
    """A row without images whose question points at one, or at a table that is not there."""

    kind: Literal["missing_picture"] = "missing_picture"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(("picture_not_there", "table_not_there"), "")

    def judge(self, row: Row) -> Judgement:
        if row.images or (holds(row.question, _IN_TEXT_SIGNS) and _IN_TEXT.search(row.question)):
            return True
        question = " ".join(row.question.split())
        words = folded(question)
        if _is_pointed_at(question, words):
            return False, "picture_not_there"
        if "shaded" in words and _SHADED.search(question) and not _SHADING.search(question):
            return False, "picture_not_there"
        may_be_table = "table" in words or "表" in words
        if may_be_table and (table := _TABLE.search(question)) and not _may_hold_table(row, question[table.end() :]):
            return False, "table_not_there"
        return True


def _is_pointed_at(question: str, words: str) -> bool:
    """Whether the question speaks of a picture as if it were there; `words` is the question folded."""
    if holds(words, _REFERENCE_WORDS) or ("ct" in words and _CT.search(words)):
        return bool(_REFERENCE.search(question)) or _is_shown(question) or _is_numbered(question)
    return False


def _is_shown(question: str) -> bool:
    """Whether something is said to be shown, no formula or list is there, and the question says little itself."""
    if len(_NUMBER.findall(question)) >= _SAYS_ENOUGH:
        return False
    return any(
        not _WORDS_FOLLOW.match(question, match.end() - 1)
        and not ("above" in match[0].lower() and _FORMULA_ABOVE.search(question, 0, match.start()))
        for match in _SHOWN_HERE.finditer(question)
    )


def _is_numbered(question: str) -> bool:
    """Whether it speaks of a numbered figure and says little itself."""
    bare, figures = _NUMBERED.subn(" ", question)
    return bool(figures) and len(_NUMBER.findall(bare)) < _WHOLE


def _may_hold_table(row: Row, behind: str) -> bool:
    """Whether there are numbers, short lines, Chinese words behind it or long options enough for a table."""
    short = sum(bool(line.strip()) and len(line) < 40 for line in row.question.split("\n"))
    numbers = _NUMBER.findall(row.question)
    if short >= _LEAST_LINES or len(numbers) >= _LEAST_NUMBERS or len("".join(numbers)) >= 3 * _LEAST_NUMBERS:
        return True
    choices = json.loads(row.answer_options).get("choices", []) if row.answer_kind in ("choice", "choices") else []
    return len(_HAN.findall(behind)) >= _LEAST_WORDS or len("".join(map(str, choices))) >= _LEAST_WORDS
