"""Reward kinds, one file each. A file that defines a `Kind` is found by being here; no list names it.

To add one: a module in this folder with a subclass of `Kind` whose `kind: Literal["name"]` is its name, its options
as typed fields, an `example`, and `against`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from pydantic import ValidationError

from rewards.kinds._base import Compare, Kind

__all__ = ["Compare", "Kind", "known", "make_kind"]


@cache
def known() -> dict[str, type[Kind]]:
    """Every kind by its name, in alphabetical order."""
    found: dict[str, type[Kind]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        for thing in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if (
                isinstance(thing, type)
                and issubclass(thing, Kind)
                and thing is not Kind
                and thing.__module__.endswith(f".{module}")
            ):
                found[get_args(thing.model_fields["kind"].annotation)[0]] = thing
    return dict(sorted(found.items()))


def make_kind(name: str, options: Mapping[str, Any] | str | None = None) -> Kind:
    """The kind of that name with these options (a mapping, or the JSON of one). ValueError in one line for an unknown name or option."""
    if name not in known():
        raise ValueError(f"unknown kind {name!r}; known: {', '.join(known())}")
    if isinstance(options, str):
        try:
            options = json.loads(options) if options.strip() else {}
        except json.JSONDecodeError as error:
            raise ValueError(f"options of kind {name!r} are not JSON: {error}") from None
    if not isinstance(options, Mapping | None):
        raise ValueError(f"options of kind {name!r}: expected a mapping, got {type(options).__name__}")
    model = known()[name]
    try:
        return model.model_validate(
            {"kind": name, **{key: value for key, value in (options or {}).items() if value is not None}}
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        fields = ", ".join(field for field in model.model_fields if field != "kind") or "none"
        raise ValueError(f"options of kind {name!r}: {key}: {first['msg']}; its options: {fields}") from None
