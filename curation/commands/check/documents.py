"""What a stranger reads beside the rows: card, Croissant metadata, error budget and report are of this build and count what is there."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import yaml

from curation.build.build import build_code
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.subject import Subject
from curation.core.digests import sha256_of
from curation.release.budget.budget import BUDGET_FILE, Budget, read_budget
from curation.release.card.card import card_text
from curation.release.card.croissant import croissant_text
from curation.release.card.licences import hub_licence
from curation.release.card.own import CARD
from curation.release.finish import RECORD, is_as_written
from curation.release.push.card import with_configs
from curation.release.push.rollouts import ROLLOUTS
from curation.release.report.page import render, report_digest

NAMES = ("README.md", "croissant.json", "error_budget.json", "report.html")
_BUILD = re.compile(r"\bbuild\W{1,40}([0-9a-f]{32})\b", re.IGNORECASE)
_TAG = re.compile("<[^<>]{1,500}>")
"""A build as a document names it: the word, signs, its digest."""
AGAIN = "the build's command writes it again"
OWN = "own words go between the marks at its end; `ovr-curate report DIR` writes it again and keeps this one as README.edited.md"
TODO = "it is stale; write it again with `ovr-curate report DIR`"


class Documents(Check):
    """Stale or edited documents."""

    kind: Literal["documents"] = "documents"
    place: ClassVar[int] = 140
    whole: ClassVar[bool] = True

    def run(self, subject: Subject) -> Iterator[Said]:
        build, n = str(subject.dataset.summary.get("build")), 0
        yield from _edited(subject)
        try:
            budget = read_budget(subject.path)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield Finding(BUDGET_FILE, f"is no error budget: {type(error).__name__}: {error}", AGAIN)
        else:
            yield from _budget(subject, budget)
            yield from _derived(subject)
        for name in NAMES:
            file = subject.path / name
            if not file.is_file():
                yield Skipped(f"{name}: there is none")
                continue
            n += 1
            text = file.read_text(encoding="utf-8", errors="replace")
            named = set(_BUILD.findall(_TAG.sub(" ", text)))
            if named and build not in named:
                yield Finding(name, f"is of the build {min(named)}, and summary.json of {build}", TODO)
            elif not named:
                yield Skipped(f"{name}, its build: it names none")
            if name.endswith(".json"):
                try:
                    given = json.loads(text)
                except ValueError as error:
                    yield Finding(name, f"is no JSON: {error}", TODO)
                    continue
                yield from _digests(subject, name, given)
            elif name == "README.md":
                yield from _card(subject, text)
        yield Looked(n, "files")


def _edited(subject: Subject) -> Iterator[Finding]:
    """Documents that are not as they were written behind the build, where it recorded them."""
    folder = subject.path
    try:
        written = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"].items()
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Finding(RECORD.as_posix(), f"cannot be read: {' '.join(str(error).split())[:120]}", AGAIN)
        return
    for name, digest in sorted(written):
        if folder / name in subject.broken:  # `files` says so
            continue
        if not (folder / name).is_file():
            yield Finding(name, "was written behind the build and is missing", AGAIN)
        elif not is_as_written(folder / name, digest):
            yield Finding(name, "is not as it was written behind the build", AGAIN if name != CARD else OWN)


def _derived(subject: Subject) -> Iterator[Said]:
    """Card, metadata and, of a released set, the page: each is made of the other files, so what they are to say is known here."""
    dataset = subject.dataset
    if subject.manifest is None or (dataset.lock.get("versions") or {}).get("code") != build_code(subject.manifest):
        yield Skipped("documents, their words: another version of the code wrote them")
        return
    card = card_text(dataset)
    expected = {
        "README.md": {card, with_configs(card, "", {ROLLOUTS: ["train"]})},
        "croissant.json": {croissant_text(dataset)},
    }
    if not dataset.is_build:
        expected["report.html"] = {render(dataset, report_digest(dataset))}
    for name, texts in expected.items():
        file = subject.path / name
        if file.is_file() and file.read_bytes() not in {text.encode() for text in texts}:
            yield Finding(name, "says something else than the files that it is made of", TODO)


def _budget(subject: Subject, budget: Budget | None) -> Iterator[Finding]:
    """The error budget is about the rows that are there, and its shares are shares."""
    if budget is None:
        return
    for config in subject.dataset.configs:
        n = sum(shard.n_rows for shard in subject.of_the_set if shard.config == config)
        of = budget.configs.get(config)
        if of is None or of.rows != n:
            yield Finding(BUDGET_FILE, f"is about {of.rows if of else 0} rows of {config}; there are {n}", AGAIN)
        elif not all(0 <= one.low <= one.high <= 1 and (one.share or 0) <= one.high for one in (of, *of.causes)):
            yield Finding(BUDGET_FILE, f"{config}: a share is outside of its interval", AGAIN)


def _card(subject: Subject, text: str) -> Iterator[Finding]:
    """The counts of the card's header, which the Hub shows, against the rows."""
    _, marker, rest = text.partition("---\n")
    header, closing, _ = rest.partition("\n---")
    try:
        given = yaml.safe_load(header) if marker and closing else None
    except yaml.YAMLError as error:
        given = None
        yield Finding("README.md", f"its header is no YAML: {' '.join(str(error).split())[:120]}", TODO)
    if not isinstance(given, dict):
        yield Finding("README.md", "has no YAML header, without which nothing loads the configs by name", TODO)
        return
    there: dict[tuple[str, str], int] = defaultdict(int)
    for shard in subject.of_the_set:
        there[shard.config, shard.split] += shard.n_rows
    said = _said(given)
    for (config, split), n in sorted(said.items()):
        if (found := there.get((config, split))) != n and config in subject.dataset.summary["configs"]:
            yield Finding("README.md", f"says {n} rows of {config}, split {split}; there are {found or 0}", TODO)
    for config, split in sorted(there.keys() - said.keys()) if said else ():
        yield Finding("README.md", f"says nothing of {config}, split {split}", TODO)
    allowed = {hub_licence(one) for one in (subject.dataset.manifest.get("release") or {}).get("allow") or ()}
    licences = given.get("license")
    for licence in [licences] if isinstance(licences, str) else licences or ():
        if allowed and licence not in {*allowed, "other", "unknown"}:
            yield Finding("README.md", f"names the licence {licence!r}, which the release does not allow", TODO)


def _said(header: dict[str, Any]) -> dict[tuple[str, str], int]:
    """(config, split) -> rows by `dataset_info`."""
    infos = header.get("dataset_info") or ()
    return {
        (info.get("config_name", ""), split["name"]): split["num_examples"]
        for info in ([infos] if isinstance(infos, dict) else infos)
        for split in info.get("splits") or ()
    }


def _digests(subject: Subject, name: str, value: Any) -> Iterator[Finding]:
    """Every object that names a file and its SHA-256, as Croissant's file objects do."""
    if isinstance(value, dict):
        url, digest = value.get("contentUrl"), value.get("sha256")
        if isinstance(url, str) and isinstance(digest, str):
            path = next((subject.path / part for part in _tails(url) if (subject.path / part).is_file()), None)
            if path is None:
                yield Finding(name, f"names the file {url}, which is not there", TODO)
            elif sha256_of(path) != digest:
                yield Finding(name, f"has another SHA-256 of {subject.name(path)} than the file", TODO)
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _digests(subject, name, member)


def _tails(url: str) -> Iterator[str]:
    """An address from its end: `https://host/a/resolve/main/data/rl/x.parquet` may be `data/rl/x.parquet` here."""
    parts = url.split("/")
    yield from ("/".join(parts[i:]) for i in range(len(parts)) if ".." not in parts[i:])
