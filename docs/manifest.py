"""Print docs/manifest.md, the reference of a manifest: python docs/manifest.py > docs/manifest.md"""

from collections.abc import Collection, Iterable, Iterator

from pydantic import BaseModel

from curation.cli import LISTS
from curation.commands.model_options import REQUIRED, Option, options_of
from curation.commands.parts import PARTS, Part, command_of, part_of
from curation.commands.plugins import USES, about, base_of, example_in_a_manifest, plugins_of

INTRODUCTION = """# The manifest

This page is printed from the models that read a manifest (`python docs/manifest.py > docs/manifest.md`); a test holds it to them.
`ovr-curate options PART`, `ovr-curate sources NAME` and its like show the same in the terminal, `ovr-curate options max_lost` finds an
option by its name, `ovr-curate schema` prints the JSON schema for editors.

A manifest is YAML. `$NAME`, `${NAME}` and `${NAME:-default}` stand for environment variables, `!include FILE` for what another file holds;
a relative `path` or `root` is relative to the manifest. An unknown key or kind is an error that names the nearest right one. `--set
rl.difficulty.n=4` changes one key for one build.

A build takes its rows through `sources`, `normalise` and `pictures`, `decontaminate`, `filters`, `questions`, the check of golds (`rl`) or
traces (`cold_start`), `dedup`, `release`, `distil`, `difficulty`, `triage`, `mixture` and `splits`, in this order; what a row falls to is
in the ledger.
"""


def main() -> None:
    print("\n".join([INTRODUCTION, *_contents(), *_parts(), *_plugins()]))


def _contents() -> Iterator[str]:
    for heading in (*map(_title, PARTS), *map(_heading, LISTS)):
        yield f"- [{heading}](#{_anchor(heading)})"
    yield ""


def _anchor(heading: str) -> str:
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _title(part: Part) -> str:
    return f"`{part.name}`" if part.places[0] else "The top of a manifest"


def _parts() -> Iterator[str]:
    for part in PARTS:
        yield f"## {_title(part)}\n\n{part.what}\n"
        if part.sections:
            yield f"In {' and '.join(f'`{section}`' for section in part.sections)}.\n"
        yield from _lines(part.options())
        yield f"\n```yaml\n{part.example}```\n"


def _plugins() -> Iterator[str]:
    for command in LISTS:
        yield f"## {_heading(command)}\n\n{USES[command]}\n"
        known = plugins_of(command)
        if not known:
            yield "None ships: [CONTRIBUTING](../CONTRIBUTING.md#a-stage) says how one is made.\n"
        base = base_of(command)
        if shared := list(_options(base, keep=base.model_fields.keys() - {"kind"})):
            yield from ("Every one has:\n", *shared, "")
        for kind, plugin in known.items():
            yield "\n\n".join([f"### `{kind}`", *about(plugin)]) + "\n"
            parent = plugin.__base__
            if parent in known.values():
                yield f"It has the options of `{parent.model_fields['kind'].default}`, but for these defaults:\n"
                yield from _options(plugin, keep=plugin.__annotations__, nested=False)
                yield ""
            elif options := list(_options(plugin, keep=_of_its_own(plugin, base))):
                yield from (*options, "")
            yield f"```yaml\n{example_in_a_manifest(command, plugin)}```\n"
            if gold := getattr(plugin, "example", None):
                yield f"A gold and a correct answer: `{gold[0]}`, `{gold[1]}`.\n"


def _of_its_own(plugin: type[BaseModel], base: type[BaseModel]) -> set[str]:
    """The fields that a plugin defines, or defines in another way than its base."""
    classes = plugin.__mro__[: plugin.__mro__.index(base)]
    return {name for one in classes for name in getattr(one, "__annotations__", {})}


def _heading(command: str) -> str:
    plugins = LISTS[command][0]
    return plugins[0].upper() + plugins[1:]


def _options(model: type[BaseModel], keep: Collection[str], nested: bool = True) -> Iterator[str]:
    """The lines of the fields in `keep`, with those of nested models or without."""
    for option in options_of(model):
        if option.outermost in keep and (nested or (option.name == option.outermost and option.default)):
            yield from _lines([option])


def _lines(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        default = f", default `{option.default}`" if option.default not in ("", REQUIRED) else ""
        required = ", required" * (option.default == REQUIRED)
        text = f" {option.text}" if option.text else ""
        yield f"- **`{option.name}`**: {option.type}{required}{default}.{text}{_pointer(option)}"


def _pointer(option: Option) -> str:
    """Where the options are that an option holds."""
    part, command = part_of(option), command_of(option)
    heading = _title(part) if part else _heading(command) if command else ""
    return f" See [{heading}](#{_anchor(heading)})." if heading else ""


if __name__ == "__main__":
    main()
