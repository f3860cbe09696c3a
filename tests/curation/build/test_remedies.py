"""What a build without rows says of a reason: the options that decide it, which are there."""

import re
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from curation.build.manifest import Manifest
from curation.cold_start.verify.cap import CapUnjudged
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.plugins import known_plugins
from curation.core.row import Verified
from curation.decontamination.decide import FindContamination
from curation.dedup.decide import MergeDuplicates
from curation.difficulty.outcomes import DECISIONS
from curation.difficulty.triage.marks import MARKS
from curation.difficulty.triage.stage import TriageStage
from curation.filters.length import Length
from curation.filters.stage import FilterStage
from curation.mixture.stage import MixtureStage
from curation.normalise.stage import NormaliseStage
from curation.release.licences import LICENCE, Release
from curation.sources.base import Source
from curation.sources.collect import Collect
from curation.sources.table import Table
from curation.sources.visual_puzzles import VisualPuzzles

STAGES = (TriageStage, VerifyTraces, CapUnjudged, FindContamination, MergeDuplicates, MixtureStage, NormaliseStage)


def models_of(annotation: Any) -> list[type[BaseModel]]:
    """The models in the type of an option."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_of(argument)]


def has_option(model: type[BaseModel], path: str) -> bool:
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        return False
    return not rest or any(has_option(one, rest) for one in models_of(model.model_fields[name].annotation))


@pytest.mark.parametrize("stage", STAGES)
def test_the_options_that_a_stage_names_are_there(stage: Any) -> None:
    text = " ".join(stage.remedies.values()).replace("{config}", "rl")
    named = re.findall(r"\b(?:rl|cold_start|release)\.[\w.]*\w", text)
    assert named
    for path in named:
        assert has_option(Manifest, path), path


@pytest.mark.parametrize("kind", known_plugins(Source).values())
def test_the_options_that_a_source_names_are_there(kind: type[Source]) -> None:
    for options in kind.remedies.values():
        for path in re.findall(r"[a-z_.]+", options.partition(":")[0]):
            assert has_option(kind, path), path


def test_every_end_of_a_measured_row_and_of_a_trace_has_one() -> None:
    assert {*DECISIONS, *MARKS} - {"keep"} <= TriageStage.remedies.keys()
    assert {f"verified_{verdict}" for verdict in get_args(Verified) if verdict} <= VerifyTraces.remedies.keys()


def test_a_reason_is_told_by_the_filter_or_source_that_gives_it() -> None:
    stage = FilterStage(filters=(Length(),), release=Release(allow=("MIT",), on_violation="drop"))
    assert stage.remedy("prompt_too_long") == "filter length, max_chars"
    assert stage.remedy(LICENCE) == "release.allow"
    assert stage.remedy("somebody_elses") == ""
    sources = (VisualPuzzles(), Table(path="x", fields={"question": "q"}))
    assert Collect(sources=sources).remedy("several_answers") == "gold.several of table"
    assert Collect(sources=sources).remedy("puzzles_exhausted").endswith("of visual_puzzles")
