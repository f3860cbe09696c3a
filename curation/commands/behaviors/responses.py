"""Responses from whatever holds some: a build, a rollout store, completions of a run, JSON Lines.

    for response in responses("base=base.jsonl"): ...

A line of JSON has the text under `response`, `completion` or `text` (a string, or messages), or counts of a judge elsewhere under
`behaviors`; and by choice `id`, `question`, `model`, and `correct` (true, false, null) or `gold` with `kind` and `options`, by which it is
judged. Every other shape is refused in one line: which file and line, what was got, what was expected.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.errors import CurationError
from curation.core.schema import BEHAVIORS
from rewards.score import score

TEXTS = ("response", "completion", "text")
KNOWN = (
    *TEXTS, "behaviors", "id", "question", "prompt", "model", "correct", "gold", "kind", "options", "reasoning_content", "truncated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Response:
    """One response. `prompt` tells prompts apart; `correct` is None where nobody has judged; `counts` are given where they were counted
    elsewhere, and None for a behavior of which there is no count."""

    model: str
    prompt: str
    text: str
    question: str = ""
    correct: bool | None = None
    counts: Mapping[str, int | None] | None = None


def named(given: str) -> tuple[str, Path]:
    """`NAME=PATH`, or a path without a name of its own.

    >>> named("base=runs/a.jsonl")
    ('base', PosixPath('runs/a.jsonl'))
    """
    name, equals, path = given.partition("=")
    return (name, Path(path)) if equals and not Path(given).exists() else ("", Path(given))


def read_lines(path: Path, name: str) -> Iterator[Response]:
    """The responses of a file of JSON Lines.

    Raises:
        CurationError: a line that is not what was expected, by its number.
    """
    with path.open(encoding="utf-8", errors="strict") as file:
        number = 0
        try:
            for line in file:
                number += 1
                if line.strip():
                    yield response_of(_object(line), name or path.stem)
        except UnicodeDecodeError as error:
            raise CurationError(f"{path}:{number + 1}: not UTF-8: {error.reason}") from error
        except ValueError as error:
            raise CurationError(f"{path}:{number}: {error}") from error


def _object(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"got {line.strip()[:60]!r}, expected a JSON object ({error.msg})") from error
    if not isinstance(record, dict):
        raise ValueError(f"got {type(record).__name__}, expected a JSON object with a response")
    return record


def response_of(record: Mapping[str, Any], model: str) -> Response:
    """The response of a record; `model` where it names none.

    Raises:
        ValueError: what was got, what was expected.
    """
    counts = _counts(record)
    found = [name for name in TEXTS if record.get(name) is not None]
    if not found and counts is None:
        got = ", ".join(map(repr, record)) or "nothing"
        raise ValueError(f"got {got}, expected {' or '.join(map(repr, TEXTS))}, or counts under 'behaviors'")
    if len(found) > 1:
        raise ValueError(f"got {' and '.join(map(repr, found))}, expected one of them")
    text = _text(record[found[0]], found[0]) if found else ""
    if thinking := record.get("reasoning_content"):
        text = f"{_text(thinking, 'reasoning_content')}\n{text}"
    question = _text(record.get("question") or record.get("prompt") or "", "question")
    key = str(record["id"]) if record.get("id") is not None else _digest(question or text or json.dumps(counts))
    name = record.get("model")
    if name is not None and not isinstance(name, str):
        raise ValueError(f"model: got {name!r}, expected a name")
    return Response(name or model, key, text, question, _correct(record, text), counts)


def _correct(record: Mapping[str, Any], text: str) -> bool | None:
    if "correct" in record:
        if record["correct"] not in (True, False, None) or isinstance(record["correct"], int | float) != isinstance(
            record["correct"], bool
        ):
            raise ValueError(f"correct: got {record['correct']!r}, expected true, false or null")
        return None if record["correct"] is None else bool(record["correct"])
    if record.get("gold") is None:
        return None
    if not isinstance(record.get("options", {}), Mapping | str):
        raise ValueError(f"options: got {record['options']!r}, expected an object")
    pair = {"gold": record["gold"], "response": text, **{k: record[k] for k in ("kind", "options") if k in record}}
    return is_correct(score({**pair, "truncated": record.get("truncated", False)})["outcome"])


def is_correct(outcome: str) -> bool | None:
    """Whether a verdict says correct; one without an answer or cut off before it is wrong, every other one says nothing."""
    return {"correct": True, "wrong": False, "no_answer": False, "truncated": False}.get(outcome)


def _counts(record: Mapping[str, Any]) -> Mapping[str, int | None] | None:
    counts = record.get("behaviors")
    if counts is None:
        return None
    if not isinstance(counts, Mapping):
        raise ValueError(f"behaviors: got {type(counts).__name__}, expected an object of counts")
    for name, n in counts.items():
        if name not in BEHAVIORS:
            raise ValueError(f"behaviors: got {name!r}, expected some of {', '.join(BEHAVIORS)}")
        if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 0):
            raise ValueError(f"behaviors.{name}: got {n!r}, expected a whole number from 0, or null")
    return {name: counts.get(name) for name in BEHAVIORS}


def _text(value: Any, name: str) -> str:
    """A string, or the contents of messages: a string or parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, Mapping) and "content" in one for one in value):
        return "\n".join(_text(one["content"], name) for one in value)
    if isinstance(value, list) and all(isinstance(one, Mapping) and "type" in one for one in value):
        return "".join(str(one.get("text") or "") for one in value)
    raise ValueError(f"{name}: got {type(value).__name__}, expected a string or messages")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()
