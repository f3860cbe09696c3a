"""The two locks: options, inputs and versions that differ."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from curation.core.lock import PLACES

ABSENT = "(absent)"


class Changed(NamedTuple):
    """A key, `rl.difficulty.n`, and its value on both sides."""

    key: str
    one: Any
    other: Any


def changed_options(one: Mapping[str, Any], other: Mapping[str, Any], part: str) -> list[Changed]:
    """What differs in a part of two locks, places left out: what was read there differs where its digest in `inputs` does."""
    changes = _changes(one.get(part), other.get(part), "", part)
    return [change for change in changes if part != "manifest" or change.key.rpartition(".")[2] not in PLACES]


def _changes(one: Any, other: Any, key: str, part: str) -> Iterator[Changed]:
    """The deepest values that differ. What only one side has is one change, however much is in it."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys([*one, *other]):
            yield from _changes(
                one.get(name, ABSENT), other.get(name, ABSENT), f"{key}.{name}" if key else str(name), part
            )
    elif _are_mappings(one) and _are_mappings(other):
        a, b = _named(one), _named(other)
        for name in dict.fromkeys([*a, *b]):
            yield from _changes(a.get(name, ABSENT), b.get(name, ABSENT), f"{key}[{name}]", part)
    elif one != other:
        yield Changed(key or part, one, other)


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(member, Mapping) for member in value)


def _named(members: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Items of a list by their name or kind, so that one that comes or goes moves no other."""
    named: dict[str, Mapping[str, Any]] = {}
    for member in members:
        name = str(member.get("name") or member.get("kind") or "")
        nth = sum(key == name or key.startswith(f"{name} ") for key in named) + 1
        named[name if nth == 1 else f"{name} {nth}"] = member
    return named
