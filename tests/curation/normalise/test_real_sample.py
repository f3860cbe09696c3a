"""What normalisation does to the public sample: how often, and that a second time changes nothing.

Skipped where the sample is absent; its rows are not ours to ship.
"""

from collections import Counter

import pytest

from curation.build.manifest import Manifest
from curation.core.row import Row
from curation.filters.trace_format import TraceFormat
from curation.normalise import Normalise, normalise_row
from curation.sources.table import Table

OPTIONS = Normalise()

EXPECTED = {
    "one_shot_rlvr": {"instruction removed": 299, "characters cleaned": 15, "formula spacing trimmed": 1, "AoPS signs spelled": 1},
    "marco_o1": {"trace tags made <think>": 125, "instruction removed": 31, "literal line breaks read": 29, "chat template removed": 2},
    "sky_t1": {"trace tags made <think>": 158, "trace characters cleaned": 48},
    "thought_anchors_math": {"trace characters cleaned": 153, "repeated prompt removed": 153},
    "geoqa": {"characters cleaned": 10},
    "qwen25_math": {"formula spacing trimmed": 3, "characters cleaned": 1},
}  # fmt: skip
LANGUAGES = {"marco_o1": {"en": 115, "zh": 9, "und": 1}, "geoqa": {"en": 300}}


def rows_of(real_manifest: Manifest, name: str) -> list[Row]:
    """The first 300 rows as their files have them: nothing stripped, no trace cut out, no language stated."""
    found = next(s for section in real_manifest.sections.values() for s in section.sources if s.name == name)
    assert isinstance(found, Table)
    source = found.model_copy(update={"strip": (), "completion_pattern": "", "language": "", "limit": 300})
    return [row for row in source.read(0) if isinstance(row, Row)]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_changes_are_counted_and_final(real_manifest: Manifest, name: str) -> None:
    after = [normalise_row(row, OPTIONS) for row in rows_of(real_manifest, name)]
    changes = Counter(
        what for row in after for stage, note in row.provenance if stage == "normalise" for what in note.split("; ")
    )
    assert {what: changes[what] for what in EXPECTED[name]} == EXPECTED[name]
    if name in LANGUAGES:
        assert Counter(row.language for row in after) == LANGUAGES[name]
    assert all(normalise_row(row, OPTIONS) is row for row in after)
    assert not any("\\boxed{}" in row.question for row in after)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("sky_t1", {"kept": 77, "thinking_not_closed": 76, "trace_without_thinking": 92, "no_boxed_answer": 5}),
        ("marco_o1", {"no_boxed_answer": 125}),
        ("thought_anchors_math", {"kept": 144, "thinking_not_closed": 9}),
    ],
)
def test_traces_of_every_style_get_one_form(real_manifest: Manifest, name: str, form: dict[str, int]) -> None:
    judged = [TraceFormat().judge(normalise_row(row, OPTIONS)) for row in rows_of(real_manifest, name)]
    assert Counter("kept" if judgement is True else judgement[1] for judgement in judged) == form
