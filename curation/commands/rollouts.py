"""`ovr-curate rollouts DIR`: what a rollout store holds, per sampler, read row group by row group.

Nothing is written, and it may be asked while builds sample. With `--compact` small segments are merged first.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.markup import escape
from rich.table import Table

from curation.cold_start.loss import store as losses
from curation.commands.console import render
from curation.core.errors import CurationError, SamplingError, first_line
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.scan import scan
from curation.sampling.rollouts.segment_log import SegmentLog
from curation.sampling.rollouts.segments import list_segments, temporary_files
from curation.sampling.rollouts.verdicts import rewards_version

_SAMPLER = ["model", "revision", "template_hash", "temperature", "top_p"]
_COUNTED = [*_SAMPLER, "max_tokens", "finish_reason"]
_VERIFIER = ["model", "revision", "rewards"]


@dataclass
class _Sampled:
    """The samples of one sampler, added up."""

    prompts: set[str] = field(default_factory=set)
    limits: set[int] = field(default_factory=set)
    finish_reasons: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    seconds: float = 0.0

    def totals(self) -> dict[str, Any]:
        return {
            "max_tokens": sorted(self.limits),
            "prompts": len(self.prompts),
            "samples": self.finish_reasons.total(),
            "finish_reasons": dict(sorted(self.finish_reasons.items())),
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "tokens_per_s": round(self.tokens / self.seconds, 1) if self.seconds else None,
        }


def show_rollouts(folder: Path, as_json: bool = False, merge: bool = False) -> None:
    """Print the summary of a store, or of a build's; `merge` its small segments before.

    Raises:
        CurationError: no store there; some of its segments cannot be read (reported after what can).
    """
    if merge:
        compact(folder)
    summary = summarise(folder)
    print(json.dumps(summary, indent=1, ensure_ascii=False) if as_json else tables(summary))
    if damaged := summary["damaged"]:
        raise CurationError(f"{len(damaged)} segments cannot be read; the first: {next(iter(damaged.values()))}")


def compact(folder: Path) -> None:
    """Merge the small segments of a store, of its verdicts and of its losses.

    Raises:
        CurationError: no store there, a segment is damaged, or the folder cannot be written.
    """
    store = _store(folder)
    for part, layout in ((".", rollout.LAYOUT), ("verdicts", verdicts.LAYOUT), (losses.FOLDER, losses.LAYOUT)):
        try:
            with SegmentLog(store / part, layout) as log:
                log.compact()
        except OSError as error:
            raise CurationError(f"{store / part}: segments cannot be merged ({first_line(error)})") from error


def summarise(folder: Path) -> dict[str, Any]:
    """Samplers, verdicts, files and bytes of the store `folder`, or of the one in the build `folder`.

    Raises:
        CurationError: no store there.
    """
    store = _store(folder)
    judged = store / "verdicts"
    damaged: dict[str, str] = {}
    return {
        "store": str(store),
        "samplers": _samplers(store, damaged),
        "verdicts": _verdicts(judged, damaged),
        **_files([*list_segments(store), *list_segments(judged)]),
        "damaged": damaged,
        "unfinished": [str(path.relative_to(store)) for place in (store, judged) for path in temporary_files(place)],
    }


def _store(folder: Path) -> Path:
    for place in (folder, folder / "rollouts"):
        if list_segments(place):
            return place
    raise CurationError(f"{folder}: no rollouts; expected a build that has sampled, or its folder rollouts")


def _files(paths: list[Path]) -> dict[str, int]:
    """How many segments are there and their bytes; one that is merged just now counts as none."""
    sizes = []
    for path in paths:
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return {"segments": len(sizes), "bytes": sum(sizes)}


def tables(summary: dict[str, Any]) -> str:
    """The summary for the screen."""
    samplers = Table(title=escape(summary["store"]))
    for heading in ("sampler", "limit", "prompts", "samples", "cut off", "tokens", "hours", "tokens/s"):
        samplers.add_column(heading, justify="left" if heading == "sampler" else "right", overflow="fold")
    for sampler in summary["samplers"]:
        settings = f"temperature {sampler['temperature']:g}, top-p {sampler['top_p']:g}"
        name = f"{_model(sampler)}\ntemplate {sampler['template_hash'][:8]}, {settings}"
        limits = "\n".join(f"{limit:,}" for limit in sampler["max_tokens"])
        counts = (f"{sampler['prompts']:,}", f"{sampler['samples']:,}")
        cut = sampler["finish_reasons"].get("length", 0) / sampler["samples"]
        speed = "" if sampler["tokens_per_s"] is None else f"{sampler['tokens_per_s']:,.0f}"
        hours = f"{sampler['seconds'] / 3600:,.2f}"
        samplers.add_row(escape(name), limits, *counts, f"{cut:.1%}", f"{sampler['tokens']:,}", hours, speed)
    judged = Table(title="verdicts")
    for heading in ("sampler", "rewards", "judged", "shares of the judged"):
        judged.add_column(heading, justify="right" if heading == "judged" else "left", overflow="fold")
    for verifier in summary["verdicts"]:
        total = sum(verifier["outcomes"].values())
        shares = ", ".join(f"{outcome} {n / total:.1%}" for outcome, n in verifier["outcomes"].items())
        version = f"{verifier['rewards']}{'' if verifier['current'] else ' (not this version)'}"
        judged.add_row(escape(_model(verifier)), version, f"{total:,}", shares)
    parts = [render(samplers), *([render(judged)] if summary["verdicts"] else [])]
    parts.append(f"{summary['segments']:,} segments, {summary['bytes'] / 2**20:,.1f} MiB")
    if summary["unfinished"]:
        parts.append(f"being written, or left by a killed writer: {', '.join(summary['unfinished'])}")
    return "\n".join(parts)


def _model(sampler: dict[str, Any]) -> str:
    return f"{sampler['model']} @ {sampler['revision'][:12]}"


def _samplers(store: Path, damaged: dict[str, str]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], _Sampled] = {}
    for group in _groups(store, rollout.LAYOUT, [*_COUNTED, "prompt", "n_tokens", "seconds"], damaged):
        sums = group.group_by(_COUNTED).aggregate([("n_tokens", "sum"), ("seconds", "sum"), ("prompt", "count")])
        for line in sums.to_pylist():
            sampled = found.setdefault(tuple(line[name] for name in _SAMPLER), _Sampled())
            sampled.limits.add(line["max_tokens"])
            sampled.finish_reasons[line["finish_reason"]] += line["prompt_count"]
            sampled.tokens += line["n_tokens_sum"]
            sampled.seconds += line["seconds_sum"]
        for line in group.group_by([*_SAMPLER, "prompt"]).aggregate([]).to_pylist():
            found[tuple(line[name] for name in _SAMPLER)].prompts.add(line["prompt"])
    return [{**dict(zip(_SAMPLER, key, strict=True)), **found[key].totals()} for key in sorted(found)]


def _verdicts(folder: Path, damaged: dict[str, str]) -> list[dict[str, Any]]:
    found: dict[tuple[str, ...], Counter[str]] = {}
    for group in _groups(folder, verdicts.LAYOUT, [*_VERIFIER, "outcome"], damaged):
        for line in group.group_by([*_VERIFIER, "outcome"]).aggregate([([], "count_all")]).to_pylist():
            outcomes = found.setdefault(tuple(line[name] for name in _VERIFIER), Counter())
            outcomes[line["outcome"]] += line["count_all"]
    return [
        {
            **dict(zip(_VERIFIER, key, strict=True)),
            "current": key[-1] == rewards_version(),
            "outcomes": dict(sorted(found[key].items())),
        }
        for key in sorted(found)
    ]


def _groups(folder: Path, layout: Layout, columns: list[str], damaged: dict[str, str]) -> Iterator[pa.Table]:
    def note(path: Path, error: SamplingError) -> None:
        damaged[path.name if folder.name != "verdicts" else f"verdicts/{path.name}"] = str(error)

    yield from scan(folder, layout, columns, note)
