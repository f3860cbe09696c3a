"""Lists of options inside questions: what is one, what is none, and that every style reads back as it was written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards import judge
from rewards.gold import Gold, read_gold
from rewards.kinds._words import normal
from rewards.options import options_in

LISTS: list[tuple[str, list[str]]] = [
    # one a line
    ("Which?\nA. red\nB. blue", ["red", "blue"]),
    ("Which?\nA: red\nB： blue", ["red", "blue"]),
    ("Which?\nA). red\nB). blue\n\nAnswer with a letter.", ["red", "blue"]),
    ("Which?\n(A) red\n (B) light\n blue\n(C) green", ["red", "light\n blue", "green"]),
    ("Which?\nA. red,\n\nor so\nB. blue,\n\nor so", ["red,\n\nor so", "blue,\n\nor so"]),
    ("Which?\n\nA. 1\n\nB. 2\n\nC. 3\n\n(Type the letter.)", ["1", "2", "3"]),
    ("Which?\nA. mean\nB. median\nAnswer with a letter.", ["mean", "median"]),
    ("选择\nA、红\nB、蓝\n请选择正确答案", ["红", "蓝"]),
    ("Which?\nA.\n3\nB.\n4", ["3", "4"]),
    ("Which?\nA.3\nB.4", ["3", "4"]),
    ("Which?\n- A. red\n- B. blue", ["red", "blue"]),
    ("Which?\n• (A) red\n• (B) blue", ["red", "blue"]),
    ("Which?\n$\\bullet$ A. $1.5$\n\n$\\bullet$ B. $2.5$", ["$1.5$", "$2.5$"]),
    ("Which?\n**A)** $\\sqrt{2}$\n**B)** $2$", ["$\\sqrt{2}$", "$2$"]),
    ("Which?\n**A**. red\n**B**. blue", ["red", "blue"]),
    ("Which?\n**A. red**\n**B. blue**", ["red", "blue"]),
    ("Which is right?\nA. ***The Lion***\nB. \"The Lion\"", ["***The Lion***", '"The Lion"']),
    ("Which is right?\nA. Dear Ms. Allen,\nB. Dear ms. Allen,", ["Dear Ms. Allen,", "Dear ms. Allen,"]),
    ("Which?\nA. vitamin C\nB. vitamin A. It helps\nC. vitamin B. It does not", ["vitamin C", "vitamin A. It helps", "vitamin B. It does not"]),
    ("Which?\n(a) $x$\n(b) $y$\n(c) $z$", ["$x$", "$y$", "$z$"]),
    ("Which?\na) 3\nb) 4\nc) 5", ["3", "4", "5"]),
    ("Which?\nA. 1\nB. 1", ["1", "1"]),
    ("Statements:\nA. one\nB. two\n\nWhich hold?\nA. the first\nB. the second", ["the first", "the second"]),
    ("Which?\n" + "\n".join(f"{letter}. {number}" for number, letter in enumerate("ABCDEFGHIJ")), list("0123456789")),
    # within lines
    ("A. 3 B. 4", ["3", "4"]),
    ("What is 2 + 2? A. 3 B. 4", ["3", "4"]),
    ("What is 2+2? A.3 B.4 C.5", ["3", "4", "5"]),
    ("(A) 3 (B) 4", ["3", "4"]),
    ("How many? (A) 3 (B) 4 (C) 5", ["3", "4", "5"]),
    ("How many? A) 3 B) 4 C) 5", ["3", "4", "5"]),
    ("Which? A: red, B: blue, C: green", ["red", "blue", "green"]),
    ("Which? (A) red; (B) blue; or (C) green", ["red", "blue", "green"]),
    ("Which is larger? (a) 3 (b) 4 (c) neither", ["3", "4", "neither"]),
    ("Which city? A. Paris B. Lyon", ["Paris", "Lyon"]),
    ("The capital is ____ A. Paris B. Lyon", ["Paris", "Lyon"]),
    ("Name the capital. A. Paris B. Lyon C. Rome", ["Paris", "Lyon", "Rome"]),
    ("The capital of France is A. Paris B. Lyon C. Rome D. Oslo", ["Paris", "Lyon", "Rome", "Oslo"]),
    ("How many?\n(A) 1 (B) 2\n(C) 3 (D) 4", ["1", "2", "3", "4"]),
    ("How many?\nA. 1  B. 2\nC. 3  D. 4", ["1", "2", "3", "4"]),
    ("Which?\nA. one\nB. two  C. three\nD. four", ["one", "two", "three", "four"]),
    ("Take your place.\n A. red\n B. blue (a hue)\n C. green", ["red", "blue (a hue)", "green"]),
    ("Which?\r\nA. red\r\nB. blue", ["red", "blue"]),
    ("(A) 1 (B) 2 (C) 3 or rather (A) 4 (B) 5 (C) 6", ["4", "5", "6"]),
    ("Which hold? (A) 2 > 1 (B) 3 > 1 (C) both (A) and (B) (D) none", ["2 > 1", "3 > 1", "both (A) and (B)", "none"]),
    ("How much? (A) $5 (B) $6", ["$5", "$6"]),
    ("Which sign? A. < B. = C. >", ["<", "=", ">"]),
    ("Which change? (A) +2 (B) -2", ["+2", "-2"]),
    ("How many? (A) 1 (B) 2\n\nThe picture is not to scale.", ["1", "2"]),
    ("Is the door {(a) open (b) closed}", ["open", "closed"]),
    ("Which?\n" + "\n".join(f"({letter}) {letter.lower()}{letter.lower()}" for letter in "ABCDEFGHIJKLMNOPQR"), [c * 2 for c in "abcdefghijklmnopqr"]),
    # LaTeX
    (r"$\textbf{(A)}\ 3 \qquad \textbf{(B)}\ 4$", ["3", "4"]),
    (r"$\textbf{(A) } 7 \qquad \textbf{(B) } 11\qquad$", ["7", "11"]),
    (r"$\textbf{(A)} \text{ 5} \qquad \textbf{(B)} \text{ 7}$", [r"\text{ 5}", r"\text{ 7}"]),
    (r"$\text{(A) }\{4,5\} \quad \text{(B) } \{4,6\}$", [r"\{4,5\}", r"\{4,6\}"]),
    (r"$\mathrm{(A) \ 7 } \qquad \mathrm{(B) \frac{1}{6} }$", ["7", r"\frac{1}{6}"]),
    (r"$\mathrm{\textbf{(A)} \ }226\qquad \mathrm{\textbf{(B)} \ } 243$", ["226", "243"]),
    (r"$\text{A}\ 3 \quad \text{B}\ 4 \quad \text{C}\ 5$", ["3", "4", "5"]),
    (r"\[ A.\ \ \frac{1}{2} \qquad B.\ \ \frac{1}{3} \]", [r"\frac{1}{2}", r"\frac{1}{3}"]),
    (r"Then $x$ is $(A)$ 3 $(B)$ 4", ["3", "4"]),
    (r"Then $x$ is $(A) 3$ $(B) 4$", ["3", "4"]),
    (r"$\textbf{(A)}\ 3\\ \textbf{(B)}\ 4 \hspace{1cm}\textbf{(C)}\ 5$", ["3", "4", "5"]),
    # Chinese
    ("则x等于（ ） A．3 B．4", ["3", "4"]),
    ("则x等于（ ）A．3B．4C．5", ["3", "4", "5"]),
    ("哪个？（A）红（B）蓝", ["红", "蓝"]),
    ("哪个？A、红 B、蓝 C、绿", ["红", "蓝", "绿"]),
    ("哪个？A：红 B：蓝", ["红", "蓝"]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "options"), LISTS)
def test_lists_of_options(question: str, options: list[str]) -> None:
    assert options_in(question) == options


NO_LISTS = [
    "What is 1 + 1?",
    "A. is the only one",
    "Which?\nB. red\nC. blue",
    "(A) 1 (C) 3",
    "Which?\nA. red\nB.",
    # points, sets and letters of formulas
    "Point A is on AB.",
    "Let A. Then B.",
    "Points A. and B. are 3 apart.",
    "The line meets the circle at point A. B lies on it.",
    "Draw a line through A. Through B. C is between.",
    'Points A. and B. are 3 apart. [asy]label("A"); label("B"); label("C");[/asy]',
    "Cards form pile $A.$ The remaining cards form pile $B.$ How many cards are in pile A?",
    "If $A:B:C = 2:1:4$, what is $A + B$?",
    "The ratio A: B: C is 2: 1: 4.",
    "If P(A) = 0.3 and P(B) = 0.4, find P(A and B).",
    "Find f(A) + f(B) + f(C).",
    "Compare the sets (A) and (B) and (C).",
    "The interval [a, b) and the interval [b, c).",
    "Find g(x, A) 3 and g(y, B) 4.",
    r"If $\det \mathbf{A} = 2$ and $\det \mathbf{B} = 12,$ then find $\det (\mathbf{A} \mathbf{B}).$",
    r"where $\text{A}$, $\text{B}$, and $\text{C}$ are digits. Find $100\text{A}+10\text{B}+\text{C}$.",
    r"Find $\frac{\sqrt[3]{A} + \sqrt[3]{B}}{C}$.",
    "已知A、B、C三点在圆上",
    "点A、C在圆上，点B、D在直线上",
    "过点A．又过点B．求证CD=AB．",
    # prose
    "Plan A. B follows.",
    "It has vitamin A. B vitamins are in it too.",
    "The author is J. A. Smith, the editor K. B. Jones.",
    "A. Smith met B. Jones and C. Brown met D.",
    "Dr. A. Smith saw B. Jones. Who was seen?",
    "The paper by A. Smith, B. Jones, C. Brown, D. Lee has four authors.",
    "He got an A. Bob got a B. Who is better?",
    "It lasted from 50 B.C. to A.D. 20.",
    "The train leaves at 5 A.M. and the bus at 6. B. waits.",
    "Machine A can put caps on 12 bottles. Machine B can put caps on 2.",
    '- Sentence A: "Mary walks."\n- Sentence B: "Mary flies."',
    "Bank A: 3 dollars; Bank B: 4 dollars; Bank C: 5 dollars. Which is best?",
    "Choice (A) is out because of it. Eliminate (B) as well. Choice (C) is wrong, too.",
    "Eliminate (A), which is wrong. So is (B), as we saw.",
    "The total is 200 (A) + 150 (B) + 325 (C) = 675 cans.",
    r"\coordinate (A) at (0,0); \coordinate (B) at (6,0); \draw (A) -- (B);",
    r"Let $\mathbf{A}=\begin{pmatrix} 1 \end{pmatrix}$, $\mathbf{B}=\begin{pmatrix} 2 \end{pmatrix}$, $\mathbf{C}=1$.",
    # parts and conditions
    "(a) Find x. (b) Find y. (c) Find z.",
    "a) How many are there?\nb) How old are they?\nc) Find the sum.",
    "(a) 3 apples (b) 4 pears",
    "Numbers satisfy: (A) each is odd, and (B) none repeats, and (C) all are below 9. How many?",
    "Find x.\n(a) $x > 0$,\n(b) $x < 9$.",
]


@pytest.mark.parametrize("question", NO_LISTS)
def test_what_is_no_list(question: str) -> None:
    assert options_in(question) == []


TEXTS = st.lists(
    st.text("0123456789 +-=xyzéи$", min_size=1, max_size=12)
    .map(lambda text: " ".join(text.replace("$", "").split()))
    .filter(lambda text: text[:1] not in ("", "-", "+", "=")),
    min_size=3,
    max_size=10,
)
STYLES = [
    "{}. ", "{}: ", "{}) ", "{}). ", "({}) ", "{}．", "（{}）", "**{})** ", "**{}**. ", "- {}. ", r"\textbf{{({})}}\ ",
    r"\text{{({}) }}", r"\mathrm{{{}.}} ",
]  # fmt: skip


@given(TEXTS, st.sampled_from(STYLES), st.sampled_from(["\n", "\n\n"]))
def test_options_a_line_each_read_back(texts: list[str], style: str, between: str) -> None:
    lines = [style.format(letter) + text for letter, text in zip("ABCDEFGHIJ", texts, strict=False)]
    assert options_in("Which is it?\n" + between.join(lines)) == texts


@given(TEXTS, st.sampled_from([s for s in STYLES if s[0] != "-"]), st.sampled_from(["  ", ", ", r" \qquad "]))
def test_options_within_a_line_read_back(texts: list[str], style: str, between: str) -> None:
    parts = [style.format(letter) + text for letter, text in zip("ABCDEFGHIJ", texts, strict=False)]
    assert options_in("Which is it? " + between.join(parts)) == texts


@given(st.text("AaBbC .:()）．、$*{}\\\n1", max_size=80))
def test_any_text_gives_texts_that_are_in_it(question: str) -> None:
    found = options_in(question)
    assert len(found) != 1
    assert all(text and text.strip() == text and text in question for text in found)


@pytest.mark.timeout(60)  # in square time it is hours
@pytest.mark.parametrize(
    "piece", ["A. ", "A. x ", "(A) 1 (B) ", "$", "**", " ", "\n", "A.\n", "\\quad ", "\\text{", "(A) x\n\n", "A. ,"]
)
def test_hostile_questions_take_linear_time(piece: str) -> None:
    options_in((piece * 100_000)[:200_000])


@pytest.mark.parametrize(
    ("question", "options"), [pair for pair in LISTS if len(set(map(normal, pair[1]))) == len(pair[1])]
)
def test_the_gold_of_a_listed_option_judges_its_letter_and_its_text(question: str, options: list[str]) -> None:
    gold = read_gold("B", {"question": question})
    assert isinstance(gold, Gold)
    assert json.loads(gold.options) == {"choices": options}
    for answer in ("B", options[1]):
        assert judge(gold.answer, rf"\boxed{{{answer}}}", "choice", gold.options).outcome == "correct"


def test_a_question_behind_a_list_is_no_part_of_its_last_option() -> None:
    assert options_in("Proved by: (a) Fubini; (b) Vitali; (c) none of these. Which option is correct?") == [
        "Fubini",
        "Vitali",
        "none of these.",
    ]
    assert options_in("Find (a) x. (b) y. (c) z. Which is larger?") == []
