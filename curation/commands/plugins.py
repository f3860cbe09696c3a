"""`ovr-curate sources|filters|engines|stopping|stages|kinds [NAME]` and `ovr-curate schema`: what a manifest can say."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_origin

import yaml
from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table

import rewards
from curation.commands.console import render
from curation.core.errors import CurationError, nearest
from curation.core.plugins import known_plugins, load_plugins

PLACES: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "sources": ("curation.sources.base.Source", ("rl", "sources", 0)),
    "filters": ("curation.filters.base.Filter", ("rl", "filters", 0)),
    "engines": ("curation.sampling.engines.base.Engine", ("rl", "difficulty", "sampler")),
    "stopping": ("curation.difficulty.stopping.base.Stopping", ("rl", "difficulty", "stopping")),
    "stages": ("curation.core.stage.Stage", ("rl", "stages", 0)),
    "kinds": ("rewards.Kind", ("gold", "rules", 0)),
}
"""Command -> the base class of its plugins and the place of one in a manifest."""
LIMITS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "minItems": "at least {}",
    "minProperties": "at least {}",
    "pattern": "matches {}",
}
"""Keyword of JSON schema -> how it is shown beside a type."""


class Option(NamedTuple):
    """One option as it is shown. `default` is JSON, "required", or empty where the options of a nested model have their own."""

    name: str
    type: str
    default: str
    text: str


def load_modules(modules: list[str]) -> None:
    """Import the modules of `--plugins`: importable, in this folder, or given as the path of a file.

    Raises:
        ManifestError: one cannot be imported.
    """
    for module in modules:
        path = Path(module)
        load_plugins([path.stem if path.suffix == ".py" else module], path.resolve().parent)


def plugins_of(command: str) -> Mapping[str, type[BaseModel]]:
    """Kind -> class, as the command lists them; of the stages those that a manifest can name."""
    base = base_of(command)
    known = rewards.kinds() if base is rewards.Kind else known_plugins(base)
    return {
        kind: one for kind, one in known.items() if command != "stages" or not one.__module__.startswith("curation.")
    }


def base_of(command: str) -> Any:
    """The class that all plugins of a command derive from."""
    module, _, name = PLACES[command][0].rpartition(".")
    return getattr(importlib.import_module(module), name)


def show_plugins(command: str, name: str | None) -> str:
    """A table of the plugins, or all about one.

    Raises:
        CurationError: no plugin of that name.
    """
    known = plugins_of(command)
    if name is None:
        return _table(known) if known else f"no {command}: name the modules that have some with --plugins"
    if name not in known:
        raise CurationError(f"{command}: unknown kind {name!r}; known: {', '.join(known)}{nearest(name, known)}")
    return "\n".join(_description(command, known[name]))


def manifest_schema() -> str:
    """The JSON schema of a manifest, for editors that complete and check YAML."""
    from curation.build.manifest import Manifest

    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Manifest.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False)


def example_of(plugin: type[BaseModel]) -> dict[str, Any]:
    """The options of an example: the first `- kind: NAME` in the docstring of the class or its module, else what is required."""
    kind = plugin.model_fields["kind"].default
    module = inspect.getmodule(plugin)
    for text in (plugin.__doc__, module and module.__doc__):
        if found := _snippet(text or "", kind):
            return found
    required = {name: field.annotation for name, field in plugin.model_fields.items() if field.is_required()}
    options = {name: {} if get_origin(annotation) is dict else name.upper() for name, annotation in required.items()}
    if issubclass(plugin, rewards.Kind):
        return {"kind": kind, **({"options": options} if options else {})}
    return {"kind": kind, **options}


def _snippet(docstring: str, kind: str) -> dict[str, Any] | None:
    """The first item of a YAML list in a docstring that is of this kind, with the lines that are indented further."""
    found = re.search(
        rf"^( *)- (\{{ *)?kind: {kind}\b.*(\n\1 +.*|\n(?=\n\1 ))*", inspect.cleandoc(docstring), re.MULTILINE
    )
    if not found:
        return None
    item = yaml.safe_load(found[0])
    return dict(item[0])


def _table(known: Mapping[str, type[BaseModel]]) -> str:
    table = Table(show_lines=True)
    for heading in ("kind", "what", "options"):
        table.add_column(heading, overflow="fold")
    for kind, plugin in known.items():
        options = [
            f"{name} = {'required' if field.is_required() else repr(field.get_default(call_default_factory=True))}"
            for name, field in plugin.model_fields.items()
            if name != "kind"
        ]
        table.add_row(kind, escape(paragraphs(plugin)[0]), escape("\n".join(options)))
    return render(table)


def paragraphs(plugin: type[BaseModel]) -> list[str]:
    """The docstring of a class, a line for every paragraph."""
    return [" ".join(text.split()) for text in (plugin.__doc__ or "").strip().split("\n\n")]


def _description(command: str, plugin: type[BaseModel]) -> Iterator[str]:
    """One plugin in lines: what it is, its options, an example."""
    yield f"{plugin.model_fields['kind'].default}: {paragraphs(plugin)[0]}"
    yield ""
    options = list(options_of(plugin))
    for option in options:
        default = (
            f" = {option.default}" if option.default not in ("", "required") else ", required" * bool(option.default)
        )
        yield f"{option.name}: {option.type}{default}"
        if option.text:
            yield f"    {option.text}"
    if not options:
        yield "It has no options."
    yield ""
    yield "In a manifest:"
    yield ""
    yield from (f"    {line}" for line in example_in_a_manifest(command, plugin).splitlines())
    if gold := getattr(plugin, "example", None):
        yield f"\nA gold and a correct answer: {gold[0]}    {gold[1]}"


def example_in_a_manifest(command: str, plugin: type[BaseModel]) -> str:
    """YAML with the example of a plugin at its place."""
    item: Any = example_of(plugin)
    for key in reversed(PLACES[command][1]):
        item = [item] if isinstance(key, int) else {key: item}
    text: str = yaml.safe_dump(item, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    return text


def options_of(model: type[BaseModel]) -> Iterator[Option]:
    """Every option of a model but its `kind`; those of a nested one follow it, as `outer.inner`, `outer[].inner` or `outer.*.inner`."""
    schema = model.model_json_schema()
    return _options(schema, schema.get("$defs", {}))


def _options(schema: dict[str, Any], models: dict[str, Any], outer: str = "") -> Iterator[Option]:
    for name, option in schema.get("properties", {}).items():
        if name == "kind" and "const" in option:
            continue
        inner, path = _nested(option, models, outer + name)
        default = json.dumps(option.get("default", {}), ensure_ascii=False)
        if name in schema.get("required", []):
            default = "required"
        elif (inner and "$ref" in option) or ("oneOf" in option and "default" not in option):
            default = ""
        yield Option(outer + name, _type(option, models), default, " ".join(option.get("description", "").split()))
        if inner:
            yield from _options(inner, models, f"{path}.")


def _nested(option: dict[str, Any], models: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """The schema of the model that an option holds (alone, in a list, in a mapping) or None, and the place of its options."""
    while "$ref" not in option:
        inner = option.get("items"), option.get("additionalProperties")
        found = next((value for value in inner if isinstance(value, dict)), None)
        if found is None:
            return None, path
        option, path = found, f"{path}[]" if inner[0] else f"{path}.*"
        option = next((choice for choice in option.get("anyOf", []) if "$ref" in choice), option)
    model = models[option["$ref"].rpartition("/")[2]]
    return (model if "properties" in model else None), path


def _type(schema: dict[str, Any], models: dict[str, Any]) -> str:
    """A type of JSON schema in words."""
    limits = ", ".join(text.format(schema[key]) for key, text in LIMITS.items() if key in schema)
    return f"{_bare_type(schema, models)}{f' ({limits})' if limits else ''}"


def _bare_type(schema: dict[str, Any], models: dict[str, Any]) -> str:
    if "$ref" in schema:
        inner = models[schema["$ref"].rpartition("/")[2]]
        return _type(inner, models) if "properties" not in inner else "options"
    if "oneOf" in schema:
        return "options by kind"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(_type(choice, models) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        items = schema.get("items") or schema.get("prefixItems", [{}])[0]
        return f"list of {_type(items, models)}"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"mapping to {_type(values, models)}" if isinstance(values, dict) else "mapping"
    name = str(schema.get("type", "anything"))
    return {"string": "text", "boolean": "true | false"}.get(name, name)
