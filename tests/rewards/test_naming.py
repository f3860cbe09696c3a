"""Which options a gold names, by label, number, letter, text or value; and what is not certain."""

import pytest

from rewards.naming import Unnamed, label_of, named_options
from rewards.stored import Stored

PETS = Stored(["swan", "duck", "goose", "hen"], [])
LEGS = Stored(["2", "4", "1", "3"], ["1", "2", "3", "4"])
NUMBERS = Stored(["7", "5.0", "1000", "-5"], [])


@pytest.mark.parametrize(
    ("gold", "options", "places"),
    [
        ("duck", PETS, [1]),
        ("Duck ", PETS, [1]),
        ("B", PETS, [1]),
        ("(b)", PETS, [1]),
        ("（B）", PETS, [1]),
        ("B、", PETS, [1]),
        ("B.", PETS, [1]),
        ("Ｂ", PETS, [1]),
        ("选B", PETS, [1]),
        ("故选：B", PETS, [1]),
        ("答案：B", PETS, [1]),
        ("正确答案是B", PETS, [1]),
        ("Option B", PETS, [1]),
        ("The answer is (B)", PETS, [1]),
        (r"\text{(B)}", PETS, [1]),
        ("**B**", PETS, [1]),
        ("B. duck", PETS, [1]),
        ("B: because it swims", PETS, [1]),
        ("B It swims on the lake", PETS, [1]),
        ("A, C", PETS, [0, 2]),
        ("C and A", PETS, [0, 2]),
        ("ACD", PETS, [0, 2, 3]),
        ("A、C", PETS, [0, 2]),
        ("A.C", PETS, [0, 2]),
        ("A和C", PETS, [0, 2]),
        ("(A)(C)", PETS, [0, 2]),
        ("['A', 'C']", PETS, [0, 2]),
        ("答案：AC", PETS, [0, 2]),
        ("①③", Stored(["对", "错", "无"], ["1", "2", "3"]), [0, 2]),
        ("2", LEGS, [1]),
        ("(2)", LEGS, [1]),
        ("B", LEGS, [1]),
        ("2", Stored(["sky", "grass", "sun"], ["1", "2", "10"]), [1]),
        ("7", NUMBERS, [0]),
        ("5", NUMBERS, [1]),
        ("1,000", NUMBERS, [2]),
        ("-5", NUMBERS, [3]),
        ("M", Stored([f"w{i}" for i in range(16)], []), [12]),
        ("True", Stored(["True", "False"], []), [0]),
        ("C", Stored(["x", "", "z"], []), [2]),
    ],
)
def test_named(gold: str, options: Stored, places: list[int]) -> None:
    assert named_options(gold, options) == places


@pytest.mark.parametrize(
    ("gold", "options", "reason"),
    [
        ("heron", PETS, "gold_not_in_options"),
        ("E", PETS, "gold_not_in_options"),
        ("A, E", PETS, "gold_not_in_options"),
        ("A or C", PETS, "gold_not_in_options"),
        ("9", PETS, "gold_not_in_options"),
        ("B", Stored(["x", "", "z"], []), "gold_not_in_options"),
        ("5", Stored(["5", "5", "x"], []), "gold_not_in_options"),
        ("0", PETS, "gold_ambiguous"),
        ("1", PETS, "gold_ambiguous"),
        ("4", PETS, "gold_ambiguous"),
        ("Option 2", PETS, "gold_ambiguous"),
        ("2.0", PETS, "gold_ambiguous"),
        ("2", Stored(["1", "2", "3"], []), "gold_ambiguous"),
        ("2", Stored(["2", "4", "1", "3"], ["A", "B", "C", "D"]), "gold_ambiguous"),
    ],
)
def test_not_named(gold: str, options: Stored, reason: str) -> None:
    found = named_options(gold, options)
    assert isinstance(found, Unnamed)
    assert found.reason == reason


def test_the_base_decides_what_a_number_means() -> None:
    options = Stored(["1", "2", "3"], [])
    assert [named_options("2", options, base) for base in (0, 1, "text")] == [[2], [1], [1]]  # type: ignore[arg-type]
    assert isinstance(found := named_options("2", options), Unnamed)
    assert "option_base: 0 reads '3'" in found.detail


def test_labels_behind_z_are_numbers() -> None:
    assert [label_of(place) for place in (0, 25, 26)] == ["A", "Z", "27"]
