"""Rows whose reward is wrong: some way to write the right answer is refused, or some wrong answer is taken.

`ovr-curate certify` judges golds restyled in many ways and near misses, of at most some hundred rows of each source and kind. A row
counts as wrong where one of its cases was judged wrongly, which is a severe count: most of its responses are judged rightly.
"""

from collections import Counter

from curation.core.parquet import read_records
from curation.core.row import Config
from curation.core.words import counted
from curation.release.budget.budget import Cause, OfSource
from curation.release.budget.draws import Draws, N, added, generator
from curation.release.dataset import Dataset

FAILURES = "certificate/failures.parquet"


def verifier_errors(dataset: Dataset, config: Config, rows: dict[str, int], seed: int) -> tuple[Cause, Draws]:
    """The cause, and its draws for the total. Of n certified rows of a source and kind with x failing, the share of all is drawn from
    Jeffreys' beta distribution.
    """
    total, certificate = sum(rows.values()), dataset.summary.get("certificate")
    if not certificate or not certificate.keys() & rows.keys():
        how = "the reward was not tried on these golds: `ovr-curate certify DIR` does"
        if config != "rl":
            how = "the reward was not tried on these golds: `ovr-curate certify` tries those of the RL set"
        return Cause(None, 0.0, 1.0, "verifier", total, "not_measured", how), Draws.unknown()
    sizes = Counter((r["source"], r["answer_kind"]) for r in dataset.records(config, ["source", "answer_kind"]))
    failing, rng = _failing(dataset), generator("verifier", seed)
    draws, by_source = [], {}
    n_tried = n_failed = 0
    for source, n in rows.items():
        of_source = []
        for (name, kind), size in sorted(sizes.items()):
            if name != source:
                continue
            group = certificate.get(source, {}).get(kind)
            if not group:
                of_source.append((size / n, Draws.unknown()))
                continue
            failed = min(
                failing.get((source, kind), group["false_negatives"] + group["false_positives"]), group["rows"]
            )
            n_tried, n_failed = n_tried + group["rows"], n_failed + failed
            of_source.append((size / n, Draws.same(rng.beta(failed + 0.5, group["rows"] - failed + 0.5, N))))
        all_kinds = added(of_source)
        by_source[source] = OfSource(**vars(all_kinds.range), rows=n)
        draws.append((n / total, all_kinds))
    # The groups' draws are independent: what is certified of one says nothing of another.
    result = Draws.of(0.0)
    for weight, one in draws:
        result = Draws(*(a + weight * b for a, b in zip(vars(result).values(), vars(one).values(), strict=True)))
    how = f"{n_failed:,} of {counted(n_tried, 'certified row')} with a case that was judged wrongly"
    cause = Cause(**vars(result.range), cause="verifier", rows=total, evidence="measured", how=how, by_source=by_source)
    return cause, result


def _failing(dataset: Dataset) -> dict[tuple[str, str], int]:
    """(source, kind) -> rows with a case that was judged wrongly, where the cases are at hand; cases that were not judged aside."""
    if (path := dataset.file(FAILURES)) is None:
        return {}
    failing: dict[tuple[str, str], set[str]] = {}
    for case in read_records(path, ["id", "source", "answer_kind", "reward"]):
        if case["reward"] is not None:
            failing.setdefault((case["source"], case["answer_kind"]), set()).add(case["id"])
    return Counter({group: len(ids) for group, ids in failing.items()})
