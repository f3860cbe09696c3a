"""Drop text rows that refer to an image they do not have: "as shown in the figure", a linked image, `如图`.

Such rows are common where text sets were collected from illustrated ones (GeoQA without its images, NuminaMath's `![](https://...)`);
the answer can only be guessed. A figure given as `[asy]` code is in the text: see `asy_code`.
"""

import re
from typing import Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_THING = r"(?:figure|diagram|picture|image|drawing|illustration|graph|chart|map|photo(?:graph)?|sketch)s?"
_SCAN = (
    r"(?:x-?rays?|radiographs?|(?:ct|mri|pet|bone) scans?|mris?|ecgs?|ekgs?|electrocardiograms?|micrographs?|angiograms?|ultrasounds?"
    r"|photomicrographs?|spectr(?:um|a)|biops(?:y|ies)|blood smears?)"
)
_PATTERNS = (
    rf"\b(?:shown|seen|pictured|illustrated|depicted|drawn|given|marked|labell?ed) (?:in|on|by) (?:the|this) "
    rf"(?:\w+ )?{_THING}\b(?! of\b)",
    rf"\b(?:in|from|to|on|at) (?:the|this) (?:accompanying |following |above |adjacent |attached )?{_THING}"
    r"(?: (?:below|above|shown|provided|given|at (?:the )?right|at (?:the )?left)\b|\s*[,;:)]|\.(?=\s|\Z))"
    r"(?<!\bon the map[,.;:)])(?<!\bin the map[,.;:)])",
    rf"\b(?:see|refer to|according to|study|look at|use|using|based on|consider) (?:the )?"
    rf"(?:accompanying |following |above |adjacent |attached )?{_THING}(?: (?:below|above|shown|provided|given)\b|\s*[,.;:)]|\s*\Z)",
    rf"\b(?:the|this) {_THING} (?:below|above|shows|provided|depicts|illustrates)\b",
    rf"\b(?:the )?(?:accompanying|following|attached) {_THING}\b",
    r"\bas (?:shown|pictured|illustrated|depicted)(?: (?:below|above|here|at (?:the )?(?:right|left)))?\s*[,.;:)]",
    r"\b(?:pictured|illustrated|depicted) (?:below|above)\b|\bshown at (?:the )?(?:right|left)\b",
    r"\bthis (?:image|picture|photo(?:graph)?|diagram|chart|map|drawing)\b",
    rf"\b{_SCAN}(?: \w+){{0,3}} (?:is|are|was|were) (?:shown|provided|pictured|depicted|attached|given)"
    r"(?: (?:below|above|here|in))?\b(?! to\b| no\b)",
    rf"\b(?:following|accompanying|attached) {_SCAN}\b|\b{_SCAN} (?:shown |pictured )?(?:below|above)\b",
    rf"\b(?:in|on|from|at) (?:the|this) {_SCAN}\s*[,?:]|\b(?:does|do) (?:the|this) {_SCAN} (?:show|reveal|demonstrate|indicate|suggest)\b",
    rf"\b(?:the|this) {_SCAN} (?:reveals?|shows?|indicates?)\s*(?:[:?…_]|\Z)",
    r"!\[[^\]]{0,200}\]\(|<img\b|<image(?: ?\d+)?>",
    r"如(?:下|右|左|上)?图|图(?:所示|中的)|[下右左上](?:面的)?图(?![书案画形像论])|[读见]图(?![书案画])|据图(?![书案论])"
    r"|(?:由|从|结合|观察|对照)(?:该|此)?图(?=[可中知，,])|(?<![地版意企试拼力])图(?=[1-9一二三甲乙丙丁](?!书))",
)
_REFERENCE = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_IN_TEXT = re.compile(r"\[asy\]|\\begin\{(?:tikzpicture|asy|picture|array|tabular|[bpvV]?matrix)\}|\|\s*:?-{2,}")
"""Code, arrays and tables: what the question points at may be right there."""

_LISTED = re.compile(r"\b(?:as shown|shown below|as shown below)\s?:\s?(?=[\d$\\\[(|])", re.IGNORECASE)
"""What is shown stands behind the colon: numbers, a formula, a list."""
_TABLE = re.compile(
    r"\b(?:the|this) (?:table|data) (?:below|above|shows?|gives?|lists?)\b|\b(?:in|from) the (?:table|data) (?:below|above)\b"
    r"|\b(?:following|accompanying) table\b|[如下上右左]表(?:所示|中|是|为|列|[，,：:])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?|&|\||\t")
_CELLS = 6
"""Numbers or signs between columns that a table in the text has at least."""


class MissingPicture(Filter):
    """A row without images whose question points at one."""

    kind: Literal["missing_picture"] = "missing_picture"

    def judge(self, row: Row) -> Judgement:
        question = " ".join(row.question.split())
        if row.images or _IN_TEXT.search(question):
            return True
        if _TABLE.search(question) and len(_NUMBER.findall(row.question)) < _CELLS:
            return False, "table_not_there"
        return (False, "picture_not_there") if _REFERENCE.search(_LISTED.sub(" ", question)) else True
