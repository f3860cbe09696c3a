"""The dataset card, `README.md`: metadata for the Hub in front, and all that the lock and the summary know about the set.

    write_card(open_dataset(Path("build/quickstart")))

Its bytes depend on the files of the folder alone. No row's text is in it, kept, dropped or of an evaluation set.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.core.parquet import read_records
from curation.difficulty.wording import ESTIMATORS
from curation.release.budget.budget import read_budget
from curation.release.card.limits import limits_of
from curation.release.card.markdown import render
from curation.release.card.metadata import card_data, splits_of
from curation.release.card.own import BEGIN, CARD, END, own_words, replace_card
from curation.release.card.removed import REMOVED
from curation.release.card.steps import steps_of
from curation.release.dataset import Dataset
from curation.release.licence_names import licence_name


def write_card(dataset: Dataset, written: str | None = None) -> Path:
    """Write the card; one that is there and has not the digest `written` is kept beside it (see `own`)."""
    replace_card(dataset.path / CARD, card_text(dataset), written)
    return dataset.path / CARD


def card_text(dataset: Dataset, repo: str = "OWNER/NAME", more_configs: Sequence[dict[str, Any]] = ()) -> str:
    """The whole card, with the own words of the one that is there; `repo` is the name to load it by, `more_configs` are configs that are
    pushed beside ours, as the Hub has them (`{"config_name": "rollouts", "data_files": [{"split": "train", "path": "data/rollouts/*"}]}`).
    """
    metadata = card_data(dataset, more_configs).to_yaml(line_break="\n")
    body = render(
        "card.md.j2",
        name=dataset.summary["name"],
        build=dataset.summary["build"],
        repo=repo,
        configs=[_config(dataset, config) for config in dataset.configs],
        more=[config["config_name"] for config in more_configs],
        limits=limits_of(dataset),
        estimators=ESTIMATORS,
        certificate=dataset.summary.get("certificate"),
        budget=read_budget(dataset.path),
        removed=_removed(dataset),
        items=dataset.file("contaminated_items.parquet") is not None,
        versions=dataset.lock["versions"],
        template=dataset.manifest.get("prompt_template", ""),
        seed=dataset.manifest.get("seed", 0),
        limit=dataset.lock.get("limit"),
        begin=BEGIN,
        own=own_words(dataset.path / CARD) or "\n",
        end=END,
    )
    return f"---\n{metadata.strip()}\n---\n\n{body}"


def _config(dataset: Dataset, config: Any) -> dict[str, Any]:
    described, section = dataset.summary["configs"][config], dataset.manifest[config]
    licences: dict[str, Counter[str]] = {}
    for row in dataset.records(config, ["source", "license"]):
        licences.setdefault(row["source"], Counter())[licence_name(row["license"])] += 1
    schema = pq.read_schema(dataset.shards(config)[0])
    return {
        "name": config,
        "splits": splits_of(dataset, config),
        "columns": [(field.name, str(field.type)) for field in schema],
        "sources": [
            {"name": name, **counts, "licences": ", ".join(sorted(licences.get(name, {}))) or "none in the set",
             "origin": _origin(section["sources"], name)}
            for name, counts in described["sources"].items()
        ],
        "steps": steps_of(described, section),
        "sampler": _sampler(section),
        "pass_rates": described.get("pass_rates"),
        "overlap": _overlap(described.get("overlap") or {}),
        "benchmarks": [one["name"] for one in (section.get("decontaminate") or {}).get("benchmarks", ())],
    }  # fmt: skip


def _overlap(sources: dict[str, Any]) -> dict[str, Any]:
    """Of the sources' rows in evaluation sets: the sources that have some, the sets that were hit, and the sources that have none."""
    hit = {name: counts for name, counts in sources.items() if counts["all"]["rows"]}
    names = {name for counts in hit.values() for name, found in counts["benchmarks"].items() if found["rows"]}
    return {"hit": hit, "benchmarks": sorted(names), "clean": [name for name in sources if name not in hit]}


def _origin(sources: Sequence[dict[str, Any]], name: str) -> str:
    """Where a source is public, its name on the Hub; else its kind."""
    source = next((one for one in sources if one["name"] == name), {})
    return str(source.get("hub") or source.get("kind", ""))


def _sampler(section: dict[str, Any]) -> dict[str, Any] | None:
    """What pass rates were measured with; a model's folder by its last part."""
    if not (difficulty := section.get("difficulty")):
        return None
    sampler = difficulty["sampler"]
    model = str(sampler.get("model", ""))
    is_folder = model.startswith((".", "/", "~")) or model.count("/") > 1
    return {
        "engine": sampler["kind"],
        "model": Path(model).name if is_folder else model,
        "revision": sampler.get("revision") or "",
        "stopping": difficulty["stopping"]["kind"],
        "n": difficulty["n"],
        **difficulty["sampling"],
    }


def _removed(dataset: Dataset) -> list[tuple[str, str, str, int]]:
    """(config, stage, reason, rows) of what was left out."""
    if (file := dataset.file(REMOVED)) is None:
        return []
    counts = Counter(
        (line["config"], line["stage"], line["reason"])
        for line in read_records(file, ["config", "stage", "reason"], batch_rows=10_000)
    )
    return [(*key, n) for key, n in sorted(counts.items())]
