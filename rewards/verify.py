"""The verifier: extraction, then the kind's comparison. The exact object that certification, curation and the trainer
call.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import Any

from rewards.extract import Mode, after_box, after_thinking, extract_answer, joined_boxes
from rewards.kinds import Compare, Kind, make_kind
from rewards.verdict import Ruling, UnreadableGoldError, Verdict

Options = Mapping[str, Any] | str | None
MAX_GOLD_CHARS = 20_000
MAX_ANSWER_CHARS = 50_000
MAX_CACHED_CHARS = 512
"""Longer golds are read again for every verifier, so that the cache stays small whatever it is fed."""
BATCH_THREADS = 8
"""Judgements of one batch at the same time, for those that wait for a worker."""


class Verifier:
    """Judges responses against one gold. It is pure (the same response always gets the same verdict), picklable, safe from any thread.

    >>> make_verifier("1/2").judge(r"so it is \\boxed{0.5}").outcome
    'correct'
    """

    def __init__(self, gold: str, kind: str = "math", options: Options = None, *, mode: Mode = "boxed") -> None:
        self.gold = gold
        self.kind: Kind = make_kind(kind, options)
        self.mode: Mode = mode

    def __getstate__(self) -> dict[str, Any]:
        return {"gold": self.gold, "kind": self.kind, "mode": self.mode}

    @cached_property
    def _compare(self) -> Compare | UnreadableGoldError:
        if self.kind.needs_gold and not self.gold.strip():
            return UnreadableGoldError("the gold is empty")
        if len(self.gold) > MAX_GOLD_CHARS:
            return UnreadableGoldError(f"the gold has {len(self.gold)} characters, the limit is {MAX_GOLD_CHARS}")
        try:
            return self.kind.against_any(self.gold)
        except UnreadableGoldError as error:
            return error

    def judge(self, response: str, *, truncated: bool = False) -> Verdict:
        """Judge a whole response. `truncated` says that sampling stopped at its limit: such a response is not judged further."""
        answer = extract_answer(response, self.mode)
        if truncated:
            return Verdict("truncated", answer, "cut off at the token limit")
        if isinstance(self._compare, UnreadableGoldError):
            return Verdict("unreadable_gold", answer, str(self._compare))
        if answer is None:
            return Verdict("no_answer", None, "no complete box after the thinking")
        return self._reconciled(response, self._ruled(answer))

    def _reconciled(self, response: str, verdict: Verdict) -> Verdict:
        """Return the verdict on the last box, given the boxes that print as one list with it and the text behind it."""
        if (
            verdict.outcome == "wrong"
            and (several := joined_boxes(after_thinking(response) or "")) != verdict.extracted
        ):
            joined = self._ruled(several or "")
            return joined if joined.outcome == "correct" else verdict
        if verdict.outcome == "correct":
            retracted, restated = after_box(response)
            if retracted or (restated is not None and self._ruled(restated).outcome == "wrong"):
                return Verdict("wrong", verdict.extracted, "the text behind the box takes it back", "extract")
        return verdict

    def judge_answer(self, answer: str) -> Verdict:
        """Judge a final answer as it is; of an answer that holds boxes, what they hold."""
        if "boxed" in answer or "fbox" in answer:
            answer = joined_boxes(answer) or answer
        return self._ruled(answer)

    def _ruled(self, answer: str) -> Verdict:
        compare = self._compare
        if isinstance(compare, UnreadableGoldError):
            return Verdict("unreadable_gold", answer, str(compare))
        if not answer.strip():
            return Verdict("no_answer", answer, "the answer is empty")
        if len(answer.strip()) > MAX_ANSWER_CHARS:
            return Verdict("wrong", answer, f"over {MAX_ANSWER_CHARS} characters", "caps")
        ruling: Ruling = compare(answer)
        return Verdict(ruling.outcome, answer, ruling.detail, ruling.tier)


@lru_cache(maxsize=1024)
def _cached(gold: str, kind: str, options: str, mode: Mode) -> Verifier:
    return Verifier(gold, kind, options, mode=mode)


def make_verifier(gold: str, kind: str = "math", options: Options = None, *, mode: Mode = "boxed") -> Verifier:
    """Return the verifier of one gold. ValueError for an unknown kind or option; an unreadable gold is a verdict, not an error."""
    text = options if isinstance(options, str) else json.dumps(dict(options or {}), sort_keys=True, default=str)
    if len(gold) + len(text) > MAX_CACHED_CHARS:
        return Verifier(gold, kind, options, mode=mode)
    return _cached(gold, kind, text, mode)


def judge(gold: str, response: str, kind: str = "math", options: Options = None) -> Verdict:
    """Judge one response in boxed mode.

    >>> judge("42", "the answer is \\\\boxed{42}").reward
    1.0
    """
    return make_verifier(gold, kind, options).judge(response)


def judge_many(
    golds: Sequence[str],
    responses: Sequence[str],
    kinds: Sequence[str] | str = "math",
    options: Sequence[Options] | Options = None,
) -> list[Verdict]:
    """Judge pairs, verdicts in the order of the pairs. `kinds` and `options` are one for all or one for each."""
    if len(golds) != len(responses):
        raise ValueError(f"got {len(golds)} golds and {len(responses)} responses")
    each_kind = [kinds] * len(golds) if isinstance(kinds, str) else list(kinds)
    each_option = [options] * len(golds) if options is None or isinstance(options, str | Mapping) else list(options)
    if len(each_kind) != len(golds) or len(each_option) != len(golds):
        raise ValueError(f"got {len(golds)} golds, {len(each_kind)} kinds and {len(each_option)} options")
    verifiers = [make_verifier(g, k, o) for g, k, o in zip(golds, each_kind, each_option, strict=True)]
    return judge_all(verifiers, responses)


def judge_all(verifiers: Sequence[Verifier], responses: Sequence[str]) -> list[Verdict]:
    """Return one verdict for each pair, in order. What needs a worker does not hold up the others."""
    with ThreadPoolExecutor(BATCH_THREADS) as pool:
        return list(pool.map(lambda verifier, response: verifier.judge(response), verifiers, responses))
