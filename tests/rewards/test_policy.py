"""Choices that careful graders make differently, as this judge makes them, each with its reason."""

from __future__ import annotations

import pytest

import rewards

POLICY = [
    ("1234.5", r"\boxed{1.234,5}", "correct", "groups of three and one comma can be read in one way only"),
    ("50\\%", r"\boxed{50}", "correct", "the sign may be left out where the number is the same"),
    ("50\\%", r"\boxed{0.5}", "wrong", "a gold with the sign asks for the number of per cent"),
    (
        "90^\\circ",
        r"\boxed{\frac{\pi}{2}}",
        "correct",
        "the same angle, since the answer says by its pi that it is in radians",
    ),
    ("90^\\circ", r"\boxed{1.5707963267948966}", "wrong", "a bare decimal says nothing about radians"),
    ("x=3", r"\boxed{y=3}", "correct", "a name in front of one value is notation"),
    ("x=3, y=4", r"\boxed{x=4, y=3}", "wrong", "among several values the names say which is which"),
    (r"\pi", r"\boxed{3.1415926}", "wrong", "a rounded decimal of an exact gold; `number` has tolerances"),
    (
        r"\pi",
        r"\boxed{3.141592653589793}",
        "correct",
        "what a double prints for the value (15 digits and more) is not a person's rounding",
    ),
    ("2:3", r"\boxed{4:6}", "correct", "the same ratio"),
    ("7", r"\boxed{\{7\}}", "correct", "a set of one solution is that solution"),
    (r"\{1,2\}", r"\boxed{(1,2)}", "wrong", "a pair is no set"),
    ("1,1,2", r"\boxed{1,2}", "wrong", "how often a member occurs counts"),
    ("1011_2", r"\boxed{11}", "wrong", "a gold with a base asks for that base"),
    ("3 \\pmod 7", r"\boxed{3}", "wrong", "a number is no residue class"),
    ("1", r"\boxed{x^0}", "correct", "equal wherever both are defined; with `evaluated` it is no value"),
    ("7", r"\boxed{7} Human: next one. \boxed{9}", "wrong", "the last box counts, whoever wrote it"),
    ("7", r"\boxed{7}<|im_end|> \boxed{9}", "correct", "behind an end of turn is another speaker"),
    ("7", "The answer is 7.", "no_answer", "no box; the lenient mode is an option"),
    ("7", "<answer>7</answer>", "no_answer", "no box; the lenient mode is an option"),
    (
        "1",
        r"\boxed{" + "{" * 3000 + "1" + "}" * 3000 + "}",
        "wrong",
        "over the cap on length: no answer looks like this",
    ),
    (r"\text{no solution}", r"\boxed{\emptyset}", "correct", "the same set of solutions"),
    ("44", r"\boxed{44\%}", "correct", "a bare gold does not say whether it counts per cent"),
]


@pytest.mark.parametrize(("gold", "response", "outcome", "reason"), POLICY)
def test_policy(gold: str, response: str, outcome: str, reason: str) -> None:
    assert rewards.judge(gold, response).outcome == outcome, reason
