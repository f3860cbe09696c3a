"""Behaviors in a build: the column of the cues, that of a judge, and the mixture that goes by the rarest one."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.build import BuildOptions
from curation.build.dry_run import dry_run
from curation.build.manifest import Manifest
from curation.build.plan import plan
from curation.cold_start.behaviors.judged import JudgeBehaviors
from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.behaviors.prompt import DEFINITIONS, count_of, judge_messages
from curation.cold_start.behaviors.stage import CountBehaviors
from curation.commands.behaviors.show import Asked, summarise
from curation.core.parquet import read_records
from curation.core.row import Row, make_row
from curation.core.schema import BEHAVIORS
from curation.judging.judge import Judge
from curation.mixture import Mixture
from curation.mixture.stage import MixtureStage
from tests.curation.conftest import run
from tests.curation.stages import decisions, run_of, stored

TRACES = {
    "Wait, that is wrong. Let me verify it.": {"backtracking": 1, "verification": 1},
    "First, I need to find b. Wait, no.": {"subgoal_setting": 1, "backtracking": 1},
    "Let me visualize the cube.": {"mental_imagery": 1},
    "They wait for the bus. It is 4.": {},
}


def trace(i: int, text: str, **extra: Any) -> Row:
    row = make_row(source="s", source_id=str(i), question=f"What is {i} + {i}?", completion=text, answer=str(2 * i))
    return row.changed("test", "", extra=extra) if extra else row


TELLER = """
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from curation.sampling.engines.base import Engine, Request, Response, Sample, SamplingOptions, Session


class Teller(Engine):
    kind: Literal["teller"] = "teller"
    model: str = "teller"

    def identity(self) -> tuple[str, str]:
        return self.model, "1"

    @contextmanager
    def open(self) -> Iterator[Session]:
        yield TellerSession()


class TellerSession:
    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        for request in requests:
            text = "no idea" if "visualize" in request.messages[0].content.split("<reasoning>")[1] else "<count>1</count>"
            yield Response(request.key, (Sample(0, text, "stop", 1, 0),), 1)
"""
"""A judge that sees one instance in every trace, and gives no count of those that visualize."""


@pytest.fixture(scope="module")
def judged_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve traces, counted by cues and by the judge, and a mixture that wants those that imagine."""
    folder = tmp_path_factory.mktemp("behaviors")
    lines = [
        {"q": f"What is {i} + {i}?", "a": str(2 * i), "t": f"<think>{text}</think> \\boxed{{{2 * i}}}"}
        for i, text in enumerate(list(TRACES) * 3)
    ]
    (folder / "traces.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "teller.py").write_text(TELLER)
    source = {"kind": "table", "name": "t", "path": "traces.jsonl"}
    source |= {"fields": {"question": "q", "answer": "a", "completion": "t"}}
    section = {
        "sources": [source],
        "dedup": {"near": False},
        "behaviors": {"judge": {"engine": {"kind": "teller"}}, "asked": ["verification", "mental_imagery"]},
        "mixture": {"group_by": ["behavior"], "weights": {"behavior": {"mental_imagery": 2, "none": 0}}},
    }
    manifest = {"name": "test", "plugins": ["teller"], "cold_start": section}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    run(folder / "manifest.yaml", folder / "out")
    return folder / "out"


def rows_of(build: Path) -> list[dict[str, Any]]:
    return [row for file in sorted((build / "data/cold_start").glob("*")) for row in read_records(file)]


def text_of(row: dict[str, Any]) -> str:
    return str(row["completion"][0]["content"]).removeprefix("<think>").partition("</think>")[0].strip()


@pytest.mark.slow
def test_a_build_counts_the_behaviors_of_every_trace(judged_build: Path) -> None:
    """From the file to the shard, the summary by source, and the weights of the mixture."""
    rows = rows_of(judged_build)
    assert len(rows) == 12
    for row in rows:
        assert {name: n for name, n in row["behaviors"].items() if n} == TRACES[text_of(row)]
    summary = json.loads((judged_build / "summary.json").read_text())["configs"]["cold_start"]
    told = summary["behaviors"]["t"]
    assert told["traces"] == 12
    assert told["backtracking"] == {"share": 0.5, "mean": 0.5}
    assert told["visual_reflection"] == {"share": 0.0, "mean": 0.0}
    assert {name: counts["available"] for name, counts in summary["mixture"]["behavior"].items()} == {
        "mental_imagery": 3, "none": 3, "subgoal_setting": 3, "verification": 3
    }  # fmt: skip
    weights = {tuple(name for name, n in row["behaviors"].items() if n): row["weight"] for row in rows}
    assert weights[("mental_imagery",)] == pytest.approx(2 * weights[("backtracking", "verification")])


@pytest.mark.slow
def test_a_build_with_a_judge_has_its_counts_in_a_column_of_their_own(judged_build: Path) -> None:
    for row in rows_of(judged_build):
        n = None if "visualize" in text_of(row) else 1
        assert row["behaviors_judged"] == dict.fromkeys(BEHAVIORS) | {"verification": n, "mental_imagery": n}
    told = json.loads((judged_build / "summary.json").read_text())["configs"]["cold_start"]["behaviors_judged"]
    assert told["answers"] == {"answered": 18, "unparsable": 6}
    assert told["sources"]["t"]["verification"] == {"share": 1.0, "mean": 1.0}
    assert told["agreement"]["verification"] == {
        "n": 9, "cues": 0.3333, "judge": 1.0, "kappa": 0.0, "equal_counts": 0.3333
    }  # fmt: skip
    lock = yaml.safe_load((judged_build / "manifest.lock.yaml").read_text())
    assert {"teller": "1"} in lock["inputs"]["cold_start"].values()
    (model,) = summarise(Asked((str(judged_build),)))["models"].values()
    assert model["responses"] == 12, "answers of the judge are no responses"


@pytest.mark.slow
def test_a_dry_run_knows_the_judge_and_a_finished_build(judged_build: Path) -> None:
    told = dry_run(judged_build.parent / "manifest.yaml", judged_build.parent / "other", BuildOptions())
    assert "judge_behaviors" in told
    done = dry_run(judged_build.parent / "manifest.yaml", judged_build, BuildOptions())
    assert "nothing would run" in done


def test_a_judge_costs_an_answer_for_each_trace_and_behavior(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    _, stage, found = judged(tmp_path, scripted(lambda key, number: ("<count>1</count>", "stop")), n=8, sample=3)
    assert stage.cost(found, None).line(None).startswith("27 prompts, 27 samples")


def test_a_row_without_a_trace_has_no_counts() -> None:
    assert CountBehaviors().map(trace(1, " ")).columns == {}


def judged(tmp_path: Path, engine: Any, n: int = 4, **options: Any) -> tuple[list[Any], JudgeBehaviors, Any]:
    rows = [trace(i, text) for i, text in enumerate((list(TRACES) * n)[:n])]
    counted = [CountBehaviors().map(row).columns["behaviors"] for row in rows]
    with_counts = [row.changed("t", "", extra={"behaviors": counts}) for row, counts in zip(rows, counted, strict=True)]
    files = stored([with_counts], tmp_path / f"rows{n}", CountBehaviors.adds)
    stage = JudgeBehaviors(options=Behaviors(judge=Judge(engine=engine), **options), seed=3)
    return decisions(stage, files, tmp_path / "judge"), stage, run_of(files, tmp_path / "judge")


def test_an_answer_without_a_count_is_null_and_counted_as_a_failure(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    answers = iter(["<count>2</count>", "none", "<count>0</count>", "<count>1</count><count>1</count>"])
    engine = scripted(lambda key, number: (next(answers), "stop"))
    found, _, _ = judged(tmp_path, engine, asked=("verification",), sample=None)
    assert [one.columns["behaviors_judged"]["verification"] for one in found] == [2, None, 0, None]
    assert {one.columns["behaviors_judged"]["backtracking"] for one in found} == {None}
    assert json.loads((tmp_path / "judge/replies.json").read_text()) == {"answered": 2, "unparsable": 2}


def test_a_cut_off_or_refused_answer_is_no_count(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        if next(turns) == 0:
            raise ValueError("too long")
        return "<count>3</count>", "length"

    turns = iter(range(10))
    found, _, _ = judged(tmp_path, scripted(script), n=2, asked=("verification",), sample=None)
    assert [one.columns["behaviors_judged"]["verification"] for one in found] == [None, None]
    assert json.loads((tmp_path / "judge/replies.json").read_text()) == {"refused": 1, "truncated": 1}


def test_a_sample_is_asked_once_and_a_larger_one_asks_only_what_is_new(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    engine = scripted(lambda key, number: ("<count>1</count>", "stop"))
    options = {"asked": ("verification", "backtracking")}
    few, _, _ = judged(tmp_path, engine, n=8, sample=2, **options)
    assert sum("behaviors_judged" in one.columns for one in few) == 2
    many, _, _ = judged(tmp_path, engine, n=8, sample=5, **options)
    assert sum("behaviors_judged" in one.columns for one in many) == 5
    asked = Counter(key for batch in engine.log for key, _ in batch)
    assert sorted(asked.values()) == [2] * 5


def test_every_behavior_is_asked_about_in_its_own_words() -> None:
    assert tuple(DEFINITIONS) == BEHAVIORS
    (message,) = judge_messages("backtracking", "What is {response}?", "Wait, {question}.")
    assert "What is {response}?" in message.content
    assert "Wait, {question}." in message.content
    assert DEFINITIONS["backtracking"] in message.content
    assert "(not known)" in judge_messages("verification", " ", "x")[0].content


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("<count>0</count>", 0),
        ("I see two.\n<count> 12 </count>\n", 12),
        ("<COUNT>3</COUNT>", 3),
        ("0", None),
        ("", None),
        ("<count></count>", None),
        ("<count>-1</count>", None),
        ("<count>1.5</count>", None),
        ("<count>two</count>", None),
        ("<count>N</count> <count>2</count>", None),
        ("<count>2", None),
        ("<count>９</count>", None),
        ("<count>1234567</count>", None),
    ],
)
def test_a_count_is_read_only_from_the_form_that_was_asked_for(answer: str, count: int | None) -> None:
    assert count_of(answer) == count


def test_the_rarest_behavior_is_that_of_fewest_traces(tmp_path: Path) -> None:
    counts = [dict.fromkeys(BEHAVIORS, 0) | extra for extra in TRACES.values()]
    rows = [trace(i, "x", behaviors=one) for i, one in enumerate(counts)]
    stage = MixtureStage(options=Mixture(weights={"behavior": {"none": 0}}))
    files = stored([rows], tmp_path / "rows", CountBehaviors.adds)
    assert len(decisions(stage, files, tmp_path / "mixture")) == 4
    table = json.loads((tmp_path / "mixture/mixture.json").read_text())
    assert {name: one["available"] for name, one in table["behavior"].items()} == dict.fromkeys(
        ("mental_imagery", "none", "subgoal_setting", "verification"), 1
    )


SOURCES = [{"kind": "visual_puzzles", "count": 1}]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"rl": {"sources": SOURCES, "mixture": {"group_by": ["behavior"]}}}, "only `cold_start` has"),
        ({"cold_start": {"sources": SOURCES, "mixture": {"weights": {"behavior": {"aha": 2}}}}}, "got 'aha', expected"),
        ({"cold_start": {"sources": SOURCES, "behaviors": {"sample": 5}}}, "without `judge`"),
        ({"cold_start": {"sources": SOURCES, "behaviors": {"asked": []}}}, "expected one behavior or more"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Manifest.model_validate({"name": "x", **section})


def test_the_plan_counts_always_and_judges_by_choice() -> None:
    judge = {"engine": {"kind": "openai", "model": "m", "base_url": "http://localhost:1/v1"}}
    for behaviors, expected in (({}, ["behaviors"]), ({"judge": judge}, ["behaviors", "judge_behaviors"])):
        manifest = Manifest.model_validate({"name": "x", "cold_start": {"sources": SOURCES, "behaviors": behaviors}})
        kinds = [stage.kind for stage in plan(manifest, "cold_start")]
        assert [kind for kind in kinds if "behaviors" in kind] == expected
        assert kinds.index(expected[-1]) + 1 == kinds.index("mixture")
