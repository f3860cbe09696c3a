"""`ovr-curate options [PART]`: the parts of a manifest, every option of one, or the options of a name wherever they are."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import yaml
from rich.markup import escape
from rich.table import Table

from curation.cli import LISTS
from curation.commands.console import render
from curation.commands.model_options import REQUIRED, Option, lines_of, options_of
from curation.commands.parts import PARTS, Part, command_of, part_of
from curation.commands.plugins import example_in_a_manifest, plugins_of, show_plugins
from curation.core.errors import CurationError, nearest

OF_A_KIND = "rl.sources[].gold.rules[].options"
"""Where a manifest sets the options of a reward kind."""


class Entry(NamedTuple):
    """An option at its full key, of the part `owner`, or of the plugin `kind` that the command `owner` lists."""

    key: str
    option: Option
    owner: str
    kind: str = ""


def show_options(name: str | None) -> str:
    """The parts, one with every option, or the options of a name: `difficulty`, `rl.difficulty.max_lost`, `max_lost`, `vllm`.

    Raises:
        CurationError: nothing has that name; the message says which are near.
    """
    if name is None:
        return _table()
    key = _plain(name)
    if parts := [part for part in PARTS if any(_ends(place, key) for place in (part.name, *part.places))]:
        return "\n\n".join([*("\n".join(_lines(part)) for part in parts), *_others(key, parts)])
    if key in LISTS:
        return show_plugins(key, None)
    if command := next((command for command in LISTS if key in plugins_of(command)), ""):
        return show_plugins(command, key)
    found = [entry for entry in _entries() if _ends(_plain(entry.key), key)]
    if exact := [entry for entry in found if _plain(entry.key) == key] or found:
        return "\n\n".join(_found(exact))
    keys = [_plain(entry.key) for entry in _entries()]
    known = dict.fromkeys([*(part.name for part in PARTS), *LISTS, *keys, *map(_last, keys)])
    hint = _renamed(key) or nearest(name, known) or f"; the parts are {', '.join(part.name for part in PARTS)}"
    raise CurationError(f"options: nothing is called {name!r}{hint}")


def _table() -> str:
    table = Table()
    for heading in ("part", "what"):
        table.add_column(heading, overflow="fold")
    for part in PARTS:
        table.add_row(part.name, escape(part.what))
    for command, (listed, _) in LISTS.items():
        table.add_row(command, f"{listed[0].upper()}{listed[1:]}: see `ovr-curate {command}`.")
    return render(table)


def _lines(part: Part) -> Iterator[str]:
    """A part: what it is, its options, an example."""
    where = " and ".join(filter(None, part.places))
    yield f"{where or 'The top of a manifest'}: {part.what}"
    yield ""
    yield from lines_of(map(_pointing, part.options()))
    yield from ("", "In a manifest:", "", *_indented(part.example))


def _others(name: str, parts: Iterable[Part]) -> Iterator[str]:
    """A line with the options of the same name that are in other parts."""
    own = {place for part in parts for place in part.places}
    keys = [entry.key for entry in _entries() if _ends(entry.key, name) and entry.key not in own and not entry.kind]
    if keys:
        yield f"Options of that name: {', '.join(keys)}."


def _pointing(option: Option) -> Option:
    """The option, whose text names the command that shows what it holds."""
    see = ""
    if part := part_of(option):
        see = f"See `ovr-curate options {part.name}`."
    elif command := command_of(option):
        kinds = ", ".join(plugins_of(command))
        see = f"Kinds: {kinds or 'none ships'}; see `ovr-curate {command}`."
    return option._replace(text=f"{option.text} {see}".strip())


def _found(entries: Iterable[Entry]) -> Iterator[str]:
    """Options that are equal but for their places once, with all of their keys and owners."""
    groups: dict[Option, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.option._replace(name=_last(entry.key))].append(entry)
    for option, same in groups.items():
        first, *further = dict.fromkeys(entry.key for entry in same)
        yield "\n".join([
            *lines_of([_pointing(option)._replace(name=first)]),
            *(f"    Also {key}." for key in further),
            f"    Of {_owners(same)}.",
            "", "In a manifest:", "", *_indented(_example(same[0])),
        ])  # fmt: skip


def _owners(entries: Iterable[Entry]) -> str:
    kinds: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in entries:
        kinds[entry.owner] |= {entry.kind: None} if entry.kind else {}
    return ", ".join(f"{owner} ({', '.join(of)})" if of else owner for owner, of in kinds.items())


def _example(entry: Entry) -> str:
    """YAML with the option: the example of its owner, or where that has it not the option alone. `<...>` stands for a value."""
    *outer, last = entry.key.split(".")
    missing = entry.option.default in ("", REQUIRED, "null")
    value = f"<{entry.option.type.removesuffix(' | null')}>" if missing else entry.option.default
    if entry.kind:
        more = {last: value if missing else yaml.safe_load(value)} if last == entry.option.name else {}
        return example_in_a_manifest(entry.owner, plugins_of(entry.owner)[entry.kind], more)
    example = next(part.example for part in PARTS if part.name == entry.owner)
    if re.search(rf"\b{last}:", example):
        return example
    lines = [f"{'  ' * depth}{place}:" for depth, place in enumerate(outer)]
    return "\n".join([*lines, f"{'  ' * len(outer)}{last}: {value}"])


def _indented(text: str) -> Iterator[str]:
    return (f"    {line}" for line in text.splitlines())


@cache
def _entries() -> tuple[Entry, ...]:
    """Every option at every key that it may have, those of the kinds included."""
    found = []
    for part in PARTS:
        for option in part.options():
            for place in part.places:
                key = f"{place}.{option.name}".removeprefix(".")
                found.append(Entry(key, option, part.name))
                if command := command_of(option):
                    found += _of_kinds(command, f"{key}[]" if option.type.startswith("list") else key)
    return (*found, *_of_kinds("kinds", OF_A_KIND))


def _of_kinds(command: str, place: str) -> Iterator[Entry]:
    for kind, plugin in plugins_of(command).items():
        for option in options_of(plugin):
            yield Entry(f"{place}.{option.name}", option, command, kind)


def _plain(key: str) -> str:
    """A key without the places in lists and mappings.

    >>> _plain("rl.sources[0].limit"), _plain("rl.sources.0.limit"), _plain("datasets.*.count")
    ('rl.sources.limit', 'rl.sources.limit', 'datasets.count')
    """
    return re.sub(r"\[\w*\]|\.(\d+|\*)(?=\.|$)", "", key.strip())


def _ends(key: str, name: str) -> bool:
    return key == name or key.endswith(f".{name}")


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _renamed(key: str) -> str:
    """What an old key is called now."""
    models = [part.model for part in PARTS] + [plugin for command in LISTS for plugin in plugins_of(command).values()]
    new = next((found for model in models if (found := getattr(model, "renamed", {}).get(_last(key)))), "")
    return f"; it is called {new!r} now" if new else ""
