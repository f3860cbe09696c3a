"""Mark-up that means the same without it goes; indices, comparisons and questions about mark-up stay."""

import time

import pytest

from curation.normalise import normalise_question
from curation.normalise.markup import drop_forum_tags, undo_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("If a &lt; b &amp; b &gt; 2, find a.", "If a < b & b > 2, find a."),
        ("A dog runs.<br/>How far?", "A dog runs.\nHow far?"),
        ("<p>Find x.</p>", "\nFind x.\n"),
        ("Burn CO<sub>2</sub> at 10<sup>-3</sup> bar.", "Burn CO_{2} at 10^{-3} bar."),
        ("Which word is <u>wrong</u>?", "Which word is wrong?"),
        ("3 &times; 4&#39;s half", "3 × 4's half"),
        ("Is a<b and b>c?", None),
        ("In HTML, what does <br> do?", None),
        (r"\begin{array}{c} a & b \end{array}", None),
        ("AT&T; a & b", None),
    ],
)
def test_html(text: str, expected: str | None) -> None:
    assert undo_html(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Find x. [i]", "Find x."),
        ("Find $x$.[/b] [i]\n", "Find $x$."),
        ("Find x. [hide][/hide]", "Find x."),
        ("Find x. [asy]\n[/asy]", "Find x."),
        ("Find the last entry a[i]", None),
        ("Find $[i]$", None),
        ("Find x. [hide]x = 2[/hide]", None),
        ("[asy]draw(x);[/asy] Find x.", None),
        ("Find x. [asy]draw(x); [/asy]", None),
        ("Find x. [hide]It is 2. [/hide]", None),
        ("Find [i]x. [/i]", None),
        ("Find x. [/hide]", "Find x."),
    ],
)
def test_forum_tags(text: str, expected: str | None) -> None:
    assert drop_forum_tags(text) == (text if expected is None else expected)


def test_what_was_undone_is_noted() -> None:
    text, changes = normalise_question("If x &lt; 3, find x. [i]")
    assert (text, changes) == ("If x < 3, find x.", ["HTML undone", "empty forum tags removed"])


@pytest.mark.parametrize("piece", ["[asy]", "[i] ", "<b>", "<sub>", "&lt", "&", "[hide] "])
def test_hostile_mark_up_costs_little(piece: str) -> None:
    started = time.process_time()
    text = piece * (40_000 // len(piece))
    undo_html(text)
    drop_forum_tags(text)
    assert time.process_time() - started < 2
