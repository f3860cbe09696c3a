"""What holds for every value: it equals itself in any style, never its neighbour or its negative, and swapping sides
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import rewards

COMMON = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

integers = st.integers(-10_000_000, 10_000_000)
fractions = st.builds(Fraction, st.integers(-999, 999), st.integers(1, 99))
Style = Callable[[str], str]


def latex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    top, bottom = abs(value.numerator), value.denominator
    return f"{sign}{top}" if bottom == 1 else f"{sign}\\frac{{{top}}}{{{bottom}}}"


def slashed(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def mixed(value: Fraction) -> str:
    whole, rest = divmod(abs(value), 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}{latex(rest)}" if whole and rest else latex(value)


def unreduced(value: Fraction) -> str:
    return f"\\dfrac{{{value.numerator * 6}}}{{{value.denominator * 6}}}"


WRITTEN = st.sampled_from([latex, slashed, mixed, unreduced])
STYLES: list[Style] = [
    lambda t: t,
    lambda t: f"${t}$",
    lambda t: f"\\({t}\\)",
    lambda t: f" \\, {t} \\;",
    lambda t: f"{t}.",
    lambda t: f"x = {t}",
    lambda t: f"\\displaystyle {t}",
    lambda t: t.replace("\\frac", "\\tfrac"),
    lambda t: t.replace("-", "\u2212"),
    lambda t: f"\\left({t}\\right)",
    lambda t: f"\\boxed{{{t}}}",
    lambda t: f"**{t}**",
    lambda t: t.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
]
style = st.sampled_from(STYLES)


def outcome(gold: str, answer: str) -> str:
    return rewards.make_verifier(gold).judge_answer(answer).outcome


@COMMON
@given(fractions, WRITTEN, WRITTEN, style, style)
def test_a_value_equals_itself_in_every_style(
    value: Fraction, one: Callable[[Fraction], str], two: Callable[[Fraction], str], s: Style, t: Style
) -> None:
    assert outcome(s(one(value)), t(two(value))) == "correct"


@COMMON
@given(fractions, WRITTEN, WRITTEN, style, style)
def test_a_value_is_never_its_neighbour_or_its_negative(
    value: Fraction, one: Callable[[Fraction], str], two: Callable[[Fraction], str], s: Style, t: Style
) -> None:
    assert outcome(s(one(value)), t(two(value + 1))) == "wrong"
    assert value == 0 or outcome(s(one(value)), t(two(-value))) == "wrong"


@COMMON
@given(integers, style)
def test_thousands(value: int, s: Style) -> None:
    assume(abs(value) >= 1000)
    for text in (
        f"{value:,}",
        f"{value:,}".replace(",", "{,}"),
        f"{value:,}".replace(",", r"\,"),
        f"{value:,}".replace(",", r",\!"),
        f"{value}.0",
    ):
        assert outcome(s(str(value)), text) == "correct"
        assert outcome(s(str(value + 1)), text) == "wrong"


@COMMON
@given(st.integers(-20, 20), st.integers(-9, 9).filter(bool), st.sampled_from([2, 3, 5, 6, 7, 11]), st.integers(1, 9))
def test_surds(a: int, b: int, root: int, c: int) -> None:
    gold = f"\\frac{{{a}+{b}\\sqrt{{{root}}}}}{{{c}}}".replace("+-", "-")
    same = (
        f"\\frac{{{a}}}{{{c}}}+\\frac{{\\sqrt{{{root * b * b}}}}}{{{c}}}"
        if b > 0
        else f"\\frac{{{a}}}{{{c}}}-\\frac{{\\sqrt{{{root * b * b}}}}}{{{c}}}"
    )
    assert outcome(gold, same) == outcome(same, gold) == "correct"
    assert outcome(gold, f"{same}+1") == outcome(gold, f"-({same})") == outcome(gold, f"{same}+10^{{-30}}") == "wrong"


@pytest.mark.slow
@COMMON
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4))
def test_polynomials(roots: list[int]) -> None:
    product = "".join(f"(x-({r}))" for r in roots)
    coefficients = [1]
    for r in roots:
        coefficients = [a - r * b for a, b in zip([*coefficients, 0], [0, *coefficients], strict=True)]
    expanded = "+".join(f"({c})x^{{{len(roots) - i}}}" for i, c in enumerate(coefficients))
    assert outcome(product, expanded) == outcome(expanded, product) == "correct"
    assert outcome(product, f"{expanded}+1") == outcome(product, f"-({expanded})") == "wrong"
    assert outcome(f"f(x)={product}", f"f(t)={expanded.replace('x', 't')}") == "correct"


@pytest.mark.slow
@COMMON
@given(st.lists(fractions, min_size=2, max_size=5, unique=True))
def test_collections(values: list[Fraction]) -> None:
    texts = [latex(v) for v in values]
    turned = texts[::-1]
    assert outcome(r"\{" + ", ".join(texts) + r"\}", ", ".join(turned)) == "correct"
    assert outcome(f"({', '.join(texts)})", f"({','.join(unreduced(v) for v in values)})") == "correct"
    assert outcome(f"({', '.join(texts)})", f"({', '.join(turned)})") == ("wrong" if texts != turned else "correct")
    assert (
        outcome(", ".join(texts), ", ".join([*texts, "1000"]))
        == outcome(", ".join(texts), ", ".join(texts[1:]))
        == "wrong"
    )
    assert outcome(", ".join(texts), texts[0]) == outcome(texts[0], ", ".join(texts)) == "wrong"


@pytest.mark.slow
@COMMON
@given(fractions, st.fractions(min_value=1, max_value=50, max_denominator=20), st.booleans(), st.booleans())
def test_intervals(low: Fraction, width: Fraction, low_in: bool, high_in: bool) -> None:
    high = low + width
    interval = f"{'[('[not low_in]}{latex(low)}, {slashed(high)}{'])'[not high_in]}"
    signs = [r"\leq" if closed else "<" for closed in (low_in, high_in)]
    chain = f"{latex(low)} {signs[0]} x {signs[1]} {latex(high)}"
    assert outcome(interval, chain) == outcome(chain, f"x \\in {interval}") == "correct"
    other = f"{'[('[low_in]}{latex(low)}, {slashed(high)}{'])'[not high_in]}"
    assert outcome(interval, other) == outcome(chain, other) == "wrong"


@settings(COMMON, max_examples=300)
@given(
    st.text(alphabet=r"01279.,-+*/^_=<>()[]{}|\$%!xynfe iABor&~'" + "π√°½", max_size=30),
    st.text(alphabet=r"0127.,-+/^=<>()[]{}\xn e", max_size=20),
)
def test_anything_can_be_judged_and_swapped(one: str, two: str) -> None:
    options = {"symbolic": False}
    there = rewards.make_verifier(one, options=options).judge_answer(two)
    back = rewards.make_verifier(two, options=options).judge_answer(one)
    if (
        "%" not in one + two
        and "unreadable_gold" not in (there.outcome, back.outcome)
        and "no_answer" not in (there.outcome, back.outcome)
    ):
        assert (there.outcome == "correct") == (back.outcome == "correct")
