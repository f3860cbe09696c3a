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
from rewards.algebra.prose import PROOF
from rewards.algebra.reading import read
from rewards.algebra.scalars import is_evaluated
from rewards.algebra.tree import TooBigError, walk
from rewards.extract import joined_boxes
from rewards.kinds import make_kind
from rewards.kinds._words import normal, split_letter
from rewards.kinds.assignment import read_assignment
from rewards.kinds.choice import Choice
from rewards.options import as_options, options_in

MAX_GOLD_CHARS = 2_000
MAX_TEXT_WORDS = 6
"""Longer prose is not judged word by word: a right answer would have to repeat it."""

_NOTHING = frozenset(("", "none", "nan", "n/a", "null", "na", "?", "-", "unknown", "see solution", "answer not found"))
_PROVE = re.compile(r"\b(?:prove|show) that\b", re.IGNORECASE)
_PARTS = re.compile(
    r"(?:^|[\s;,.])(?:\((?:a|i|1)\)|[ai]\)).*?[\s;,.\d](?:\((?:b|ii|2)\)|(?:b|ii)\))", re.IGNORECASE | re.DOTALL
)
_COMPUTE = re.compile(
    r"\b(?:evaluate|compute|calculate|simplify|find the value of|what is the value of)\b", re.IGNORECASE
)
"""Questions that hand over an expression and ask for its value: handing it back is no answer."""
_EXPLAINED = re.compile(r"^\s*(?:answer\s*:?\s*)?\(?([A-H])\)?(?:\s*[).:,：]|\s*\n|\s*-(?=[\sA-Z])|\s*$)")
_FOLLOWED = re.compile(r"^\s*([A-H])\s+\S+(?:\s+\S+){3,}")
"""A letter and a sentence without a mark between; `A` may be an article, so this counts only where the row has options."""
_SAID = re.compile(r"(?:final answer|answer)\s*(?:is|:)\s*(.+?)\.?\s*$", re.IGNORECASE | re.DOTALL)
_VALUES = frozenset(["knight", "knave", "liar", "truth-teller", "spy", "true", "false", "yes", "no"])


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

    `hints`: `options` (the row's choices, a list or a mapping from letters), `question`, `kind` with `kind_options` (fixed by the source).

    >>> read_gold("['9.6\\n']")
    Gold(answer='9.6', answer_kind='math', options='{}')
    """
    hints = hints or {}
    text = _text(raw)
    if hints.get("kind") and not make_kind(str(hints["kind"]), hints.get("kind_options")).needs_gold:
        text = "" if isinstance(text, Unreadable) else text
        return Gold(text, str(hints["kind"]), _as_json(hints.get("kind_options") or {}))
    if isinstance(text, Unreadable):
        return text
    if hints.get("kind"):
        return _fixed(text, str(hints["kind"]), hints.get("kind_options") or {}, hints)
    question = str(hints.get("question") or "")
    choices = _stated(hints)
    asked = choices or options_in(question)
    if choices and type(raw) is int and 0 <= raw < len(choices) and Choice(choices=tuple(choices)).index(text) is None:
        text = choices[raw]  # a number that is no option counts the options from 0 (ScienceQA)
    if choices or _EXPLAINED.match(text) or (asked and (_FOLLOWED.match(text) or len(text.split()) <= MAX_TEXT_WORDS)):
        found = _choice(text, asked, named=bool(choices))
        if found is not None:
            return found
    return _open(text, question)


def _text(raw: Any) -> str | Unreadable:
    """The gold as one cleaned text."""
    if isinstance(raw, dict):
        return json.dumps(raw, ensure_ascii=False)
    if isinstance(raw, list | tuple):
        if len(raw) != 1:
            return Unreadable("empty") if not raw else ", ".join(str(r).strip() for r in raw)
        raw = raw[0]
    text = "" if raw is None else str(raw)
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
    if normal(text) in _NOTHING or not re.search(r"\w|\\[a-z]|[{}<>=]", text):
        return Unreadable("empty")
    return text.strip()


def _stated(hints: Mapping[str, Any]) -> list[str]:
    """The options that the row states; a single one is none."""
    choices = as_options(hints.get("options"))
    return choices if len(choices) > 1 else []


def _choice(text: str, choices: list[str], *, named: bool) -> Gold | Unreadable | None:
    """The option that the gold names. None where it names none and the row never said that it has options."""
    kind = Choice(choices=tuple(choices))
    index = kind.index(text)
    if index is None and (match := _EXPLAINED.match(text) or (_FOLLOWED.match(text) if choices else None)):
        index = ord(match.group(1)) - ord("A")
        index = index if not choices or index < len(choices) else None
    if index is None:
        return Unreadable(f"{text[:60]!r} is none of the {len(choices)} options") if named else None
    if not named and not choices and split_letter(text) is None and len(text.split()) < 3:
        return None
    options = json.dumps({"choices": choices}, ensure_ascii=False) if choices else "{}"
    return Gold(chr(ord("A") + index), "choice", options)


def _fixed(text: str, kind: str, options: Mapping[str, Any], hints: Mapping[str, Any]) -> Gold | Unreadable:
    """A gold whose kind the source knows."""
    if kind == "choice" and not options:
        choices = _stated(hints) or options_in(str(hints.get("question") or ""))
        return _choice(text, choices, named=True) or Unreadable(f"{text[:60]!r} names no option")
    from rewards.verify import Verifier

    verdict = Verifier(text, kind, options).judge_answer(text)
    if verdict.outcome == "unreadable_gold":
        return Unreadable(verdict.detail)
    return Gold(text, kind, _as_json(options))


def _as_json(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), ensure_ascii=False, sort_keys=True)


def _open(text: str, question: str) -> Gold | Unreadable:
    """A gold without options: an assignment, mathematics, a few words, or nothing that can be judged."""
    assigned = read_assignment(text)
    if assigned and len(assigned) > 1 and set(assigned.values()) <= _VALUES:
        return Gold(json.dumps(assigned, ensure_ascii=False), "assignment")
    if PROOF.match(text) or (_PROVE.search(question) and len(text.split()) > MAX_TEXT_WORDS):
        return Unreadable("a proof")
    if _PARTS.search(text):
        return Unreadable("an answer in several parts")
    if len(text.split()) > MAX_TEXT_WORDS and (said := _SAID.search(text)):
        text = said.group(1).strip()
    try:
        readings, plain = read(text), clean(text)
    except TooBigError as error:
        return Unreadable(str(error))
    words = len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[A-Za-z]+", " ", plain)))
    is_math = any(n.op not in ("text", "seq") for r in readings for n in walk(r.node))
    if words > (2 * MAX_TEXT_WORDS if is_math else MAX_TEXT_WORDS):
        return Unreadable(f"prose of {words} words")
    if is_math:
        asks = _COMPUTE.search(question) is not None and is_evaluated(readings[0].node)
        return Gold(plain_gold(text), "math", '{"evaluated": true}' if asks else "{}")
    return Gold(plain_gold(text), "text" if not re.search(r"[\\^_=<>]|\d", plain) or readings else "math")


def plain_gold(text: str) -> str:
    """Without delimiters around the whole and a final full stop; the inside is left as it was written."""
    for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        inner = text[len(left) : -len(right)]
        if text.startswith(left) and text.endswith(right) and left not in inner and len(text) > len(left) + len(right):
            text = inner.strip()
    return text.removesuffix(".").strip() or text
