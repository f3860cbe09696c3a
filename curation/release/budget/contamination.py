"""Evaluation items that are still in the set, by how many were found and how many of planted ones are.

Where f items of a kind were found with recall r, those that were not are a negative binomial of f + 1 and r (a flat prior of how many
there were), so none found says "few" and not "none": with a recall of 90 %, up to one. The recall has Jeffreys' beta distribution of what
was found of the canaries (`decontamination.canaries`). Of items in quite other words, which no rule makes, it is the one measured on GSM-
Plus (docs/decontamination.md). What was missed is in the set as often as other rows that came past the stage.
"""

import json
from collections import Counter
from typing import Any

import numpy as np

from curation.core.row import Config
from curation.release.budget.budget import Cause, OfSource
from curation.release.budget.draws import Draws, N, generator
from curation.release.budget.mixture import Floats
from curation.release.dataset import Dataset

WAYS = {
    "exact": "verbatim", "template": "renumbered", "near": "reworded", "copy": "reworded",
    "paraphrase": "rephrased", "paraphrase_by_model": "rephrased",
}  # fmt: skip
"""Kind of evidence -> how such an item is altered. What is found by its image is found by nothing that is tried here."""
REPHRASED = {"n": 300, "found": 166}
REPHRASED_BY_MODEL = {"n": 300, "found": 212}
"""GSM-Plus, testmini, `problem understanding`: docs/decontamination.md."""


def leaks(dataset: Dataset, config: Config, rows: dict[str, int], seed: int) -> tuple[Cause, Draws]:
    """The cause, and its draws for the total."""
    summary, section = dataset.summary["configs"][config], dataset.manifest.get(config) or {}
    total, options = sum(rows.values()), section.get("decontaminate")
    if not options or not summary.get("canaries"):
        how = (
            "nothing was compared with evaluation sets: give the manifest `decontaminate`"
            if not options
            else "the recall of the matcher is not known: build again, with `decontaminate.text`"
        )
        return Cause(None, 0.0, 1.0, "contamination", total, "not_measured", how), Draws.unknown()
    recalls = {**summary["canaries"], "rephrased": REPHRASED_BY_MODEL if options.get("second_opinion") else REPHRASED}
    rng, draws = generator("contamination", seed), {}
    flagged = _flagged(dataset, config) if options.get("action") == "flag" else Counter[str]()
    n_found = {s: of["all"]["rows"] for s, of in summary["overlap"].items()}
    n_past = {s: max(of["rows"] - n_found[s], 1) for s, of in summary["overlap"].items()}
    # One missed item of a kind is expected at a flat prior over the whole set, not over each of its sources.
    nowhere = {way: _missed(0, recall, rng) for way, recall in recalls.items()}
    in_all = {way: np.zeros(N) for way in recalls}
    for source, n in rows.items():
        kinds = Counter[str]()
        for kind, times in summary["overlap"].get(source, {"all": {"kinds": {}}})["all"]["kinds"].items():
            kinds[WAYS.get(kind, "")] += times
        missed = sum((_missed(kinds[way], recall, rng, 0) for way, recall in recalls.items()), np.zeros(N))
        reach = min(n / n_past.get(source, n), 1.0)
        share_of_flat = n / total
        flat = sum((rng.binomial(times.astype(np.int64), share_of_flat) for times in nowhere.values()), np.zeros(N))
        left = rng.binomial((missed + flat).astype(np.int64), reach) + flagged[source]
        draws[source] = np.minimum(left / n, 1.0)
        for way in in_all:
            in_all[way] += kinds[way]
    drawn = np.sum([draws[s] * n for s, n in rows.items()], axis=0) / total
    result = Draws.same(drawn)
    tried = ", ".join(f"{c['found']} of {c['n']} {way}" for way, c in recalls.items())
    how = f"{sum(n_found.values())} rows were found; of planted items the matcher finds {tried} (these on GSM-Plus)"
    by_source = {s: OfSource(**vars(Draws.same(d).range), rows=rows[s]) for s, d in draws.items()}
    detail: dict[str, Any] = {"recall": recalls, "found": {w: int(in_all[w].max()) for w in in_all}}
    if flagged:
        detail["flagged"] = sum(flagged.values())
    return Cause(
        **vars(result.range),
        cause="contamination",
        rows=total,
        evidence="measured",
        how=how,
        detail=detail,
        by_source=by_source,
    ), result


def _missed(found: int, recall: dict[str, int], rng: np.random.Generator, prior: int = 1) -> Floats:
    """Draws of how many were not found."""
    rate = rng.beta(recall["found"] + 0.5, recall["n"] - recall["found"] + 0.5, N)
    if not recall["n"] or found + prior == 0:
        return np.zeros(N)
    return rng.negative_binomial(found + prior, np.clip(rate, 1e-3, 1)).astype(np.float64)


def _flagged(dataset: Dataset, config: Config) -> Counter[str]:
    """Rows of the set that a note calls contaminated, by source."""
    found = Counter[str]()
    for record in dataset.records(config, ["source", "provenance"]):
        notes = json.loads(record["provenance"] or "[]")
        found[record["source"]] += any(str(note[-1]).startswith("contaminated") for note in notes if note)
    return found
