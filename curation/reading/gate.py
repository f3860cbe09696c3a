"""Where a build ends: a red flag that its source does not accept by name."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curation.core.errors import FlagError, nearest
from curation.core.words import counted
from curation.reading.flags import FLAGS, LITTLE_LEFT, NAMES

READING = "reading"
"""In the folder of a stage: a JSON file for every source."""
Accepted = Mapping[str, tuple[str, ...]]
"""Source -> the flags that it accepts by name."""
REMEDIES = {flag.name: flag.remedy for flag in FLAGS} | {
    LITTLE_LEFT: "mend what the reasons name; stages/*/ledger has every such row"
}


def check_flags(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a name that no flag has."""
    for name in names:
        if name not in NAMES:
            raise ValueError(f"got the flag {name!r}" + (nearest(name, NAMES) or f"; known: {', '.join(NAMES)}"))
    return names


def refuse_flags(config: str, reports: Iterable[Mapping[str, Any]], accepted: Accepted) -> None:
    """End the set where a report has a raised flag that its source does not accept.

    Raises:
        FlagError: a line for every such flag: source, flag, how many rows, an example, and what mends it.
    """
    lines = [
        f"{config}.{report['source']}: {name}: {said(finding)}; {REMEDIES[name]}, or accept it: `accept: [{name}]`"
        for report in reports
        for name, finding in report["flags"].items()
        if finding["raised"] and name not in accepted.get(report["source"], ())
    ]
    if lines:
        raise FlagError(f"{counted(len(lines), 'red flag')} in what was read\n" + "\n".join(lines))


def said(finding: Mapping[str, Any]) -> str:
    """How many rows have the fault, and the first of them."""
    of = f"{finding['count']:,} of {counted(finding['of'], 'row')} ({finding['count'] / max(finding['of'], 1):.0%})"
    example = f"{finding['source_id']}: {finding['quote']}" if finding["source_id"] else finding["quote"]
    return f"{of}, {example}"


def reports_in(stage: Path) -> list[dict[str, Any]]:
    """The reports that a stage left in its folder, in the order of the sources."""
    return [json.loads(file.read_text()) for file in sorted((stage / READING).glob("*.json"))]
