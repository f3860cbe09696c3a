"""Score labelled pairs: what `ovr-curate score` does with each line of its input."""

import time
from collections.abc import Mapping
from typing import Any

from rewards.gold import Unreadable, read_gold
from rewards.kinds import RENAMED, known
from rewards.verify import Verifier, make_verifier


def score(pair: Mapping[str, Any], kind: str | None = None) -> dict[str, Any]:
    """Judge one pair: `gold`, and `response` (in boxed mode) or `answer` (as it is); `kind` and `options` where the row has them.

    A row's kind that is no reward kind (public pair files label rows `int`, `matrix`, ...) is judged as `math`; `kind` overrides it.
    Returns `outcome, reward, extracted, gold_read, tier, ms`, with `kind` and `detail`. ValueError where gold or answer is missing.
    """
    if "gold" not in pair or ("response" not in pair and "answer" not in pair):
        raise ValueError(
            f"a pair needs 'gold' and 'response' or 'answer'; got {', '.join(map(repr, pair)) or 'nothing'}"
        )
    started = time.perf_counter()
    name = kind or str(pair.get("kind") or "math")
    name = name if kind or name in known() or name in RENAMED else "math"
    verifier = make_verifier(_text(pair["gold"]), name, pair.get("options"))
    if "response" in pair:
        verdict = verifier.judge(_text(pair["response"]), truncated=bool(pair.get("truncated", False)))
    else:
        verdict = verifier.judge_answer(_text(pair["answer"]))
    milliseconds = (time.perf_counter() - started) * 1000
    return {
        "outcome": verdict.outcome,
        "reward": verdict.reward,
        "extracted": verdict.extracted,
        "gold_read": gold_read(verifier),
        "tier": verdict.tier,
        "ms": round(milliseconds, 3),
        "kind": name,
        "detail": verdict.detail,
    }


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def gold_read(verifier: Verifier) -> str | None:
    """Return the gold as it was read, None where it could not be."""
    found = read_gold(
        verifier.gold, {"kind": verifier.kind.kind, "kind_options": verifier.kind.model_dump(exclude={"kind"})}
    )
    return None if isinstance(found, Unreadable) else found.answer
