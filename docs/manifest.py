"""Print docs/manifest.md, the reference of a manifest: python docs/manifest.py > docs/manifest.md"""

import re
from collections.abc import Container, Iterator

from pydantic import BaseModel

from curation.build.manifest import ColdStart, Manifest, Rl, Section
from curation.cli import LISTS
from curation.commands.plugins import base_of, example_in_a_manifest, options_of, paragraphs, plugins_of
from curation.decontamination.options import Decontaminate
from curation.decontamination.second_opinion import SecondOpinion
from curation.difficulty.pass_rate import PassRate
from curation.release.licences import Release

INTRODUCTION = """# The manifest

This page is printed from the models that read a manifest (`python docs/manifest.py > docs/manifest.md`); a test holds it to them.
`ovr-curate sources NAME` and its like show the same in the terminal, `ovr-curate schema` prints the JSON schema for editors.

A manifest is YAML. `$NAME`, `${NAME}` and `${NAME:-default}` stand for environment variables, `!include FILE` for what another file holds;
a relative `path` or `root` is relative to the manifest. An unknown key or kind is an error that names the nearest right one. `--set
rl.difficulty.n=4` changes one key for one build.
"""
PARTS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "The top of a manifest": (Manifest, BaseModel),
    "What `rl` and `cold_start` share": (Section, BaseModel),
    "`rl`": (Rl, Section),
    "`cold_start`": (ColdStart, Section),
    "`decontaminate`": (Decontaminate, BaseModel),
    "`decontaminate.second_opinion`": (SecondOpinion, BaseModel),
    "`rl.difficulty`": (PassRate, BaseModel),
    "`release`": (Release, BaseModel),
}
"""Heading -> the model, and the one whose options another part has."""


def main() -> None:
    print("\n".join([INTRODUCTION, *_contents(), *_parts(), *_plugins()]))


def _contents() -> Iterator[str]:
    for heading in (*PARTS, *map(_heading, LISTS)):
        anchor = "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")
        yield f"- [{heading}](#{anchor})"
    yield ""


def _parts() -> Iterator[str]:
    for heading, (model, base) in PARTS.items():
        yield f"## {heading}\n\n{paragraphs(model)[0]}\n"
        yield from _options(model, model.model_fields.keys() - base.model_fields.keys())
        yield ""


def _plugins() -> Iterator[str]:
    for command in LISTS:
        yield f"## {_heading(command)}\n"
        known = plugins_of(command)
        if not known:
            yield "None ships: [CONTRIBUTING](../CONTRIBUTING.md#a-stage) says how one is made.\n"
        base = base_of(command)
        if shared := list(_options(base, keep=base.model_fields.keys() - {"kind"})):
            yield from ("Every one has:\n", *shared, "")
        for kind, plugin in known.items():
            yield f"### `{kind}`\n\n{paragraphs(plugin)[0]}\n"
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


def _options(model: type[BaseModel], keep: Container[str] | None = None, nested: bool = True) -> Iterator[str]:
    """A line for every option, of the fields in `keep` only where it is given."""
    for option in options_of(model):
        name = re.split(r"[.\[]", option.name)[0]
        if (keep is not None and name not in keep) or not (nested or (name == option.name and option.default)):
            continue
        required = option.default == "required"
        default = f", default `{option.default}`" if option.default and not required else ""
        text = f" {option.text}" if option.text else ""
        yield f"- **`{option.name}`**: {option.type}{', required' * required}{default}.{text}"


if __name__ == "__main__":
    main()
