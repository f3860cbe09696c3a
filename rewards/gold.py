"""Reading gold answers as data sets write them. A gold that no rule can judge is refused here, once, with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    """Read one raw gold. `hints`: `options` (the row's choices), `question`, `kind` (fixed by the source)."""
    hints = hints or {}
    text = "" if raw is None else str(raw).strip()
    if not text or text.lower() in ("none", "none.", "nan", "n/a", "null"):
        return Unreadable("empty")
    if hints.get("kind"):
        return Gold(text, str(hints["kind"]), json.dumps(hints.get("kind_options", {})))
    choices = hints.get("options")
    if choices:
        return Gold(text, "choice", json.dumps({"choices": [str(choice) for choice in choices]}, ensure_ascii=False))
    return Gold(text, "math")
