"""The manifest as text: flow mappings of PyYAML, comments by hand."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from curation.init.guess import ENOUGH, Guess

_NAME = re.compile(r"[^\w.-]+")
_EVALUATION = re.compile(
    r"(?i)(?:^|[\W_])(?:test\d*|val|valid|validation|dev|eval\w*|benchmark\w*|aime|amc|math.?500|gpqa|mmlu|mmmu|mathvista|mathverse|mathvision"
    r"|olympiadbench|hle|livebench|scienceqa.test|arc.challenge.test|docvqa.val|textvqa.val)(?=[\W_\d]|$)"
)
ORDER = ("language", "domain", "hub", "config", "split", "path", "encoding", "csv", "format", "shape", "records", "on_truncated", "join", "explode",
         "fields", "images", "gold")  # fmt: skip


def manifest_text(name: str, said: str, guesses: Sequence[Guess], skipped: Sequence[str], folder: Path) -> str:
    """The manifest; paths are relative to `folder`, where they are near."""
    lines = [
        f"# Written by `ovr-curate init {said}`. Look at `ovr-curate preview` of it, and at every line that says `unsure`.",
        *(f"# skipped: {one}" for one in skipped),
        f"name: {slug(name)}",
    ]
    names: set[str] = set()
    for config in ("cold_start", "rl"):
        of_config = [one for one in guesses if one.config == config]
        lines += ["", f"{config}:", "  sources:"] if of_config else []
        for number, one in enumerate(of_config):
            lines += [""] if number else []
            lines += _source_lines(one, unique(source_name(one, name), names), folder)
    return "\n".join(lines) + "\n"


def _source_lines(one: Guess, name: str, folder: Path) -> list[str]:
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
    lines.append(f"      # golds: {kinds} of {check.n} rows read{bad}")
    lines += [f"      # unsure: {_line(doubt).removeprefix('unsure: ')}" for doubt in (*one.unsure, *_evaluation(one))]
    lines += [f"      # by hand: {_line(what)}" for what in one.hand]
    if check.good < ENOUGH and not one.hand:
        lines.append(f"      # by hand: only {check.good:.0%} of the rows are read")
    return lines


def _evaluation(one: Guess) -> list[str]:
    where = str(one.part.reading.get("path") or "")
    said = [
        *(str(one.part.reading.get(key) or "") for key in ("hub", "config", "split")),
        *re.split(r"[/']", where)[-3:],
    ]
    hit = next((match[0].strip("_-./ ") for text in said if (match := _EVALUATION.search(text))), "")
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
    shorter = os.path.relpath(path, folder.resolve())
    return str(path) if shorter.startswith("../../../..") else shorter


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=100_000, allow_unicode=True, sort_keys=False).strip()
    return text.removesuffix("...").strip()


def _line(text: str) -> str:
    return " ".join(text.split())
