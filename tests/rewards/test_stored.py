"""Options as data sets store them: every dress is read into texts and labels, what is none is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.stored import Stored, UnreadableOptionsError, as_options, read_stored

NONE: list[str] = []
READ: list[tuple[Any, list[str], list[str]]] = [
    # lists
    (["x", 2, Decimal("9.60")], ["x", "2", "9.60"], NONE),
    ([True, False], ["True", "False"], NONE),
    (("x", "y"), ["x", "y"], NONE),
    (["x", None, "z"], ["x", "", "z"], NONE),
    (["x", "y", None, float("nan"), "nan", ""], ["x", "y"], NONE),
    ([f"w{i}" for i in range(30)], [f"w{i}" for i in range(30)], NONE),
    # options that carry their letters
    (["A. 3", "B. 4", "C. 5"], ["3", "4", "5"], NONE),
    (["(A)36", "(B) 4"], ["36", "4"], NONE),
    (["A)21", "B)23"], ["21", "23"], NONE),
    (["（A）红", "（B）蓝"], ["红", "蓝"], NONE),
    (["A、红", "B、蓝"], ["红", "蓝"], NONE),
    (["a) x", "b) y"], ["x", "y"], NONE),
    (["**A.** x", "**B.** y"], ["x", "y"], NONE),
    ([r"$\textbf{(A)}\ 3$", r"$\textbf{(B)}\ 4$"], ["3", "4"], NONE),
    (["1. x", "2. y"], ["x", "y"], ["1", "2"]),
    (["①对", "②错"], ["对", "错"], ["1", "2"]),
    (["Option A: x", "Option B: y"], ["x", "y"], NONE),
    (["A x", "B y", "C z"], ["x", "y", "z"], NONE),
    (["B. y", "A. x"], ["x", "y"], ["A", "B"]),
    # no labels of the list
    (["1.5", "2.5"], ["1.5", "2.5"], NONE),
    (["1:30", "2:45"], ["1:30", "2:45"], NONE),
    (["A. Smith", "C. Jones"], ["A. Smith", "C. Jones"], NONE),
    (["(a)", "(b)"], ["(a)", "(b)"], NONE),
    (["A", "B", "C"], ["A", "B", "C"], NONE),
    # mappings
    ({"B": "y", "A": "x", "C": None}, ["x", "y"], ["A", "B"]),
    ({"A": "x", "B": "y", "D": "z"}, ["x", "y", "", "z"], ["A", "B", "C", "D"]),
    ({"a": "x", "b": "y"}, ["x", "y"], ["A", "B"]),
    ({"1": "x", "10": "z", "2": "y"}, ["x", "y", "z"], ["1", "2", "10"]),
    ({0: "x", 1: "y"}, ["x", "y"], ["0", "1"]),
    ({"option_b": "y", "option_a": "x"}, ["x", "y"], ["A", "B"]),
    ({"choice1": "x", "choice2": "y"}, ["x", "y"], ["1", "2"]),
    ({"(A)": "x", "(B)": "y"}, ["x", "y"], ["A", "B"]),
    ({"ending0": "x", "ending1": "y"}, ["x", "y"], ["0", "1"]),
    ({"A": ["x"], "B": ["y"]}, ["x", "y"], ["A", "B"]),
    ({"A": {"text": "x"}, "B": {"text": "y"}}, ["x", "y"], ["A", "B"]),
    ([["A", "x"], ["B", "y"]], ["x", "y"], ["A", "B"]),
    ([{"A": "x", "B": "y"}], ["x", "y"], ["A", "B"]),
    # records
    ({"text": ["x", "y"], "label": ["A", "B"]}, ["x", "y"], ["A", "B"]),
    ({"label": ["1", "2"], "text": ["x", "y"]}, ["x", "y"], ["1", "2"]),
    ({"stem": "Which?", "choices": [{"label": "A", "text": "x"}, {"label": "B", "text": "y"}]}, ["x", "y"], ["A", "B"]),
    ([{"label": "B", "text": "y"}, {"label": "A", "text": "x"}], ["x", "y"], ["A", "B"]),
    ([{"key": "A", "value": "x"}, {"key": "B", "value": "y"}], ["x", "y"], ["A", "B"]),
    ([{"id": "A", "content": "x"}, {"id": "B", "content": "y"}], ["x", "y"], ["A", "B"]),
    ([{"letter": "A", "option_text": "x"}, {"letter": "B", "option_text": "y"}], ["x", "y"], ["A", "B"]),
    ([{"option": "A", "answer": "x"}, {"option": "B", "answer": "y"}], ["x", "y"], ["A", "B"]),
    ([{"A": "x"}, {"B": "y"}], ["x", "y"], ["A", "B"]),
    ([{"text": "x", "is_right": True}, {"text": "y", "is_right": False}], ["x", "y"], NONE),
    # text
    ('["x", "y"]', ["x", "y"], NONE),
    ('["x", null, "z"]', ["x", "", "z"], NONE),
    ("['9.6\\n', 3]", ["9.6", "3"], NONE),
    ("['x' 'y' 'z']", ["x", "y", "z"], NONE),
    ("['x'\n 'it is y'\n \"it's z\"]", ["x", "it is y", "it's z"], NONE),
    ("[1 2 3]", ["1", "2", "3"], NONE),
    ("['x', nan, 'z']", ["x", "", "z"], NONE),
    ("array(['x', 'y'], dtype=object)", ["x", "y"], NONE),
    ("{'text': array(['x', 'y'],\n      dtype=object), 'label': array(['A', 'B'], dtype=object)}", ["x", "y"], ["A", "B"]),
    ('{"A": "x", "B": "y"}', ["x", "y"], ["A", "B"]),
    ("[{'label': 'A', 'text': 'x'}, {'label': 'B', 'text': 'y'}]", ["x", "y"], ["A", "B"]),
    ("x\ny", ["x", "y"], NONE),
    ("x|y|z", ["x", "y", "z"], NONE),
    ("x; y; z", ["x", "y", "z"], NONE),
    ("A. x\nB. y", ["x", "y"], NONE),
    ("A. x\\nB. y", ["x", "y"], NONE),
    ("A. x<br>B. y", ["x", "y"], NONE),
    ("A) x B) y C) z", ["x", "y", "z"], NONE),
    ("(A) x; (B) y", ["x", "y"], NONE),
    ("{(a) x (b) y}", ["x", "y"], ["A", "B"]),
    ("1. x 2. y", ["x", "y"], ["1", "2"]),
    ("(1) x (2) y", ["x", "y"], ["1", "2"]),
    ("A．红 B．蓝", ["红", "蓝"], NONE),
    ("A - x\nB - y", ["x", "y"], NONE),
    ("A) x / B) y", ["x", "y"], NONE),
    ("a) x | b) y", ["x", "y"], ["A", "B"]),
    ("Options:\n- Yes\n- No", ["Yes", "No"], NONE),
    ("[red, green, blue]", ["red", "green", "blue"], NONE),
    ("A. $1 \\neq 2$\nB. $2$", [r"$1 \neq 2$", "$2$"], NONE),
    # nothing there
    *((nothing, [], NONE) for nothing in (None, "", "nan", "None", "[]", [], {}, [None, None], float("nan"), {"text": [], "label": []})),
]  # fmt: skip


@pytest.mark.parametrize(("value", "texts", "labels"), READ)
def test_read(value: Any, texts: list[str], labels: list[str]) -> None:
    assert read_stored(value) == Stored(texts, labels)


@pytest.mark.parametrize(
    "value",
    [
        "no list",
        "x, y, z",
        "[broken",
        "[" * 10_000,
        "['x' ... 'z']",
        5,
        ["x"],
        ["A. x", "B. y", "D. z"],
        ["A. x", "B. y", "none"],
        {"wrong1": "x", "wrong2": "y", "right": "z"},
        "A. x",
        [["x", "y"], ["z"]],
        {"right": "x", "wrong": ["y", "z"]},
        {"X": "x", "Y": "y"},
        {"text": ["x", "y"], "label": ["A"]},
        [{"label": "A", "text": "x"}, {"label": "A", "text": "y"}],
        "__import__('os').getcwd()",
        "[open('x'), 2]",
    ],
)
def test_a_value_that_is_no_list_of_options_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableOptionsError):
        read_stored(value)
    assert as_options(value) == []


@pytest.mark.parametrize("labels", [["1", "2"], "['1' '2']", "12"])
def test_labels_of_a_field_of_their_own(labels: Any) -> None:
    assert read_stored(["x", "y"], labels) == Stored(["x", "y"], ["1", "2"])


@given(
    st.lists(
        st.text("abc xyz'\"0", min_size=1, max_size=8).filter(lambda text: text.strip() == text), min_size=2, max_size=9
    )
)
def test_python_and_numpy_texts_read_back(texts: list[str]) -> None:
    for written in (repr(texts), "[" + "\n ".join(map(repr, texts)) + "]", f"array({texts!r}, dtype=object)"):
        assert read_stored(written).texts == texts


@pytest.mark.timeout(20)  # in square time it is hours
@pytest.mark.parametrize("piece", ["'x' ", "['x' ", "1 ", "A. ", "(a) ", "x|", "1) ", "_", "{", "array(", "'", "\\\\"])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    for value in (text, f"[{text}", f"[{text}]", {text: "x", "B": "y"}, [text, text]):
        as_options(value)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a ) 7 , b ) 9 , c ) 11", ["7", "9", "11"]),
        ("a ) 5 / 3 , b ) 2 , 400 , c ) none of these", ["5 / 3", "2 , 400", "none of these"]),
        ("a ) rs . 40 , b ) rs . 60", ["rs . 40", "rs . 60"]),
        ("A ) up B ) down", ["up", "down"]),
        ("a ) x | y , b ) z", ["x | y", "z"]),
    ],
)
def test_labels_between_spaces(text: str, texts: list[str]) -> None:
    assert as_options(text) == texts
