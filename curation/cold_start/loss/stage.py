"""The stage that reads every trace with a light language model and cuts what is abnormal (PAPER, curation, step 2)."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
from datatrove.pipeline.base import PipelineStep

from curation.cold_start.loss.cost import LossCost, loss_cost
from curation.cold_start.loss.cuts import Found, GroupCut, find_cuts
from curation.cold_start.loss.options import SCORES, LossOptions
from curation.cold_start.loss.plot import PLOT_FILE, draw
from curation.cold_start.loss.quarantine import QUARANTINE_FILE, SCHEMA, first_cut, limit_of, quarantine, reason_of
from curation.cold_start.loss.score_rows import UNSCORED, WINDOW, LossReader, Measured, Progress, measure
from curation.cold_start.loss.store import FOLDER
from curation.core.decision import Decision, drop, keep
from curation.core.errors import SamplingError
from curation.core.parquet import write_records, write_text
from curation.core.passes import Fill, FillStore
from curation.core.progress import TaskProgress
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DecideStage, Run

TABLE_FILE: Final = "loss.json"


class LossStage(DecideStage):
    """Scores every trace and drops those beyond the cuts of their groups. What has no score stays, with a note; the summary counts it."""

    kind: Literal["loss"] = "loss"
    has_engine: ClassVar[bool] = True
    options: LossOptions
    template: str
    adds: ClassVar[tuple[Column, ...]] = (
        *(Column(name, pa.float32()) for name in ("loss", "rsr", "prompt_loss", "early_loss", "pairing_gain")),
        Column("n_tokens", pa.int32()),
    )
    publishes: ClassVar[tuple[str, ...]] = (QUARANTINE_FILE, TABLE_FILE, PLOT_FILE)
    remedies: ClassVar[dict[str, str]] = {
        f"{score}_{side}_cut": f"cold_start.loss.cut.{score}; {QUARANTINE_FILE} has the rows, {TABLE_FILE} the cuts"
        for score in SCORES
        for side in ("above", "below")
    }

    def digests(self) -> dict[str, dict[str, str]]:
        model, revision = self.options.scorer.identity()
        return {"scorer": {model: revision}}

    @property
    def passes(self) -> tuple[str, ...]:
        return ("read",)

    def parts_of_pass(self, run: Run, name: str) -> int:
        return -(-len(run.rows) // WINDOW)

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        return [FillStore(partial(self._read, run), run.folder)]

    def _read(self, run: Run, held: ExitStack) -> Fill:
        """A part is a window, so that texts are read together which the decision would have read together."""
        reader = held.enter_context(LossReader(self.options, self.template, run.rollouts / FOLDER))

        def fill(part: int, progress: TaskProgress) -> None:
            rows = run.rows.some(np.arange(len(run.rows))[part * WINDOW : (part + 1) * WINDOW])
            reader.report = lambda done: progress.advance(0, note=progress_line(done))
            deque(reader.read(rows.records(["prompt", "completion"])), maxlen=0)

        return fill

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        run.progress.advance(0, total=len(rows), note="starting the scorer")

        def report(progress: Progress) -> None:
            if run.progress.is_due:
                run.progress.advance(progress.rows - run.progress.rows, note=progress_line(progress, len(rows)))

        measured = measure(rows, self.options, self.template, run.rollouts / FOLDER, report)
        if len(rows) and (measured.unscored == UNSCORED.index("not_finite")).all():
            how = f"{self.options.scorer.model!r} with dtype {self.options.scorer.dtype}"
            raise SamplingError(
                f"cold_start.loss: {how} gave no number for any of {len(rows):,} rows, expected a loss; try dtype float32"
            )
        domains: dict[str, int] = {}
        places = [domains.setdefault(record["domain"], len(domains)) for record in rows.records(["domain"])]
        found = find_cuts(
            measured.comparable(self.options.min_tokens),
            [*domains],
            np.array(places, np.int64),
            measured.n_tokens,
            self.options,
        )
        cut = np.array([beyond != 0 for beyond in found.beyond.values()], bool).reshape(-1, len(rows)).any(axis=0)
        write_records(
            run.folder / QUARANTINE_FILE, SCHEMA, quarantine(rows, measured, found, np.flatnonzero(cut).tolist())
        )
        write_text(run.folder / TABLE_FILE, json.dumps(self._table(measured, found), indent=1))
        draw(measured, found, self.options.bands, run.folder / PLOT_FILE)
        yield from (self._decision(row, measured, found) for row in range(len(rows)))

    def _decision(self, row: int, measured: Measured, found: Found) -> Decision:
        if (cut := first_cut(found, row)) is not None:
            score, side, group = cut
            where = f"{'above' if side > 0 else 'below'} the cut at {limit_of(group, side):.3f}"
            return drop(reason_of(score, side), f"{score} {measured.scores[score][row]:.3f}, {where} of {label(group)}")
        scores = {name: float(values[row]) for name, values in measured.scores.items() if np.isfinite(values[row])}
        note = {
            "": f"only the first {self.options.max_length} tokens were read" if measured.cut_off[row] else "",
            "no_room": f"no loss: the prompt takes the {self.options.max_length} tokens that are read",
            "not_finite": "no loss: the model gave no number",
        }[UNSCORED[measured.unscored[row]]]
        return keep(note, n_tokens=int(measured.n_tokens[row]), **scores)

    def _table(self, measured: Measured, found: Found) -> dict[str, Any]:
        """What was measured and cut: counts, medians, and every group with its cut."""
        model, revision = self.options.scorer.identity()
        scored = {name: values[np.isfinite(values)] for name, values in measured.scores.items()}
        return {
            "model": {model: revision},
            "rows": len(measured.n_tokens),
            "dropped": {score: int((beyond != 0).sum()) for score, beyond in found.beyond.items()},
            "without_loss": {name: int((measured.unscored == n).sum()) for n, name in enumerate(UNSCORED) if name},
            "too_short_to_compare": int(
                ((measured.n_scored > 0) & (measured.n_scored < self.options.min_tokens)).sum()
            ),
            "read_in_part": int(measured.cut_off.sum()),
            "median": {name: float(np.median(values)) if len(values) else None for name, values in scored.items()},
            "not_compared": sum(group.n for group in found.groups if group.why),
            "groups": [asdict(group) for group in found.groups],
        }

    def cost(self, run: Run, pilot: int | None) -> LossCost:
        return loss_cost(run.rows, self.options, self.template, run.rollouts / FOLDER, pilot)

    def summary(self, run: Run) -> dict[str, Any]:
        """`loss.json`."""
        return {"loss": json.loads((run.folder / TABLE_FILE).read_text())}


def label(group: GroupCut) -> str:
    """Which rows a cut is of."""
    domain, band = (value or "no domain" for value in (group.domain, group.band))
    return f"{group.n_basis:,} rows (domain {domain}, tokens {band})"


def progress_line(progress: Progress, n_rows: int = 0) -> str:
    """Tokens, speed and, once it is known, the time that is left of `n_rows`."""
    found = f", {progress.found:,} stored" if progress.found else ""
    speed = progress.tokens / progress.seconds if progress.seconds else 0.0
    note = f"{progress.tokens:,} tokens{found}, {speed:,.0f} tokens/s"
    if not progress.read or not n_rows:
        return note
    minutes = progress.seconds / progress.read * max(n_rows - progress.found - progress.read, 0) / 60
    return f"{note}, about {minutes:,.0f} min left"
