r"""Reading gold answers as data sets write them. A gold that no rule can judge is refused here, once, with its
reason.

What real rows hold (each is a case in tests/rewards/test_gold.py): `['9.6\n']`, `$$6$$`, `18.`, `#### 72`, a solution
that ends in a box, a letter with an explanation, an option as text while the options are numbers, options only inside
the question, two parts, proofs, "None.".
"""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rewards.algebra.clean import clean
from rewards.algebra.reading import is_digits, read
from rewards.algebra.scalars import is_evaluated
from rewards.algebra.tree import TooBigError, walk
from rewards.extract import joined_boxes
from rewards.kinds import make_kind
from rewards.kinds._words import normal, split_letter
from rewards.kinds.assignment import read_assignment
from rewards.kinds.choice import Choice
from rewards.mending import damage, mended, unescaped
from rewards.naming import ANOTHER, EXPLAINED, FOLLOWED, OptionBase, Unnamed, label_of, named_options
from rewards.options import options_in
from rewards.stored import Stored, UnreadableOptionsError, read_stored
from rewards.unjudgeable import MAX_TEXT_WORDS, names_a_family, why_unjudgeable
from rewards.words import is_name, is_product, is_word

MAX_GOLD_CHARS = 2_000

_NOTHING = frozenset(
    (
        "",
        "none",
        "nan",
        "n/a",
        "null",
        "na",
        "?",
        "-",
        "unknown",
        "see solution",
        "answer not found",
        "[]",
        "()",
        "{}",
        "无",
        "没有",
        "空",
    )
)
_COMPUTE = re.compile(
    r"\b(?:evaluate|compute|calculate|simplify|find the value of|what is the value of)\b", re.IGNORECASE
)
"""Questions that hand over an expression and ask for its value: handing it back is no answer."""
_SAID = re.compile(r"(?:final answer|answer)\s*(?:is|:)\s*(.+?)\.?\s*$", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"\\n(?![a-z])|(?i:<br\s*/?>|</?(?:p|li|div)>)")
_ENCLOSED = re.compile(r"[(（](?:[a-j]|[A-Z])[)）]")
_LAST_LETTER = ord("J") - ord("A")
"""Of letters that are options where none are known; those behind are unknowns and initials: `P. Carter`."""
_VALUES = frozenset(["knight", "knave", "liar", "truth-teller", "spy", "true", "false", "yes", "no"])
_OFFERED = frozenset(("unknown", "none", "null", "na", "n/a"))
_UNCERTAIN = re.compile(
    r"\b(?:uncertain|undetermined|undecided|not enough information|cannot be (?:determined|decided|known|said))\b",
    re.IGNORECASE,
)
_EVALUATED = '{"evaluated": true}'
_SAYS_SOMETHING = re.compile(r"\w|\\[a-z]|[{}<>=()\[\]]")


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold that can be judged: the cleaned answer, the kind that judges it, and that kind's options as JSON."""

    answer: str
    answer_kind: str
    options: str = "{}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no rule can judge this gold."""

    reason: str


def read_gold(raw: Any, hints: Mapping[str, Any] | None = None) -> Gold | Unreadable:
    r"""Read one raw gold: text, number, or a list of one.

    `hints`: `options` (the row's choices, in any layout of `rewards.stored`), `option_base` (where the gold may be a number: that of the
    first option, or `text`), `question`, `kind` with `kind_options` (fixed by the source).

    >>> read_gold("['9.6\\n']")
    Gold(answer='9.6', answer_kind='math', options='{}')
    """
    hints = hints or {}
    text = gold_text(raw)
    if text == Unreadable("empty") and _is_offered(raw, str(hints.get("question") or "")):
        return Gold(str(raw).strip(), "text")
    if hints.get("kind") and not make_kind(str(hints["kind"]), hints.get("kind_options")).needs_gold:
        text = "" if isinstance(text, Unreadable) else text
        return Gold(text, str(hints["kind"]), _as_json(hints.get("kind_options") or {}))
    if isinstance(text, Unreadable):
        return text
    if hints.get("kind"):
        return _fixed(text, str(hints["kind"]), hints.get("kind_options") or {}, hints)
    question = str(hints.get("question") or "")
    stated = _stated(hints)
    if isinstance(stated, Unreadable):
        return stated
    asked = stated if stated.texts else Stored(_asked(question), [])
    is_short = len(text.split()) <= MAX_TEXT_WORDS
    is_letter = (EXPLAINED.match(text) or _ENCLOSED.fullmatch(text)) and not is_name(text, question)
    if stated.texts or is_letter or (asked.texts and (FOLLOWED.match(text) or is_short)):
        found = _choice(text, asked, named=bool(stated.texts), base=hints.get("option_base"))
        if found is not None:
            return found
    return _open(text, question)


def _is_offered(raw: Any, question: str) -> bool:
    """Whether a word that most sets write for no answer is one here: the question offers it, or what it stands for."""
    word = normal(str(raw))
    if word not in _OFFERED:
        return False
    if re.search(rf"\b{word}\b", question, re.IGNORECASE):
        return True
    return word == "unknown" and _UNCERTAIN.search(question) is not None


def gold_text(raw: Any) -> str | Unreadable:
    """The gold as one cleaned text."""
    if isinstance(raw, dict):
        return json.dumps(raw, ensure_ascii=False)
    if isinstance(raw, list | tuple):
        if len(raw) != 1:
            return Unreadable("empty") if not raw else ", ".join(str(r).strip() for r in raw)
        raw = raw[0]
    text = "" if raw is None else str(raw)
    if is_digits(text):
        return text
    text = unescaped(text)
    if len(text) > MAX_GOLD_CHARS and "boxed" not in text and "####" not in text:
        return Unreadable(f"{len(text)} characters of prose")
    text = text.replace("\\n", "\n") if re.search(r"\\n(?![a-z])", text) else text
    text = text.strip()
    if re.fullmatch(r"\[\s*(['\"]).*\1\s*\]", text, re.DOTALL):
        try:
            parts = ast.literal_eval(text.replace("\n", "\\n"))
        except (ValueError, SyntaxError):
            parts = [text]
        text = ", ".join(str(p).strip() for p in parts)
    if "####" in text:
        text = text.rsplit("####", 1)[1].strip()
    if "boxed" in text or "fbox" in text:
        text = joined_boxes(text) or text
    text = mended(text.strip())
    bare = text.replace(" ", "")
    if (normal(text) in _NOTHING and not is_name(text)) or bare in _NOTHING or not _SAYS_SOMETHING.search(text):
        return Unreadable("empty")
    return text.strip()


def _stated(hints: Mapping[str, Any]) -> Stored | Unreadable:
    """The options that the row states."""
    try:
        return read_stored(hints.get("options"))
    except UnreadableOptionsError as error:
        return Unreadable(str(error))


def _asked(question: str) -> list[str]:
    """The options that a question lists, its line breaks written as `\\n` or `<br>` as well."""
    if found := options_in(question):
        return found
    broken = _BREAK.sub("\n", question)
    return options_in(broken) if broken != question else []


def _choice(text: str, options: Stored, *, named: bool, base: OptionBase = None) -> Gold | Unreadable | None:
    """The options that the gold names. None where it names none and the row never said that it has options."""
    if not options.texts:
        return _letter_alone(text)
    places = named_options(text, options, base if named else "text")
    if isinstance(places, Unnamed):
        is_there = places.reason != "gold_not_in_options"
        reason = places.detail if is_there else f"{text[:60]!r} is none of the {len(options.texts)} options"
        return Unreadable(reason) if named else None
    kind = "choice" if len(places) == 1 else "choices"
    shown = json.dumps({"choices": options.texts}, ensure_ascii=False)
    return Gold(", ".join(map(label_of, places)), kind, shown)


def _letter_alone(text: str) -> Gold | None:
    """The letter that a gold names where no options are known."""
    place = Choice().index(text)
    if place is None and (match := EXPLAINED.match(text)) and not ANOTHER.match(text, match.end(1)):
        place = ord(match[1]) - ord("A")
    if (
        place is None
        or (place > _LAST_LETTER and not _ENCLOSED.fullmatch(text))
        or (split_letter(text) is None and len(text.split()) < 3)
    ):
        return None
    return Gold(label_of(place), "choice")


def _fixed(text: str, kind: str, options: Mapping[str, Any], hints: Mapping[str, Any]) -> Gold | Unreadable:
    """A gold whose kind the source knows."""
    if kind == "choice" and not options:
        stated = _stated(hints)
        if isinstance(stated, Unreadable):
            return stated
        asked = stated if stated.texts else Stored(_asked(str(hints.get("question") or "")), [])
        found = _choice(text, asked, named=True, base=hints.get("option_base"))
        return found or Unreadable(f"{text[:60]!r} names no option")
    from rewards.verify import Verifier

    verdict = Verifier(text, kind, options).judge_answer(text)
    if verdict.outcome == "unreadable_gold":
        return Unreadable(verdict.detail)
    return Gold(text, kind, _as_json(options))


def _as_json(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), ensure_ascii=False, sort_keys=True)


def _open(text: str, question: str) -> Gold | Unreadable:
    """A gold without options: an assignment, mathematics, a few words, or nothing that can be judged."""
    if is_digits(text) and not why_unjudgeable(text, question):  # as most are: neither words nor more than one reading
        return Gold(text, "math", _EVALUATED if _COMPUTE.search(question) else "{}")
    assigned = read_assignment(text)
    if assigned and len(assigned) > 1 and set(assigned.values()) <= _VALUES:
        return Gold(json.dumps(assigned, ensure_ascii=False), "assignment")
    if re.match(r"\s*\{\s*[\"'][^\"']{0,80}[\"']\s*:", text):
        return Unreadable("an object, where an answer is expected")
    if reason := why_unjudgeable(text, question):
        return Unreadable(reason)
    if is_name(text, question):
        return Gold(_boxable(plain_gold(text)), "text")
    if len(text.split()) > MAX_TEXT_WORDS and (said := _SAID.search(text)):
        text = said.group(1).strip()
    try:
        readings, plain = read(text), clean(text)
    except TooBigError as error:
        return Unreadable(str(error))
    words = len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[A-Za-z]+", " ", plain)))
    if is_word(plain_gold(text), question) and all(is_product(r.node) for r in readings):
        return Gold(plain_gold(text), "text")
    if reason := damage(text):
        return Unreadable(f"damaged LaTeX: {reason}")
    if names_a_family(plain) and not readings:
        return Unreadable(f"prose: {plain[:60]!r}")
    is_math = any(n.op not in ("text", "seq") for r in readings for n in walk(r.node))
    if words > (2 * MAX_TEXT_WORDS if is_math else MAX_TEXT_WORDS):
        return Unreadable(f"prose of {words} words")
    if is_math:
        asks = is_evaluated(readings[0].node) and _COMPUTE.search(question) is not None
        return Gold(plain_gold(text), "math", _EVALUATED if asks else "{}")
    return Gold(plain_gold(text), "text" if not re.search(r"[\\^_=<>]|\d", plain) or readings else "math")


def _boxable(text: str) -> str:
    """Brackets so that a box can hold them: braces that do not match are escaped."""
    return (
        re.sub(r"(?<!\\)([{}])", r"\\\1", text)
        if text.count("{") != text.count("}") or "}" in text.split("{")[0]
        else text
    )


def plain_gold(text: str) -> str:
    """Without delimiters around the whole and a final full stop; the inside is left as it was written."""
    for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        inner = text[len(left) : -len(right)]
        if text.startswith(left) and text.endswith(right) and left not in inner and len(text) > len(left) + len(right):
            text = inner.strip()
    return text.removesuffix(".").strip() or text
