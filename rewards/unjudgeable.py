"""Golds that say that there is no answer here, or that no rule can judge: proofs, several parts, explanations, `见解析`."""

import re

from rewards.algebra.prose import PROOF

MAX_TEXT_WORDS = 6
"""Longer prose is not judged word by word: a right answer would have to repeat it."""
MAX_CHINESE_CHARS = 16
"""The same for Chinese, which has no spaces."""

_PROVE = re.compile(r"\b(?:prove|show) that\b", re.IGNORECASE)
_PARTS = re.compile(
    r"(?:^|[\s;,.])(?:\((?:a|i|1)\)|[ai]\)).*?[\s;,.\d](?:\((?:b|ii|2)\)|(?:b|ii)\))"
    r"|(?:^|[^\w(（])[(（](?:1|一|Ⅰ|I)[)）].+?(?<![A-Za-z])[(（](?:2|二|Ⅱ|II)[)）]\s*\S|(?:^|\s)1[.)）]\s+\S.*\s2[.)）]\s+\S|^\s*1[)）]\s*\S.*[\s;；]2[)）]\s*\S|①[^②-⑳\s,、和]{1}.*②\s*\S|第[一1][小]?[题问空].*第[二2][小]?[题问空]",
    re.IGNORECASE | re.DOTALL,
)
_ELSEWHERE = re.compile(
    r"\W*(?:(?:详|请|答案|解答|证明|过程|解析|具体)*(?:见|参见|参考|参照|如)(?:图所示|解析|解答|详解|答案|分析|上图|下图|图|证明|过程|教材|课本|上|右图|附图)"
    r"|(?:证明|解答|过程|解析|解|答案|作图|画图|图)?[:：]?\s*(?:略|从略|省略|暂无|无答案|待定)|(?:解析|证明)?过程略|暂无答案|无答案|没有答案|无标准答案"
    r"|(?:本题)?(?:答案|结果)?(?:不唯一|不固定|开放)|(?:开放|主观)(?:性)?(?:试)?题|言之有理即可|合理即可|证明(?:见|如下|过程).*)"
    r"(?:\W.{0,30})?",
    re.DOTALL,
)
_VARIES = re.compile(
    r"\W*(?:the\s+)?(?:(?:sample\s+|possible\s+|student\s+|your\s+)?answers?\s+(?:will|may|can|could|might)?\s*(?:vary|differ)"
    r"|(?:please\s+)?(?:see|refer to|check|as shown in|shown in)\s+(?:the\s+|attached\s+|above\s+|below\s+)*"
    r"(?:explanation|solution|figure|fig\b|diagram|graph|picture|image|answer|proof|work|text|above|below|attached|table|page|appendix|drawing|video)"
    r"|open[- ]ended|answers? not (?:given|provided|available|found|unique)|no (?:answer|solution) (?:given|provided|available)"
    r"|not (?:given|provided|available|specified)|to be determined|tbd"
    r"|any (?:reasonable|correct|valid|suitable) (?:answer|response|explanation)"
    r"|sample (?:answer|response)|left to the reader|(?:self|graph|diagram|drawing|sketch)[- ]?(?:explanatory|shown|omitted|below|above))",
    re.IGNORECASE,
)
_MIXED = re.compile(r"\s*-?\d+\s*[(（]\s*\d+\s*/\s*\d+\s*[)）]\s*%?\s*\Z")
"""`1(5/6)`: school sets of China write mixed numbers so, others products."""
_NO_SUCH = re.compile(r"\W*(?:there (?:is|are|exists?) )?no such\b", re.IGNORECASE)
_EVERY = re.compile(r"\W*(?:all|any|every|each|some|most|many|infinitely many)\s+[a-z]{3,}", re.IGNORECASE)
_TWICE = re.compile(r"\W*(?P<one>[^,;]+?)\W*\s(?:or|或)\s\W*(?P=one)\W*", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?:say|says|said|they|he|she|we|because|since|was|were|will|would|should|which|who|whose|that|followed|believe|think|thinks)\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"(?<![\\A-Za-z])(?:[A-Z][a-z]+){2,}\(")
"""`ApplyUnit(60, degree)`: a program's way of writing an answer."""
_REMARK = re.compile(
    r"[(（\[][^()（）]*?(?:(?:皆|均|都|也)(?:可|对|行|正确)|不唯一|即可|\b(?:are|is) (?:(?:all|also) )?(?:right|correct|accept\w*)"
    r"|\bor any\b|\bany \w+ (?:number|value|answer)|answers? from\b)[^()（）]*[)）\]]\W*\Z",
    re.IGNORECASE,
)
"""Behind an example of an answer: `2 (or any positive number)`, `3（答案不唯一）`."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def why_unjudgeable(text: str, question: str = "") -> str:
    """Return why no rule can judge a gold, '' where nothing speaks against it.

    >>> why_unjudgeable("见解析"), why_unjudgeable("Answers will vary."), why_unjudgeable("无解")
    ('an answer that stands elsewhere', 'an answer that varies or stands elsewhere', '')
    """
    words = len(text.split())
    if PROOF.match(text) or (_PROVE.search(question) and words > MAX_TEXT_WORDS):
        return "a proof"
    if _ELSEWHERE.fullmatch(text.strip()):
        return "an answer that stands elsewhere"
    if _VARIES.match(text) and text.casefold().strip(" .") not in question.casefold():
        return "an answer that varies or stands elsewhere"
    if _CALL.search(text):
        return "an expression of a program"
    if _REMARK.search(text):
        return "one of many answers, by a remark behind it"
    if _PARTS.search(text):
        return "an answer in several parts"
    if _MIXED.match(text):
        return "a mixed number or a product"
    if _NO_SUCH.match(text):
        return "a statement that there is no such thing"
    if words > 2 and _TWICE.fullmatch(text):
        return "the same answer twice"
    if (chinese := len(_CHINESE.findall(text))) > MAX_CHINESE_CHARS:
        return f"prose of {chinese} characters"
    if words >= 4 and _SAYS.search(text) and len(re.findall(r"[^\W\d_]{2,}", text)) >= 4 and "\\" not in text:
        return f"prose of {words} words"
    return ""


def names_a_family(text: str) -> bool:
    """Whether a text says in words which things are meant: `All powers of 2`."""
    return _EVERY.match(text) is not None
