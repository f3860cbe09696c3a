"""What a reader must not take for granted, from what the summary and the lock say and do not say."""

from collections.abc import Iterator

from curation.release.dataset import Dataset


def limits_of(dataset: Dataset) -> list[str]:
    """A sentence for every known limit of the set."""
    lines = [line for config in dataset.configs for line in _of_config(dataset, config)]
    if "certificate" not in dataset.summary and "rl" in dataset.configs:
        lines.append("The reward was not certified on these golds: how often it is wrong about them is not known.")
    if limit := dataset.lock.get("limit"):
        lines.append(f"At most {limit:,} rows of every source were read.")
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
    for source in section["sources"]:
        if source.get("accept"):
            yield f"{config}: red flags of the reading of {source['name']} were accepted: {', '.join(source['accept'])}."
    if unknown := described["kept"]["license"].get("unknown", 0) + described["kept"]["license"].get("", 0):
        yield f"{config}: the licence of {unknown:,} rows is unknown."
    for source in described.get("nothing_left", {}):
        yield f"{config}: no row of {source} is in the set."
