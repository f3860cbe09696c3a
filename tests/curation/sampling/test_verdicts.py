"""Verdicts: judged once for a verifier, judged anew for another, never without the text they belong to."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.core.row import Message, Row
from curation.sampling.engines.base import Sample
from curation.sampling.rollouts import verdicts
from curation.sampling.rollouts.rollout import Rollout, Setting, rollout_id
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts

SETTING = Setting("model", "revision", "template", 1.0, 1.0)


def row(name: str = "a", answer: str = "7", **fields: Any) -> Row:
    return Row(id=name, source="test", source_id=name, prompt=(Message("user", name),), answer=answer, **fields)


def rollouts(*texts: str, prompt: str = "a", finish_reason: Any = "stop") -> list[Rollout]:
    samples = [Sample(number, text, finish_reason, 5, number) for number, text in enumerate(texts)]
    return [Rollout(prompt, prompt, SETTING, 8, sample, 3, 0.1) for sample in samples]


def judged(folder: Path, *rows: tuple[Row, list[Rollout]]) -> tuple[list[list[str]], int]:
    """The outcomes and how many responses had to be judged for them."""
    with VerdictStore(folder) as store:
        found = judge_rollouts(rows, store)
        return [[verdict.outcome for verdict in of_row] for of_row in found], store.n_judged


RESPONSES = rollouts(r"\boxed{7}", r"\boxed{8}", "seven", r"so \boxed{7.0}")
OUTCOMES = ["correct", "wrong", "no_answer", "correct"]


def test_what_was_judged_is_found_with_all_of_its_verdict(tmp_path: Path) -> None:
    with VerdictStore(tmp_path) as store:
        first = judge_rollouts([(row(), RESPONSES)], store)
        assert judge_rollouts([(row(), RESPONSES)], store) == first
        assert store.n_judged == 4
    with VerdictStore(tmp_path) as store:
        assert judge_rollouts([(row(), RESPONSES)], store) == first
        assert store.n_judged == 0
    assert [verdict.outcome for verdict in first[0]] == OUTCOMES
    assert [verdict.extracted for verdict in first[0]] == ["7", "8", None, "7.0"]


@pytest.mark.parametrize(
    ("now", "responses", "outcomes", "n_judged"),
    [
        (row(), RESPONSES, OUTCOMES, 0),
        (row(name="another id"), RESPONSES, OUTCOMES, 0),
        (row(answer="8"), RESPONSES, ["wrong", "correct", "no_answer", "wrong"], 4),
        (row(answer_kind="number"), RESPONSES, OUTCOMES, 4),
        (row(answer_options='{"evaluated": true}'), RESPONSES, OUTCOMES, 4),
        (row(), [*RESPONSES, *rollouts(r"\boxed{9}", prompt="b")], [*OUTCOMES, "wrong"], 1),
        (
            row(),
            [replace(r, sample=replace(r.sample, finish_reason="length")) for r in RESPONSES],
            ["truncated"] * 4,
            0,
        ),
        (row(), [replace(r, sample=replace(r.sample, text=r"\boxed{7}")) for r in RESPONSES], ["correct"] * 4, 3),
        (row(), [replace(r, setting=replace(SETTING, revision="2")) for r in RESPONSES], OUTCOMES, 4),
    ],
    ids=["same", "id", "gold", "kind", "options", "one more", "cut off", "other texts", "other model"],
)
def test_only_what_changed_is_judged(
    tmp_path: Path, now: Row, responses: list[Rollout], outcomes: list[str], n_judged: int
) -> None:
    assert judged(tmp_path, (row(), RESPONSES)) == ([OUTCOMES], 4)
    assert judged(tmp_path, (now, responses)) == ([outcomes], n_judged)


def test_another_version_of_the_reward_judges_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(tmp_path, (row(), RESPONSES))
    monkeypatch.setattr(verdicts, "rewards_version", lambda: "another")
    assert judged(tmp_path, (row(), RESPONSES)) == ([OUTCOMES], 4)


def test_rows_that_share_responses_are_told_apart(tmp_path: Path) -> None:
    pairs = [(row(answer=answer), RESPONSES[:2]) for answer in ("7", "8", "7")]
    assert judged(tmp_path, *pairs) == ([["correct", "wrong"], ["wrong", "correct"], ["correct", "wrong"]], 4)
    assert judged(tmp_path, (row(), [])) == ([[]], 0)
    assert judged(tmp_path) == ([], 0)


@pytest.mark.slow
def test_a_timeout_is_not_kept_but_not_repeated_within_a_run(tmp_path: Path) -> None:
    gold, answer = r"\int_0^1 x^x dx", r"\boxed{\int_0^1 y^y dy + 1}"
    slow = row(answer=gold, answer_options='{"timeout_s": 1e-6}')
    with VerdictStore(tmp_path) as store:
        for _ in range(2):
            ((verdict,),) = judge_rollouts([(slow, rollouts(answer))], store)
            assert verdict.outcome == "timeout"
        assert store.n_judged == 1
    assert judged(tmp_path, (slow, rollouts(answer))) == ([["timeout"]], 1)


def test_long_answers_are_cut_alike_when_judged_and_when_found(tmp_path: Path) -> None:
    long = rollouts(r"\boxed{" + "7" * 9_000 + "}")
    with VerdictStore(tmp_path) as store:
        fresh, held = (judge_rollouts([(row(), long)], store) for _ in range(2))
    assert fresh == held
    assert fresh[0][0].extracted == "7" * 2_000


def test_duckdb_joins_responses_and_verdicts(tmp_path: Path) -> None:
    import duckdb

    with RolloutStore(tmp_path) as store:
        store.append(RESPONSES)
    judged(tmp_path / "verdicts", (row(), RESPONSES))
    found = duckdb.sql(
        f"SELECT number, outcome, gold FROM '{tmp_path}/*.parquet'"
        f" JOIN '{tmp_path}/verdicts/*.parquet' USING (rollout, prompt, model, revision) ORDER BY number"
    ).fetchall()
    assert found == [(number, outcome, "7") for number, outcome in enumerate(OUTCOMES)]


def test_a_rollout_is_named_by_its_draw_and_its_text() -> None:
    one = RESPONSES[0]
    others = [
        replace(one, prompt="b"),
        replace(one, max_tokens=9),
        replace(one, setting=replace(SETTING, temperature=0.5)),
        replace(one, sample=replace(one.sample, number=3)),
        replace(one, sample=replace(one.sample, text="other")),
    ]
    assert len({rollout_id(rollout) for rollout in [one, *others]}) == 6
    assert rollout_id(replace(one, prompt_id="other", seconds=2.0)) == rollout_id(one)


@pytest.mark.slow
def test_a_changed_kind_of_another_module_is_another_verifier(tmp_path: Path) -> None:
    """In processes of their own, as builds are; a kind of ours does not depend on it."""
    module, code = (
        tmp_path / "my_kind.py",
        "import my_kind; from curation.sampling.rollouts.verdicts import verifier_id as of; ",
    )
    code += "from curation.core.row import make_row as row; "
    code += 'print(*(of(row(source="s", source_id="1", question="q", answer_kind=kind)) for kind in ("mine", "text")))'
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])

    def verifiers(body: str) -> list[str]:
        module.write_text(
            "from typing import Literal\nfrom rewards import Kind\n\n\nclass Mine(Kind):\n"
            f'    kind: Literal["mine"] = "mine"\n\n    def against(self, gold):\n        {body}\n'
        )
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        ).stdout.split()

    before, after = verifiers("return None"), verifiers("raise NotImplementedError")
    assert before[0] != after[0]
    assert before[1] == after[1]
