"""The stage that decides by the measured difficulty: what is dropped and under which reason, golds to look at, images that add nothing.

It reads the rollouts and their verdicts back, so it judges nothing again, and it samples nothing but prompts without their images or with
other ones, where that is asked for.
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from datatrove.pipeline.base import PipelineStep

from curation.core.chunks import chunks
from curation.core.decision import Decision, drop, keep
from curation.core.parquet import read_records, whole_file, write_records, write_text
from curation.core.passes import PASSES, FillStore
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DECISIONS, Cost, DecideStage, Run
from curation.difficulty.ahead import Ahead
from curation.difficulty.pass_rate import PassRate, sampler_of, setting_of
from curation.difficulty.triage.again import FIRST, Again, Chosen, Gains
from curation.difficulty.triage.agreement import agreement, n_options
from curation.difficulty.triage.evidence import (
    AGREEMENT,
    AGREEMENT_FILE,
    QUARANTINE,
    SUSPECTS_FILE,
    agreements,
    evidence,
)
from curation.difficulty.triage.gain import IMAGE_GAIN, NEEDS, Rate, image_gain
from curation.difficulty.triage.marks import Counts, Mark, Triage, Variant, is_suspect, is_unread, marks
from curation.difficulty.triage.residue import Residue, normal, residue
from curation.difficulty.triage.samples import CHUNK, Samples
from curation.difficulty.triage.suspicion import Ints, suspicion
from curation.difficulty.wording import solved
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore

WITHOUT, CHOOSE = "without-images", "choose"
"""The pass of the samples without images, and that which looks which rows are sampled with other ones."""
CHOSEN = "chosen.npz"
"""In the folder of `CHOOSE`."""
TABLE = "triage.json"
"""In the stage's folder: what it counted for the summary."""
IMAGE_COLUMNS = (Column("image_gain", IMAGE_GAIN), Column("image_need", pa.string()))


ZERO_PASS = ("suspect_gold", "unread_answer", "no_answer", "hard", "truncated", "unjudged", "unsampled")
"""What a row without a right sample can be."""
PHRASE = 3
"""What the samples of rows with so many different golds end in is no answer: "I hope this helps!"."""


class Found(NamedTuple):
    """What the samples of all rows say, an entry per row. `texts`: number of a row -> on what, that the judge cannot read, they agree."""

    counts: Ints
    probabilities: np.ndarray[Any, np.dtype[np.float64]]
    has_images: np.ndarray[Any, np.dtype[np.bool_]]
    engines: Ints
    texts: dict[int, Residue]

    def unread(self, row: int) -> str:
        """What the samples of a row agree on and the judge cannot read, and why."""
        left = self.texts.get(row)
        return "" if left is None else f"{left.text!r}: {left.detail}" if left.detail else repr(left.text)


class TriageStage(DecideStage):
    """Drops what was measured as trivial, infeasible, truncated or not judged, under the reason that explains it best. Other marks are
    noted.
    """

    kind: Literal["triage"] = "triage"
    has_engine: ClassVar[bool] = True
    options: Triage = Triage()
    difficulty: PassRate
    seed: int = 0
    template: str
    publishes: ClassVar[tuple[str, ...]] = (SUSPECTS_FILE,)
    signs_as: ClassVar[str] = "difficulty"
    remedies: ClassVar[dict[str, str]] = {
        "trivial": "rl.difficulty.max_pass_rate: null keeps them",
        "hard": "rl.triage.keep: [hard] keeps them",
        "infeasible": "rl.difficulty.min_pass_rate: null keeps them",
        "suspect_gold": "rl.triage.suspect_gold, rl.triage.drop; suspect_gold.parquet has the evidence",
        "unread_answer": "gold.rules of the source; suspect_gold.parquet has the evidence",
        "no_answer": "prompt_template, which asks for the form that the reward reads",
        **dict.fromkeys(("doubtful_gold", "picture_not_needed", "image_idle", "not_above_chance"), "rl.triage.drop"),
        "truncated": "rl.difficulty.sampling.max_tokens, rl.difficulty.max_lost",
        "unjudged": "rl.difficulty.max_lost; `ovr-curate why` tells what became of the samples",
        "unsampled": "rl.difficulty.max_tokens_total, rl.difficulty.max_gpu_hours",
    }

    @property
    def adds(self) -> tuple[Column, ...]:  # type: ignore[override]
        """The columns of `images`, where that is asked for."""
        return IMAGE_COLUMNS if self.options.images else ()

    @property
    def passes(self) -> tuple[str, ...]:
        """Samples without images; then one task looks which rows are sampled with others, which is known by the samples; then those."""
        without = (WITHOUT,) if self.options.without_pictures else ()
        return (*without, CHOOSE, *self._others) if self.options.images else without

    def parts_of_pass(self, run: Run, name: str) -> int:
        return 1 if name == CHOOSE else self._ahead(run, name).n_parts(FIRST)

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        if name == CHOOSE:
            return [FillStore(lambda held: lambda part, progress: self._choose(run), run.folder)]
        return self._ahead(run, name).steps(FIRST, run.folder)

    @property
    def _others(self) -> dict[str, tuple[Variant, int]]:
        """Name of a pass -> the images and the number of the model that its prompts are sampled with."""
        of = product(self.options.images, range(len(self.difficulty.engines)))
        return {f"{variant}-images-model-{number + 1}": (variant, number) for variant, number in of}

    def _ahead(self, run: Run, name: str) -> Ahead:
        if name == WITHOUT:
            return self._again(run).ahead_without(name, run.rows)
        with np.load(run.folder / PASSES / CHOOSE / CHOSEN) as chosen:
            return self._again(run).ahead_with_others(name, run.rows, *self._others[name], Chosen(**chosen))

    def _choose(self, run: Run) -> None:
        """Leave which rows are sampled with other images."""
        blind = self._blind(run.rows, run)
        with RolloutStore(run.rollouts) as store, VerdictStore(run.rollouts / "verdicts") as verdicts:
            found = self._count(run.rows, Samples(store, verdicts, self.difficulty, self.template), blind)
        with whole_file(run.folder / PASSES / CHOOSE / CHOSEN) as file:
            np.savez(file, **self._chosen(run.rows, found)._asdict())

    def _chosen(self, rows: Rows, found: Found) -> Chosen:
        """Those that stay and have a right sample."""
        stays = np.array([one.action == "keep" for _, one, _ in self._decisions(rows, found, {})], bool)
        return Chosen(stays & (found.counts[:, 1] > 0), found.has_images, found.engines)

    def _again(self, run: Run) -> Again:
        return Again(self.difficulty, run, self.seed, self.template)

    def _blind(self, rows: Rows, run: Run) -> Iterator[Sequence[int]]:
        """Of every trivial row with images its samples without them, where those are asked for: correct, judged."""
        return iter(self._again(run).without_images(rows).tolist() if self.options.without_pictures else [])

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        again, blind = self._again(run), self._blind(rows, run)
        with RolloutStore(run.rollouts) as store, VerdictStore(run.rollouts / "verdicts") as verdicts:
            samples = Samples(store, verdicts, self.difficulty, self.template)
            found = self._count(rows, samples, blind)
            write_records(run.folder / AGREEMENT_FILE, AGREEMENT, agreements(rows, found.counts, found.engines))
            of_note = [i for i, n in enumerate(found.counts) if self._is_of_note(Counts(*n), found.probabilities[i])]
            records = evidence(rows, np.array(of_note, np.int64), samples, found.counts, found.probabilities)
            write_records(run.folder / SUSPECTS_FILE, QUARANTINE, records)
        gains: Gains = {}
        if self.options.images:
            gains = again.with_other_images(rows, self.options.images, self._chosen(rows, found))
        zero_pass: dict[str, Counter[str]] = {}
        needs: dict[str, Counter[str]] = {}
        for record, decision, marked in self._decisions(rows, found, gains):
            is_kept = decision.action == "keep"
            if not record["difficulty"]["n_correct"]:
                what = zero_pass_class(record["measured"], marked)
                counts = zero_pass.setdefault(record["source"], Counter(rows=0))
                counts.update(["rows", what, *([f"{what}_kept"] if is_kept else [])])
            if is_kept and (gain := decision.columns.get("image_gain")):
                of_source = needs.setdefault(record["source"], Counter())
                of_source.update({decision.columns["image_need"]: 1, "gain": gain["gain"]})
                of_source["without_donor"] += "swapped" in self.options.images and "swapped" not in gain
            yield decision
        tables: dict[str, Any] = {"zero_pass": zero_pass}
        if self.options.images:
            tables["image_need"] = {source: _needs(counts) for source, counts in needs.items()}
        write_text(run.folder / TABLE, json.dumps(tables, indent=1))

    def _decisions(
        self, rows: Rows, found: Found, gains: Gains
    ) -> Iterator[tuple[dict[str, Any], Decision, list[Mark]]]:
        """What becomes of every row, with its record and its marks."""
        measured = rows.records(["source", "difficulty", "measured"])
        for i, (record, count, probability) in enumerate(zip(measured, found.counts, found.probabilities, strict=True)):
            difficulty = record["difficulty"]
            with_image = Rate(difficulty["pass_rate"], difficulty["ci_low"], difficulty["ci_high"])
            gain, need = image_gain(with_image, gains[i]) if i in gains else (None, "")
            marked = marks(Counts(*count.tolist()), difficulty["pass_rate"], probability, self.options, found.unread(i))
            if gain is not None and need == "idle":
                rates = (f"{n[0]} of {n[1]} correct with {variant} images" for variant, n in gains[i].items())
                detail = f"{difficulty['n_correct']} of {difficulty['n_judged']} correct, {', '.join(rates)}"
                marked.append(Mark("image_idle", detail))
            columns = {"image_gain": gain, "image_need": need} if self.options.images else {}
            yield record, triaged(record["measured"], difficulty, marked, self.options, columns), marked

    def _is_of_note(self, counts: Counts, probability: float) -> bool:
        return is_unread(counts) or is_suspect(counts, probability, self.options)

    def _count(self, rows: Rows, samples: Samples, blind: Iterator[Sequence[int]]) -> Found:
        """What the samples of every row say."""
        counts, groups, engines, has_images = array("q"), array("q"), array("q"), array("b")
        texts: dict[int, Residue] = {}
        golds: dict[str, set[str]] = {}
        numbers: dict[Any, int] = {}
        settings = [setting_of(engine, self.difficulty.sampling, self.template) for engine in self.difficulty.engines]
        samplers = [sampler_of(setting, self.difficulty.sampling) for setting in settings]
        for chunk in chunks(rows, CHUNK):
            for row, (rollouts, verdicts) in zip(chunk, samples.of(chunk), strict=True):
                agreed, left = agreement(row, verdicts), residue(row, rollouts, verdicts)
                is_blind = row.images and row.extra["measured"] == "trivial"
                without = next(blind, (0, 0)) if is_blind else (0, 0)
                samples_of_row = agreed.n_answered, agreed.n_correct, agreed.n_agreed, n_options(row)
                count = Counts(*samples_of_row, without[0], without[1], left.n_unread, left.n_finished)
                if is_unread(count):
                    texts[len(groups)] = left
                    golds.setdefault(normal(left.text), set()).add(row.answer)
                counts.extend(count)
                assert row.difficulty is not None
                engines.append(samplers.index(row.difficulty.sampler))
                has_images.append(bool(row.images))
                groups.append(numbers.setdefault((row.source, row.difficulty.sampler), len(numbers)))
        of_rows = np.array(counts, np.int64).reshape(-1, len(Counts._fields))
        for i in [i for i, left in texts.items() if len(golds[normal(left.text)]) >= PHRASE]:
            of_rows[i, Counts._fields.index("n_unread")] = 0
            del texts[i]
        probabilities = suspicion(of_rows[:, :3], np.array(groups, np.int64), of_rows[:, 3])
        return Found(of_rows, probabilities, np.array(has_images, bool), np.array(engines, np.int64), texts)

    def cost(self, run: Run, pilot: int | None) -> Cost | None:
        """Of the samples without images and with other ones, at most: as if every row with images were sampled."""
        names = [*self.options.images, *(["without"] if self.options.without_pictures else [])]
        return self._again(run).cost(names) if names else None

    def summary(self, run: Run) -> dict[str, Any]:
        """Histogram of the pass rates in tenths (`0.0` holds 0 <= p < 0.1, `1.0` exactly 1), of all measured rows and of those kept, and
        what they are (`Difficulty.estimator`); by source what the rows without a right sample are, and whether images are needed.
        """
        measured, kept, outcomes = Counter[str](), Counter[str](), Counter[str]()
        estimators = set[str]()
        for difficulty, is_kept in _measured(run):
            rate, n_judged = difficulty["pass_rate"], difficulty["n_judged"]
            tenth = f"{int(rate * 10 + 1e-9) / 10:.1f}" if n_judged else "none judged"
            measured[tenth] += 1
            kept[tenth] += is_kept
            estimators.add(difficulty["estimator"])
            outcomes.update({name: difficulty[name] for name in ("n_correct", "n_judged", "n_truncated", "n_unjudged")})
        table = {"measured": dict(sorted(measured.items())), "kept": dict(sorted(kept.items()))}
        rates = {"estimator": ", ".join(sorted(estimators)), **table, "samples": dict(outcomes)}
        return {"pass_rates": rates, **json.loads((run.folder / TABLE).read_text())}


def _measured(run: Run) -> Iterator[tuple[dict[str, Any], bool]]:
    """The difficulty of every row that came in, and whether it stayed."""
    for file in run.rows.files:
        lines = read_records(run.folder / DECISIONS / file.path.name, ["keep"], batch_rows=10_000)
        for record, line in zip(file.read(["difficulty"]), lines, strict=True):
            yield record["difficulty"], line["keep"]


def _needs(counts: Counter[str]) -> dict[str, Any]:
    """Rows by what they need, those that no row of the source lends an image, and the mean gain."""
    n = {name: counts[name] for name in NEEDS}
    return {**n, "without_donor": counts["without_donor"], "mean_gain": counts["gain"] / max(sum(n.values()), 1)}


def triaged(
    measured: str,
    difficulty: Mapping[str, Any],
    found: Sequence[Mark],
    options: Triage,
    columns: Mapping[str, Any] | None = None,
) -> Decision:
    """What becomes of a row by what was measured and the marks that were found: the reason of a drop that a mark explains better, a drop by
    a mark of `options.drop`, else a note. `columns` are set of what stays.

    What was dropped for its truncated or unjudged samples stays so: the others say too little. A row without a right sample is dropped
    under what it is (`ZERO_PASS`), unless `options.keep` has that.
    """
    columns = columns or {}
    counts = solved(difficulty)
    name = measured if difficulty["n_correct"] else zero_pass_class(measured, found)
    if not found or measured not in ("keep", "infeasible", "trivial"):
        if measured == "keep":
            return keep(**columns)
        return drop(name, next((mark.detail for mark in found if mark.name == name), counts))
    detail = "; ".join(f"{mark.name}: {mark.detail}" for mark in found)
    if dropping := next((mark for mark in found if mark.name in options.drop), None):
        return drop(dropping.name, dropping.detail)
    if measured == "keep":
        return keep(detail, **columns)
    if name in options.keep:
        return keep(f"{counts}; {detail}", **columns)
    return drop(name, f"{counts}; {detail}")


def zero_pass_class(measured: str, found: Sequence[Mark]) -> str:
    """Which of `ZERO_PASS` a row without a right sample is. Of one that was truncated or not judged the marks say too little, but for what
    the judge could not read.
    """
    names = [mark.name for mark in found if mark.name in ZERO_PASS]
    if measured in ("truncated", "unsampled") or (measured == "unjudged" and "unread_answer" not in names):
        return measured
    return names[0] if names else "hard"
