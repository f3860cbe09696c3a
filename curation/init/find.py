"""Parts with their guesses; parts whose rows are read alike are one source."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.core.errors import SourceError, first_line
from curation.init.columns import columns_of
from curation.init.guess import Guess, guess
from curation.init.look import SPLITS, Part, read_part
from curation.init.roles import best_questions


def guesses_of(parts: Sequence[Part], folder: Path | None) -> tuple[list[Guess], list[str]]:
    """A guess for every kind of rows, and why the other parts have none."""
    found: list[Guess] = []
    skipped: list[str] = []
    for part in _with_joins(parts):
        near = os.path.relpath(part.name, folder) if folder else part.name
        if part.error or not part.records:
            skipped.append(f"{near}: {part.error or 'no record can be read'}")
        elif one := guess(part, folder):
            found.append(one)
        else:
            has = ", ".join(map(str, part.records[0].value)) if isinstance(part.records[0].value, dict) else "no fields"
            skipped.append(f"{near}: no field looks like a question (it has {has[:120]})")
    answered = [one for one in found if "answer" in one.options["fields"] or one.config == "cold_start"]
    if answered:
        skipped += [f"{os.path.relpath(one.part.name, folder)}: {one.hand[0]}" for one in found if one not in answered]
    return _together(answered or found, folder), skipped


def _with_joins(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, those in many folders with the other files of the same folders joined to them, where these hold no question."""
    of_folder: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        path = part.reading.get("path")
        of_folder[
            os.path.dirname(path) if isinstance(path, str) and "*" in os.path.dirname(path) else part.name
        ].append(part)
    for beside in of_folder.values():
        asking = [part for part in beside if part.records and best_questions(columns_of(part.records))]
        others = [part for part in beside if part not in asking]
        if len(asking) != 1 or not others:
            yield from beside
            continue
        names = [os.path.basename(str(part.reading["path"])) for part in others]
        join = {re.sub(r"\W", "_", os.path.splitext(name)[0]): name for name in names if name.endswith(".json")}
        joined = read_part({**asking[0].reading, "join": join}) if join else None
        yield replace(joined, notes=asking[0].notes) if joined and joined.records and not joined.error else asking[0]


def _together(found: list[Guess], folder: Path | None) -> list[Guess]:
    """Guesses of one mapping as one, made from the records of all."""
    alike: dict[str, list[Guess]] = {}
    for one in found:
        fields = {key: value for key, value in one.options["fields"].items() if key not in ("id", "images")}
        reading = {key: value for key, value in one.part.reading.items() if key != "path"}
        alike.setdefault(
            json.dumps([fields, reading, one.config, one.options.get("explode")], sort_keys=True), []
        ).append(one)
    merged = []
    for same in alike.values():
        if len(same) == 1 or "hub" in same[0].part.reading:
            merged += same
            continue
        share = max(300 // len(same), 5)
        records = [record for one in same for record in one.part.records[:share]]
        paths = [path for one in same for path in _paths(one.part.reading["path"])]
        notes = tuple(dict.fromkeys(note for one in same for note in one.part.notes))
        part = Part({**same[0].part.reading, "path": _pattern(paths)}, records, notes=notes)
        merged.append(guess(part, folder) or same[0])
    return merged


def _paths(path: Any) -> list[str]:
    return [path] if isinstance(path, str) else list(path)


def _pattern(paths: list[str]) -> str | list[str]:
    """One glob for the files, where it matches no other; else their list."""
    folders = {os.path.dirname(path) for path in paths}
    suffixes = {os.path.splitext(path)[1] for path in paths}
    if len(folders) == len(suffixes) == 1 and "!/" not in paths[0]:
        folder, suffix = folders.pop(), suffixes.pop()
        glob = f"{folder}/*{suffix}"
        names = {name for name in os.listdir(folder) if name.endswith(suffix)} if os.path.isdir(folder) else set()
        if names == {os.path.basename(path) for path in paths}:
            return glob
    return paths


def hub_parts(name: str, config: str | None, split: str | None) -> list[Part]:
    """The configs of a Hub data set, one split of each: the one asked for, else that to train on.

    Raises:
        SourceError: no such data set, or no network.
    """
    import datasets

    try:
        configs = [config] if config else datasets.get_dataset_config_names(name)
        chosen = _chosen(configs)
        parts = []
        for one in chosen:
            splits = [split] if split else datasets.get_dataset_split_names(name, one)
            taken = min(splits, key=lambda s: SPLITS.index(s) if s in SPLITS else len(SPLITS))
            notes = [f"other splits: {', '.join(s for s in splits if s != taken)}"] if len(splits) > 1 else []
            notes += (
                [f"other configs: {', '.join(c for c in configs if c not in chosen)[:400]}"]
                if len(configs) > len(chosen)
                else []
            )
            reading = {"hub": name, "split": taken} | ({"config": one} if one != "default" else {})
            part = read_part(reading)
            if part:
                parts.append(replace(part, notes=tuple(notes)))
        return parts
    except Exception as error:  # ValueError, HTTP errors, script errors: all end this command
        raise SourceError(f"cannot look at {name!r} on the Hub: {type(error).__name__}: {first_line(error)}") from error


def _chosen(configs: list[str]) -> list[str]:
    """All configs where they are few; of many the one that holds all, else the first."""
    for whole in ("all", "default", "main"):
        if whole in configs:
            return [whole]
    return configs if len(configs) <= 5 else configs[:1]
