"""The manifest as text: flow mappings of PyYAML, comments by hand."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from curation.core.words import counted
from curation.init.guess import Guess

_NAME = re.compile(r"[^\w.-]+")
_EVALUATION = re.compile(
    r"(?i)(?:^|[\W_])(?:test\d*|val|valid|validation|dev|eval\w*|benchmark\w*|aime|amc|math.?500|gpqa|mmlu|mmmu|mathvista|mathverse|mathvision"
    r"|olympiadbench|hle|livebench|scienceqa.test|arc.challenge.test|docvqa.val|textvqa.val)(?=[\W_\d]|$)"
)
ORDER = (
    *(
        "language",
        "domain",
        "hub",
        "config",
        "split",
        "path",
        "encoding",
        "csv",
        "format",
        "shape",
        "records",
        "on_truncated",
    ),
    *("join", "explode", "fields", "images", "gold"),
)


def manifest_text(said: str, guesses: Sequence[Guess], skipped: Sequence[str], folder: Path) -> str:
    """The manifest for what was `said` on the command line; paths are relative to `folder`, where they are near."""
    name = os.path.basename(os.path.abspath(said))
    lines = [
        f"# Written by `ovr-curate init {said}`. Look at `ovr-curate preview` of it, and at every line that says `unsure`.",
        *(f"# skipped: {one}" for one in skipped),
        f"name: {slug(name.partition('.')[0] or name)}",
    ]
    names: set[str] = set()
    for config in ("cold_start", "rl"):
        of_config = [one for one in guesses if one.config == config]
        lines += ["", f"{config}:", "  sources:"] if of_config else []
        for number, one in enumerate(of_config):
            lines += [""] if number else []
            lines += _source_lines(one, unique(source_name(one, name), names), said, folder)
    return "\n".join(lines) + "\n"


def _source_lines(one: Guess, name: str, said: str, folder: Path) -> list[str]:
    options = {**one.part.reading, **one.options}
    lines = [
        "    - kind: table",
        f"      name: {name}",
        "      license: unknown  # unsure: the data state none; say the SPDX identifier",
    ]
    for key in ORDER:
        if key in options and options[key] not in (None, "", {}, ()):
            value = _relative(options[key], folder) if key == "path" else options[key]
            if key == "images" and "root" in value:
                value = {**value, "root": _relative(value["root"], folder)}
            lines.append(f"      {key}: {flow(value)}")
    check = one.check
    kinds = ", ".join(f"{n} {kind}" for kind, n in check.kinds.most_common()) or "none"
    bad = "".join(f", {n} {reason}" for reason, n in check.bad.most_common())
    lines.append(f"      # golds: {kinds} of {counted(check.n, 'row')} read{bad}")
    lines += [
        f"      # unsure: {_line(doubt).removeprefix('unsure: ')}" for doubt in (*one.unsure, *_evaluation(one, said))
    ]
    lines += [f"      # by hand: {_line(what)}" for what in one.hand]
    return lines


def _evaluation(one: Guess, said: str) -> list[str]:
    """A doubt where the data, a file or a split of theirs is called like what models are compared by."""
    path, above = one.part.reading.get("path") or (), os.path.dirname(os.path.abspath(said))
    names = [os.path.relpath(file, above) for file in (*([path] if isinstance(path, str) else path), *one.part.files)]
    names += [str(one.part.reading.get(key) or "") for key in ("hub", "config", "split")]
    hit = next((match[0].strip("_-./ ") for name in names if (match := _EVALUATION.search(name))), "")
    return (
        [f"{hit!r} is the name of an evaluation set: list it under `decontaminate`, do not train on it"] if hit else []
    )


def source_name(one: Guess, name: str) -> str:
    """A name for a source: of its files, where a manifest has several."""
    reading = one.part.reading
    if hub := reading.get("hub"):
        return slug("_".join(filter(None, (str(hub).rpartition("/")[2], reading.get("config")))))
    path = reading["path"] if isinstance(reading["path"], str) else reading["path"][0]
    parts = [part for part in re.split(r"/|!", path) if part]
    last = re.sub(r"\W+\Z|\A\W+", "", re.sub(r"[*\[\]?]", "", re.sub(r"(?:\.\w{2,8}){1,2}\Z", "", parts[-1])))
    last = last if isinstance(reading["path"], str) or len(reading["path"]) == 1 else ""
    plain = last in ("", "train", "test", "data", "problem", "problems", "val", "dev", "q", "train-00000-of-00001")
    above = re.sub(r"[*\[\]?]", "", parts[-2]) if len(parts) > 1 else name
    return slug(f"{above or name}_{last}" if plain and last else last or above or name)


def unique(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken; it is then taken."""
    number, free = 2, name
    while free in names:
        free, number = f"{name}_{number}", number + 1
    names.add(free)
    return free


def slug(text: str) -> str:
    """Text as the name of a source or a manifest."""
    return _NAME.sub("_", text).strip("_.-") or "data"


def _relative(path: Any, folder: Path) -> Any:
    if isinstance(path, list | tuple):
        return [_relative(one, folder) for one in path]
    together = os.path.commonpath([os.path.abspath(path), folder.resolve()])
    return str(path) if together.count("/") < 2 else os.path.relpath(path, folder.resolve())


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=100_000, allow_unicode=True, sort_keys=False
    ).strip()
    return text.removesuffix("...").strip()


class _Dumper(yaml.SafeDumper):
    """PyYAML's own, with line breaks inside text as `\\n`."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _line(text: str) -> str:
    return " ".join(text.split())
