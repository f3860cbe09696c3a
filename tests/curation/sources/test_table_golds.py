"""Options and golds as data sets store them: read, or refused with the reason."""

from decimal import Decimal
from typing import Any

import pytest

from curation.core.errors import BadRowError
from curation.sources.formats.gold import GoldOptions

CHART = {
    "rules": [
        {"kind": "math", "when": r"(19|20)\d\d"},
        {"kind": "number", "options": {"rel_tol": 0.05}},
        {"kind": "text"},
    ]
}
PAIRS = {"answer_pattern": r"(\w+) is an? (\w+)", "rules": [{"kind": "assignment"}]}


@pytest.mark.parametrize(
    ("options", "raw", "choices", "answer", "kind"),
    [
        ({}, "42", [], "42", "math"),
        ({}, 42, [], "42", "math"),
        ({}, 27.0, [], "27", "math"),
        ({}, Decimal("32.40"), [], "32.40", "math"),
        ({}, ["9.6\n"], [], "9.6", "math"),
        ({}, True, [], "True", "text"),
        ({}, "$$6$$", [], "6", "math"),
        ({}, "B: because of it", ["red", "blue"], "B", "choice"),
        ({}, 2**100, [], str(2**100), "math"),
        ({}, [1, 2], [], "[1, 2]", "math"),
        ({}, "blue", ["red", "blue"], "B", "choice"),
        ({"option_base": 0}, 1, ["red", "blue"], "B", "choice"),
        ({"option_base": 1}, "1", ["red", "blue"], "A", "choice"),
        ({"answer_pattern": "#### (.+)$"}, "so 4\n#### 1\nno\n#### 72", [], "72", "math"),
        ({"answer_pattern": "answer is .*"}, "The answer is 5", [], "answer is 5", "math"),
        (CHART, "2017", [], "2017", "math"),
        (CHART, "20.17", [], "20.17", "number"),
        (CHART, "Newport", [], "Newport", "text"),
        (PAIRS, "Zoey is a knight, Ann is a knave.", [], '{"Zoey": "knight", "Ann": "knave"}', "assignment"),
    ],
)
def test_golds_are_read(options: dict[str, Any], raw: Any, choices: list[str], answer: str, kind: str) -> None:
    gold = GoldOptions.model_validate(options).read(raw, choices)
    assert (gold.answer, gold.kind) == (answer, kind)


@pytest.mark.parametrize(
    ("options", "raw", "choices", "reason"),
    [
        ({}, None, [], "answer_missing"),
        ({}, " ", [], "answer_missing"),
        ({}, [], [], "answer_missing"),
        ({}, "Show that it converges.", [], "gold_unreadable"),
        ({"missing": ["None."]}, "None.", [], "answer_missing"),
        ({"answer_pattern": "#### (.+)$"}, "no mark", [], "gold_unreadable"),
        ({"rules": [{"kind": "choice"}]}, "B", [], "gold_unreadable"),
        ({}, "green", ["red", "blue"], "gold_not_in_options"),
        ({"option_base": 0}, 2, ["red", "blue"], "gold_not_in_options"),
        ({}, "5", ["5", "5", "6"], "gold_not_in_options"),
        ({}, "c", ["b", "a", "c"], "gold_not_in_options"),
    ],
)
def test_golds_that_cannot_be_read(options: dict[str, Any], raw: Any, choices: list[str], reason: str) -> None:
    if choices == ["b", "a", "c"]:  # the letter A means the first option, the text "a" the second
        raw, reason = "b", "options_ambiguous"
    with pytest.raises(BadRowError) as error:
        GoldOptions.model_validate(options).read(raw, choices)
    assert error.value.reason == reason
