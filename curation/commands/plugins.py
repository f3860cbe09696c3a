"""`ovr-curate sources|filters|engines|stopping|scorers|stages|kinds [NAME]` and `ovr-curate schema`: what a manifest can say."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table

import rewards
from curation.commands.console import render
from curation.commands.model_options import first_paragraph, lines_of, options_of
from curation.core.errors import CurationError, nearest
from curation.core.plugins import known_plugins, load_plugins

PLACES: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "sources": ("curation.sources.base.Source", ("rl", "sources", 0)),
    "filters": ("curation.filters.base.Filter", ("rl", "filters", 0)),
    "engines": ("curation.sampling.engines.base.Engine", ("rl", "difficulty", "sampler")),
    "stopping": ("curation.difficulty.stopping.base.Stopping", ("rl", "difficulty", "stopping")),
    "scorers": ("curation.cold_start.loss.scorers.base.Scorer", ("cold_start", "loss", "scorer")),
    "stages": ("curation.core.stage.Stage", ("rl", "stages", 0)),
    "kinds": ("rewards.Kind", ("rl", "sources", 0, "gold", "rules", 0)),
}
"""Command -> the base class of its plugins and the place of one in a manifest."""
USES = {
    "sources": "In `sources`, and in `decontaminate.benchmarks`: what is read.",
    "filters": "In `filters` of `rl` or `cold_start`: what looks at one row alone and drops it, under a reason that the summary counts.",
    "engines": "In `rl.difficulty`, as `sampler` or in `samplers`: a model and how to run it.",
    "stopping": "In `rl.difficulty.stopping`: when a prompt has been sampled enough.",
    "scorers": "In `cold_start.loss.scorer`: a language model that says how likely a trace is.",
    "stages": "In `stages` of `rl` or `cold_start`: a step of the build that a module of yours adds.",
    "kinds": "In `gold.rules` of a table, and in the column `answer_kind` of every row: how an answer is judged.",
}
"""Command -> where a manifest uses what it lists, and for what."""


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
        table = _table(known) if known else f"no {command}: name the modules that have some with --plugins"
        return f"{USES[command]}\n{table}"
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


def about(plugin: type[BaseModel]) -> list[str]:
    """What a plugin is, in paragraphs: its module's docstring says it where the plugin is the only one there, and its own what it does."""
    module = inspect.getmodule(plugin)
    beside = [one for every in PLACES for one in plugins_of(every).values() if one.__module__ == plugin.__module__]
    alone = beside == [plugin]
    told = [*(first_paragraph(module) if alone else []), *first_paragraph(plugin)]
    return told or ["its class has no docstring"]


def _table(known: Mapping[str, type[BaseModel]]) -> str:
    table = Table(show_lines=True)
    for heading in ("kind", "what", "options"):
        table.add_column(heading, overflow="fold")
    for kind, plugin in known.items():
        options = [
            f"{option.name} = {option.default or 'options'}"
            for option in options_of(plugin)
            if option.name in plugin.model_fields
        ]
        table.add_row(kind, escape(about(plugin)[0]), escape("\n".join(options)))
    return render(table)


def _description(command: str, plugin: type[BaseModel]) -> Iterator[str]:
    """One plugin in lines: what it is, its options, an example."""
    what, *further = about(plugin)
    yield f"{plugin.model_fields['kind'].default}: {what}"
    yield from further
    yield ""
    options = list(options_of(plugin))
    yield from lines_of(options)
    if not options:
        yield "It has no options."
    yield ""
    yield "In a manifest:"
    yield ""
    yield from (f"    {line}" for line in example_in_a_manifest(command, plugin).splitlines())
    if any(gold := getattr(plugin, "example", ("", ""))):
        yield f"\nA gold and a correct answer: {gold[0]}    {gold[1]}"


def example_in_a_manifest(command: str, plugin: type[BaseModel], more: Mapping[str, Any] | None = None) -> str:
    """YAML with the example of a plugin at its place; `more` are options that it shows too where it has none of them."""
    item: Any = example_of(plugin)
    if more and issubclass(plugin, rewards.Kind):
        item["options"] = {**more, **item.get("options", {})}
    elif more:
        item = {**item, **{name: option for name, option in more.items() if name not in item}}
    for key in reversed(PLACES[command][1]):
        item = [item] if isinstance(key, int) else {key: item}
    text: str = yaml.safe_dump(item, sort_keys=False, allow_unicode=True, default_flow_style=None, width=140)
    return text
