"""`ovr-curate behaviors`: rates and transfer by hand, the paper's figures from its counts, every kind of input, bad input in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from curation.cli import main
from curation.commands.behaviors.show import Asked, summarise
from curation.commands.behaviors.tables import percent, tables
from curation.core.errors import CurationError
from curation.core.schema import BEHAVIORS

PAPER = {
    ("backtracking", "visual_reflection"): {"base": 2.5, "cold_start": 8.2, "rl": 17.3},
    ("subgoal_setting", "visual_divide_and_conquer"): {"base": 56.3, "cold_start": 78.1, "rl": 78.1},
    ("verification", "visual_verification"): {"base": 25.1, "cold_start": 0.9, "rl": 1.5},
    ("backward_chaining", "goal_driven_visual_tracing"): {"base": 70.7, "cold_start": 17.7, "rl": 27.7},
}
"""PAPER.md, behaviour analysis: BTR in percent, as read off figure 5b."""


def lines(path: Path, records: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def figures(*inputs: str, **options: Any) -> dict[str, Any]:
    return summarise(Asked(tuple(inputs), **options))


def test_the_papers_figures_come_out_of_counts_that_have_them(tmp_path: Path) -> None:
    """A thousand responses a model with the linguistic behavior and as many in a thousand with the visual one, and as many with neither."""
    for model in ("base", "cold_start", "rl"):
        records = []
        for i in range(2_000):
            counts = dict.fromkeys(BEHAVIORS, 0)
            for (linguistic, visual), rates in PAPER.items():
                counts[linguistic] = int(i < 1_000)
                counts[visual] = int(i >= 2_000 - round(10 * rates[model]))
            records.append({"id": i, "behaviors": counts})
        lines(tmp_path / f"{model}.jsonl", records)
    found = figures(*(str(tmp_path / f"{model}.jsonl") for model in ("base", "cold_start", "rl")))
    for (linguistic, visual), rates in PAPER.items():
        for model, rate in rates.items():
            told = found["models"][model]["btr"][visual]
            assert (told["of"], percent(told["btr"])) == (linguistic, f"{rate:.1f} %")
            assert told["low"] < told["btr"] < told["high"]
            assert percent(found["models"][model]["cbr"][linguistic]["cbr"]) == "50.0 %"
    text = tables(found)
    assert all(f"{rate:.1f} %" in text for rates in PAPER.values() for rate in rates.values())


RESPONSES = [
    {"id": 1, "response": "Wait, that is wrong. Wait, no. \\boxed{2}", "gold": "2"},
    {"id": 1, "response": "First, I need to find b. \\boxed{3}", "gold": "2"},
    {"id": 2, "response": "Wait, let me look at the image again. \\boxed{2}", "gold": "2"},
    {"id": 2, "response": "Hold on. \\boxed{2}", "correct": True},
    {"id": 3, "response": "It is 4.", "gold": "2"},
    {"id": 3, "response": "Wait, let me think.", "correct": None},
]


def test_rates_and_transfer_are_those_counted_by_hand(tmp_path: Path) -> None:
    model = figures(lines(tmp_path / "m.jsonl", RESPONSES))["models"]["m"]
    assert (model["responses"], model["prompts"], model["judged"]) == (6, 3, 5)
    assert model["cbr"]["backtracking"]["cbr"] == round(4 / 6, 6)
    assert model["cbr"]["backtracking"]["mean"] == round(5 / 6, 6)
    assert model["cbr"]["visual_reflection"]["cbr"] == round(1 / 6, 6)
    assert model["btr"]["visual_reflection"]["btr"] == 0.25
    assert model["btr"]["visual_divide_and_conquer"]["btr"] == 0.0
    assert model["btr"]["visual_divide_and_conquer"]["high"] > 0
    assert model["btr"]["visual_verification"]["btr"] is None, "0/0 is no 0"
    backtracking = model["correctness"]["backtracking"]
    assert (backtracking["among_correct"], backtracking["among_wrong"]) == (1.0, 0.0)
    assert backtracking["within_prompts"]["prompts"] == 1
    assert backtracking["within_prompts"]["value"] == 1.0
    assert backtracking["within_prompts"]["low"] is None, "one prompt knows no width"
    assert model["difficulty"] == {
        "intermediate": {"prompts": 1} | {n: {"backtracking": 0.5, "subgoal_setting": 0.5}.get(n, 0.0) for n in BEHAVIORS},
        "easy": {"prompts": 1} | {n: {"backtracking": 1.0, "visual_reflection": 0.5, "mental_imagery": 0.0}.get(n, 0.0) for n in BEHAVIORS},
    }  # fmt: skip


def test_an_interval_is_that_of_prompts_and_repeats_itself(tmp_path: Path) -> None:
    """Ten samples of a prompt that are alike tell no more than one."""
    once = [{"id": i, "response": "Wait, no." if i % 2 else "So."} for i in range(20)]
    few, many = lines(tmp_path / "few.jsonl", once), lines(tmp_path / "many.jsonl", [r for r in once for _ in range(10)])
    found = figures(few, many)["models"]
    assert {k: v for k, v in found["few"]["cbr"]["backtracking"].items() if k != "n"} == {
        k: v for k, v in found["many"]["cbr"]["backtracking"].items() if k != "n"
    }
    assert found["few"]["cbr"]["backtracking"]["low"] < 0.4
    assert figures(few, many)["models"] == found


def test_one_response_and_none_of_a_behavior_have_an_interval_with_a_width(tmp_path: Path) -> None:
    found = figures(lines(tmp_path / "m.jsonl", [{"text": "So."}]))["models"]["m"]["cbr"]["backtracking"]
    assert found["cbr"] == found["low"] == 0.0
    assert found["high"] == pytest.approx(0.793, abs=1e-3)


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    given = [{"text": ""}, {"text": "Wait, no."}, {"text": "Wait, no."}, {"behaviors": {"verification": 1}}]
    found = figures(lines(tmp_path / "m.jsonl", given))
    assert found["notes"] == [
        "1 of 4 responses came with counts of their own, which are taken",
        "1 of 4 responses are empty and have no instance of anything",
        "1 of 4 responses are identical to another one of the same model and prompt; each counts",
    ]
    assert found["models"]["m"]["cbr"]["backtracking"]["n"] == 3, "a count that is not there is no 0"


def test_models_have_their_own_names_or_those_given(tmp_path: Path) -> None:
    one = lines(tmp_path / "one.jsonl", [{"text": "a", "model": "x"}, {"text": "b"}])
    two = lines(tmp_path / "two.jsonl", [{"completion": [{"role": "assistant", "content": "Wait, no."}]}])
    assert list(figures(one, f"rl={two}")["models"]) == ["x", "one", "rl"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "m.jsonl:2: got '{', expected a JSON object"),
        ("[1]", "m.jsonl:2: got list, expected a JSON object"),
        ("{}", "m.jsonl:2: got nothing, expected 'response' or"),
        ('{"answer": "x"}', "m.jsonl:2: got 'answer', expected 'response' or"),
        ('{"text": 3}', "m.jsonl:2: text: got int, expected a string or messages"),
        ('{"text": "a", "response": "b"}', "m.jsonl:2: got 'response' and 'text', expected one of them"),
        ('{"text": "a", "correct": "yes"}', "m.jsonl:2: correct: got 'yes', expected true, false or null"),
        ('{"text": "a", "correct": 1}', "m.jsonl:2: correct: got 1, expected true, false or null"),
        ('{"behaviors": {"aha": 1}}', "m.jsonl:2: behaviors: got 'aha', expected some of"),
        ('{"behaviors": {"verification": -1}}', "m.jsonl:2: behaviors.verification: got -1, expected a whole number"),
        ('{"text": "a", "model": 7}', "m.jsonl:2: model: got 7, expected a name"),
        ('{"text": "a", "gold": "1", "kind": "choice", "options": 5}', "m.jsonl:2: "),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.jsonl").write_text(f'{{"text": "fine"}}\n{line}\n')
    assert main(["behaviors", str(tmp_path / "m.jsonl")]) == 1
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told


def test_inputs_without_responses_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.parquet").write_text("x")
    one = lines(tmp_path / "one.jsonl", [{"text": "a", "model": "x"}, {"text": "b", "model": "y"}])
    for inputs, message in (
        (["empty.jsonl"], "no response in it"),
        (["folder"], "a folder without responses"),
        (["nowhere"], "no such file or folder"),
        (["bad.parquet"], "not a whole Parquet file"),
        (["one.jsonl", "./one.jsonl"], "given twice"),
    ):
        with pytest.raises(CurationError, match=message):
            figures(*(str(tmp_path / name) for name in inputs))
    with pytest.raises(CurationError, match="a name for one model, and there are x, y"):
        figures(f"mine={one}")
    with pytest.raises(CurationError, match="expected a name that ends in"):
        from curation.commands.behaviors.show import show_behaviors

        show_behaviors(Asked((one,), plot=tmp_path / "x.txt"))


@pytest.mark.slow
def test_the_plot_and_the_json_are_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = lines(tmp_path / "m.jsonl", RESPONSES)
    for name in ("a", "b"):
        out, plot = str(tmp_path / f"{name}.json"), str(tmp_path / f"{name}.svg")
        assert main(["behaviors", given, "--json", "--out", out, "--plot", plot]) == 0
        assert json.loads(capsys.readouterr().out) == json.loads(Path(out).read_text())
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "visual reflection" in (tmp_path / "a.svg").read_text()


@pytest.mark.slow
def test_a_build_gives_its_traces_and_its_rollouts_by_model(built: Path) -> None:
    assert figures(str(built))["models"]["cold_start"]["responses"] > 0
