"""Wrong golds that are still in the set: what the samples of every measured prompt agree on, what traces say, what a person says.

Whether a prompt that few samples solve has a wrong gold or is hard cannot be told from its samples alone, and how many are wrong depends on
what one believes before. So it is asked under two priors, and the interval goes from the low end of the one to the high end of the other:
one that takes golds to be about as good as those of published test sets, and one that thinks much less of them. The estimate lies between.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from curation.core.row import Config
from curation.core.words import counted
from curation.release.budget.audit import Audit, clopper_pearson
from curation.release.budget.budget import Cause, Evidence, OfSource
from curation.release.budget.draws import Draws, N, added, generator
from curation.release.budget.evidence import Agreements, Ints
from curation.release.budget.mixture import Prior, wrong_among
from curation.release.dataset import Dataset

SCEPTIC, OPEN = Prior(0.005, 200), Prior(0.1, 5)
"""3.3 % are wrong on average in ten published test sets, from 0.15 to 10.1 % (Northcutt, Athalye and Mueller, NeurIPS 2021 Datasets and
Benchmarks)."""
MIN_GROUP = 40
"""Prompts; what a source has fewer of is looked at together with that of other sources, prompts with as many options alike."""


def wrong_golds(
    dataset: Dataset, config: Config, rows: dict[str, int], found: Agreements | None, audit: Audit | None, seed: int
) -> tuple[Cause, Draws, Draws]:
    """The cause, its draws, and those of the rows about which something is known."""
    known, of_source, how = _evidence(dataset, config, rows, found, seed)
    total, n_known = sum(rows.values()), sum(known.values())
    by_source = {}
    for source, n in rows.items():
        share = known.get(source, 0) / n
        span = added([(share, of_source[source])] if share else [], unknown=1 - share).range
        by_source[source] = OfSource(span.share if share else None, span.low, span.high, n)
    measured = added((known[source] / max(n_known, 1), draws) for source, draws in of_source.items())
    whole = added([(n_known / total, measured)], unknown=1 - n_known / total)
    if audit is not None:
        whole, how = audit.narrow(whole if n_known else None, how)
        measured = whole
    evidence: Evidence = (
        "measured" if audit or (n_known and config == "rl") else "bounded" if n_known else "not_measured"
    )
    detail: dict[str, Any] = {"rows_with_evidence": n_known}
    if found is not None:
        detail["prompts_measured"] = len(found.ids)
    if audit is not None:
        detail["audit"] = audit.table()
    span = whole.range
    best = None if evidence != "measured" else min(max(float(measured.middle.mean()), span.low), span.high)
    cause = Cause(best, span.low, span.high, "gold", total, evidence, how, detail=detail, by_source=by_source)
    return cause, whole, measured


def _evidence(
    dataset: Dataset, config: Config, rows: dict[str, int], found: Agreements | None, seed: int
) -> tuple[dict[str, int], dict[str, Draws], str]:
    """Source -> rows that have evidence, the share of those that is wrong; and a sentence."""
    total = sum(rows.values())
    if config == "cold_start":
        known, draws = by_traces(dataset, rows)
        how = f"traces that come to the gold on their own: of {sum(known.values()):,} of {counted(total, 'row')}"
    elif found is not None:
        draws = by_samples(found, seed)
        known = {source: found.measured(source) for source in draws}
        how = f"on what the samples of {sum(known.values()):,} of {counted(total, 'row')} agree, and those of rows that were dropped"
    else:
        known, draws, how = {}, {}, ""
    if not known:
        is_older = config == "rl" and (dataset.manifest.get("rl") or {}).get("difficulty")
        remedy = (
            "what samples agree on is not at hand: build again"
            if is_older
            else "no samples or traces speak of these golds: give the manifest `rl.difficulty`"
        )
        how = f"{remedy}, or label a sample: `ovr-curate audit DIR`"
    return known, draws, how


def by_samples(found: Agreements, seed: int) -> dict[str, Draws]:
    """Source -> the share of its rows in the set, of those with samples, that has a wrong gold."""
    parts: dict[str, list[tuple[float, Draws]]] = {}
    counts = np.stack([found.n_answered, found.n_correct, found.n_agreed], axis=1)
    in_set = found.in_set & (found.n_answered > 0)
    for place, (group, n_options) in enumerate(_groups(found)):
        sources = np.where(in_set, found.source, -1)[group]
        for number, draws in share_wrong(counts[group], sources, n_options, seed, place).items():
            n, name = int((sources == number).sum()), found.sources[number]
            parts.setdefault(name, []).append((n / found.measured(name), draws))
    return {name: added(of) for name, of in parts.items()}


def share_wrong(counts: Ints, sources: Ints, n_options: int, seed: int, place: int = 0) -> dict[int, Draws]:
    """Source -> the share of its rows in the set that has a wrong gold, of one group of prompts (see `mixture.wrong_among`)."""
    low, high = (
        wrong_among(counts, sources, n_options, prior, generator(f"gold {place} {prior.mean}", seed))
        for prior in (SCEPTIC, OPEN)
    )
    found = {}
    for number in np.unique(sources[sources >= 0]).tolist():
        a, b = (np.resize(draws[:, number] / (sources == number).sum(), N) for draws in (low, high))
        found[number] = Draws(a, np.concatenate([a[: N // 2], b[: N - N // 2]]), b)
    return found


def _groups(found: Agreements) -> Iterator[tuple[Ints, int]]:
    """(numbers of its prompts, their options) of every group: prompts of one source, model and number of options."""
    answered = np.flatnonzero(found.n_answered > 0)
    keys = np.column_stack([found.n_options, found.source, found.sampler])[answered]
    _, group, sizes = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    keys[sizes[group.ravel()] < MIN_GROUP, 1:] = -1
    for key in np.unique(keys, axis=0):
        yield answered[(keys == key).all(1)], int(key[0])


def by_traces(dataset: Dataset, rows: dict[str, int]) -> tuple[dict[str, int], dict[str, Draws]]:
    """Source -> rows whose trace was verified as correct, and the share of these that has a wrong gold, as far as that is bounded.

    Of a source's rows that got a verdict a share d came to another answer. A trace repeats a wrong gold in at most every second case, so at
    most as many wrong golds were confirmed as were contradicted: d / (1 - d).
    """
    summary, known, draws = dataset.summary["configs"]["cold_start"], dict[str, int](), dict[str, Draws]()
    for record in dataset.records("cold_start", ["source", "verified"]):
        if record["verified"] in ("correct", "correct_without_box"):
            known[record["source"]] = known.get(record["source"], 0) + 1
    for source in known:
        verdicts, distil = summary.get("verified", {}).get(source, {}), summary.get("distil", {}).get(source, {})
        right = verdicts.get("correct", 0) + verdicts.get("correct_without_box", 0) + distil.get("distilled", 0)
        other = verdicts.get("wrong", 0) + max(distil.get("prompts", 0) - distil.get("distilled", 0), 0)
        contradicted = clopper_pearson(other, max(right + other, 1), 0.025)[1]
        high = contradicted / (1 - contradicted) if contradicted < 0.5 else 1.0
        draws[source] = Draws(np.zeros(N), np.zeros(N), np.full(N, high))
    return {source: n for source, n in known.items() if source in rows}, draws
