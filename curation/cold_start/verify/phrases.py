r"""How English and Chinese answers announce, conclude, doubt and explain, as patterns.

Drawn from the answers of R1-Distill, Sky-T1 and Marco-o1, AQuA's rationales and GSM8K's `#### 42`; tests/curation/cold_start/endings.jsonl
holds one ending or more of each.
"""

import re


def _words(*alternatives: str) -> str:
    return rf"\b(?:{'|'.join(alternatives)})\b"


def _pattern(*alternatives: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), flags)


_SETTLED = r"(?:it|right|correct|the\s+(?:final\s+|right\s+|correct\s+)*(?:answer|result|solution))"
_CLOSING = (
    r"DONE\b[.*]*",
    r"(?:I )?hope (?:this|that|it) (?:helps|is (?:correct|right))\b[^.!\n]*[.!]?",
    r"[\u2705\u2713\u2714\u2728\U0001f389]",
    r"let me know if [^.!?\n]{0,80}[.!]?",
    r"feel free to [^.!\n]{0,80}[.!]?",
    rf"I think (?:that's|that is|this is) {_SETTLED}\b\.?",
    r"Q\.?E\.?D\.?|\u220e|\\(?:blacksquare|square)",
)
CLOSERS = _pattern(rf"(?:\s|\*|^)(?:{'|'.join(_CLOSING)})\s*\**\s*\Z")
"""Courtesies and marks behind the last statement."""

DISPLAY = re.compile(r"\$\$(.{1,2000}?)\$\$|\\\[(.{1,2000}?)\\\]", re.DOTALL)
SENTENCES = re.compile(
    r"(?<=[.?!])(?<!\b[A-Z]\.)(?<!\b[a-z]\.[a-z]\.)(?<!\d!)(?<!\b[Aa][Nn][Ss]\.)\s+|(?<=[\u3002\uff01\uff1f\uff0e])\s*"
)
BOLD = re.compile(r"\*\*(.{1,400}?)\*\*|__(.{1,400}?)__|\\textbf\{([^{}]{1,400})\}")
SPAN = re.compile(r"\$\$?([^$]{1,1000})\$\$?|\\\((.{1,1000}?)\\\)|\\\[(.{1,1000}?)\\\]")
"""A formula."""
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:\s?/\s?\d+)?(?:\s?%)?(?P<more>\s?[\^*/+=<>\u00d7]|\w)?"
)
"""`more`: it is part of something else, or a Chinese word follows."""
ENDED = re.compile(r"(?:[.!\u3002\uff0e\uff01)\]}$*]|\\[)\]])\s*\Z")

_LEAD = r"(?:so|thus|therefore|hence|then|and|consequently|accordingly|finally|in conclusion|yes|\u2234|\u21d2|=>)"
_CONCLUSION = r"(?:so(?!\s+far\b)|thus(?!\s+far\b)|therefore|hence|consequently|accordingly|finally|in conclusion)"
_NOUN = (
    r"(?:(?:(?:final|correct|right|best|overall|required)\s+){0,3}(?:answers?|ans)"
    r"|(?:(?:final|correct|right|best)\s+){1,3}(?:options?|choices?|results?|solutions?))"
)
_OF = r"(?:\s+(?:to|of|for)\s+(?:the|this|that)\s+(?:question|problem|puzzle|riddle|exercise))?"
_COPULA = (
    r"(?:\s*(?:=|:|\uff1a|-|\u2013|\u2014)|\.(?=\s?\(?[A-J]\b)|(?<=\bans)\."
    r"|\s+(?:(?:option|choice)s?\s+)?(?:(?:should|must|will|would)\s+be|is|are|comes\s+out\s+as|equals)\b)"
)
_FILLER = (
    r"(?:\s*(?:therefore|thus|then|hence|indeed|simply|just|clearly|still|definitely|exactly|precisely|actually|certainly|only|now"
    r"|:|\uff1a|,|option\b|choice\b))*"
)
_OPTION = r"\(?[A-J]\)?"
_ANSWER_IS = re.compile(rf"\b{_NOUN}\b{_OF}{_COPULA}{_FILLER}\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_HASHES = re.compile(r"####\s*(\S.*)")
_HAN_ANSWER = re.compile(r"(?:答案|答)(?:应该|应|就)?(?:是|为|[:\uff1a])[:\uff1a]?\s*(\S.*)", re.DOTALL)
_NAMED = re.compile(
    rf"\b(?i:(?:answer|ans)\.?\s*(?:choice|option)?\s*[:=]?)\s*({_OPTION})\s*\.?\Z"
    rf"|(?:\A\W*(?i:{_LEAD}\W+)?|\b(?i:choose|pick|select)\s+)(?i:(?:option|choice)\s*[:=]?)\s*({_OPTION})\s*\.?\Z"
    rf"|\b(?i:(?:I|we)\s+(?:would\s+|will\s+)?(?:choose|pick|select|go\s+with))\s+({_OPTION})\s*\.?\Z"
    r"|\b(?i:answer|ans)\.?\s+(\(?[A-J](?:[).:]|\s).{1,300})\Z"
)
_IS_CORRECT = re.compile(
    rf"(?:\A|[,:;]\s*|\b(?i:so|thus|hence|therefore)\s+)(?i:option|choice|answer|statement)?\s*({_OPTION})\s+"
    r"(?i:is\s+(?:the\s+)?(?:correct|right|answer)(?:\s+(?:answer|option|choice|one))?)\s*\.?\Z"
)
_HAN_CHOSEN = re.compile(
    r"(?<!不)(?<!不能)(?<!不应)(?:应?选择?|选项[是为]|选项?[:\uff1a])\s*[:\uff1a]?\s*"
    r"([(\uff08]?[A-J](?:[\u3001,\uff0c ]*[A-J])*[)\uff09]?)[.\u3002\uff0e]?\Z"
)
_CALLED = re.compile(
    r"((?:\$[^$]{1,300}\$|\\\(.{1,300}?\\\)|(?<![\w.])[-\u2212]?\d[\d,./]*\d|(?<![\w.])\d)%?)"
    r"\s+is\s+(?:indeed\s+)?(?:the|our|my)\s+(?:final\s+|correct\s+|right\s+)?(?:answer|solution|result)\W*\Z",
    re.IGNORECASE,
)
"""`So 12 is the answer.`"""
ANNOUNCED = (_CALLED, _ANSWER_IS, _HASHES, _HAN_ANSWER, _NAMED, _IS_CORRECT, _HAN_CHOSEN)
"""An answer that is called one; the group is what it is."""
ANNOUNCED_FIRST = (_ANSWER_IS, _HASHES, _HAN_ANSWER)
"""Those that can open a sentence."""
ANNOUNCED_ONLY = _pattern(
    rf"\W*(?:{_LEAD}\W+)?(?:the\s+)?{_NOUN}{_OF}\s*(?:is|are|=|:|\uff1a)*\s*\Z",
    r"(?:最终|所以|因此|\W)*答案(?:是|为|[:\uff1a])*\s*\Z",
)
"""A heading, or a line that the answer follows."""
STARTS = _pattern(rf"\W*(?:(?:{_LEAD}|but|no,?\s+wait|wait|actually)\W+)*(?:the\s+|my\s+|our\s+|its\s+)?\Z")
"""What may be in front of an announcement that opens a sentence."""

CONCLUDES = _pattern(
    rf"\W*(?:{_CONCLUSION}|in total|in all|altogether|overall|we (?:conclude|get|find|have|obtain) that|it follows that)\b",
    r"\W*(?:[\u2234\u21d2]|因此|所以|综上|故|于是)",
    r".{0,200}\btherefore\b",
)
LETTER_ALONE = _pattern(rf"\W*{_LEAD}\W+(?:it\s+(?:is|must be)\s+)?(\(?(?-i:[A-J])\)?)[.\s]*")
"""`Hence B.`"""
COPULAS = _pattern(
    _words("is", "are", "equals?", "measures?", "becomes?", "was", "were", "be"),
    r"(?<![<>!:])=|\\(?:approx|equiv)\b|[\u2248是为]|等于",
)

RESULT = re.compile(
    r"\s*(?:(?:indeed|exactly|therefore|thus|also|now|simply|only|precisely|always|just|equal\s+to|a\s+total\s+of|an\s+angle\s+of|at|,|:)\s+)*"
    r"(?P<value>\$\$?[^$]{1,1000}\$\$?|\\\(.{1,1000}?\\\)|[$\u20ac\u00a3]?\s?[-\u2212]?\d[\d,]*(?:\.\d+)?(?:\s?/\s?\d+)?)(?![\^*/+\w])(?P<unit>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""What follows a copula: a value, and what it counts."""
INTO_FORMULA = _pattern(
    r"(?:\b(?:is|are|be|equals?|at|points?|length|get|gives?|have|obtain|find|that|conclude|value|measures?|becomes?|so|thus|therefore|hence)|[,:])\W*\Z"
)
"""What is in front of a formula that ends a conclusion."""
COMMON = frozenset(
    [
        "the", "that", "this", "there", "these", "those", "which", "who", "its", "our", "they", "their", "them", "then", "thus",
        "hence", "therefore", "consequently", "accordingly", "finally", "conclusion", "total", "number", "value", "values",
        "answer", "result", "solution", "final", "required", "requested", "desired", "exactly", "indeed", "confident", "sure",
        "now", "get", "gets", "got", "find", "finds", "found", "have", "has", "had", "conclude", "confirmed", "obtain",
        "follows", "equal", "equals", "with", "from", "for", "into", "and", "all", "each", "one", "are", "was", "were", "will",
        "can", "same", "overall", "correct", "original", "given", "measure", "measures", "amount", "after", "been", "being",
        "yes", "you", "how", "many", "much", "what", "above", "shown",
    ]
)  # fmt: skip
"""Words of a conclusion that say nothing of what it is about."""
SIDE = re.compile(r"[\\\sA-Za-z{}()]*(?:_\{?\w{1,3}\}?)?\s*|[^A-Za-z]*")
"""The left side of `x = 5`, `f(x) = 5`, `2^3 = 8`: a name, or numbers alone; that of `x^2 = 5` is neither."""
NAME = re.compile(r"(?<![A-Za-z\\])[A-Z]{2,4}(?![A-Za-z])")
"""A segment, an angle."""
VARIABLE = re.compile(r"(?<![A-Za-z'\u2019\\])[B-HJ-Zb-z](?![A-Za-z'\u2019])")
"""A letter alone that is neither an article nor `I`."""
COMMON_HAN = frozenset("所以因此综上的是为有等于一共总他们它了今年最终得个在这那答案")
HAS = _pattern(
    _words(
        "has",
        "have",
        "holds?",
        "contains?",
        "earns?",
        "earned",
        "costs?",
        "weighs?",
        "takes?",
        "took",
        "covers?",
        "covered",
        "travels?",
    ),
    _words(
        "gets?",
        "got",
        "makes?",
        "made",
        "sells?",
        "sold",
        "pays?",
        "paid",
        "saves?",
        "saved",
        "spends?",
        "spent",
        "built",
        "bought",
        "won",
    ),
)
"""Verbs that give a quantity to somebody."""
INTO_NUMBER = re.compile(r"(?:是|为|有|等于|共|了|今年|得|=)\s*\Z")
MAGNITUDE = _pattern(
    rf"\s*{_words('hundred', 'thousand', 'million', 'billion', 'trillion', 'dozen', 'pairs?')}", r"\s*[百千万亿]"
)
PART = re.compile(r"\W*(?:\([a-h]\)|[a-h]\)|\(?(?:i{1,3}|iv|v)\)|(?i:part\s+[a-h1-9]\b))")
"""The answer to one part of a question; capital letters in brackets are options."""
DOUBTS = _pattern(
    r"n['\u2019]t\b",
    _words("not", "cannot", "never", "neither", "nor", "no", "none", "either", "or", "except", r"instead\s+of"),
    _words("if", "unless", "whether", "suppose", r"assum\w+", "imagine", "depends", "unknown", "unclear"),
    _words("may", "might", "could", "maybe", "perhaps", "possibly", "probably", r"guess\w*"),
    _words("says?", "said", "claims?", "thought", "first", "second", "initially", "previous", "earlier", "former"),
    _words(
        "wrong",
        "incorrect",
        "false",
        r"rul\w+\s+out",
        r"reject\w*",
        r"exclud\w*",
        r"eliminat\w*",
        "impossible",
        r"contradict\w*",
    ),
    r"不|没|非|可能|或|如果|假设|假如|若|错",
)
"""What a statement is denied, doubted, supposed or quoted with."""
OF_IT = re.compile(
    r"\b(?:of|in|for|to|than|with|by)\s+(?:the|this|that|an?|our|my|its)?\s*(?:\w+\s+)?\Z", re.IGNORECASE
)
"""In front of an answer that is only spoken of: `the number of digits of the answer is`."""
ANOTHERS = _pattern(
    _words(
        "your",
        "their",
        "his",
        "her",
        "someone",
        "people",
        r"students?",
        "book",
        "key",
        r"common\w*",
        "mistaken",
        "expected",
        "previous",
    )
)
"""Whose answer it is, where it is not that of the trace."""
SUPPOSES = _pattern(
    rf"\W*{_words('if', 'suppose', 'assum[a-z]+', 'imagine', 'say', 'let', 'when', 'unless', 'whether')}",
    r"\W*(?:如果|假设|假如|若|设|令)",
)
CLAUSE = _pattern(
    r"[,;:\uff0c\uff1b\uff1a.\u3002]", _words("so", "thus", "hence", "therefore", "then", "while", "but", "and")
)
_LIMITS = (r"at\s+(?:least|most)", r"(?:more|less|fewer|greater|smaller|larger)\s+than")
_NEARLY = ("about", "around", "roughly", "nearly", "almost", "between", "over", "under")
_LABELS = (
    "lines?", "equations?", "eq", "cases?", "steps?", "rows?", "columns?", "pages?", "figure", "table", "parts?", "number", "item",
    "problem", "question", "section", "chapter", "rule", "theorem", "lemma", "term", "node", "vertex", "point", "option", "grade",
    "room", "day", "year", "level", "version", "example", "method", "attempt",
)  # fmt: skip
GOES_ON = _pattern(
    _words("needs?", "must", "cases?", "steps?", "let", "let's", "consider", r"check\w*", "try", "tries", r"remain\w*"),
    _words(
        r"substitut\w*",
        r"plug\w*",
        "denote",
        "define",
        "near",
        r"close\s+to",
        "errors?",
        "mistakes?",
        "see",
        r"so\s+far",
        r"too\s+(?:large|small|big|high|low|many|few|long|short)",
    ),
    rf"{_words(*_LABELS)}\s*[(#]?\d|第\s*\d|至少|至多|超过|不到|大约|左右|之间",
    _words("still", "next", "candidates?", "attained", "occurs?", r"up\s+to", *_LIMITS, *_NEARLY[:5]),
    rf"{_words(*_NEARLY[5:])}\s+\W?\d",
)
"""Words of a sentence that is on its way to an answer, or bounds it: in one that announces no answer, its number is none."""
BOUNDS = _pattern(
    rf"\s*{_words('not', 'never', r'no[ ]+longer', 'either', 'neither', 'above', 'below', *_LIMITS, *_NEARLY)}",
    rf"\s*{_words('maybe', 'perhaps', 'probably', 'possibly', 'likely')}",
    r"\s*(?:不|可能|大约|约|至少|至多)",
)
"""How a value begins that is none."""
COMPARES = _pattern(
    r"\bthan\b|\btimes\s+(?:the|as|that|its|his|her|their)\b|(?:%|\bpercent)\s+of\b",
    r"\bas\s+(?:many|much|large|big|long|old)\b|\d(?:st|nd|rd|th)\b",
    r"\d\s*的|\d\s*倍|左右|上下",
    r"\b(?:less|more|fewer|higher|lower|greater|smaller|larger|later|earlier|longer|shorter|older|younger)\W*\Z",
    _words(
        "plus",
        "minus",
        "divided",
        "multiplied",
        "squared",
        "cubed",
        "mod(?:ulo)?",
        r"number\s+of",
        "sum",
        "difference",
        "product",
    ),
)
"""A value that is made of another: `12 more than`, `12% of the price`, `the 12th prime`."""
REASONS = _pattern(r"\W*(?:because|since)\b|\W*因为")
"""Explanations that may deny something: `12, because 13 is not even`."""
EXPLANATION = _pattern(
    r",?\s+(?:because|since|as(?!\s+(?:long|far|if|well)\b))\b",
    r"[,;]\s+(?:which|so|giving|that is|i\.e\.|where|for|by|on)\b",
    r"\s+\((?=rounded|to the nearest|since|because|as|which|i\.e\.)",
    r"，\s*(?:因为|即|其中)",
)
"""Where a value ends and what explains it begins."""
