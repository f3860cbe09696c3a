"""Sources, filters and engines are plugins: one file each, found by importing their package's modules.

A plugin is a pydantic model with `kind: Literal["..."]`. `plugin_union(Base)` makes the union that the manifest validates
against, so a typo names the known kinds and a wrong option names its key. Nobody edits a list.

    class Length(Filter):
        kind: Literal["length"] = "length"
        max_chars: int = 20_000
"""

import importlib
import pkgutil
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import BaseModel, ConfigDict, Field


class Plugin(BaseModel):
    """The base of everything that a manifest chooses by `kind`. Unknown options are errors; instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    kind: str


P = TypeVar("P", bound=Plugin)


def kind_of(plugin: type[Plugin]) -> str | None:
    """The literal `kind` of a plugin class, None for an abstract base."""
    literal = get_args(plugin.model_fields["kind"].annotation)
    return str(literal[0]) if literal else None


def known_plugins(base: type[P]) -> dict[str, type[P]]:
    """Kind -> class for every plugin in `base`'s package, sorted by kind.

    Raises:
        TypeError: two plugins claim one kind.
    """
    package_name = base.__module__.rpartition(".")[0]
    package = importlib.import_module(package_name)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        importlib.import_module(f"{package_name}.{module.name}")
    found: dict[str, type[P]] = {}
    queue = [base]
    while queue:
        plugin = queue.pop()
        queue.extend(plugin.__subclasses__())
        kind = kind_of(plugin)
        if kind is None:
            continue
        if kind in found and found[kind] is not plugin:
            raise TypeError(f"two plugins claim kind {kind!r}: {found[kind].__module__} and {plugin.__module__}")
        found[kind] = plugin
    return dict(sorted(found.items()))


def plugin_union(base: type[Plugin]) -> Any:
    """The annotation of a manifest field that holds one of `base`'s plugins."""
    members = tuple(known_plugins(base).values())
    union = Union[members] if members else base  # noqa: UP007 - the members are known at run time only
    return Annotated[union, Field(discriminator="kind")] if len(members) > 1 else union
