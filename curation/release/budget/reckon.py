"""The error budget of a finished set: what share of its rows may be wrong, by cause and in all (docs/error_budget.md)."""

import math
from collections import Counter
from dataclasses import replace

from curation.core.row import Config
from curation.core.words import counted
from curation.release.budget.audit import Audit
from curation.release.budget.audit_file import AUDIT_FILE, OtherSetError, read_audit
from curation.release.budget.budget import Budget, ConfigBudget, Range
from curation.release.budget.contamination import leaks
from curation.release.budget.draws import any_of
from curation.release.budget.evidence import agreements
from curation.release.budget.gold import wrong_golds
from curation.release.budget.sampling import misplaced
from curation.release.budget.verifier import verifier_errors
from curation.release.dataset import Dataset


def error_budget(dataset: Dataset) -> Budget:
    """Reckon the budget of a build. All that is random comes from the manifest's seed.

    Raises:
        BuildError: `audit.jsonl` in its folder has a label that says nothing.
    """
    seed = int(dataset.manifest.get("seed", 0))
    path = dataset.file(AUDIT_FILE)
    try:
        audits, stale = read_audit(path, dataset) if path else {}, ""
    except OtherSetError:
        audits, stale = (
            {},
            f"{AUDIT_FILE} has labels of rows that are not in this set, and counts for nothing: draw a sample again",
        )
    found: dict[str, ConfigBudget] = {
        config: _of_config(dataset, config, audits.get(config), seed) for config in dataset.configs
    }
    if stale:
        found = {c: replace(one, note="; ".join(filter(None, [stale, one.note]))) for c, one in found.items()}
    return Budget(found, seed, str(dataset.summary.get("build", "")))


def _of_config(dataset: Dataset, config: Config, audit: Audit | None, seed: int) -> ConfigBudget:
    rows = dict(sorted(Counter(record["source"] for record in dataset.records(config, ["source"])).items()))
    found = agreements(dataset, config)
    gold, of_gold, gold_as_measured = wrong_golds(dataset, config, rows, found, audit, seed)
    verifier, of_verifier = verifier_errors(dataset, config, rows, seed)
    contamination, of_leaks = leaks(dataset, config, rows, seed)
    n_rows = sum(rows.values())
    total = whole_rows(any_of([of_gold, of_verifier, of_leaks], seed).range, n_rows)
    known = [
        draws
        for cause, draws in ((gold, gold_as_measured), (verifier, of_verifier), (contamination, of_leaks))
        if cause.evidence != "not_measured"
    ]
    measured = whole_rows(any_of(known, seed).range, n_rows) if known else Range(None, 0.0, 1.0)
    if all(cause.evidence != "measured" for cause in (gold, verifier, contamination)):
        measured = replace(measured, share=None)
    sampling = misplaced(dataset, config, rows, found, seed)
    lines = [
        f"{one.cause} is not measured ({one.how})"
        for one in (gold, verifier, contamination)
        if one.evidence == "not_measured"
    ]
    without = n_rows - int(gold.detail["rows_with_evidence"])
    if without and gold.evidence != "not_measured" and audit is None:
        lines.append(f"of the golds of {counted(without, 'row')} nothing is known")
    note = "; ".join([*lines, "low and high take what is not known as anything from none to all"]) if lines else ""
    causes = tuple(replace(one, **vars(whole_rows(one, n_rows))) for one in (gold, verifier, contamination, sampling))
    return ConfigBudget(measured.share, total.low, total.high, n_rows, measured, causes, note)


def whole_rows(span: Range, n_rows: int) -> Range:
    """The interval with ends that are numbers of rows: the next lower and the next higher one."""
    low, high = math.floor(span.low * n_rows + 1e-9) / n_rows, math.ceil(span.high * n_rows - 1e-9) / n_rows
    return Range(span.share, max(low, 0.0), min(high, 1.0))
