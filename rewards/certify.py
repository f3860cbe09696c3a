r"""Certify a judge on the golds that it will judge: every gold against itself, against machine-made equivalents, and
against near misses.

A gold that its own restyling does not match teaches the model that right is wrong; a near miss that passes teaches
the opposite. Both are found before training, through the very function that the trainer calls, in a thread and in a
process.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rewards.adapters import trl
from rewards.kinds import make_kind

MAX_EXAMPLES = 10
Where = Literal["here", "thread", "process"]


class Case(NamedTuple):
    """One answer to a gold, whether it is right, and how it was made."""

    answer: str
    right: bool
    how: str


@dataclass
class Group:
    """The certificate of one source and kind."""

    rows: int = 0
    cases: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    not_judged: int = 0
    """Cases with no verdict: an unreadable gold or a deadline."""
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Certificate:
    """Groups by (source, kind)."""

    groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    def passes(self, max_false_negatives: float, max_false_positives: float) -> bool:
        """Whether each group's share of wrong verdicts is within the bounds."""
        return all(
            g.false_negatives <= max_false_negatives * g.cases and g.false_positives <= max_false_positives * g.cases
            for g in self.groups.values()
        )


# equivalents and near misses, by kind; each gives pairs of (how, answer)

Maker = Callable[[str, Mapping[str, Any]], Iterable[tuple[str, str]]]
_NUMBER = re.compile(r"(?<![\w.\\^_{])\d+(?![\w.}])")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_WRITTEN = re.compile(r"[{,(\s=+-](\d+)(?=[},)\s+-]|$)")


def _style_math(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if "$" not in gold:
        yield "delimiters", f"${gold}$"
    yield "spaces", f"\\, {gold} \\,"
    yield "full stop", gold.rstrip(".") + "."
    if "\\frac" in gold:
        yield "display fractions", gold.replace("\\frac", "\\dfrac")
    if "\\left" in gold:
        yield "no sizing", re.sub(r"\\(?:left|right)(?![a-z])", "", gold)
    elif gold.count("(") == gold.count(")") == 1:
        yield "sizing", gold.replace("(", "\\left(").replace(")", "\\right)")
    if _PLAIN.fullmatch(gold):
        yield "name in front", f"x = {gold}"
        whole, _, part = gold.partition(".")
        yield "thousands", f"{int(whole):,}" + (f".{part}" if part else "") if whole not in ("-0", "-") else gold
        yield "decimals", gold + ("0" if part else ".0")
        if part:
            yield "fraction", f"\\frac{{{whole.lstrip('-') + part}}}{{{10 ** len(part)}}}" if whole[0] != "-" else gold
    if gold.startswith("-"):
        yield "unicode minus", "\u2212" + gold[1:]
    if (inner := re.fullmatch(r"\\?\{?([-\d,\s]+)\\?\}?", gold)) and inner.group(1).count(",") > 0 and ", " in gold:
        yield "reordered", ", ".join(reversed([p.strip() for p in inner.group(1).split(",")]))


def _miss_math(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if not re.search(r"\d", gold) or "pm" in gold or "\\infty" in gold:
        return
    if _PLAIN.fullmatch(gold) and float(gold):
        yield "sign", gold[1:] if gold[0] == "-" else f"-{gold}"
    found = list(_NUMBER.finditer(gold)) if not _PLAIN.fullmatch(gold) else []
    if _PLAIN.fullmatch(gold):
        whole, _, part = gold.partition(".")
        yield (
            "off by one",
            str(int(whole or 0) + 1) + (f".{part}" if part else "") if whole not in ("-", "-0") else "7777",
        )
        if len(whole.lstrip("-")) > 1:
            yield "one digit", gold[:-1] + str((int(gold[-1]) + 3) % 10)
    for match in found[:1]:
        yield "off by one", gold[: match.start()] + str(int(match.group()) + 1) + gold[match.end() :]
    if pair := re.fullmatch(r"\(\s*(-?\d+)\s*,\s*(-?\d+)\s*\)", gold):
        a, b = pair.groups()
        if int(a) != int(b):
            yield "swapped", f"({b}, {a})"
    if (
        "\\frac" in gold
        and (parts := re.search(r"\\frac\{(\d+)\}\{(\d+)\}", gold))
        and parts.group(1) != parts.group(2)
        and parts.group(1) != "0"
    ):
        yield "upside down", gold.replace(parts.group(), f"\\frac{{{parts.group(2)}}}{{{parts.group(1)}}}", 1)


def _style_choice(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    choices = [str(c) for c in options.get("choices", ())]
    if re.fullmatch(r"[A-Z]", gold):
        yield "brackets", f"({gold})"
        yield "full stop", f"{gold}."
        yield "text", f"\\text{{{gold}}}"
        index = ord(gold) - ord("A")
        if index < len(choices):
            if not re.search(r"\b[A-Z]\b", choices[index]):
                yield "letter and text", f"({gold}) {choices[index]}"
            if choices.count(choices[index]) == 1 and not re.fullmatch(r"\(?[A-Z]\)?", choices[index].strip()):
                yield "option text", choices[index]


def _miss_choice(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    choices = [str(c).strip() for c in options.get("choices", ())]
    if re.fullmatch(r"[A-Z]", gold):
        other = chr(ord("A") + (ord(gold) - ord("A") + 1) % max(2, len(choices) or 4))
        for how, text in (
            ("neighbour", other),
            ("both", f"{min(gold, other)} or {max(gold, other)}"),
            ("all", "A, B, C, D"),
        ):
            if text not in choices:  # options may themselves be letters
                yield how, text


def _style_text(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield "upper case", gold if "\\" in gold else gold.upper()
    yield "text", f"\\text{{{gold}}}" if "\\" not in gold else gold
    yield "full stop", gold + "."


def _miss_text(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield "negated", f"not {gold}"
    yield "doubled", f"{gold} or nothing"


def _style_json(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    value = json.loads(gold) if gold.lstrip().startswith(("{", "[")) else None
    if isinstance(value, dict):
        yield "reordered", json.dumps(dict(reversed(value.items())))
        yield "statements", ", ".join(f"{name} is a {what}" for name, what in value.items())
    if isinstance(value, list) and value and isinstance(value[0], list):
        yield "reordered", json.dumps(value[::-1])


def _miss_json(gold: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    value = json.loads(gold) if gold.lstrip().startswith(("{", "[")) else None
    if isinstance(value, dict) and len(value) > 1:
        yield "one missing", json.dumps(dict(list(value.items())[1:]))
        if len(set(map(str, value.values()))) > 1:
            yield (
                "swapped",
                json.dumps(dict(zip(value, reversed(value.values()), strict=True)))
                if [*value.values()] != [*value.values()][::-1]
                else "{}",
            )
    if isinstance(value, list) and value:
        rows = value if isinstance(value[0], list) else [value]
        yield "one more", json.dumps([*rows, [1_000_000 + i for i in range(len(rows[0]))]])
        yield "moved", json.dumps([[x + 100_000 for x in row] for row in rows])


_MAKERS: dict[str, tuple[Maker, Maker]] = {
    "math": (_style_math, _miss_math),
    "number": (
        lambda g, o: (c for c in _style_math(g, o) if c[0] != "name in front"),
        lambda g, o: [c for c in _miss_math(g, o) if c[0] == "sign"],
    ),
    "choice": (_style_choice, _miss_choice),
    "text": (_style_text, _miss_text),
    "assignment": (_style_json, _miss_json),
    "boxes": (_style_json, _miss_json),
    "points": (_style_json, _miss_json),
}
"""A kind that is not here is certified on its gold alone."""


def cases(gold: str, kind: str = "math", options: Mapping[str, Any] | str | None = None) -> list[Case]:
    """The gold itself, its equivalents and its near misses."""
    known = json.loads(options or "{}") if isinstance(options, str) else dict(options or {})
    if not gold.strip() and not make_kind(kind, known).needs_gold:
        return [Case("nothing", False, "no gold, and no answer")]
    style, miss = _MAKERS.get(kind, (lambda g, o: (), lambda g, o: ()))
    made = [Case(gold, True, "itself")]
    made += [Case(text, True, how) for how, text in style(gold, known) if text != gold]
    made += [Case(text, False, how) for how, text in miss(gold, known) if text.strip() != gold.strip()]
    return made


def certify(
    rows: Sequence[Mapping[str, Any]], where: Where = "thread", max_rows: int | None = None, seed: int = 0
) -> Certificate:
    """Certify rows of `source, answer, answer_kind, answer_options` in this thread, in another, or in a fresh process.

    `max_rows` takes that many of each source and kind, chosen by the seed and the row's content.
    """
    batches: dict[tuple[str, str], list[tuple[Mapping[str, Any], Case]]] = {}
    certificate = Certificate()
    for row in _sampled(rows, max_rows, seed):
        group = (str(row.get("source", "")), str(row.get("answer_kind") or "math"))
        certificate.groups.setdefault(group, Group()).rows += 1
        made = cases(str(row["answer"]), group[1], row.get("answer_options"))
        batches.setdefault(group, []).extend((row, case) for case in made)
    for group, batch in batches.items():
        columns = {
            "completions": [f"So the answer is \\boxed{{{case.answer}}}." for _, case in batch],
            "answer": [str(row["answer"]) for row, _ in batch],
            "answer_kind": [group[1]] * len(batch),
            "answer_options": [_options(row) for row, _ in batch],
        }
        _count(certificate.groups[group], batch, _call(columns, where))
    return certificate


def _options(row: Mapping[str, Any]) -> str:
    options = row.get("answer_options") or "{}"
    return options if isinstance(options, str) else json.dumps(options)


def _sampled(rows: Sequence[Mapping[str, Any]], max_rows: int | None, seed: int) -> Iterable[Mapping[str, Any]]:
    if max_rows is None:
        return rows
    ranked = sorted(rows, key=lambda r: (zlib.crc32(f"{seed}/{r.get('id')}/{r['answer']}".encode()), str(r["answer"])))
    taken: dict[tuple[str, str], int] = {}
    kept = []
    for row in ranked:
        group = (str(row.get("source", "")), str(row.get("answer_kind")))
        taken[group] = taken.get(group, 0) + 1
        if taken[group] <= max_rows:
            kept.append(row)
    random.Random(seed).shuffle(kept)
    return kept


def _reward(columns: dict[str, list[str]]) -> list[float | None]:
    return trl.accuracy(**columns)


def _call(columns: dict[str, list[str]], where: Where) -> list[float | None]:
    if where == "here":
        return _reward(columns)
    spawned = multiprocessing.get_context("spawn")
    pool: Executor = ThreadPoolExecutor(1) if where == "thread" else ProcessPoolExecutor(1, mp_context=spawned)
    with pool:
        return pool.submit(_reward, columns).result()


def _count(group: Group, batch: Sequence[tuple[Mapping[str, Any], Case]], rewards: Sequence[float | None]) -> None:
    for (row, case), reward in zip(batch, rewards, strict=True):
        group.cases += 1
        wrong = reward is not None and (reward == 1.0) != case.right
        group.not_judged += reward is None
        group.false_negatives += wrong and case.right
        group.false_positives += wrong and not case.right
        if (wrong or reward is None) and len(group.examples) < MAX_EXAMPLES:
            group.examples.append(
                {
                    "gold": str(row["answer"]),
                    "answer": case.answer,
                    "how": case.how,
                    "right": case.right,
                    "reward": reward,
                }
            )
