"""Evaluation items that are still in the set, by how many were found and how many of planted ones are.

Where f items of a kind were found with recall r, those that were not are a negative binomial of f + 1 and r (a flat prior of how many
there were), so none found says "few" and not "none": with a recall of 90 %, up to one. The recall has Jeffreys' beta distribution of what
was found of the canaries (`decontamination.canaries`). Of items in quite other words, which no rule makes, it is the one measured on GSM-
Plus (docs/decontamination.md), of images that of public ones (docs/benchmarks.md). What was missed is in the set as often as other rows
that came past the stage.
"""

import json
from collections import Counter
from typing import Any

import numpy as np

from curation.core.row import Config
from curation.core.words import counted, listed
from curation.release.budget.budget import Cause, OfSource
from curation.release.budget.draws import Draws, N, generator
from curation.release.budget.mixture import Ints
from curation.release.dataset import Dataset

WAYS = {
    "exact": "verbatim", "template": "renumbered", "near": "reworded", "copy": "reworded",
    "paraphrase": "rephrased", "paraphrase_by_model": "rephrased", "picture": "picture",
}  # fmt: skip
"""Kind of evidence -> how such an item is altered."""
REPHRASED = {"n": 300, "found": 166}
REPHRASED_BY_MODEL = {"n": 300, "found": 212}
"""GSM-Plus, testmini, `problem understanding`: docs/decontamination.md."""
PICTURES = {"n": 1181, "found": 1165}
"""Copies of public images, re-encoded or resized: docs/benchmarks.md."""


def leaks(dataset: Dataset, config: Config, rows: dict[str, int], seed: int) -> tuple[Cause, Draws]:
    """The cause, and its draws for the total; `rows` are those of every source."""
    summary, section = dataset.summary["configs"][config], dataset.manifest.get(config) or {}
    total, options = sum(rows.values()), section.get("decontaminate")
    recalls, why_not = _recalls(summary, options)
    if not options or why_not:
        return Cause(None, 0.0, 1.0, "contamination", total, "not_measured", why_not), Draws.unknown()
    rng, overlap = generator("contamination", seed), summary["overlap"]
    rates = {way: rng.beta(r["found"] + 0.5, r["n"] - r["found"] + 0.5, N) for way, r in recalls.items()}
    flagged = _flagged(dataset, config) if options["action"] == "flag" else Counter[str]()
    # Of each kind the flat prior counts one more over the whole set, not over each of its sources.
    anywhere = sum((rng.negative_binomial(1, rate) for rate in rates.values()), np.zeros(N, np.int64))
    left, found = dict[str, Ints](), Counter[str]()
    for source, n in rows.items():
        of_source = overlap.get(source, {"rows": n, "all": {"rows": 0, "kinds": {}}})
        ways = Counter[str]()
        for kind, times in of_source["all"]["kinds"].items():
            ways[WAYS.get(kind, "")] += times
        missed = rng.binomial(anywhere, n / total)
        for way, rate in rates.items():
            missed += rng.negative_binomial(ways[way], rate) if ways[way] else 0
        came_past = max(of_source["rows"] - of_source["all"]["rows"], 1)
        left[source] = np.minimum(rng.binomial(missed, min(n / came_past, 1.0)) + flagged[source], n)
        found.update({way: ways[way] for way in recalls})
    whole = Draws.same(np.sum(list(left.values()), axis=0) / total)
    n_found = sum(one["all"]["rows"] for one in overlap.values())
    tried = listed(f"{r['found']} of {r['n']} {way}" for way, r in recalls.items())
    how = f"{counted(n_found, 'row')} found; of planted items the matcher finds {tried}"
    by_source = {
        source: OfSource(**vars(Draws.same(of / rows[source]).range), rows=rows[source]) for source, of in left.items()
    }
    detail = {"recall": recalls, "found": dict(found), "flagged": flagged.total()}
    span = whole.range
    return Cause(
        span.share, span.low, span.high, "contamination", total, "measured", how, detail=detail, by_source=by_source
    ), whole


def _recalls(summary: dict[str, Any], options: dict[str, Any] | None) -> tuple[dict[str, dict[str, int]], str]:
    """How an item is altered -> {n, found}; or why no recall is known."""
    if not options:
        return {}, "nothing was compared with evaluation sets: give the manifest `decontaminate`"
    tried = {way: one for way, one in summary.get("canaries", {}).items() if one["n"]}
    if not tried:
        return (
            {},
            "no evaluation item could be planted: all have images or fewer than six words, or `text` is false, or the build is older",
        )
    tried["rephrased"] = REPHRASED_BY_MODEL if options["second_opinion"] else REPHRASED
    if summary.get("pictures") and options["pictures"]:
        tried["picture"] = PICTURES
    return tried, ""


def _flagged(dataset: Dataset, config: Config) -> Counter[str]:
    """Rows of the set that a note calls contaminated, by source."""
    found = Counter[str]()
    for record in dataset.records(config, ["source", "provenance"]):
        notes = json.loads(record["provenance"] or "[]")
        found[record["source"]] += any(str(note[-1]).startswith("contaminated") for note in notes if note)
    return found
