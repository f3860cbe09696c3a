"""Rows without a right sample are told apart: a wrong gold, a judge that cannot read, samples that were cut off, a hard question."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import rewards
from curation.core.parquet import read_records
from curation.difficulty.triage.evidence import SUSPECTS_FILE
from curation.difficulty.triage.marks import Triage
from curation.difficulty.triage.residue import last_words
from curation.difficulty.triage.stage import TABLE, ZERO_PASS
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions
from rewards.verdict import NOT_READ
from tests.curation.difficulty.test_triage import row
from tests.curation.difficulty.test_triage_step import ScriptedPassRate, measured, triage
from tests.curation.sampling.models import Scripted

SAMPLES: dict[str, Callable[[int], tuple[str, str]]] = {
    "wrong_gold": lambda n: (r"\boxed{9}", "stop"),
    "hard": lambda n: (rf"\boxed{{{100 + n}}}", "stop"),
    "words": lambda n: (r"\boxed{seven or eight}", "stop"),
    "boxless": lambda n: ("<think>3 + 4</think>We add.\nThe answer is **7**.", "stop"),
    "chatty": lambda n: ("It is seven.\nThe answer is **7**.\nLet me know if you have questions!", "stop"),
    "silent": lambda n: ("", "stop"),
    "different": lambda n: (f"Perhaps {n}, perhaps not.", "stop"),
    "two_alike": lambda n: (r"\boxed{about a dozen}" if n < 2 else rf"\boxed{{{20 + n}}}", "stop"),
    "cut": lambda n: ("7 7 7", "length"),
    "half_cut": lambda n: ("7", "length") if n < 4 else (rf"\boxed{{{100 + n}}}", "stop"),
    "few_left": lambda n: ("7", "length") if n < 3 else (r"\boxed{some}", "stop"),
}
EXPECTED = {
    "wrong_gold": "suspect_gold", "hard": "hard", "words": "unread_answer", "boxless": "unread_answer", "chatty": "unread_answer", "silent": "no_answer",
    "different": "no_answer", "two_alike": "hard", "cut": "truncated", "half_cut": "hard", "few_left": "unread_answer",
    "no_gold": "unjudged",
}  # fmt: skip


@pytest.fixture
def after(tmp_path: Path, scripted: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Triage under some options: id -> decision."""

    def script(key: str, number: int) -> tuple[str, str]:
        name = key.partition("-")[2]
        if name in SAMPLES:
            return SAMPLES[name](number)
        return rf"\boxed{{{7 if number or int(key[3:5]) % 2 else 8}}}", "stop"

    def run(options: Triage | None = None, **fields: Any) -> dict[str, Any]:
        plain = [row(f"row{i:02}", answer_kind="number") for i in range(100)]
        odd = [row(f"row{i}-{name}", answer_kind="number") for i, name in enumerate(SAMPLES, 10)]
        nobody = row("row99-no_gold", answer="")
        difficulty = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64), **fields)
        with_difficulty = measured([[*plain, *odd, nobody]], difficulty, tmp_path)
        ids = [record["id"] for record in with_difficulty.records(["id"])]
        decisions = dict(zip(ids, triage(with_difficulty, options or Triage(), difficulty, tmp_path), strict=True))
        return {key.partition("-")[2] or key: decision for key, decision in decisions.items()}

    return run


def test_each_is_dropped_under_what_it_is_and_counted(after: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    decisions = after()
    assert {name: decisions[name].reason for name in EXPECTED} == EXPECTED
    assert "'seven or eight': not one number" in decisions["words"].detail
    assert "'**7**.': no complete box after the thinking" in decisions["boxless"].detail
    assert "5 of 5 samples end in one text" in decisions["few_left"].detail
    counts = json.loads((tmp_path / "triage" / TABLE).read_text())["zero_pass"]
    assert counts == {
        "test": {
            "rows": 12, "suspect_gold": 1, "hard": 3, "unread_answer": 4, "no_answer": 2, "truncated": 1, "unjudged": 1
        }
    }  # fmt: skip
    assert sum(counts["test"].get(name, 0) for name in ZERO_PASS) == counts["test"]["rows"]


def test_what_the_judge_cannot_read_is_in_the_evidence(after: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    after()
    lines = {line["id"].partition("-")[2]: line for line in read_records(tmp_path / "triage" / SUSPECTS_FILE)}
    assert {name: line["mark"] for name, line in lines.items()} == {
        name: mark for name, mark in EXPECTED.items() if mark in ("suspect_gold", "unread_answer")
    }
    words = lines["words"]
    assert (words["agreed_answer"], words["n_agreed"], words["judge"]) == ("seven or eight", 8, "not one number")
    assert words["responses"] == [r"\boxed{seven or eight}"] * 2
    assert len(words["rollouts"]) == 8


def test_hard_rows_can_be_kept_with_their_reason(after: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    decisions = after(Triage(keep=("hard",)))
    kept = {name for name in EXPECTED if decisions[name].action == "keep"}
    assert kept == {name for name, mark in EXPECTED.items() if mark == "hard"}
    assert decisions["hard"].note == "0 of 8 correct; hard: no two samples agree on an answer"
    assert json.loads((tmp_path / "triage" / TABLE).read_text())["zero_pass"]["test"]["hard_kept"] == len(kept)


def test_without_a_bound_what_is_left_is_kept_and_noted(after: Callable[..., dict[str, Any]]) -> None:
    decisions = after(min_pass_rate=None)
    assert decisions["words"].action == decisions["hard"].action == "keep"
    assert decisions["words"].note.startswith("unread_answer: 8 of 8 samples end in one text")
    assert decisions["wrong_gold"].reason == "suspect_gold"


def test_what_some_sample_solves_below_the_bound_is_infeasible(after: Callable[..., dict[str, Any]]) -> None:
    decisions = after(min_pass_rate=0.9, max_pass_rate=None)
    assert decisions["row00"].reason == "infeasible"
    assert decisions["hard"].reason == "hard"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ["hard"], "drop": ["hard"]}, "'hard' stands in `keep` and in `drop`"),
        ({"keep": ["suspect_gold"]}, "Input should be 'hard'"),
        ({"drop": ["image_idle"]}, "'image_idle' without `images`"),
        ({"images": ["blank", "blank"]}, "expected each variant once"),
        ({"images": ["blurred"]}, "Input should be 'blank' or 'swapped'"),
    ],
)
def test_options_that_make_no_sense_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Triage.model_validate(options)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ("<think>The answer is 3.</think>\nSo:\n  the final answer is: 5 apples ", "5 apples"),
        ("So 5.\nThe result is 7.\nI hope this helps!", "7."),
        ("[THINK]It is 8.[/THINK]nine", "nine"),
        ("所以答案是：见图", "见图"),
        ("One line\n\nanother line\n", "another line"),
        ("", ""),
        ("<think>no end", "<think>no end"),
    ],
)
def test_where_a_response_without_a_box_answers(response: str, text: str) -> None:
    assert last_words(response) == text


CHOICE = {"answer_kind": "choice", "answer_options": json.dumps({"choices": ["cat", "dog", "emu", "fox"]})}
CHOICES = {"answer_kind": "choices", "answer_options": CHOICE["answer_options"]}
NAMES = {"answer_kind": "assignment"}


@pytest.mark.parametrize(
    ("gold", "fields", "said", "reason"),
    [
        ("A", CHOICE, "horse", "unread_answer"),
        ("A", CHOICE, "B", "suspect_gold"),
        ("A, C", CHOICES, "the first and the third", "unread_answer"),
        ("A, C", CHOICES, "A, B", "suspect_gold"),
        ('{"Zoey": "knave"}', NAMES, "she lies always", "unread_answer"),
        ("[0, 0, 1, 1]", {"answer_kind": "boxes"}, "in the corner", "unread_answer"),
        (r"e^{\pi}", {}, r"e^{\pi}+10^{-5000}", "unread_answer"),
        ("5", {}, r"5 \star 3", "unread_answer"),
        ("5", {}, r"\text{no solution}", "suspect_gold"),
    ],
)
def test_every_kind_says_what_it_cannot_read(
    gold: str, fields: dict[str, Any], said: str, reason: str, tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        return (rf"\boxed{{{said}}}" if key == "odd" else rf"\boxed{{{gold if number else 'A, B, C'}}}"), "stop"

    rows = [row(f"row{i}", answer=gold, **fields) for i in range(60)] + [row("odd", answer=gold, **fields)]
    difficulty = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64))
    *_, odd = triage(measured([rows], difficulty, tmp_path), Triage(), difficulty, tmp_path)
    assert (odd.action, odd.reason) == ("dropped", reason)
    *_, line = read_records(tmp_path / "triage" / SUSPECTS_FILE)
    assert (line["id"], line["mark"], line["agreed_answer"]) == ("odd", reason, said)


def test_ledger_and_summary_agree_on_what_was_not_judged(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        return (rf"\boxed{{e^{{\pi}}+10^{{-{5000 + number}}}}}" if number < 5 else rf"\boxed{{{100 + number}}}"), "stop"

    difficulty = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64))
    rows = measured([[row("a", answer=r"e^{\pi}")]], difficulty, tmp_path)
    (decision,) = triage(rows, Triage(), difficulty, tmp_path)
    assert decision.reason == "unjudged"
    counts = json.loads((tmp_path / "triage" / TABLE).read_text())["zero_pass"]
    assert counts == {"test": {"rows": 1, "unjudged": 1}}


@pytest.mark.parametrize("n_before", [0, 3, 7])
def test_what_a_prompt_gave_before_it_was_refused_counts_nowhere(tmp_path: Path, n_before: int) -> None:
    """It is chance how much of it is in the store when the engine dies of the prompt."""

    class Dying(Scripted):
        @contextmanager
        def open(self) -> Iterator[Any]:
            yield self

        def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
            for request in requests:
                for number in request.sample_numbers[: n_before if request.key == "bad" else None]:
                    text = rf"\boxed{{{9 if request.key == 'bad' else 7 if number else 8}}}"
                    yield Response(request.key, (Sample(number, text, "stop", 5, number),), 3)
                if request.key == "bad":
                    yield Response(request.key, (), 0, refused="engine_died")

    rows = [row(f"row{i}") for i in range(40)] + [row("bad")]
    difficulty = ScriptedPassRate(sampler=Dying(script=None, log=[]), n=8, sampling=SamplingOptions(max_tokens=64))
    with_difficulty = measured([rows], difficulty, tmp_path)
    *_, bad = triage(with_difficulty, Triage(), difficulty, tmp_path)
    *_, last = with_difficulty
    assert last.difficulty is not None
    assert (last.difficulty.n_refused, last.difficulty.n_unjudged, last.difficulty.n_judged) == (8, 8, 0)
    assert (bad.reason, bad.detail) == ("unjudged", "0 of 0 correct")
    assert list(read_records(tmp_path / "triage" / SUSPECTS_FILE)) == []
    stored = [line for path in (tmp_path / "rollouts").glob("*.parquet") for line in read_records(path)]
    assert sum(line["prompt_id"] == "bad" for line in stored) == n_before


def test_a_phrase_that_many_rows_end_in_is_no_answer(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    rows = [row(f"row{i}", answer=str(i)) for i in range(4)] + [row("alone", answer="7")]
    told = {"alone": "It is seven."}
    engine = scripted(lambda key, number: (f"{number}\n{told.get(key, 'Let me know!')}", "stop"))
    difficulty = ScriptedPassRate(sampler=engine, n=8, sampling=SamplingOptions(max_tokens=64))
    decisions = triage(measured([rows], difficulty, tmp_path), Triage(), difficulty, tmp_path)
    assert [one.reason for one in decisions] == ["no_answer"] * 4 + ["unread_answer"]


def test_the_details_that_say_so_are_those_of_the_kinds() -> None:
    folder = Path(rewards.__file__).parent / "kinds"
    code = "".join(path.read_text() for path in folder.glob("*.py")).replace("no {self.kind}", "no boxes no points")
    assert [detail for detail in NOT_READ if detail.removeprefix("the answer is ") not in code] == []
