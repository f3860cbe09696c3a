"""Sources, filters, engines and stopping rules are plugins: one class each, found by importing modules; no list is edited.

    class Length(Filter):
        kind: Literal["length"] = "length"
        max_chars: int = 20_000

The shipped ones are in the package of their base class. A manifest names further modules under `plugins`; `load_plugins` imports them.
`Annotated[Base, ByKind(Base)]` is the type of a field that holds one plugin: it looks `kind` up when it validates.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from curation.core.digests import path_digests, source_digest
from curation.core.errors import ManifestError, first_line, nearest


class Options(BaseModel):
    """The base of what a manifest sets. Unknown keys are errors, instances are immutable, the text under a field describes it, in a
    subclass too that gives the field another default."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    renamed: ClassVar[dict[str, str]] = {}
    """Old key -> its name today; a manifest with the old one gets a message that names the new one."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        for name, option in handler.resolve_ref_schema(described).get("properties", {}).items():
            bases = (
                (getattr(base, "__pydantic_fields__", {}).get(name), texts_of(base).get(name)) for base in cls.__mro__
            )
            if text := next(filter(None, ((field and field.description) or text for field, text in bases)), None):
                option["description"] = text
        return described


@cache
def texts_of(model: type) -> dict[str, str]:
    """The texts under the fields of a class. Pydantic's `use_attribute_docstrings` reads them at every import, a fifth of its time."""
    if not issubclass(model, Options):
        return {}
    try:
        body = ast.parse(dedent(inspect.getsource(model))).body[0]
    except (OSError, TypeError, SyntaxError):  # no source, or only a part of it
        return {}
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


class Plugin(Options):
    """The base of everything that a manifest chooses by `kind`."""

    kind: str
    """Chooses the plugin; subclasses narrow it to a Literal."""

    remedies: ClassVar[dict[str, str]] = {}
    """Reason that it gives for a drop -> the options that decide it, empty where none does; `{config}` stands for the section's name. A
    build without rows tells them."""

    digested: ClassVar[frozenset[str]] = frozenset()
    """Options that `inputs` leaves out, because the class digests what they name in its own way."""

    def inputs(self) -> dict[str, str]:
        """What the plugin depends on beyond its options: name -> digest or revision. A change there makes a build run again.

        These are the files and folders that its options name. A subclass that depends on more adds it to `super().inputs()`.

        Raises:
            SourceError: a file cannot be read.
        """
        return path_digests({name: value for name, value in self if name not in self.digested})


def check_pattern(pattern: str) -> str:
    """Refuse what is not a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"got {pattern!r}, which is not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(check_pattern)]
"""The type of an option that is a regular expression."""

P = TypeVar("P", bound=Plugin)
_loaded: list[str] = []


def kind_of(plugin: type[Plugin]) -> str | None:
    """The literal `kind` of a plugin class, None for an abstract base."""
    literal = get_args(plugin.model_fields["kind"].annotation)
    return str(literal[0]) if literal else None


def known_plugins(base: type[P]) -> dict[str, type[P]]:
    """Kind -> class for every subclass of `base` that was imported, those in `base`'s package included, sorted by kind.

    Raises:
        ManifestError: two plugins have one kind.
    """
    _import_modules_of(base.__module__.rpartition(".")[0])
    found: dict[str, type[P]] = {}
    queue = [base]
    while queue:
        plugin = queue.pop()
        queue.extend(plugin.__subclasses__())
        kind = kind_of(plugin)
        if kind is None or not _is_in_its_module(plugin):
            continue
        if (other := found.setdefault(kind, plugin)) is not plugin:
            places = " and ".join(sorted(f"{p.__module__}.{p.__qualname__}" for p in (other, plugin)))
            raise ManifestError(f"kind {kind!r} is defined twice: by {places}")
    return dict(sorted(found.items()))


@cache
def _import_modules_of(package_name: str) -> None:
    package = importlib.import_module(package_name)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        importlib.import_module(f"{package_name}.{module.name}")


def _is_in_its_module(plugin: type[Plugin]) -> bool:
    """False for a class made inside a function, which no worker could unpickle, and for one of a module that was imported again."""
    return getattr(sys.modules.get(plugin.__module__), plugin.__qualname__, None) is plugin


# ---- modules that a manifest names ---------------------------------------------------------------------------------------------------


def load_plugins(names: Iterable[str], folder: Path | None = None) -> None:
    """Import modules, which may be in `folder`: it is added to `sys.path`, which worker processes take over.

    Raises:
        ManifestError: a module cannot be imported, has the name of another one, or defines a kind that there is.
    """
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
    for name in names:
        try:
            module = importlib.import_module(name)
        except Exception as error:  # a module's own code may raise anything
            raise ManifestError(f"module {name!r}: {type(error).__name__}: {first_line(error)}") from error
        _check_place(module, folder)
        for family in _families(module):
            known_plugins(family)
        if name not in _loaded:
            _loaded.append(name)


def load_plugins_of(manifest: Mapping[str, Any], dataset: Path) -> None:
    """Import the modules that the lock of a data set names. Its own folder may be a stranger's: what is in there is data, never code.

    Raises:
        ManifestError: a module is in that folder, or cannot be imported.
    """
    names, root = manifest.get("plugins") or (), manifest.get("root")
    if not names:
        return
    places = [*sys.path, *([root] if root else [])]
    for name in names:
        if not isinstance(name, str) or any(_leads_into(dataset, place, name) for place in places):
            raise ManifestError(
                f"module {name!r} is in {dataset}, which is read and not run; if you trust it, put it into a folder of your own"
                " that PYTHONPATH names"
            )
    load_plugins(names, Path(root) if root else None)


def _leads_into(dataset: Path, place: str, module: str) -> bool:
    """Whether a folder of `sys.path` has a module, or a package above it, that is in the folder of a data set."""
    steps = module.split(".")
    above = [Path(place or ".", *steps[:count]) for count in range(1, len(steps) + 1)]
    there = [file for path in above for file in path.parent.glob("*") if file.name.partition(".")[0] == path.name]
    return any(is_inside(file, dataset) for file in there)


def is_inside(file: Path, folder: Path) -> bool:
    """Whether a file is in a folder, by its name or by where its links lead."""
    return file.absolute().is_relative_to(folder.absolute()) or file.resolve().is_relative_to(folder.resolve())


def loaded_plugins() -> tuple[str, ...]:
    """The modules that `load_plugins` imported, for a worker process to import as well."""
    return tuple(_loaded)


_OURS = frozenset({"curation", "rewards", "training", "__main__"})


def plugin_digest(names: Iterable[str], folder: Path | None = None) -> str:
    """The `source_digest` of modules, of all of a package that one is in, and of what they imported from `folder`, the manifest's. The
    order of the names does not count.

    Raises:
        ImportError: no such module.
    """
    tops = {name.partition(".")[0] for name in names}
    if folder is not None:
        tops |= {name for name, module in list(sys.modules.items()) if "." not in name and _is_beside(module, folder)}
    return source_digest(importlib.import_module(top) for top in sorted(tops - _OURS))


def _is_beside(module: ModuleType, folder: Path) -> bool:
    file = Path(getattr(module, "__file__", None) or "/")
    place = file.parent.parent if file.name == "__init__.py" else file.parent
    return place.resolve() == folder.resolve()


def _check_place(module: ModuleType, folder: Path | None) -> None:
    """Refuse a module from elsewhere where one of that name is in `folder`: it would be the wrong one without a word."""
    top = sys.modules[module.__name__.partition(".")[0]]
    if folder is None or not any((folder / name).exists() for name in (f"{top.__name__}.py", top.__name__)):
        return
    places = [Path(place).resolve() for place in (*getattr(top, "__path__", ()), *filter(None, [top.__file__]))]
    if not any(place.is_relative_to(folder.resolve()) for place in places):
        raise ManifestError(
            f"module {top.__name__!r} is in {folder}, and one of that name was imported from {places[0]}; rename yours"
            if places
            else f"module {top.__name__!r} is in {folder}, and Python has one of that name; rename yours"
        )


def _families(module: ModuleType) -> Iterator[type[Plugin]]:
    """The bases (`Source`, `Filter`, ...) of the plugins that a module holds."""
    plugins = [thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, Plugin)]
    yield from dict.fromkeys(base for plugin in plugins for base in plugin.__mro__ if Plugin in base.__bases__)


# ---- the field of a manifest ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ByKind:
    """Validates a mapping as the plugin of `base` that its `kind` names; dumps a plugin with all the options of its class."""

    base: type[Plugin]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        whole = core_schema.simple_ser_schema("any")
        return core_schema.no_info_plain_validator_function(self.validate, serialization=whole)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        choices = {kind: plugin.__pydantic_core_schema__ for kind, plugin in known_plugins(self.base).items()}
        union = handler(core_schema.tagged_union_schema(choices, discriminator="kind"))
        return {"description": " ".join((self.base.__doc__ or "").partition("\n\n")[0].split()), **union}

    def validate(self, value: Any) -> Plugin:
        if isinstance(value, self.base):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("plugin_type", "expected a mapping with `kind`")
        known, kind = known_plugins(self.base), value.get("kind")
        if isinstance(kind, str) and kind in known:
            if lacking := sorted(known[kind].__abstractmethods__):
                plugin = f"{known[kind].__module__}.{known[kind].__qualname__}"
                message = f"kind {kind!r} cannot be used: {plugin} has no method {', '.join(map(repr, lacking))}"
                raise PydanticCustomError("unfinished_plugin", "{message}", {"message": message})
            return known[kind].model_validate(value)
        what = f"unknown kind {kind!r}" if "kind" in value else "missing"
        message = f"{what}; known: {', '.join(known)}{nearest(kind, known)}"
        error = PydanticCustomError("unknown_kind", "{message}", {"message": message})
        detail = InitErrorDetails(type=error, loc=("kind",), input=kind)
        raise ValidationError.from_exception_data(self.base.__name__, [detail])
