"""Evaluation items that stand among other things, and rows that only look like one."""

from pathlib import Path

import pytest

from curation.decontamination.options import Decontaminate
from tests.curation.decontamination.decontaminating import benchmark, decontaminate, row

BAKER = "A baker fills 18 trays with 24 rolls each. In the morning he sells 250 rolls and gives 12 of them to the school. How many rolls are left?"
PEARS = "果园里有48棵梨树，每棵收梨35千克，卖出1200千克，还剩多少千克梨？"
MARKET = "Which one of the following statements about the market for bread is true?\n"
SHORT = "What is a quorum?\nA. a vote\nB. the least number of members\nC. a chair"
FRACTIONS = "Compute the following expression and write the result as a fraction: 3/4 + 5/6"
SHOT = "Which planet of the solar system is the nearest to the sun?\nA. Mercury\nB. Venus\nAnswer: A\n\nQuestion: "

# (item, row, kind of the match)
CASES = {
    "behind-a-shot-with-options": (BAKER, f"{SHOT}{BAKER}\nA. 170\nB. 182", "near"),
    "behind-options": (BAKER, f"Read the question and pick one of the given options below.\nOptions: (A) 170 (B) 182\n{BAKER}", "near"),
    "in-an-instruction": (BAKER, f"Let us think about this step by step: {BAKER}", "near"),
    "chinese-and-an-instruction": (PEARS, f"{PEARS}请逐步推理，并将最终答案放在\\boxed{{}}中。", "exact"),
    "chinese-both": (f"{PEARS}答案写在\\boxed{{}}里。", f"{PEARS}答案写在\\boxed{{}}里。", "exact"),
    "an-instruction-alone": ("Put the sum of 348 and 57 in \\boxed{}", "Put the sum of 348 and 57 in \\boxed{}", "exact"),
    "signs-alone": ("∀ → ∃ ?", "∀→∃?", "exact"),
    "other-signs": ("∀ → ∃ ?", "∃ → ∀ ?", None),
    "behind-a-figure-left-open": (BAKER, f"[asy] draw((0,0)); {BAKER}", "near"),
    "behind-the-prompt-of-a-test": (SHORT, f"The following are multiple choice questions about politics.\n\n{SHORT}\nAnswer:", "near"),
    "other-options": (f"{MARKET}A. Supply falls\nB. Demand rises", f"{MARKET}A. Traders lie\nB. Bonds are shares", None),
    "some-other-options": (f"{MARKET}A. Supply falls\nB. Demand rises", f"{MARKET}A. Demand rises\nB. Bonds are shares", "exact"),
    "other-operations": (FRACTIONS, FRACTIONS.replace("+", "*"), "template"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_stands_around_an_item_does_not_hide_it(name: str, tmp_path: Path) -> None:
    item, text, kind = CASES[name]
    others = [f"Box {n} holds {n + 3} marbles and {2 * n} dice. How many things does the box hold?" for n in range(20)]
    spec = {"benchmarks": [benchmark(tmp_path, "ours", [item])]}
    rows = [row(question, i) for i, question in enumerate([text, *others])]
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path)
    assert {e["source_id"]: e["kind"] for e in outcome.evidence} == ({"0": kind} if kind else {})


def test_an_item_is_found_among_hundreds_of_one_template(tmp_path: Path) -> None:
    items = [f"Solve the equation ${a}x^2+{b}x={a * b + 7}$ for $x>{a}$." for a in range(2, 22) for b in range(2, 17)]
    spec = {"benchmarks": [benchmark(tmp_path, "ours", items)]}
    rows = [row(items[i], i) for i in (0, 150, 250, 299)]
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path)
    assert {e["source_id"]: e["kind"] for e in outcome.evidence} == dict.fromkeys(("0", "150", "250", "299"), "exact")


def test_items_of_one_stem_are_told_apart_by_their_options(tmp_path: Path) -> None:
    items = [
        f"{MARKET}A. {one}\nB. {other}"
        for one, other in (("Supply falls", "Demand rises"), ("Traders lie", "Bonds rise"))
    ]
    spec = {"benchmarks": [benchmark(tmp_path, "ours", items)]}
    rows = [row(text, i) for i, text in enumerate([*items, f"{MARKET}A. Bread is dear\nB. Rye is cheap"])]
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path)
    assert {e["source_id"]: (e["kind"], e["benchmark_item"]) for e in outcome.evidence} == {
        "0": ("exact", "1"),
        "1": ("exact", "2"),
    }
