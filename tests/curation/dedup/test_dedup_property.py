"""No two questions with different numbers, signs, relations or names are one, neither directly nor through others between them."""

import re
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.row import make_row, to_document
from curation.dedup import Dedup, find_clusters
from curation.dedup.sign import SignRows

OPTIONS = Dedup(threshold=0.5)
"""The most lenient threshold there is."""

NUMBERS = st.one_of(
    st.integers(-999, 999).map(str),
    st.tuples(st.integers(1, 99), st.integers(1, 99)).map(lambda n: f"{n[0]}/{n[1]}"),
    st.tuples(st.integers(1, 99), st.integers(1, 99)).map(lambda n: f"\\frac{{{n[0]}}}{{{n[1]}}}"),
    st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda n: f"{n[0]}.{n[1]:02d}"),
    st.integers(2, 99).map(lambda n: f"\\sqrt{{{n}}}"),
    st.integers(2, 99).map(lambda n: f"-{n}"),
)
RELATIONS = st.sampled_from(["=", "<", ">", r"\le", r"\ge", r"\ne", "+", "-", r"\cdot", "/", "^", r"\equiv"])
VARIABLES = st.sampled_from("abcdefghkmnpqrtuvwxyzABCDXYZ")
QUANTITIES = st.sampled_from(
    ["even", "odd", "positive", "negative", "not", "two", "three", "twelve", "half", "twice", "third"]
)
SLOTS = {"number": NUMBERS, "relation": RELATIONS, "variable": VARIABLES, "quantity": QUANTITIES}

WORDINGS = [
    "A farmer has ${number}$ sheep and wants to build a fence around them such that ${variable} {relation} {number}$ holds for each {quantity} part"
    " of the field. Find the length of the whole fence in the end.",
    "a farmer has ${number}$ sheeps and wants to build a fence around them, such that ${variable} {relation} {number}$ holds for each {quantity} part"
    " of the field.  Compute the length of the whole fence in the end.",
    "Solve the following problem carefully: A farmer has ${number}$ sheep and wants to build a fence around them such that"
    " \\( {variable}{relation} {number} \\) holds for each {quantity} part of a field. Find the length of the whole fence in the end.",
    "A farmer has $ {number}$ sheep and wants to build a fence arround them such that ${variable} {relation} {number}$ holds for each {quantity} part"
    " of the field. What is the length of the whole fence in the end? Explain every step of it.",
]  # fmt: skip


def fill(wording: str, facts: list[tuple[str, str]]) -> str:
    for slot, value in facts:
        wording = wording.replace("{" + slot + "}", value, 1)
    return wording


def spelled(value: str) -> str:
    r"""`\frac{1}{2}` and `1/2` are one number."""
    return re.sub(r"\\frac\{(\d+)\}\{(\d+)\}", r"\1/\2", value)


@st.composite
def two_questions(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Facts of a question, and the same with one of them changed."""
    slots = ["number", "variable", "relation", "number", "quantity"]
    facts = [(slot, draw(SLOTS[slot])) for slot in slots]
    at = draw(st.integers(0, len(slots) - 1))
    other = draw(SLOTS[slots[at]].filter(lambda value: spelled(value) != spelled(facts[at][1])))
    return facts, [*facts[:at], (slots[at], other), *facts[at + 1 :]]


def labels(questions: list[str]) -> list[int]:
    rows = [make_row(source="s", source_id=str(i), question=question) for i, question in enumerate(questions)]
    with TemporaryDirectory() as folder:
        list(SignRows(Path(folder), OPTIONS).run(map(to_document, rows)))
        found: list[int] = find_clusters(sorted(Path(folder).glob("*.parquet")), OPTIONS).tolist()
    return found


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(two_questions(), st.permutations(range(8)))
def test_a_changed_fact_parts_two_questions_in_all_their_wordings(
    facts: tuple[list[tuple[str, str]], list[tuple[str, str]]], order: list[int]
) -> None:
    questions = [fill(wording, facts[which]) for which in (0, 1) for wording in WORDINGS]
    found = labels([questions[i] for i in order])
    clusters = [{found[order.index(4 * which + i)] for i in range(4)} for which in (0, 1)]
    assert not clusters[0] & clusters[1]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(two_questions())
def test_wordings_of_one_question_are_one_cluster(facts: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    filler = [f"sheep {i} and sheep {i} around the farmer around sheep {i}, around {i} sheep" for i in range(5)]
    found = labels([*(fill(wording, facts[0]) for wording in WORDINGS), *filler])
    assert all(a == b for a, b in pairwise(found[:4]))
