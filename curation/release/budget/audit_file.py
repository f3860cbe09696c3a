"""Golds for a person to look at: a sample of the set's rows, and the labels that came back.

    ovr-curate audit DIR -n 100              writes DIR/audit.jsonl: {"id", "config", "source", "prompt", "answer", "label": null} a line
    (a person puts "right", "wrong" or "unsure" for null)
    ovr-curate audit DIR --labels FILE       checks the labels, takes them in and reckons the error budget again

The sample has of every source as many rows as is its share of the set, and at least one, chosen by the seed and the rows' ids.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.core.errors import BuildError
from curation.core.order import choice_key
from curation.core.parquet import write_text
from curation.core.row import Config
from curation.mixture.quotas import apportioned
from curation.reading.flag import short
from curation.release.budget.audit import Audit
from curation.release.dataset import Dataset

AUDIT_FILE = "audit.jsonl"
LABELS = ("right", "wrong", "unsure")
COLUMNS = ("id", "config", "source", "prompt", "answer", "label")
NEEDED = ("id", "config", "label")
EXPECTED = "expected JSON Lines as `ovr-curate audit DIR` writes them"


class OtherSetError(BuildError):
    """Labels of rows that are not in the set: they say nothing of it."""


def write_audit(dataset: Dataset, n: int, seed: int, out: Path) -> dict[Config, Counter[str]]:
    """Write rows to label, `n` of every config in proportion to its sources, at least one of each: without a label any gold of a source may
    be wrong (`Audit.range`).

    Returns how many by config and source.

    Raises:
        BuildError: the file has labels already, or is not of this kind.
    """
    if out.exists() and any(line["label"] for line in _lines(out).values()):
        raise BuildError(f"{out}: has labels already; expected a file without, or give another --out")
    lines = [line for config in dataset.configs for line in _drawn(dataset, config, n, seed)]
    lines.sort(
        key=lambda line: choice_key("audit order", seed, line["id"])
    )  # who stops half way has labelled a sample too
    text = "".join(json.dumps({name: line[name] for name in COLUMNS}, ensure_ascii=False) + "\n" for line in lines)
    write_text(out, text)
    return {config: Counter(one["source"] for one in lines if one["config"] == config) for config in dataset.configs}


def _drawn(dataset: Dataset, config: Config, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """The sample of a config; of a question with several traces one line."""
    ids: dict[str, list[str]] = {}
    for one, gold in _golds(dataset, config).items():
        ids.setdefault(gold["source"], []).append(one)
    wanted = set[str]()
    for source, most in apportioned({source: len(of) for source, of in ids.items()}, n).items():
        wanted.update(sorted(ids[source], key=lambda row: choice_key("audit", seed, row))[:most])
    for record in dataset.records(config, ["id", "source", "prompt", "answer"]):
        if record["id"] in wanted:
            wanted.remove(record["id"])
            prompt = "\n\n".join(message["content"] for message in record["prompt"])
            yield {**record, "config": config, "prompt": prompt, "label": None}


def _golds(dataset: Dataset, config: Config) -> dict[str, dict[str, str]]:
    """Id -> the source and the answer of its row, the first of several."""
    golds: dict[str, dict[str, str]] = {}
    for record in dataset.records(config, ["id", "source", "answer"]):
        golds.setdefault(record.pop("id"), record)
    return golds


def read_audit(path: Path, dataset: Dataset) -> dict[Config, Audit]:
    """The labels of each config; lines whose label is null are not labelled yet.

    Raises:
        BuildError: the file is not of this kind, or has another label, or one row twice; the first, by its line.
        OtherSetError: a label is of a row, or of a gold, that the set has not.
    """
    golds: dict[str, dict[str, dict[str, str]]] = {config: _golds(dataset, config) for config in dataset.configs}
    found: dict[Config, Audit] = {}
    seen = set[tuple[str, str]]()
    for number, line in _lines(path).items():
        if line["label"] is None:
            continue
        place, config, one = f"{path}, line {number}", line["config"], line["id"]
        if line["label"] not in LABELS:
            raise BuildError(f"{place}: got the label {line['label']!r}, expected null or one of {', '.join(LABELS)}")
        gold = _gold_of(line, golds, f"{place}: got the row {short(one)!r} of {config!r}", dataset)
        if (config, one) in seen:
            raise BuildError(f"{place}: got the row {one!r} again, expected each once")
        seen.add((config, one))
        audit = found.setdefault(config, Audit({}, dict(Counter(of["source"] for of in golds[config].values()))))
        audit.labels.setdefault(gold["source"], Counter()).update([line["label"]])
    return found


def _gold_of(
    line: dict[str, Any], golds: Mapping[str, Mapping[str, dict[str, str]]], what: str, dataset: Dataset
) -> dict[str, str]:
    """The source and the answer of the row that a line labels, which the line says too where it has them.

    Raises:
        OtherSetError: it is not a row of this set.
    """
    gold = golds.get(line["config"], {}).get(line["id"])
    if gold is None:
        known = "" if line["config"] in golds else f", whose configs are {', '.join(golds)}"
        raise OtherSetError(f"{what}, which {dataset.path} has not{known}; draw a sample again")
    for name, expected in gold.items():
        if (got := line.get(name, expected)) != expected:
            wrong = f"with the {name} {short(str(got))!r}, expected {short(expected)!r} as {dataset.path} has it"
            raise OtherSetError(f"{what} {wrong}; draw a sample again")
    return gold


def _lines(path: Path) -> dict[int, dict[str, Any]]:
    """Line number -> what it says; an empty line says nothing."""
    try:
        texts = path.read_text(encoding="utf-8-sig").split(
            "\n"
        )  # `splitlines` breaks at characters that a prompt may have
    except (OSError, UnicodeDecodeError) as error:
        got = "not text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise BuildError(f"{path}: {got}; {EXPECTED}") from None
    return {n: _line(text, f"{path}, line {n}") for n, text in enumerate(texts, 1) if text.strip()}


def _line(text: str, place: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BuildError(f"{place}: {getattr(error, 'msg', error)}; {EXPECTED}") from None
    if not isinstance(line, dict):
        raise BuildError(f"{place}: got {type(line).__name__}; {EXPECTED}")
    if missing := [name for name in NEEDED if name not in line]:
        raise BuildError(f"{place}: has no {missing[0]!r}; {EXPECTED}")
    for name in ("id", "config"):
        if not isinstance(line[name], str):
            raise BuildError(f"{place}: got the {name} {short(str(line[name]))}, expected text; {EXPECTED}")
    return line
