"""What models answered to the rows that the page shows, and the verdicts on it, in one pass over the rollout store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.row import Message
from curation.difficulty.counted import counted, lines_of, outcome_of, verdicts_by
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.rollout import Rollout, draw_order, from_line, prompt_hash, rollout_id


@dataclass(frozen=True)
class Asked:
    """A row as it was sampled: its prompt in the template, its gold, its difficulty where it has one, and how its config was measured."""

    prompt: tuple[Message, ...]
    images: tuple[bytes, ...]
    gold: Mapping[str, str]
    difficulty: Mapping[str, Any] | None
    how: Mapping[str, Any]

    @property
    def hash(self) -> str:
        return prompt_hash(Request("", self.prompt, self.images, (), 0))


@dataclass(frozen=True)
class Response:
    """One response. `outcome` is a verdict's, `truncated`, or `no verdict`."""

    number: int
    model: str
    text: str
    n_tokens: int
    outcome: str
    extracted: str


def responses_to(store: Path, asked: Mapping[int, Asked], most: int) -> dict[int, list[Response]]:
    """Row -> the first `most` of the samples that its difficulty counts, by number; of a row without one, the first of all.

    Raises:
        SamplingError: the store is damaged, or of another version.
    """
    hashes = {key: row.hash for key, row in asked.items()}
    lines = lines_of(store, rollout.LAYOUT, set(hashes.values()))
    judged = lines_of(store / "verdicts", verdicts.LAYOUT, set(hashes.values()))
    found = {}
    for key, row in asked.items():
        mine = lines.get(hashes[key], [])
        samples = counted(mine, row.difficulty, row.how) if row.difficulty else _by_number(mine)
        outcomes = verdicts_by(judged.get(hashes[key], ()), row.gold)
        found[key] = [_response(one, outcomes.get(rollout_id(one), {})) for one in samples[:most]]
    return found


def _by_number(lines: Iterable[dict[str, Any]]) -> list[Rollout]:
    """One sample of every number (see `draw_order`)."""
    found: dict[int, Rollout] = {}
    for line in sorted(lines, key=draw_order):
        found.setdefault(line["number"], from_line(line))
    return [found[number] for number in sorted(found)]


def _response(one: Rollout, verdict: Mapping[str, Any]) -> Response:
    extracted, sample = verdict.get("extracted") or "", one.sample
    return Response(sample.number, one.setting.model, sample.text, sample.n_tokens, outcome_of(one, verdict), extracted)
