"""Who is what: knights and knaves, houses and colours. Every name of the gold must get its value, once, and no other
name any.

The gold is JSON (`{"Zoey": "knave"}`); statements (`(1) Zoey is a knave`) are read too, which is how a response may
answer.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._words import normal, unwrap
from rewards.verdict import Ruling, UnreadableGoldError

MAX_CHARS = 8_000
_SPLIT = re.compile(r"[\n;,]|\\\\|\.\s|\.$|\band\b|\(\d+\)")
_IS = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?P<name>\w[\w '-]{0,60}?)\s*(?:\bis\b|\bare\b|:|=|->|\\to|\\rightarrow)"
    r"\s*(?:an?\s+|the\s+)?(?P<value>\w[\w' -]{0,60}?)\W*$"
)


def read_assignment(text: str) -> dict[str, str] | None:
    """Return names and their values, both normalised; None where the text is no assignment or gives one name two values."""
    if len(text) > MAX_CHARS:
        return None
    text = text.strip().strip("$").replace("\\{", "{").replace("\\}", "}")
    if text.startswith("{"):
        return _from_json(text)
    found: dict[str, str] = {}
    for statement in _SPLIT.split(unwrap(text)):
        if not statement.strip():
            continue
        match = _IS.match(" ".join(statement.split()))
        if match is None:
            return None
        name, value = normal(match.group("name")), normal(match.group("value"))
        if found.setdefault(name, value) != value:
            return None
    return found or None


def _from_json(text: str) -> dict[str, str] | None:
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    found: dict[str, str] = {}
    for name, value in pairs:
        text = normal(str(value))
        if isinstance(value, list | dict) or found.setdefault(normal(str(name)), text) != text:
            return None
    return found or None


class Assignment(Kind):
    """Options: other words for the values."""

    kind: Literal["assignment"] = "assignment"
    words: dict[str, str] = Field(default_factory=dict)
    """Another word for a value: `{"truth-teller": "knight"}`. A mapping given as `aliases` means the same."""

    example: ClassVar[tuple[str, str]] = (
        '{"Zoey": "knave", "Owen": "knight"}',
        "(1) Owen is a knight, (2) Zoey is a knave",
    )

    @model_validator(mode="before")
    @classmethod
    def _mapping_means_words(cls, options: Any) -> Any:
        if isinstance(options, Mapping) and isinstance(options.get("aliases"), Mapping):
            return {**options, "aliases": (), "words": options["aliases"]}
        return options

    def _read(self, text: str) -> dict[str, str] | None:
        found = read_assignment(text)
        words = {normal(k): normal(v) for k, v in self.words.items()}
        return None if found is None else {name: words.get(value, value) for name, value in found.items()}

    def against(self, gold: str) -> Compare:
        wanted = self._read(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} assigns nothing")
        return lambda answer: Ruling.of(self._read(answer) == wanted, "assignment")

    def equivalents(self, gold: str) -> Variants:
        if values := _json_object(gold):
            yield "reordered", json.dumps(dict(reversed(values.items())))
            yield "statements", ", ".join(f"{name} is a {what}" for name, what in values.items())

    def near_misses(self, gold: str) -> Variants:
        values = _json_object(gold)
        if len(values) < 2:
            return
        yield "one missing", json.dumps(dict(list(values.items())[1:]))
        if len(set(map(str, values.values()))) > 1:
            turned = dict(zip(values, reversed(values.values()), strict=True))
            yield "swapped", json.dumps(turned) if turned != values else "{}"


def _json_object(gold: str) -> dict[str, Any]:
    try:
        value = json.loads(gold)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
