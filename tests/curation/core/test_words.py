"""Counts and lists in messages, and what of them is set as code on page and card."""

import pytest

from curation.core.words import counted, listed
from curation.release.card.markdown import prose as markdown
from curation.release.report.text import prose as html


def test_a_count_goes_with_its_noun() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]
    assert counted(2, "copy", "copies") == "2 copies"


def test_a_list_ends_in_its_word() -> None:
    assert [listed("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("message", "page", "card"),
    [
        ("`ovr-curate audit DIR` does", "<code>ovr-curate audit DIR</code> does", "`ovr-curate audit DIR` does"),
        ("`rl.max_lost = 1`: <b>", "<code>rl.max_lost = 1</code>: &lt;b&gt;", "`rl.max_lost = 1`: &lt;b&gt;"),
        ("`a|b <i>` `", "`a|b &lt;i&gt;` `", r"\`a\|b &lt;i&gt;\` \`"),
    ],
)
def test_commands_and_options_are_set_as_code_and_nothing_else(message: str, page: str, card: str) -> None:
    assert (html(message), markdown(message)) == (page, card)
