r"""Characters, escapes, formulas and placeholders: tables, and what holds of any text."""

import re
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.row import make_row
from curation.normalise import Normalise, normalise_question, normalise_row
from curation.normalise.characters import clean_characters, read_escapes, restore_commands
from curation.normalise.latex import spell_signs, trim_formulas
from curation.normalise.markup import undo_forum_tags, undo_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("a\u200bb\ufeff\u00ad", "ab"),
        ("a \t\n\n\n\n b", "a\n\n b"),
        ("e\u0301", "é"),
        ("x² + ½", "x² + ½"),
        ("the \x0cfirst\x00", "the first"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("a\u200db", "ab"),
    ],
)
def test_characters(text: str, expected: str) -> None:
    assert clean_characters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x0crac{1}{2}", r"\frac{1}{2}"),
        ("2 \times 3, \text{cm}", r"2 \times 3, \text{cm}"),
        ("\x08egin{matrix}", r"\begin{matrix}"),
        ("a\tb, \text, \timesheet", "a\tb, \text, \timesheet"),
        ("be \x0cfixed", "be \x0cfixed"),
        ("$x \neq 0$, $\nabla f$ and $a \notin B$", r"$x \neq 0$, $\nabla f$ and $a \notin B$"),
        ("$E = h\nu$, $a\nmid b$, $\tan x$, $x\to 0$", r"$E = h\nu$, $a\nmid b$, $\tan x$, $x\to 0$"),
        ("\rightarrow and \because", r"\rightarrow and \because"),
        ("\\sum\nolimits_{i}", r"\sum\nolimits_{i}"),
        ("one\nu = 3\nand\nexists\n\tan apple", "one\nu = 3\nand\nexists\n\tan apple"),
        ("$x = 1,\nu = 2$ and $$\nu = 3\n$$", "$x = 1,\nu = 2$ and $$\nu = 3\n$$"),
        ("x\r\neq", "x\r\neq"),
    ],
)
def test_swallowed_commands(text: str, expected: str) -> None:
    assert restore_commands(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Is it true?\nOptions:\n- yes", "Is it true?\nOptions:\n- yes"),
        (r"one\n\ntwo\n3\t4", "one\n\ntwo\n3\t4"),
        (r"$\nu \neq \nabla \not\in \ne \ni \nmid$", None),
        (r"$\times \theta \text{a} \to \tau$", None),
        (r"\\nabla and a \\ n", None),
        (r"C:\new and C:\Data", None),
        (r"one\r\ntwo\r\n\r\nThree\r\n1. a", "one\ntwo\n\nThree\n1. a"),
        (r"one\r2 and \rho \right) \r{a}", "one\n2 and \\rho \\right) \\r{a}"),
        (r"A \nRightarrow B, \nolimits, \newline, \nvDash, \nleftarrow", None),
        (r"$\nosuch \tnone$ and $x$.\nIf so?", "$\\nosuch \\tnone$ and $x$.\nIf so?"),
        (r'Say "a\n" twice.', None),
        (r'printf("%d\nx", 3)', None),
    ],
)
def test_literal_escapes(text: str, expected: str | None) -> None:
    assert read_escapes(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("If 2 &lt; x &amp; x&nbsp;&le; 7,<br>find x.", "If 2 < x & x\u00a0≤ 7,\nfind x."),
        ("<p>How fast?</p><p>In <b>m/s</b></p>", "\nHow fast?\n\nIn m/s\n"),
        ("CO<sub>2</sub> at 10<sup> -3 </sup> mol", "CO_{2} at 10^{-3} mol"),
        ('<span style="color:red">Red</span> &#39;n&#x27;', "Red 'n'"),
        ("<ul><li>one</li><li>two</li></ul>", "\n\n- one\n\n- two\n\n"),
        ("a<b and b>c, 0<i>n, q<p>r", None),
        ("x &foo; y & z; AT&T", None),
        ("What does &lt; stand for in HTML?", None),
        ("<image>What? <img src=a.png> <table><tr><td>1</td></tr></table>", None),
    ],
)
def test_html(text: str, expected: str | None) -> None:
    assert undo_html(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many [b]even[/b] numbers are there? [i]", "How many even numbers are there?"),
        ("Find x.[hide]", "Find x."),
        ("Find x. [hide=Answer][/hide]", "Find x. "),
        ("Find all primes p with p + 2 prime below 9.\n[hide=Solution]It is [b]3[/b].[/hide]", "Find all primes p with p + 2 prime below 9."),
        ("[asy]\n[/asy]Find x.", "Find x."),
        ("[i]Proposed by a reader[/i]", "Proposed by a reader"),
        ("[hide=Problem]Find x.[/hide]", None),
        ("Let a be a list. What is a[i]", None),
        ("The floor $[b]$ of b is what? $[i]$", None),
        ("[asy]draw((0,0)--(1,1));[/asy]", None),
    ],
)  # fmt: skip
def test_forum_tags(text: str, expected: str | None) -> None:
    assert undo_forum_tags(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Let $ x $ and $n\,$ and $\; y\quad$.", "Let $x$ and $n$ and $y$."),
        (r"$a,\ \ \ b$", r"$a,\ b$"),
        ("$$ x $$", "$$x$$"),
        ("It costs $5 or $6 .", None),
        ("A. $2000\nB. $2250\nC. $2500\nD. $2750", None),
        (r"$x^2 + bx$  Find $b.$", None),
        (r"a \$ 5 $x\\ $", None),
        (r"\(3\!\)", None),
        ("$ $ x", None),
    ],
)
def test_formula_spacing(text: str, expected: str | None) -> None:
    assert trim_formulas(text) == (text if expected is None else expected)


def test_signs_of_the_aops_wiki() -> None:
    assert spell_signs(r"a\plus{}b \minus{} c \equal{} \plusmn") == r"a+b - c = \plusmn"


def test_a_text_row_keeps_its_placeholder_for_the_filter() -> None:
    assert normalise_question("<image>What is it?")[0] == "<image>What is it?"
    assert normalise_question("<image>What is it?", has_images=True)[0] == "What is it?"


PIECES = st.sampled_from((
    "$", "$$", "\\", "\\n", "\\t", "\\ ", "\\,", "\\frac{1}{2}", "\\neq ", " ", "\n", "\r\n", "\u00a0", "\u200b", "x", "12", "-", "+", "=",
    "^", "_", "<", ">", "/", "*", "(A) ", "(B) 3", "Find ", "Question: ", "Answer:", "Please reason step by step.", "and ", ". ", "é", "½",
    "\x0c", "rac", "<image>", "<|im_start|>user\n", "<|im_end|>", "[INST]", "[/INST]", "Let's think step by step", "\\boxed{}", "?", ":",
))  # fmt: skip
TEXTS = st.lists(PIECES, max_size=24).map("".join)
SIGNS = re.compile(r"[0-9+*=^_-]")


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once, _ = normalise_question(text, has_images=True)
    assert normalise_question(once, has_images=True) == (once, [])


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_the_rules_for_characters_and_formulas_lose_no_digit_and_no_sign(text: str) -> None:
    after = trim_formulas(spell_signs(read_escapes(clean_characters(restore_commands(text)))))
    assert Counter(SIGNS.findall(after)) == Counter(SIGNS.findall(text))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["-3", "4/5", "x^{2}", "\\frac{7}{8}", "\\times", "<", ">", "=", "+", "y_1"]),
        min_size=1,
        max_size=8,
    )
)
def test_a_formula_survives_its_wrapper(parts: list[str]) -> None:
    problem = f"Compute ${' '.join(parts)}$."
    wrapped = f"Question: {problem} Please reason step by step, and put your final answer within \\boxed{{}}."
    assert normalise_question(wrapped)[0] == problem


HOSTILE = ("\n", " ", "\\", "$ ", "(A) ", "Question: ", "Question: a\nAnswer: b\n", "<image>", "<|im_start|>user\n", "[INST]", "Human: a\n", "answer ", "[asy]", "角", "a@b", "<p>", "<b>", "&lt", "[hide=", "[hide]a", "[i]", "<span ", "\nu ", "$\nu", "\\r\\n$", "\\neq")  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_little(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    row = make_row(
        source="test", source_id="0", question=text, completion=text, answer="A", answer_kind="choice", language="en"
    )
    started = time.process_time()
    normalise_row(row, Normalise())
    assert time.process_time() - started < 4
