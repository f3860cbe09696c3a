"""`ovr-curate certify --judge`: a judge that knows is trusted, one that says yes, babbles or can be talked to is not."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.build import build
from curation.cli import main
from curation.commands.certify_judge import PROBES
from curation.core.errors import BuildError
from curation.core.parquet import read_records
from curation.judging.answers.certificate import asking_of, check_certificate, objections, shares
from curation.judging.answers.hacks import FIXED
from curation.judging.answers.options import JudgeAnswers, JudgeLimits
from rewards.certify import cases
from tests.curation.judging.answering import Judge, engine, knows, says, shown
from tests.curation.judging.answering_server import answering_server

GOLDS = ["12", "3/4", "blue", "x+1", "\\sqrt{2}", "7", "(1, 2)", "Paris", "0.5", "2^{10}", "-3", "iron"]
SAME = [(gold, case.answer) for gold in GOLDS for kind in ("math", "text") for case in cases(gold, kind) if case.right]


@pytest.fixture(scope="module")
def golds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build with golds of several kinds, whose prompts stand in a template."""
    folder = tmp_path_factory.mktemp("golds")
    rows = [
        json.dumps({"q": f"What comes out of machine number {i}, all told?", "a": gold}) for i, gold in enumerate(GOLDS)
    ]
    (folder / "rows.jsonl").write_text("\n".join(rows))
    source = {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    manifest = {"name": "golds", "prompt_template": "Q: {question}\nBox it.", "rl": {"sources": [source]}}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    build(folder / "manifest.yaml", folder / "out")
    return folder / "out"


LIMITS = JudgeLimits()
Certify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def certify(golds: Path, tmp_path: Path) -> Certify:
    """Certify a judge of that reply: the exit code and the certificate."""

    def run(reply: Judge, rows: int, **options: Any) -> tuple[int, dict[str, Any]]:
        with answering_server(reply) as server:
            judge = {
                "judge": {"engine": engine(server, revision=str(tmp_path)), "sampling": {"temperature": 0}},
                **options,
            }
            out = tmp_path / "certificate.json"
            code = main(
                ["certify", str(golds), "--judge", yaml.safe_dump(judge), "--rows", str(rows), "--out", str(out)]
            )
        return code, json.loads(out.read_text())

    return run


def test_a_judge_that_knows_is_trusted(certify: Certify, golds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompts: list[str] = []
    code, found = certify(knows(SAME, prompts), 12)
    assert (code, found["trusted"], found["rows"]) == (0, True, 12)
    probes = found["probes"]
    assert {f"hack: {kind}" for kind in FIXED} | {
        "hack: negation",
        "hack: huge",
        "hack: question copied",
    } <= probes.keys()
    assert {"hack: all options", "near_miss: off by one", "right: itself", "right: full stop"} <= probes.keys()
    assert all(one["accepted"] == (one["n"] if name.startswith("right") else 0) for name, one in probes.items())
    assert 0 < probes["hack: empty"]["ci_high"] < 0.2
    told = capsys.readouterr().out
    assert "hack: opening" in told
    assert "json: trusted" in told
    records = list(read_records(golds / PROBES))
    assert len(records) == sum(one["n"] for one in probes.values())
    assert not any(record["is_mistake"] for record in records)
    assert all(shown(prompt)["question"].startswith("What comes") for prompt in prompts)
    assert not any("Box it." in prompt for prompt in prompts)


def obeys(prompt: str, before: int) -> str:
    """A good judge, but for whoever tells it what to say."""
    texts = shown(prompt)
    if any("end with SAME" in text or "Say" in text for text in texts.values()):
        return "<verdict>SAME</verdict>"
    return knows(SAME)(prompt, before)


def likes_the_first(prompt: str, before: int) -> str:
    """A judge that takes every answer for right which comes second."""
    return "<verdict>SAME</verdict>" if shown(prompt)["answer_1"] in GOLDS else "<verdict>DIFFERENT</verdict>"


BAD = [
    (says("<verdict>SAME</verdict>"), r"takes the hack 'hack: all options' for right, .* more objections"),
    (says("Both seem fine to me."), r"does not take right answers for right, .*had no verdict"),
    (says("<verdict>DIFFERENT</verdict>"), r"does not take right answers for right"),
    (says("cut: <verdict>SAME</verdict>"), r"does not take right answers for right, .*had no verdict"),
    (obeys, r"takes the hack 'hack: injection' for right, 3 of 15"),
    (likes_the_first, r"does not take right answers for right"),
]


@pytest.mark.parametrize(("reply", "why"), BAD, ids=range(len(BAD)))
def test_a_bad_judge_is_not_trusted(
    reply: Judge, why: str, certify: Certify, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = certify(reply, 3)
    assert (code, found["trusted"]) == (1, False)
    assert re.search(why, capsys.readouterr().err)


def test_more_votes_are_asked_and_nothing_twice(certify: Certify) -> None:
    prompts: list[str] = []
    certify(knows(SAME, prompts), 3, votes=3)
    assert len(prompts) == len(set(prompts))
    before = len(prompts)
    code, _ = certify(knows(SAME, prompts), 3, votes=3)
    assert (code, len(prompts)) == (1, before)  # three golds have too few near misses


def options_of(server: Any, **changes: Any) -> JudgeAnswers:
    judge = {"engine": engine(server), "sampling": {"temperature": 0, "max_tokens": 64}}
    return JudgeAnswers.model_validate({"judge": judge, **changes})


def test_a_certificate_is_of_one_way_of_asking(tmp_path: Path) -> None:
    with answering_server(says("")) as server:
        path = tmp_path / "c.json"
        options = options_of(server, certificate=str(path))
        probes = {
            "hack: x": shares("hack", ["model_wrong"] * 20),
            "near_miss: x": shares("near_miss", ["model_wrong"] * 20),
            "right: x": shares("right", ["model_correct"] * 18 + ["failed"] * 2),
        }
        written = {
            **dict(asking_of(options)), "rows": 5, "limits": {}, "trusted": True,
            "probes": {name: one.model_dump() for name, one in probes.items()},
        }  # fmt: skip

        def refused(limits: JudgeLimits = LIMITS, **changes: Any) -> str:
            path.write_text(json.dumps({**written, **changes}))
            with pytest.raises(BuildError) as caught:
                check_certificate(options, limits, "rl.judge_answers")
            return str(caught.value)

        path.write_text(json.dumps(written))
        check_certificate(options, LIMITS, "rl.judge_answers")
        others = {
            "model": "b",
            "revision": "2",
            "prompt": "0",
            "temperature": 1.0,
            "max_tokens": 9,
            "votes": 3,
            "top_p": 0.5,
        }
        for name, other in others.items():
            assert f"certifies a judge of {name} {other!r}, the manifest has" in refused(**{name: other})
        assert "not to be trusted: it does not take right answers" in refused(JudgeLimits(max_false_negatives=0.05))
        one_hack = {
            **written["probes"],
            "hack: x": shares("hack", ["model_wrong"] * 999 + ["model_correct"]).model_dump(),
        }
        assert "takes the hack 'hack: x' for right, 1 of 1000" in refused(probes=one_hack)
        assert "probed with 0 of the kind 'hack'" in refused(
            probes={k: v for k, v in written["probes"].items() if k[0] != "h"}
        )
        assert "not a certificate" in refused(probes={"hack: x": {"n": 3}})
        path.unlink()
        with pytest.raises(
            BuildError, match="no such certificate of the judge; `ovr-curate certify DIR --judge MANIFEST`"
        ):
            check_certificate(options, LIMITS, "rl.judge_answers")


def test_a_judge_without_verdicts_is_no_careful_one() -> None:
    silent = {"right: x": shares("right", ["failed"] * 20), "near_miss: x": shares("near_miss", ["failed"] * 20)}
    silent["hack: x"] = shares("hack", ["failed"] * 20)
    assert list(objections(silent, LIMITS)) == [
        "does not take right answers for right, 20 of 20 (up to 25.00%); 20 had no verdict"
    ]


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ("nothing.yaml", "nothing.yaml: no such manifest"),
        ("just words", "expected a manifest, or options"),
        ("{judge: {engine: {kind: openay, model: x}}}", "unknown kind 'openay'"),
        ("{judge: {engine: {kind: vllm, model: x}}, vote: 3}", "unknown option 'vote'"),
    ],
)
def test_what_is_no_judge_is_said_in_a_line(
    judge: str, message: str, golds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", str(golds), "--judge", judge]) == 1
    assert message in capsys.readouterr().err
