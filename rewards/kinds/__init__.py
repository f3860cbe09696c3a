"""Reward kinds, one file each. A file that defines a `Kind` is found by being in this folder; no list names it.

To add one: a module with a subclass of `Kind` whose `kind: Literal["name"]` is its name, its options as typed fields,
an `example`, and `against`. A module of another package works as well, once it is imported: `load_plugins` does so in
this process, OVR_REWARD_PLUGINS in every process that inherits it (trainers, Ray actors).
"""

import importlib
import json
import os
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, get_args

from pydantic import ValidationError

from rewards.kinds._base import Compare, Kind, Variants

__all__ = ["RENAMED", "Compare", "Kind", "Variants", "known", "load_plugins", "make_kind"]

PLUGINS_VARIABLE = "OVR_REWARD_PLUGINS"
"""The environment variable that names modules with kinds, separated by commas."""
RENAMED = {"list": "tuple"}
"""Names that kinds had before."""


def known() -> dict[str, type[Kind]]:
    """Return every kind by its name, in alphabetical order: those of this folder and those of any module imported so far.

    Raises:
        TypeError: two classes have one name.
        ImportError: a module of OVR_REWARD_PLUGINS cannot be imported.
    """
    _import_kinds()
    return dict(_by_name(Kind.n_defined))


@lru_cache(maxsize=1)
def _by_name(n_defined: int) -> dict[str, type[Kind]]:
    """The kinds by their names, looked for again only when a module has brought another."""
    found: dict[str, type[Kind]] = {}
    for kind in _subclasses(Kind):
        for name in get_args(kind.model_fields["kind"].annotation):
            other = found.setdefault(name, kind)
            if _source(other) != _source(kind):
                modules = sorted((other.__module__, kind.__module__))
                raise TypeError(f"two kinds are named {name!r}: in {modules[0]} and in {modules[1]}")
            found[name] = kind  # the later one of a module that was reloaded
    return dict(sorted(found.items()))


@cache
def _import_kinds() -> None:
    own = (f"{__name__}.{m.name}" for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    _import(sorted(own))
    _import(name.strip() for name in os.environ.get(PLUGINS_VARIABLE, "").split(",") if name.strip())


def _subclasses(kind: type[Kind]) -> Iterator[type[Kind]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _source(kind: type[Kind]) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def load_plugins(modules: Iterable[str]) -> None:
    """Import modules that define kinds, by their dotted names.

    Raises:
        ImportError: one cannot be imported; the message is one line.
        TypeError: one defines a kind whose name is taken.
    """
    _import(modules)
    known()


def _import(modules: Iterable[str]) -> None:
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever a module of somebody else raises while it is imported
            reason = " ".join(str(error).split())
            raise ImportError(f"cannot import the reward plugin {name!r}: {type(error).__name__}: {reason}") from error


def make_kind(name: str, options: Mapping[str, Any] | str | None = None) -> Kind:
    """Return the kind of that name with these options (a mapping, or the JSON of one).

    Raises:
        ValueError: an unknown name or option, in one line.
    """
    _import_kinds()
    kinds = _by_name(Kind.n_defined)
    if name in RENAMED and name not in kinds:
        raise ValueError(f"kind {name!r} is called {RENAMED[name]!r} now")
    if name not in kinds:
        raise ValueError(
            f"unknown kind {name!r}; known: {', '.join(kinds)} (a kind of another package: import its module,"
            f" or name it in {PLUGINS_VARIABLE})"
        )
    if isinstance(options, str):
        try:
            options = json.loads(options) if options.strip() else {}
        except json.JSONDecodeError as error:
            raise ValueError(f"options of kind {name!r} are not JSON: {error}") from None
    if not isinstance(options, Mapping | None):
        raise ValueError(f"options of kind {name!r}: expected a mapping, got {type(options).__name__}")
    given = {key: value for key, value in (options or {}).items() if value is not None}
    try:
        return kinds[name].model_validate({"kind": name, **given})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        own = [field for field in kinds[name].model_fields if field not in ("kind", "aliases")]
        fields = ", ".join([*own, "aliases"])
        raise ValueError(f"options of kind {name!r}: {key}: {first['msg']}; its options: {fields}") from None
