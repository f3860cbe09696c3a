"""Parts with their guesses; parts whose rows are read alike are one source."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from curation.core.errors import SourceError, first_line
from curation.init.alike import as_layouts, together, without_copies
from curation.init.columns import columns_of
from curation.init.guess import Guess, guess
from curation.init.look import SPLITS, Part, read_part
from curation.init.no_questions import why_no_questions
from curation.init.pictures_beside import UNNAMED
from curation.init.roles import best_questions


def guesses_of(parts: Sequence[Part], folder: Path | None) -> tuple[list[Guess], list[str]]:
    """A guess for every kind of rows, and why the other parts have none."""
    found: list[Guess] = []
    skipped: list[str] = []
    apart = []
    for part, twice in without_copies([*_with_joins(parts)]):
        if twice:
            skipped.append(f"{_near(part.name, folder)}: its records are in {_near(twice, folder)} too")
        else:
            apart.append(part)
    asking = []
    for part in apart:
        if not part.error and part.records and (why := why_no_questions(part, apart)):
            skipped.append(f"{_near(part.name, folder)}: {why}")
        else:
            asking.append(part)
    for part in as_layouts(asking):
        near = _near(part.name, folder)
        if part.error or not part.records:
            skipped.append(f"{near}: {part.error or 'no record can be read'}")
        elif guessed := guess(part, folder):
            found += guessed
        else:
            has = ", ".join(map(str, part.records[0].value)) if isinstance(part.records[0].value, dict) else "no fields"
            skipped.append(f"{near}: no field looks like a question (it has {has[:120]})")
    answered = [one for one in found if "answer" in one.options["fields"] or one.config == "cold_start"]
    if answered:
        skipped += [f"{_near(one.part.name, folder)}: {one.hand[0]}" for one in found if one not in answered]
    whole = together(answered or found, folder)
    if any("images" in one.options["fields"] for one in whole):  # of another source
        whole = [replace(one, unsure=tuple(what for what in one.unsure if UNNAMED not in what)) for one in whole]
    return whole, skipped


def _near(name: str, folder: Path | None) -> str:
    """A name of files, or of several with `, ` between them, from the folder of the data."""
    return name.replace(f"{folder}/", "") if folder else name


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
