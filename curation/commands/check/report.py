"""All checks of a data set, and what they said as a table and as lines."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.commands.check.base import Check, Finding, Looked, RowCheck, Said, Skipped
from curation.commands.check.rows import check_rows
from curation.commands.check.subject import Subject, subject_of
from curation.core.errors import BuildError, CurationError
from curation.core.plugins import known_plugins
from curation.core.words import counted
from curation.release.dataset import open_dataset

LEFT_OUT = "left out by --skip"


@dataclass
class Line:
    """What one check said."""

    kind: str
    findings: list[Finding] = field(default_factory=list)
    looked: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, said: Said) -> None:
        if isinstance(said, Finding):
            self.findings.append(said)
        elif isinstance(said, Looked):
            self.looked[said.unit] += said.n
        else:
            self.skipped[said.why] += said.n


@dataclass
class Report:
    """What all checks said, in their order."""

    path: Path
    sets: dict[str, Counter[str]]
    """Set -> rows, images and shards of it."""
    lines: list[Line]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        return [(line.kind, finding) for line in self.lines for finding in line.findings]

    def texts(self) -> Iterator[str]:
        """A line for every set and check, one for everything that was not checked, one for every finding."""
        for name, of in self.sets.items():
            amounts = ", ".join(_amount(n, unit) for unit, n in of.items())
            left_out = any(LEFT_OUT in line.skipped for line in self.lines)
            valid = "nothing was found by the checks that ran" if left_out else "all valid"
            yield f"{name}: {amounts}{'' if self.findings else f', {valid}'}"
        width = max(len(line.kind) for line in self.lines)
        for line in self.lines:
            looked = ", ".join(_amount(n, unit) for unit, n in line.looked.items()) or "nothing"
            found = counted(len(line.findings), "finding") if line.findings else "ok" if line.looked else "-"
            yield f"{line.kind:<{width}}  {found:<12}  {looked}"
            for why, n in line.skipped.items():
                yield f"{'':<{width}}  not checked:  {why}{f' ({n:,})' if n else ''}"
        for kind, finding in self.findings:
            yield f"{kind}: {finding}"

    def record(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "path": str(self.path),
            "sets": {name: dict(of) for name, of in self.sets.items()},
            "checks": {
                line.kind: {
                    "looked": dict(line.looked),
                    "not_checked": dict(line.skipped),
                    "findings": [{"where": f.where, "what": f.what, "todo": f.todo} for f in line.findings],
                }
                for line in self.lines
            },
        }


def _amount(n: int, unit: str) -> str:
    """A unit is a plural: `rows by the trainer`."""
    return counted(n, re.sub(r"s\b", "", unit, count=1), unit)


def examine(path: Path, workers: int = 1, skip: Collection[str] = ()) -> Report:
    """Check a build or a released set; `skip` names checks to leave out.

    Raises:
        BuildError: the folder is neither, or its summary or lock cannot be read.
    """
    dataset = open_dataset(path)
    for file in ("summary", "lock"):
        try:
            if not isinstance(getattr(dataset, file), dict) or not dataset.summary["configs"]:
                raise ValueError("it says nothing of any config")
        except CurationError:
            raise
        except Exception as error:  # YAML and JSON raise many kinds
            name = {"summary": "summary.json", "lock": "manifest.lock.yaml"}[file]
            text = " ".join(str(error).split())[:200]
            raise BuildError(
                f"{path}/{name}: cannot be read: {type(error).__name__}: {text}; copy or build it again"
            ) from None
    subject = subject_of(dataset, workers)
    checks = _checks()
    lines = {check.kind: Line(check.kind) for check in checks}
    for kind in skip:
        lines[kind].add(Skipped(LEFT_OUT))
    checks = [check for check in checks if check.kind not in skip]
    of_rows = [check for check in checks if isinstance(check, RowCheck)]
    for check in checks:
        if check.kind == "files":  # what cannot be read is known before rows are
            for said in _said(check, subject):
                lines[check.kind].add(said)
    for kind, said in check_rows(subject, of_rows):
        if kind in lines:
            lines[kind].add(said)
    for check in checks:
        if check.kind != "files":
            for said in _said(check, subject):
                lines[check.kind].add(said)
    sets: dict[str, Counter[str]] = {}
    for shard in subject.shards:
        name = f"{shard.config}, control/{shard.control}" if shard.control else shard.config
        sets.setdefault(name, Counter()).update(rows=shard.n_rows, shards=1)
    return Report(path, sets, list(lines.values()))


def _said(check: Check, subject: Subject) -> Iterator[Said]:
    """What a check says. Where it breaks off, the data has a form that nobody expected, which must not hide what the others find."""
    if check.whole and subject.lacks:
        yield Skipped(f"what is said of all rows: {subject.lacks} cannot be read")
        return
    try:
        yield from check.run(subject)
    except Exception as error:
        what = f"the check broke off: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        if subject.broken or subject.changed:
            yield Skipped(f"what needs the files that `files` names: {what}")
        else:
            yield Finding(subject.path.name, what, "mend what the other findings name first, and check again")


def kinds() -> list[str]:
    """The names of the checks, in their order."""
    return [check.kind for check in _checks()]


def _checks() -> list[Check]:
    return sorted((check(kind=kind) for kind, check in known_plugins(Check).items()), key=lambda check: check.place)


def check(path: Path, workers: int = 1) -> str:
    """What was checked, as text.

    Raises:
        BuildError: every finding, one a line.
    """
    report = examine(path, workers)
    if report.findings:
        raise BuildError("\n".join(f"{path}: {kind}: {finding}" for kind, finding in report.findings))
    return "\n".join(report.texts())


def show(path: Path, workers: int, skip: Collection[str], as_json: bool) -> None:
    """Print what was checked and every finding.

    Raises:
        BuildError: there are findings.
    """
    report = examine(path, workers, skip)
    print(json.dumps(report.record(), indent=1, ensure_ascii=False) if as_json else "\n".join(report.texts()))
    if n := len(report.findings):
        kinds = ", ".join(dict.fromkeys(kind for kind, _ in report.findings))
        raise BuildError(f"{path}: {n} finding{'s' * (n > 1)} ({kinds})")
