"""`ovr-curate behaviors`: rates and transfer by hand, the paper's figures from its counts, every kind of input, bad input in one line."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.cli import main
from curation.cold_start.behaviors.agreement import agreement
from curation.commands.behaviors.judging import Sample, judge_all
from curation.commands.behaviors.responses import Response
from curation.commands.behaviors.show import Asked, show_behaviors, summarise
from curation.commands.behaviors.tables import percent, tables
from curation.core.errors import CurationError
from curation.core.row import Message, Row, make_row
from curation.core.schema import BEHAVIORS
from curation.judging.answers import prompt as answers
from curation.judging.judge import Judge, Question, ask
from curation.judging.questions import prompt as questions
from curation.sampling.behaviors import count_behaviors
from curation.sampling.engines.base import Request, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import template_hash
from tests.curation.sampling.models import Script, Scripted

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
    few, many = (
        lines(tmp_path / "few.jsonl", once),
        lines(tmp_path / "many.jsonl", [r for r in once for _ in range(10)]),
    )
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
        ('{"text": "a", "gold": "1", "kind": "choice", "options": 5}', "m.jsonl:2: options: got 5, expected an object"),
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
def test_a_build_gives_its_traces(built: Path) -> None:
    (model,) = figures(str(built))["models"].values()
    assert model["responses"] == model["judged"] > 0
    assert model["correct"] == 1.0


def sample_into(
    store: Path, rows: list[Row], scripted: Callable[..., Scripted], model: str, script: Script, limit: int, n: int
) -> None:
    """Sample `n` responses to every row under `limit`, and judge them."""
    engine, sampling = scripted(script, model=model), SamplingOptions(max_tokens=limit)
    setting = Setting(model, "1", template_hash("{question}"), sampling.temperature, sampling.top_p)
    requests = [Request(row.id, row.prompt, (), tuple(range(n)), 0) for row in rows]
    with (
        RolloutStore(store) as rollouts,
        VerdictStore(store / "verdicts") as verdicts,
        CachedSampler(engine, sampling, setting, rollouts) as sampler,
    ):
        results = sampler(requests)
        judge_rollouts([(row, result.rollouts) for row, result in zip(rows, results, strict=True)], verdicts)


def test_rollouts_are_told_by_model_and_a_judges_answers_are_none(
    tmp_path: Path, scripted: Callable[..., Scripted]
) -> None:
    """Two models, two samples a prompt with verdicts; a draw that was cut off and drawn again counts once."""
    rows = [make_row(source="s", source_id=str(i), question=f"{i} + {i}?", answer=str(2 * i)) for i in range(3)]
    for model in ("base", "rl"):
        sampled = partial(sample_into, tmp_path / "store", rows, scripted, model)
        sampled(lambda key, number: ("Wait, no" if number else "So", "length"), 8, 1)
        sampled(
            lambda key, number, model=model: (f"{'Wait, no.' if model == 'rl' else 'So'} \\boxed{{0}}", "stop"), 64, 2
        )
    judge = Judge(engine=scripted(lambda key, number: ("<count>5</count>", "stop"), model="judge"))
    judge_all([(Response("x", "x", "Wait, no."), {})], judge, tmp_path / "store")
    for prompt in (questions.PROMPT, answers.PROMPT):
        asked = [Question("x", (Message("user", "Wait, no."),))]
        list(ask(asked, judge, prompt=prompt, parse=str, store_dir=tmp_path / "store", seed=1))
    found = figures(str(tmp_path / "store"))["models"]
    assert {name: (one["responses"], one["prompts"], one["judged"]) for name, one in found.items()} == {
        "base": (6, 3, 6), "rl": (6, 3, 6)
    }  # fmt: skip
    assert [found[name]["cbr"]["backtracking"]["cbr"] for name in ("base", "rl")] == [0.0, 1.0]
    assert found["rl"]["correct"] == round(1 / 3, 6)
    assert {name: one["prompts"] for name, one in found["rl"]["difficulty"].items()} == {"challenging": 2, "easy": 1}


def test_what_a_builds_teacher_wrote_under_its_own_template_is_read(
    tmp_path: Path, scripted: Callable[..., Scripted]
) -> None:
    lock = {
        "manifest": {"prompt_template": "{question} In a box.", "cold_start": {"distil": {"template": "{question}"}}}
    }
    (tmp_path / "manifest.lock.yaml").write_text(yaml.safe_dump(lock))
    rows = [make_row(source="s", source_id="1", question="1 + 1?", answer="2")]
    sample_into(tmp_path / "rollouts", rows, scripted, "teacher", lambda key, number: ("Wait, no.", "stop"), 8, 2)
    assert figures(str(tmp_path))["models"]["teacher"]["responses"] == 2


def test_completions_of_a_run_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "run/completions"
    folder.mkdir(parents=True)
    columns = {"step": [1, 1], "prompt": ["a", "b"], "completion": ["Wait, no.", "So."], "reward": [1.0, 0.0]}
    pq.write_table(pa.table(columns), folder / "completions_00001.parquet")
    model = figures(str(tmp_path / "run"))["models"]["run"]
    assert (model["cbr"]["backtracking"]["cbr"], model["correct"], model["prompts"]) == (0.5, 0.5, 2)


def test_cues_and_a_judge_are_compared_over_what_both_counted(
    tmp_path: Path, scripted: Callable[..., Scripted]
) -> None:
    """The judge sees one instance of everything in the first two, none in the third, and gives no count of the fourth."""
    texts = ["Wait, no.", "So.", "Hm.", "Hold on."]
    sample = Sample(10)
    for i, text in enumerate(texts):
        sample.offer(Response("m", str(i), text), count_behaviors(text))
    answers = {"0": "<count>1</count>", "1": "<count>1</count>", "2": "<count>0</count>", "3": "many"}
    engine = scripted(lambda key, number: (answers[key], "stop"))
    judged, pairs, told = judge_all(sample, Judge(engine=engine), tmp_path)
    assert told == {"answered": 27, "unparsable": 9}
    assert [counts["verification"] for _, counts in judged] == [1, 1, 0, None]
    found = agreement(pairs)
    assert found["backtracking"] == {"n": 3, "cues": 0.3333, "judge": 0.6667, "kappa": 0.4, "equal_counts": 0.6667}
    assert found["verification"]["kappa"] == 0.0
    assert judge_all(sample, Judge(engine=engine), tmp_path) == (judged, pairs, told)
    assert sum(len(batch) for batch in engine.log) == 36, "nothing is asked twice"


def test_a_sample_is_the_same_in_any_order() -> None:
    given = [Response("m", str(i), f"text {i}") for i in range(50)]
    kept = []
    for order in (given, given[::-1]):
        sample = Sample(7)
        for response in order:
            sample.offer(response, {})
        kept.append({response.prompt for response, _ in sample})
    assert kept[0] == kept[1]
    assert len(kept[0]) == 7


@pytest.mark.slow
def test_a_real_model_that_gives_no_count_gives_no_rate(
    tmp_path: Path, lm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Random weights never say `<count>N</count>`: every answer is a failure, no behavior has the rate 0."""
    given = lines(tmp_path / "m.jsonl", RESPONSES[:1])
    judge = f"{{engine: {{kind: transformers, model: {lm}}}, sampling: {{temperature: 0, max_tokens: 4}}}}"
    command = ["behaviors", given, "--judge", judge, "--out", str(tmp_path / "f.json"), "--sample", "1"]
    assert main(command) == 0
    told = json.loads((tmp_path / "f.json").read_text())["judge"]
    assert sum(told["answers"].values()) == 9
    assert "answered" not in told["answers"]
    assert {rate["cbr"] for rate in told["models"]["m"]["cbr"].values()} == {None}
    assert told["agreement"] == {}
    assert "n/a" in capsys.readouterr().out
    assert (tmp_path / "f_rollouts").is_dir()


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ("{kind: opanai, model: m}", "did you mean 'openai'"),
        ("{engine: {kind: openai, model: m, base_url: x, nope: 1}}", "unknown option 'nope'"),
        ("nowhere.yaml", "No such file"),
    ],
)
def test_a_wrong_judge_is_refused_in_one_line(tmp_path: Path, judge: str, message: str) -> None:
    with pytest.raises(CurationError, match=message):
        figures(lines(tmp_path / "m.jsonl", RESPONSES), judge=judge)
