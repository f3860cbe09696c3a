"""What every stage knows of a question's text: letters that golds mean, options listed and read again, formulas and prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.text.formulas import folded_lines, without_formulas
from curation.text.options import list_options, options_in, read_again


@given(
    st.text("What is it? A.(B)\n", max_size=40),
    st.lists(st.from_regex(r"[A-Za-z0-9$][A-Za-z0-9 .,()$]{0,12}[A-Za-z0-9]", fullmatch=True), min_size=2, max_size=10),
)
def test_listed_options_read_back(question: str, options: list[str]) -> None:
    dollars = [option for option in options if option.count("$") % 2 == 0]
    if len(dollars) > 1 and not any(option.endswith((" and", " or", " with", " to")) for option in dollars):
        assert options_in(list_options(question, dollars)) == dollars


@pytest.mark.parametrize(
    ("options", "before", "after", "expected"),
    [
        (["3", "4 Think first."], "A. 3\nB. 4 Think first.", "A. 3\nB. 4", ["3", "4"]),
        (["3", "4"], "A. 3\nB. 4", "A. 3\nB. 4", []),  # nothing changed
        (["3", "four"], "A. 3\nB. 4 Think first.", "A. 3\nB. 4", []),  # not read from the question
        (["3", "4"], "A. 3\nB. 4", "How many?", []),  # another number of options
        (None, "A. 3\nB. 4", "A. 3\nB. 4", []),
    ],
)
def test_options_are_read_again_where_the_question_changed(
    options: list[str] | None, before: str, after: str, expected: list[str]
) -> None:
    assert read_again(options, before, after) == expected


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Let $x = 1$.", "Let F."),
        (r"Let \(x\) and \[y\] be $$z$$.", "Let F and F be F."),
        ("It costs $5 at first and then $6.", "It costs $5 at first and then $6."),
        ("An unclosed $x.", "An unclosed $x."),
    ],
)
def test_formulas_go_and_prices_stay(text: str, prose: str) -> None:
    assert without_formulas(text, "F") == prose


def test_lines_are_folded() -> None:
    assert folded_lines("a  b\n\n  \n c\td ") == "a b\nc d"
