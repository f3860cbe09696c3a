"""Golds that a person looked at: a sample of the set's rows to label, and what the labels say of all of them.

    ovr-curate audit DIR -n 100              writes DIR/audit.jsonl: {"id", "config", "source", "prompt", "answer", "label": null} a line
    (a person puts "right", "wrong" or "unsure" for null)
    ovr-curate audit DIR --labels FILE       checks the labels, takes them in and reckons the error budget again

The sample has of every source as many rows as is its share of the set, chosen by the seed and the rows' ids. The interval is that of
Clopper and Pearson for the effective number of labels (Korn and Graubard, Survey Methodology 24, 1998), so rows that were left unlabelled
in one source more than in another do no harm. `unsure` is wrong at the high end and right at the low end.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from curation.core.errors import BuildError
from curation.core.order import choice_key
from curation.core.parquet import write_text
from curation.core.row import Config
from curation.core.words import counted
from curation.release.budget.budget import Range
from curation.release.budget.draws import Draws, N
from curation.release.dataset import Dataset

AUDIT_FILE = "audit.jsonl"
LABELS = ("right", "wrong", "unsure")
COLUMNS = ("id", "config", "source", "prompt", "answer", "label")


class OtherSetError(BuildError):
    """Labels of rows that are not in the set: they say nothing of it."""


@dataclass(frozen=True)
class Audit:
    """The labels of a config by source: label -> how many, and how many rows each source has in the set."""

    labels: dict[str, Counter[str]]
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> float:
        """The share of the rows that are of sources with a label."""
        return sum(self.rows[source] for source in self.labels) / sum(self.rows.values())

    def range(self, tail: float) -> Range:
        """The share of wrong golds and its interval, without `tail` at each end. Sources without a label may be all right or all wrong."""
        weights, low, high = [], 0.0, 0.0
        reached = sum(self.rows[source] for source in self.labels)
        for source, counts in self.labels.items():
            n, weight = counts.total(), self.rows[source] / reached
            weights.append((weight / n, n))
            low += weight * counts["wrong"] / n
            high += weight * (counts["wrong"] + counts["unsure"]) / n
        effective = sum(w * n for w, n in weights) ** 2 / sum(w * w * n for w, n in weights)
        ends = (
            clopper_pearson(low * effective, effective, tail)[0],
            clopper_pearson(high * effective, effective, tail)[1],
        )
        unknown = 1 - self.covered
        return Range((low + high) / 2, ends[0] * self.covered, ends[1] * self.covered + unknown)

    def narrow(self, draws: Draws | None, how: str) -> tuple[Draws, str]:
        """The draws within what the labels allow. Each kind of evidence gets half of the 5 % that may be wrong; where the two exclude each
        other a person is believed.
        """
        n = sum(counts.total() for counts in self.labels.values())
        text = f"{counted(n, 'gold')} that a person labelled"
        if draws is None:
            alone = self.range(0.025)
            return _between(alone), text
        found = self.range(0.0125)
        low, high = float(np.quantile(draws.low, 0.0125)), float(np.quantile(draws.high, 0.9875))
        if low > found.high or high < found.low:
            return _between(self.range(0.025)), f"{text}; the samples say otherwise ({low:.3f} to {high:.3f})"
        ends = max(low, found.low), min(high, found.high)
        is_closer = self.covered == 1 and found.high - found.low < high - low
        share = float(found.share if is_closer and found.share is not None else draws.middle.mean())
        return _between(Range(min(max(share, ends[0]), ends[1]), *ends)), f"{how}; and {text}"

    def table(self) -> dict[str, dict[str, int]]:
        return {source: dict(sorted(counts.items())) for source, counts in sorted(self.labels.items())}


def _between(span: Range) -> Draws:
    """Draws whose interval is this one: what an exact interval says has no distribution, so all of them are at its ends."""
    share = span.share if span.share is not None else (span.low + span.high) / 2
    return Draws(np.full(N, span.low), np.full(N, share), np.full(N, span.high))


def clopper_pearson(hits: float, draws: float, tail: float) -> tuple[float, float]:
    """The exact interval of a share (Biometrika 26, 1934), by bisection of the incomplete beta function; `hits` may be fractional.

    >>> [round(end, 4) for end in clopper_pearson(2, 100, 0.025)]
    [0.0024, 0.0704]
    """
    low = 0.0 if hits <= 0 else _beta_quantile(hits, draws - hits + 1, tail)
    high = 1.0 if hits >= draws else _beta_quantile(hits + 1, draws - hits, 1 - tail)
    return low, high


def _beta_quantile(a: float, b: float, reached: float) -> float:
    """Of a beta distribution, on a grid of log-odds fine enough for five digits."""
    odds = np.linspace(-20, 20, 200_001)
    log_x, log_rest = -np.log1p(np.exp(-odds)), -np.log1p(np.exp(odds))
    density = a * log_x + b * log_rest
    below = np.cumsum(np.exp(density - density.max()))
    return float(1 / (1 + np.exp(-odds[np.searchsorted(below, reached * below[-1])])))


def write_audit(dataset: Dataset, n: int, seed: int, out: Path) -> int:
    """Write rows to label, `n` of every config in proportion to its sources, at least one of each; returns how many.

    Raises:
        BuildError: the file has labels already.
    """
    if out.exists() and any(line.get("label") for line in _lines(out)):
        raise BuildError(f"{out}: has labels already; expected a file without, or give another --out")
    lines = []
    for config in dataset.configs:
        ids: dict[str, list[str]] = {}
        for record in dataset.records(config, ["id", "source"]):
            ids.setdefault(record["source"], []).append(record["id"])
        total = sum(map(len, ids.values()))
        wanted = {
            one
            for of_source in ids.values()
            for one in sorted(of_source, key=lambda row: choice_key("audit", seed, row))[
                : max(round(n * len(of_source) / total), 1)
            ]
        }
        for record in dataset.records(config, ["id", "source", "prompt", "answer"]):
            if record["id"] in wanted:
                prompt = "\n\n".join(message["content"] for message in record["prompt"])
                lines.append({**record, "config": config, "prompt": prompt, "label": None})
    lines.sort(
        key=lambda line: choice_key("audit order", seed, line["id"])
    )  # who stops half way has labelled a sample too
    text = "".join(json.dumps({name: line[name] for name in COLUMNS}, ensure_ascii=False) + "\n" for line in lines)
    write_text(out, text)
    return len(lines)


def read_audit(path: Path, dataset: Dataset) -> dict[Config, Audit]:
    """The labels of each config; lines whose label is null are not labelled yet.

    Raises:
        BuildError: a label, a config or a row that there is not, or one row twice; the first, by its line.
    """
    sources: dict[str, dict[str, str]] = {
        config: {r["id"]: r["source"] for r in dataset.records(config, ["id", "source"])} for config in dataset.configs
    }
    found: dict[Config, Audit] = {}
    seen = set[tuple[str, str]]()
    for number, line in enumerate(_lines(path), 1):
        if line.get("label") is None:
            continue
        place, config, one = f"{path}, line {number}", line.get("config"), line.get("id")
        if line["label"] not in LABELS:
            raise BuildError(f"{place}: got the label {line['label']!r}, expected null or one of {', '.join(LABELS)}")
        if config not in sources or one not in sources[config]:
            raise OtherSetError(
                f"{place}: got the row {one!r} of {config!r}, which {dataset.path} has not; draw a sample again"
            )
        if (config, one) in seen:
            raise BuildError(f"{place}: got the row {one!r} again, expected each once")
        seen.add((config, one))
        audit = found.setdefault(config, Audit({}, dict(Counter(sources[config].values()))))
        audit.labels.setdefault(sources[config][one], Counter()).update([line["label"]])
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
        except json.JSONDecodeError as error:
            raise BuildError(f"{path}, line {number}: {error.msg}, expected an object of JSON") from None
        if not isinstance(line, dict):
            raise BuildError(f"{path}, line {number}: got {type(line).__name__}, expected an object of JSON")
        lines.append(line)
    return lines
