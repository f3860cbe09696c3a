"""What a reader must not take for granted, from what the summary and the lock say and do not say."""

from collections.abc import Iterator, Mapping

from curation.core.words import counted, listed
from curation.release.dataset import Dataset
from curation.release.licence_names import UNKNOWN, asks, by_name

ASKED = {
    "non-commercial": "may not be used commercially",
    "no derivatives": "may not be passed on in another form",
    "share-alike": "may be passed on under the same licence alone",
}
"""A condition of a licence -> what is said of the rows that have it."""
MOST_NAMES = 10


def limits_of(dataset: Dataset) -> list[str]:
    """A sentence for every known limit of the set."""
    lines = [line for config in dataset.configs for line in _of_config(dataset, config)]
    if "certificate" not in dataset.summary and "rl" in dataset.configs:
        lines.append("The reward was not certified on these golds: how often it is wrong about them is not known.")
    if limit := dataset.lock.get("limit"):
        lines.append(f"At most {counted(limit, 'row')} of every source {'was' if limit == 1 else 'were'} read.")
    if dataset.manifest.get("release") is None:
        lines.append(
            "No list of allowed licences was set; the licences are those that the manifest or the records state."
        )
    return lines


def _of_config(dataset: Dataset, config: str) -> Iterator[str]:
    section, described = dataset.manifest[config], dataset.summary["configs"][config]
    if not section.get("decontaminate"):
        yield f"{config}: not compared with any evaluation set; its rows may be in some."
    if config == "rl" and not section.get("difficulty"):
        yield f"{config}: pass rates were not measured."
    if config == "cold_start" and not section.get("loss"):
        yield f"{config}: no model read the traces; losses are null."
    for source, report in (described.get("reading") or {}).items():
        if raised := [name for name, flag in report.get("flags", {}).items() if flag["raised"]]:
            yield f"{config}: the manifest accepts {counted(len(raised), 'red flag')} of reading {source}: {listed(raised)}."
    for line in of_licences(by_name(described["kept"]["license"])):
        yield f"{config}: {line}"
    for source in described.get("nothing_left", {}):
        yield f"{config}: no row of {source} is in the set."


def of_licences(rows: Mapping[str, int]) -> Iterator[str]:
    """What the licences of a config ask, each with its rows."""
    if len(rows) > 1:
        yield f"its rows have {len(rows)} licences ({_names(rows)}); what holds for a row is in its column license."
    for condition, what in ASKED.items():
        if found := {name: n for name, n in rows.items() if asks(name, condition)}:
            yield f"{counted(sum(found.values()), 'row')} {what} ({_names(found)})."
    if n := rows.get(UNKNOWN):
        yield f"the licence of {counted(n, 'row')} is unknown."


def _names(rows: Mapping[str, int]) -> str:
    names = [*rows]
    more = [f"{len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return listed([*names[:MOST_NAMES], *more])
