"""A data set in the layout of a trainer: `ovr-curate export DIR --to NAME --out FOLDER`."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import rewards
from curation import __version__
from curation.core.errors import CurationError, nearest
from curation.core.plugins import known_plugins
from curation.core.row import Config
from curation.core.words import counted, listed
from curation.release.dataset import Dataset, open_dataset
from curation.release.export.base import Exporter
from curation.release.export.folder import MARK, replaced
from curation.release.export.rows import ExportSet, Tally


class Export(NamedTuple):
    """What was written, and to where."""

    exporter: Exporter
    out: Path
    tally: Tally


def export(path: Path, to: str, out: Path, config: Config | None = None) -> Export:
    """Write the sets of a build or a released set for a trainer: those that it takes, or `config` alone.

    Raises:
        CurationError: an unknown trainer, a config that is not there or that it does not take, no row that it takes, or a folder that
            is not an earlier export.
        BuildError: no finished build, or a row that cannot be read.
    """
    exporter = exporter_of(to)
    dataset = open_dataset(path)
    configs = _configs(dataset, exporter, config)
    tally = Tally()
    sets = [ExportSet(dataset, one, exporter, tally) for one in configs]
    with replaced(out, safe_name(str(dataset.manifest["name"]))) as folder:
        exporter.write(sets, folder)
        for one in configs:
            if not any(name.startswith(f"{one}-") for name in tally.rows):
                raise CurationError(f"{path}: {to} takes none of the rows of {one}: {_reasons(tally) or 'it has none'}")
        if tally.left_out:
            folder.json_lines("left_out.jsonl", tally.left_out)
        folder.text("README.md", _readme(exporter, sets, folder.name, tally))
        folder.text(MARK, json.dumps(_mark(dataset, exporter, tally), indent=1, sort_keys=True) + "\n")
    return Export(exporter, out, tally)


def exporter_of(kind: str) -> Exporter:
    """The exporter of a trainer.

    Raises:
        CurationError: there is none of that name.
    """
    known = known_plugins(Exporter)
    if kind not in known:
        raise CurationError(f"--to: unknown {kind!r}; known: {', '.join(known)}{nearest(kind, known)}")
    return known[kind].model_validate({})


def safe_name(name: str) -> str:
    """A data set's name as that of a file, a Python package and a key.

    >>> safe_name("OVR, multimodal RL"), safe_name("2024/../x"), safe_name("图")
    ('ovr_multimodal_rl', 'set_2024_x', 'data_set')
    """
    safe = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "data_set"
    return safe if safe[0].isalpha() else f"set_{safe}"


def summary(done: Export) -> str:
    """What was done, for the command line."""
    tally = done.tally
    lines = [f"{done.out}: {counted(sum(tally.rows.values()), 'row')} for {done.exporter.kind}"]
    lines += [f"  {name}: {counted(count, 'row')}" for name, count in tally.rows.items()]
    lines += [f"  {note}" for note in _notes(tally)]
    return "\n".join([*lines, f"  how to train on them: {done.out / 'README.md'}"])


def _configs(dataset: Dataset, exporter: Exporter, wanted: Config | None) -> list[Config]:
    there, takes = dataset.configs, exporter.configs
    if wanted is not None and wanted not in takes:
        raise CurationError(f"--config {wanted}: {exporter.kind} takes {listed(takes)}")
    if wanted is not None and wanted not in there:
        raise CurationError(f"--config {wanted}: {dataset.path} has {listed(there) or 'no rows'}")
    if not (found := [config for config in there if config in takes and wanted in (None, config)]):
        raise CurationError(f"{dataset.path}: has {listed(there) or 'no rows'}; {exporter.kind} takes {listed(takes)}")
    return found


def _notes(tally: Tally) -> list[str]:
    """What is not as it is in the shards, a line each."""
    notes = []
    if tally.images_reencoded:
        notes.append(
            f"{tally.images_reencoded:,} of {counted(tally.images, 'image')} turned upright or freed of transparency"
        )
    if tally.rows_escaped:
        notes.append(
            f"{counted(tally.rows_escaped, 'row')} with text that would be taken for an image, video or box: a space in it"
        )
    if own := sorted(kind for kind in tally.kinds if not _is_ours(kind)):
        kinds = ", ".join(own)
        notes.append(
            f"kinds of your own ({kinds}): make their module importable where it trains, OVR_REWARD_PLUGINS=MODULE"
        )
    if tally.left_out:
        notes.append(f"{counted(len(tally.left_out), 'row')} left out ({_reasons(tally)}); see left_out.jsonl")
    return notes


def _is_ours(kind: str) -> bool:
    found = rewards.kinds().get(kind)
    return found is not None and found.__module__.startswith("rewards.")


def _reasons(tally: Tally) -> str:
    reasons = [line["reason"] for line in tally.left_out]
    return ", ".join(f"{reason} {reasons.count(reason)}" for reason in sorted(set(reasons)))


def _readme(exporter: Exporter, sets: list[ExportSet], name: str, tally: Tally) -> str:
    counts = "\n".join(f"| {split} | {count} |" for split, count in sorted(tally.rows.items()))
    notes = "".join(f"- {note}\n" for note in _notes(tally))
    notes += "\n" if notes else ""
    return (
        f"# {name} for {exporter.kind}\n\nWritten by `ovr-curate export --to {exporter.kind}` {__version__}; the layout is that of"
        f" {exporter.release}.\n\n| set | rows |\n|---|---|\n{counts}\n\n{notes}{exporter.launch(sets, name).strip()}\n"
    )


def _mark(dataset: Dataset, exporter: Exporter, tally: Tally) -> dict[str, object]:
    counts = {"rows": dict(tally.rows), "left_out": len(tally.left_out), "rows_escaped": tally.rows_escaped}
    images = {"images": tally.images, "images_reencoded": tally.images_reencoded}
    origin = {"data_set": str(dataset.manifest["name"]), "build": dataset.lock.get("build", "")}
    return {"to": exporter.kind, "release": exporter.release, "version": __version__, **origin, **counts, **images}
