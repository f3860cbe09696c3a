"""What two questions must share to be one, and how they may differ."""

import pytest

from curation.dedup.equivalent import are_equivalent
from curation.dedup.reading import facts_of, read_question

SAME = [
    (r"Find $\frac{3}{4}$ of $x+1$.", r"Find  \(\dfrac34\) of \( x + 1 \)?"),
    (r"Let $P_1^{}$ be a point with $x_{}^{} \le 5$.", r"Let $P_1$ be a point with $x≤5$"),
    (r"It has 1{,}000 sides and $2^{10}$ corners.", r"it has 1,000 sides and $2^10$ corners"),
    (r"\begin{align*} x &= 1 \end{align*}", r"\begin{aligned}x&=1\end{aligned}"),
    (r"In $\triangle ABC$, $\angle A = 30^\circ$.", "In ABC, A = 30°"),
    ("What is 2² + 3²?", "What is 2^2 + 3^2?"),
    (r"Is $22/7$ less than $\pi$?", r"Is $\frac{22}{7}$ less than π?"),
    ("Which is a bird?\n(A) cat\n(B) hen", "Which is a bird?\nA. cat\nB. hen"),
    (r"Is $\left(1, 2\right)$ on it?", "Is (1,2) on it?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_notation_is_no_fact(one: str, other: str) -> None:
    assert facts_of(read_question(one)) == facts_of(read_question(other))


DIFFERENT = [
    ("What is 3/4 of it?", "What is 5/4 of it?"),
    ("Add -2 to it.", "Add 2 to it."),
    ("Let x > y.", "Let x < y."),
    (r"Let $x \ge y$.", r"Let $x > y$."),
    (r"It is $\sqrt{2}$ long.", "It is 2 long."),
    ("Sum the even numbers.", "Sum the odd numbers."),
    ("It is a prime.", "It is not a prime."),
    ("Find x.", "Find y."),
    ("Find a.", "Find c."),
    ("The side AB is short.", "The side AC is short."),
    ("f(x) is 1.", "f'(x) is 1."),
    ("n! is big", "n is big"),
    ("2² of them", "22 of them"),
    ("1.5 of them", "15 of them"),
    ("(1,2) of them", "(12) of them"),
    (r"$\frac{1}{2}x$", r"$\frac{1}{2x}$"),
    ("2(x+1)", "2x+1"),
    ("x_1 is", "x^1 is"),
    ("3:4", "3.4"),
    ("5% of", "5 of"),
    ("It costs 5 cm.", "It costs 5 km."),
    ("twice as old", "thrice as old"),
    ("seven boys", "eight boys"),
    ("Today Michael said that Zoey lies.", "Today Michael said that Ethan lies."),
    ("$|x|$ is", "$x$ is"),
    ("the plus sign", "the minus sign"),
    (r"$\sin x$", r"$\cos x$"),
    ("$xy$", "$xz$"),
    (r"$2\frac{1}{2}$", r"$\frac{21}{2}$"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_facts_keep_questions_apart(one: str, other: str) -> None:
    assert facts_of(read_question(one)) != facts_of(read_question(other))


NAMES = [
    ("A well-known x - 5 Ann", "a well known #x #- #5 ann"),
    ("Give Ann a cat, then a - b", "give #ann a cat then #a #- #b"),
    ("a bat and a.", "a bat and #a"),
    ("the point A is far", "the point #A is far"),
    ("$a cat$ of 5 km, can't x.5", "#a #cat of #5 #km can't #x #5"),
    ("α ≤ 中 & ½", "#\\alpha #\\leq 中 #& #1 #/ #2"),
]


@pytest.mark.parametrize(("text", "tokens"), NAMES)
def test_letters_are_read_by_where_they_stand(text: str, tokens: str) -> None:
    assert " ".join(read_question(text)) == tokens


def test_a_long_question_reads_like_a_short_one() -> None:
    text = "Bob gave Ann a cat - 5 kg, $a^{2}$ of A! "
    assert read_question(500 * text) == 500 * read_question(text)


KNOWN = frozenset(("area", "perimeter", "height", "weight", "balls", "bells", "circle"))
EQUIVALENT = [
    ("find the area of the rectangle", "what is the area of a rectangle", True),
    ("the perimeter of the rectangle", "the area of the rectangle", False),
    ("its height is large", "its weight is large", False),
    ("how large is the circle", "how large is the cicrle", True),
    ("how large is the circle", "how large is the circles", True),
    ("the balls are large", "the bells are large", False),
    ("solve the following riddle carefully the area is large", "the area is large", True),
    ("the area is large", "the area is large express it as a fraction", True),
    ("the common area is large", "the area is large", False),
    ("how #3 circle", "how circle #3", False),
    ("the knight lies", "the knave lies", False),
    ("", "the", True),
]


@pytest.mark.parametrize(("one", "other", "expected"), EQUIVALENT)
def test_every_difference_has_to_be_excused(one: str, other: str, expected: bool) -> None:
    for a, b in ((one, other), (other, one)):
        assert are_equivalent(a.split(), b.split(), KNOWN.__contains__) is expected
