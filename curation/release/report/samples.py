"""What models answered to the rows that the page shows, and the verdicts on it, in one pass over the rollout store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.core.row import Message
from curation.sampling.engines.base import Request
from curation.sampling.rollouts import rollout, verdicts
from curation.sampling.rollouts.rollout import Setting, from_line, prompt_hash, rollout_id
from curation.sampling.rollouts.segments import list_segments, read_groups


@dataclass(frozen=True)
class Asked:
    """A row as it was sampled: its prompt in the template, its gold, and the sampler of its difficulty where it has one."""

    prompt: tuple[Message, ...]
    images: tuple[bytes, ...]
    gold: Mapping[str, str]
    sampler: Mapping[str, Any] | None

    @property
    def hash(self) -> str:
        return prompt_hash(Request("", self.prompt, self.images, (), 0))


@dataclass(frozen=True)
class Sampled:
    """One response. `outcome` is a verdict's, `truncated`, or `no verdict`."""

    number: int
    model: str
    text: str
    n_tokens: int
    outcome: str
    extracted: str


def samples_of(store: Path, asked: Mapping[int, Asked], most: int) -> dict[int, list[Sampled]]:
    """Row -> its first `most` samples, by number.

    Raises:
        SamplingError: the store is damaged, or of another version.
    """
    hashes = {key: row.hash for key, row in asked.items()}
    lines = _by_prompt(store, rollout.SCHEMA, set(hashes.values()))
    judged = _by_prompt(store / "verdicts", verdicts.SCHEMA, set(hashes.values()))
    found = {}
    for key, row in asked.items():
        outcomes = {line["rollout"]: line for line in judged.get(hashes[key], ()) if _is_of(line, row.gold)}
        numbered: dict[int, Sampled] = {}
        for line in lines.get(hashes[key], ()):
            if row.sampler is None or from_line(line).setting == _setting(row.sampler):
                numbered.setdefault(line["number"], _sampled(line, outcomes))
        found[key] = [numbered[number] for number in sorted(numbered)][:most]
    return found


def _sampled(line: dict[str, Any], outcomes: Mapping[str, dict[str, Any]]) -> Sampled:
    one = from_line(line)
    verdict = outcomes.get(rollout_id(one), {})
    cut = one.sample.finish_reason == "length"
    outcome = "truncated" if cut else verdict.get("outcome", "no verdict")
    extracted = verdict.get("extracted") or ""
    return Sampled(one.sample.number, one.setting.model, one.sample.text, one.sample.n_tokens, outcome, extracted)


def _setting(sampler: Mapping[str, Any]) -> Setting:
    return Setting(**{name: value for name, value in sampler.items() if name != "max_tokens"})


def _is_of(line: Mapping[str, str], gold: Mapping[str, str]) -> bool:
    names = {"gold": gold["answer"], **{name: gold[name] for name in ("answer_kind", "answer_options")}}
    return all(line[name] == value for name, value in names.items())


def _by_prompt(folder: Path, schema: pa.Schema, prompts: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Prompt -> its lines, oldest first; of the row groups without any one column is read."""
    wanted, found = pa.array(sorted(prompts), pa.string()), dict[str, list[dict[str, Any]]]()
    for path in list_segments(folder):
        for number, keys in enumerate(read_groups(path, schema, ["prompt"])):
            here = pc.is_in(keys["prompt"], value_set=wanted)
            if pc.any(here).as_py():
                (group,) = read_groups(path, schema, only=[number])
                for line in group.filter(here).to_pylist():
                    found.setdefault(line["prompt"], []).append(line)
    return found
