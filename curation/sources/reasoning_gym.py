"""reasoning-gym: a hundred procedural text tasks, each judged by the library's own scorer (Stojanovski et al. 2025).

    - kind: reasoning_gym
      traces: true
      datasets: {chain_sum: {count: 300, min_terms: 2, max_terms: 3, max_digits: 1}, gcd: {count: 100}}

The generators run in a Python of their own with a fixed hash seed, and the global random state is set before each
entry: some (isomorphic_strings, word_ladder, codeio, ... in 0.1.25) draw from that state or from the order of a set.
The entry is kept in its row as JSON; one whose gold the scorer then refuses is a bad row, not a wrong reward.
"""

import dataclasses
import difflib
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from curation.core.errors import SourceError
from curation.core.row import Row, make_row
from curation.puzzles.solutions import SOLUTIONS, completion, solution
from curation.sources.base import BadRow, Source

_DOMAINS = {"algebra": "mathematics", "arithmetic": "mathematics", "probability": "mathematics"}
_DOMAINS |= {"geometry": "geometry", "logic": "logic", "graphs": "logic", "induction": "logic", "code": "code"}
_TRIES = 25
"""Repeated questions in a row before a dataset counts as exhausted."""


class GymDataset(BaseModel):
    """How many entries of one dataset; every other key is an option of the dataset's own configuration."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    count: int = Field(default=100, ge=1)
    """Entries to generate."""

    @property
    def options(self) -> dict[str, Any]:
        """The dataset's own options."""
        return dict(self.model_extra or {})


class ReasoningGym(Source):
    """Entries of the named datasets, taken in turn."""

    kind: Literal["reasoning_gym"] = "reasoning_gym"
    license: str = "Apache-2.0"
    language: str = "en"
    datasets: dict[str, GymDataset] = Field(min_length=1)
    """Name -> {count, options of the dataset's configuration}."""
    remedies: ClassVar[dict[str, str]] = {
        "questions_exhausted": "datasets: a smaller count, or options that give more questions"
    }
    traces: bool = False
    """Add the solution in words as completion; for the datasets whose solutions are known; any
    other is an error that lists them."""

    @field_validator("datasets")
    @classmethod
    def _options_are_valid(cls, datasets: dict[str, GymDataset]) -> dict[str, GymDataset]:
        for name, wanted in datasets.items():
            _check(name, wanted.options)
        return datasets

    @model_validator(mode="after")
    def _traces_are_known(self) -> "ReasoningGym":
        if self.traces and (unknown := [name for name in self.datasets if name not in SOLUTIONS]):
            raise ValueError(f"no solutions in words for dataset {unknown[0]!r}; known: {', '.join(sorted(SOLUTIONS))}")
        return self

    def inputs(self) -> dict[str, str]:
        """The library's version: another version draws other entries."""
        return super().inputs() | {"reasoning-gym": importlib.metadata.version("reasoning-gym")}

    def read(self, seed: int) -> Iterator[Row | BadRow]:
        """The rows, as fast as the child makes them; the child ends with the reading."""
        for name, index, entry, reason, detail in self._entries(seed):
            if entry is None:
                yield BadRow(self.name, f"{name}-{index:06d}", reason, detail)
            else:
                yield self._row(name, index, entry)

    def _entries(self, seed: int) -> Iterator[tuple[str, int, dict[str, Any] | None, str, str]]:
        # Traces and RL rows of one manifest must not be the same questions.
        drawn = f"{seed}/{self.name}/{'traces' if self.traces else 'questions'}"
        job = {"seed": drawn, "datasets": {name: [d.count, d.options] for name, d in self.datasets.items()}}
        path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(path)}
        command = [sys.executable, "-m", "curation.sources.reasoning_gym", json.dumps(job)]
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True) as child,
        ):
            try:
                for line in child.stdout or ():
                    yield tuple(json.loads(line))
            except BaseException:  # the reader stops early
                child.kill()
                raise
            if child.wait():
                errors.seek(0)
                last = (errors.read().strip().splitlines() or ["no message"])[-1]
                raise SourceError(f"source {self.name!r}: reasoning_gym ended with code {child.returncode}: {last}")

    def _row(self, name: str, index: int, entry: dict[str, Any]) -> Row:
        answer = "" if entry["answer"] is None else str(entry["answer"])
        return make_row(
            source=self.name,
            source_id=f"{name}-{index:06d}",
            question=entry["question"].strip(),
            answer=answer,
            answer_kind="reasoning_gym",
            answer_options={"dataset": name, "entry": entry},
            completion=completion(solution(name, entry), answer) if self.traces else "",
            teacher="worked solution" if self.traces else "",
            **{**self.row_defaults(), "domain": self.domain or _domain(name)},
        )


def _factory(name: str) -> tuple[type[Any], type[Any]]:
    """The dataset's class and the class of its configuration."""
    from reasoning_gym.factory import DATASETS

    known = sorted(set(DATASETS) - {"composite"})  # composite takes objects; its parts can be named themselves
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3) or known
        raise ValueError(f"unknown dataset {name!r}; near it: {', '.join(near[:5])} ({len(known)} are known)")
    dataset, config = DATASETS[name]
    return dataset, config


def _domain(name: str) -> str:
    return _DOMAINS.get(_factory(name)[0].__module__.split(".")[1], "puzzle")


def _check(name: str, options: dict[str, Any]) -> None:
    """Raise ValueError, in one line, for what the dataset's configuration does not take."""
    config = _factory(name)[1]
    known = sorted({field.name for field in dataclasses.fields(config) if field.init} - {"seed", "size"})
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"dataset {name!r}: unknown option {unknown[0]!r}; known: count, {', '.join(known)}")
    try:
        checked = config(**options)
        if hasattr(checked, "validate"):
            checked.validate()
    except (AssertionError, TypeError, ValueError) as error:
        why = " ".join(str(error).split()) or "options refused"
        raise ValueError(f"dataset {name!r}: {why}, got {options}") from error


def _generate(seed: str, name: str, count: int, options: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """(name, index, entry or None, reason, detail) for `count` different questions, or why there are fewer."""
    import reasoning_gym

    start = random.Random(f"{seed}/{name}").getrandbits(31)
    dataset = reasoning_gym.create_dataset(name, seed=start, size=count, **options)
    scorer = reasoning_gym.get_score_answer_fn(name)
    seen: set[str] = set()
    draw = 0
    for index in range(count):
        for _ in range(_TRIES):
            random.seed(f"{seed}/{name}/{draw}")
            try:
                entry = dataset[draw]
            except Exception as error:  # whatever a generator raises costs this row alone, and is counted
                yield name, index, None, "generator_failed", f"{type(error).__name__}: {error}"
                break
            finally:
                draw += 1
            if entry["question"] not in seen:
                seen.add(entry["question"])
                yield name, index, *_as_json(entry, scorer)
                break
        else:
            left = f"{_TRIES} draws gave no new question after {len(seen)}"
            yield from ((name, i, None, "questions_exhausted", left) for i in range(index, count))
            return


def _as_json(drawn: dict[str, Any], scorer: Any) -> tuple[dict[str, Any] | None, str, str]:
    """The entry as it comes back from JSON, if its gold still gets full marks."""
    try:
        entry = json.loads(json.dumps(drawn, default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        return None, "entry_not_json", str(error)
    if entry["answer"] is None:  # several answers are right; the scorer needs no gold
        return entry, "", ""
    try:
        score = scorer(str(entry["answer"]), entry)
    except Exception as error:  # a scorer may raise anything on a row; the row is counted
        return None, "gold_refused", f"{type(error).__name__}: {error}"
    return (entry, "", "") if score >= 1 else (None, "gold_refused", f"the scorer gives its own answer {score}")


def _plain(value: Any) -> Any:
    """What JSON cannot hold: numpy's numbers and arrays, sets, dates and sympy's expressions as text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__module__.startswith("sympy"):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _serve(job: dict[str, Any]) -> None:
    """The child: entries as JSON lines, the datasets in turn. What a generator prints goes to standard error."""
    out, sys.stdout = sys.stdout, sys.stderr
    running = [_generate(job["seed"], name, count, options) for name, (count, options) in job["datasets"].items()]
    while running:
        for entries in list(running):
            if (entry := next(entries, None)) is None:
                running.remove(entries)
            else:
                print(json.dumps(entry), file=out, flush=True)


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
