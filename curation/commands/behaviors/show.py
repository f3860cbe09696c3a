"""`ovr-curate behaviors`: reads responses, counts, and prints or writes the figures."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.cold_start.behaviors.agreement import agreement
from curation.commands.behaviors.judging import Sample, judge_all, judge_of
from curation.commands.behaviors.plot import check_plot, draw
from curation.commands.behaviors.responses import Response, named
from curation.commands.behaviors.stores import LOCK, read_input
from curation.commands.behaviors.table import Counted
from curation.commands.behaviors.tables import tables
from curation.core.errors import CurationError
from curation.core.parquet import write_text
from curation.core.words import counted
from curation.sampling.behaviors import count_behaviors


@dataclass(frozen=True)
class Asked:
    """What the command was asked for; `sample` is a number of responses of each model that the judge sees."""

    inputs: tuple[str, ...]
    judge: str | None = None
    sample: int = 200
    store: Path | None = None
    out: Path | None = None
    plot: Path | None = None
    as_json: bool = False


def show_behaviors(asked: Asked) -> None:
    """Print the figures, as tables or as JSON; write them and the plot where that was asked for.

    Raises:
        CurationError: an input that is not what was expected, in one line; no response at all.
    """
    if asked.plot:
        check_plot(asked.plot)
    summary = summarise(asked)
    text = json.dumps(summary, indent=1, ensure_ascii=False)
    print(text if asked.as_json else tables(summary))
    if asked.out:
        write_text(asked.out, text + "\n")
    if asked.plot:
        draw(summary, asked.plot)


def summarise(asked: Asked) -> dict[str, Any]:
    """{models: name -> figures (see `Counted.figures`), judge, notes}."""
    judge = judge_of(asked.judge) if asked.judge else None
    found, sample, seen = dict[str, Counted](), Sample(asked.sample), _Seen()
    for response in _all(asked.inputs):
        seen.note(response)
        counts: Mapping[str, int | None] = response.counts or count_behaviors(response.text, response.question)
        found.setdefault(response.model, Counted()).add(response, counts)
        if judge and response.text.strip():
            cues = counts if response.counts is None else count_behaviors(response.text, response.question)
            sample.offer(response, cues)
    if not found:
        raise CurationError(f"{', '.join(asked.inputs)}: no response in it, expected one or more")
    summary: dict[str, Any] = {"models": {name: one.figures() for name, one in found.items()}, "notes": seen.notes()}
    if judge:
        judged, pairs, answers = judge_all(sample, judge, asked.store or _store(asked))
        by_model: dict[str, Counted] = {}
        for response, counts in judged:
            by_model.setdefault(response.model, Counted()).add(response, counts)
        summary["judge"] = {
            "model": judge.engine.model,
            "answers": answers,
            "models": {name: one.figures() for name, one in by_model.items()},
            "agreement": agreement(pairs),
        }
    return summary


def _all(inputs: Sequence[str]) -> Iterator[Response]:
    if twice := [one for one, n in Counter(str(named(given)[1].resolve()) for given in inputs).items() if n > 1]:
        raise CurationError(f"{twice[0]} is given twice; its responses would count twice")
    for given in inputs:
        models = set[str]()
        for response in read_input(given):
            models.add(response.model)
            yield response
        if named(given)[0] and len(models) > 1:
            raise CurationError(f"{given}: a name for one model, and there are {', '.join(sorted(models))}")


class _Seen:
    """What a reader of the figures has to know of the responses."""

    def __init__(self) -> None:
        self.n = self.empty = self.identical = self.counted = 0
        self._digests = set[int]()

    def note(self, response: Response) -> None:
        self.n += 1
        self.counted += response.counts is not None
        self.empty += response.counts is None and not response.text.strip()
        if response.text:
            digest = hash((response.model, response.prompt, response.text))
            self.identical += digest in self._digests
            self._digests.add(digest)

    def notes(self) -> list[str]:
        told = (
            (self.counted, "came with counts of their own, which are taken"),
            (self.empty, "are empty and have no instance of anything"),
            (self.identical, "are identical to another one of the same model and prompt; each counts"),
        )
        return [f"{n:,} of {counted(self.n, 'response')} {what}" for n, what in told if n]


def _store(asked: Asked) -> Path:
    """Where the judge's answers are kept: in the rollouts of the first build, else beside `--out`, else in this folder."""
    for path in (named(given)[1] for given in asked.inputs):
        if (path / LOCK).is_file():
            return path / "rollouts"
    return asked.out.parent / f"{asked.out.stem}_rollouts" if asked.out else Path("behaviors_rollouts")
