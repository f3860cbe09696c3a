"""Losses of traces: what a model's scores are, where the cuts are, what the stage leaves."""

import functools
import json
import math
import operator
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from curation.build.control.known_loss import KnownLoss
from curation.cold_start.loss import score_rows
from curation.cold_start.loss import stage as loss_stage
from curation.cold_start.loss.cuts import find_cuts
from curation.cold_start.loss.encode import Encoder
from curation.cold_start.loss.options import LossOptions
from curation.cold_start.loss.score_rows import LossReader, measure
from curation.cold_start.loss.scorers.base import Encoded, TokenScores
from curation.cold_start.loss.scorers.transformers import TransformersScorer, TransformersSession, batches
from curation.cold_start.loss.scores import Sums, sums, trace_scores
from curation.cold_start.loss.stage import LossStage
from curation.core.errors import SamplingError
from curation.core.parquet import read_records
from curation.core.row import Message, Row, make_row
from curation.core.rows import Rows
from tests.curation.conftest import Write, run
from tests.curation.sampling.models import tokenizer
from tests.curation.stages import decided_by, decisions, left_by, run_of, shared, stored

QUESTION = (Message("user", "What is 3 + 4?"),)
TRACE = "<think>\nThe answer is 3 + 4.\n</think>\n\n\\boxed{7}"
TEMPLATE = "{question} The answer is"


def options(lm: Path | str, **more: Any) -> LossOptions:
    scorer = {"kind": "transformers", "model": str(lm), "batch_tokens": 256}
    return LossOptions.model_validate({"scorer": scorer, "max_length": 128, "min_rows": 10, "min_tokens": 1, **more})


def rows_of(n: int, **fields: Any) -> list[Row]:
    return [
        make_row(
            source="s", source_id=str(i), question=f"What is {i} + 4?", answer=str(i + 4), domain="mathematics",
            completion=f"<think>\nWhat is {i} + 4? The answer is {i + 4}.\n</think>\n\n\\boxed{{{i + 4}}}", **fields,
        )
        for i in range(n)
    ]  # fmt: skip


# ---- scorers -----------------------------------------------------------------------------------------------------------------------------


def bare(model: Any, ids: list[int]) -> tuple[list[float], list[int]]:
    """The whole forward pass of one text: -log p and rank of every token but the first."""
    import torch

    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
    targets = torch.tensor(ids[1:])
    nll = -logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
    order = logits.argsort(-1, descending=True)
    return nll.tolist(), ((order == targets[:, None]).int().argmax(1) + 1).tolist()


@pytest.mark.parametrize("at_once", [1, 7, 1000], ids=lambda n: f"{n} positions")
def test_scores_are_those_of_the_whole_forward_pass(lm: Path, at_once: int) -> None:
    """Whatever else is in the batch, and however many positions go through the head at a time."""
    with TransformersScorer(model=str(lm), batch_tokens=200).open(128) as session:
        session._slice = at_once
        encoder = Encoder(session.tokenizer, 128, "{question}")
        texts = [encoder.encode(QUESTION, TRACE * n) for n in (1, 3, 2)]
        batch = [text for text in texts if text is not None]
        found = dict(session.score(batch))
        for number, text in enumerate(batch):
            nll, rank = bare(session.model, text.ids)
            places = text.scored - 1
            assert np.allclose(found[number].nll, np.array(nll)[places], atol=1e-4)
            assert found[number].rank.tolist() == np.array(rank)[places].tolist()


def test_a_head_that_caps_its_logits_is_not_taken_for_a_projection(tmp_path: Path) -> None:
    import torch
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    tokens = tokenizer()
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "head_dim": 16,
    }
    config = Gemma2Config(
        vocab_size=len(tokens), num_key_value_heads=1, final_logit_softcapping=0.5, initializer_range=0.5, **sizes
    )
    session = TransformersSession(Gemma2ForCausalLM(config).eval(), tokens, 256)
    text = Encoder(tokens, 128, "{question}").encode(QUESTION, TRACE)
    assert text is not None
    ((_, found),) = session.score([text])
    assert np.allclose(found.nll, np.array(bare(session.model, text.ids)[0])[text.scored - 1], atol=1e-4)


def test_batches_hold_a_budget_of_padded_tokens_and_every_text_once() -> None:
    lengths = [5, 900, 7, 7, 300, 6, 1]
    found = list(batches(lengths, 20))
    assert sorted(functools.reduce(operator.iadd, found, [])) == list(range(7))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 20 for batch in found)
    assert found[0] == [1]


def test_a_model_that_takes_less_is_one_clear_line(lm: Path) -> None:
    with pytest.raises(SamplingError, match="takes 512 tokens, expected max_length 4096 or more"):
        TransformersScorer(model=str(lm)).open(4096).__enter__()


# ---- texts -------------------------------------------------------------------------------------------------------------------------------


def text_of(encoder_tokens: Any, text: Encoded, start: int, end: int | None = None) -> str:
    return str(encoder_tokens.decode(text.ids[start:end]))


def test_a_trace_is_read_behind_its_prompt_whole() -> None:
    tokens = tokenizer()
    text = Encoder(tokens, 128, TEMPLATE).encode(QUESTION, TRACE)
    assert text is not None
    assert (
        text_of(tokens, text, 0, text.response)
        == "<|im_start|>user\nWhat is 3 + 4? The answer is<|im_end|>\n<|im_start|>assistant\n"
    )
    assert text_of(tokens, text, text.response) == TRACE
    assert text_of(tokens, text, *text.question).strip() == "What is 3 + 4?"
    assert text_of(tokens, text, text.response + text.reasoning).startswith("The answer is 3 + 4.")
    alone = Encoder(tokens, 128, TEMPLATE).alone(text, QUESTION, TRACE)
    assert text_of(tokens, alone, 0).startswith("<|im_start|>user\n The answer is<|im_end|>")
    assert alone.ids[alone.response :] == text.ids[text.response :]


@pytest.mark.parametrize(
    ("template", "response", "expected"),
    [
        (None, TRACE, f"What is 3 + 4?\n\n{TRACE}"),
        ("{{ messages[-1].content }}<think>", TRACE, f"What is 3 + 4?{TRACE}"),
        ("{{ messages[-1].content }}<think>", "3 + 4</think>7", "What is 3 + 4?<think>3 + 4</think>7"),
        ("{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}|", TRACE, f"What is 3 + 4?|{TRACE}"),
    ],
    ids=["no chat template", "opens the reasoning", "opens what the response does not", "removes reasoning"],
)
def test_every_chat_template_keeps_the_trace(template: str | None, response: str, expected: str) -> None:
    tokens = tokenizer()
    tokens.chat_template = template
    text = Encoder(tokens, 128, "{question}").encode(QUESTION, response)
    assert text is not None
    assert tokens.decode(text.ids) == expected


def test_what_does_not_fit_is_cut_and_counted() -> None:
    tokens = tokenizer()
    whole, cut = (Encoder(tokens, length, "{question}").encode(QUESTION, TRACE) for length in (128, 32))
    assert whole is not None
    assert cut is not None
    assert (len(cut.ids), cut.n_tokens) == (32, whole.n_tokens)
    assert Encoder(tokens, 16, "{question}").encode(QUESTION, TRACE) is None


# ---- scores ------------------------------------------------------------------------------------------------------------------------------


def test_scores_equal_hand_counts() -> None:
    """Two tokens of a question, four of a response whose reasoning begins at the second; arXiv 2601.14249 clips ranks at 100."""
    text = Encoded([0] * 7, (1, 3), 3, 1, 9)
    nll = np.array([1, 3, 2, 4, 0.5, 0.5], np.float32)
    whole = sums(text, TokenScores(nll, np.array([1, 1, 2, 500, 1, 1])), 0.5)
    alone = Sums(9, n_first=4, first_nll=10.0)
    scores = trace_scores(whole, alone)
    assert scores.loss == pytest.approx(7 / 4)
    assert scores.prompt_loss == pytest.approx(2.0)
    assert scores.early_loss == pytest.approx(5 / 3)
    assert scores.rsr == pytest.approx((2 + 100 + 1 + 1) / 7)
    assert scores.pairing_gain == pytest.approx(10 / 4 - 7 / 4)


@pytest.mark.parametrize(
    "whole", [Sums(5), Sums(5, n_scored=2, nll=math.nan, rank=2), Sums(5, n_scored=1, nll=math.inf, rank=1)]
)
def test_what_has_no_loss_is_no_number(whole: Sums) -> None:
    assert math.isnan(trace_scores(whole, None).loss)


# ---- cuts --------------------------------------------------------------------------------------------------------------------------------


def cut_of(
    values: list[float], *, domain: list[int] | None = None, n_tokens: list[int] | None = None, **cut: Any
) -> Any:
    at = np.array(domain or [0] * len(values))
    lengths = np.array(n_tokens or [100] * len(values))
    only = {"loss": cut or {"kind": "mad", "k": 3}, "pairing_gain": None}
    return find_cuts({"loss": np.array(values, np.float32)}, ["a", "b"], at, lengths, options("m", cut=only))


SPREAD = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9]


@pytest.mark.parametrize(
    ("values", "cut", "beyond", "why"),
    [
        ([*SPREAD, 9.0], {"k": 3}, [10], ""),
        ([*SPREAD, 9.0, 9.0, 9.0], {"k": 3}, [10, 11, 12], ""),
        ([*SPREAD, -9.0], {"k": 3}, [], ""),
        ([*SPREAD, -9.0], {"k": 3, "side": "low"}, [10], ""),
        ([*SPREAD, -9.0, 9.0], {"k": 3, "side": "both"}, [10, 11], ""),
        ([*SPREAD, 9.0], {"kind": "quantile", "q": 0.95}, [10], ""),
        ([*SPREAD, math.nan], {"k": 3}, [], ""),
        ([1.0] * 11 + [9.0], {"k": 3}, [], "no spread: most rows have one score"),
        ([1.0] * 11 + [9.0], {"kind": "quantile", "q": 0.95}, [11], ""),
        ([1.0, 1.1, 9.0], {"kind": "value", "at": 2}, [2], ""),
        ([1.0, 1.1, 9.0], {"kind": "value", "at": 1.05, "side": "low"}, [0], ""),
        ([1.0, 1.1, 9.0], {"k": 3}, [], "fewer rows than min_rows"),
        ([math.nan] * 12, {"k": 3}, [], None),
    ],
)
def test_cuts_are_robust_and_say_where_there_is_none(
    values: list[float], cut: dict[str, Any], beyond: list[int], why: str | None
) -> None:
    found = cut_of(values, **cut)
    assert np.flatnonzero(found.beyond["loss"]).tolist() == beyond
    assert [group.why for group in found.groups] == ([] if why is None else [why])


def test_groups_are_bands_of_domains_and_wider_where_rows_are_few() -> None:
    """Ten short rows of domain a, three long ones of it, two of domain b: the long ones are compared within a, those of b among all."""
    values = [*SPREAD, 1.5, 1.5, 30.0, 1.5, 40.0]
    found = cut_of(values, domain=[0] * 13 + [1] * 2, n_tokens=[100] * 10 + [500] * 3 + [100] * 2, kind="mad", k=5)
    groups = [(one.domain, one.band, one.n, one.n_basis, one.n_above) for one in found.groups]
    assert groups == [("a", "0-256", 10, 10, 0), ("a", "any", 3, 13, 1), ("any", "any", 2, 15, 1)]
    assert np.flatnonzero(found.beyond["loss"]).tolist() == [12, 14]


@pytest.mark.parametrize(
    ("options_", "message"),
    [
        ({"cut": {"loss": {"kind": "quantile", "k": 3}}}, "got `k` with kind 'quantile'"),
        ({"cut": {"loss": {"q": 0.9}}}, "got `q` with kind 'mad'"),
        ({"cut": {"loss": {"kind": "value", "q": 0.9}}}, "got `q` with kind 'value'"),
        ({"cut": {"loss": {"kind": "value", "side": "both"}}}, "expected high or low"),
        ({"bands": [1024, 256]}, "expected ascending lengths"),
        ({"scorer": {"kind": "transformer", "model": "m"}}, "unknown kind 'transformer'; known: transformers, vllm"),
    ],
)
def test_a_wrong_option_is_refused(options_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        options("m", **options_)


# ---- the stage ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Sixty alike, one of another kind, and one whose prompt fills all."""
    alike = rows_of(60)
    other = make_row(
        source="s",
        source_id="odd",
        question="What is 3 + 4?",
        completion="ÿÿþþ ßßøø ðð ÿÿþþ ßßøø ðð",
        domain="mathematics",
    )
    long = make_row(
        source="s", source_id="long", question="picture " * 200, completion="\\boxed{7}", domain="mathematics"
    )
    return stored([[*alike, other, long]], tmp_path / "rows")


def stage(lm: Path, **more: Any) -> LossStage:
    return LossStage(options=options(lm, **more), template="{question}")


def test_rows_beyond_a_cut_drop_into_the_quarantine_beside_their_neighbours(
    lm: Path, rows: Rows, tmp_path: Path
) -> None:
    """The model is random, so what it finds abnormal is told by quantiles and compared with its own scores."""
    cut = {"loss": {"kind": "quantile", "q": 0.9}, "pairing_gain": None}
    found = decisions(stage(lm, cut=cut), rows, tmp_path / "stage")
    losses = measure(rows, options(lm, cut=cut), "{question}", tmp_path / "again").scores["loss"]
    limit = np.nanquantile(losses, 0.9)
    assert [one.action != "keep" for one in found] == [bool(loss > limit) for loss in losses]
    assert {one.reason for one in found} == {"", "loss_above_cut"}
    assert all(one.columns["loss"] == pytest.approx(losses[i]) for i, one in enumerate(found) if "loss" in one.columns)
    assert found[-1].note == "no loss: the prompt takes the 128 tokens that are read"
    assert found[-1].columns == {"n_tokens": len(tokenizer()("\\boxed{7}")["input_ids"])}

    lines = list(read_records(tmp_path / "stage" / "loss_quarantine.parquet"))
    assert [line["source_id"] for line in lines] == [
        str(i) if i < 60 else "odd" for i, one in enumerate(found) if one.reason
    ]
    kept = sorted((float(loss) for loss in losses if loss <= limit), reverse=True)
    assert all([one["value"] for one in line["neighbours"]] == pytest.approx(kept[:3]) for line in lines)
    assert all(line["value"] == line["loss"] > line["cut"] for line in lines)

    table = json.loads((tmp_path / "stage" / "loss.json").read_text())
    assert table["without_loss"] == {"no_room": 1, "not_finite": 0}
    assert table["dropped"] == {"loss": len(lines)}
    assert [group["n_above"] for group in table["groups"]] == [len(lines)]
    assert (tmp_path / "stage" / "loss.png").read_bytes()[:4] == b"\x89PNG"


def test_a_response_of_few_tokens_is_scored_and_not_compared(lm: Path, rows: Rows, tmp_path: Path) -> None:
    found = decisions(stage(lm, min_tokens=1000, cut={"loss": {"kind": "value", "at": 0}}), rows, tmp_path / "stage")
    assert {one.action for one in found} == {"keep"}
    assert all("loss" in one.columns for one in found[:-1])
    assert json.loads((tmp_path / "stage" / "loss.json").read_text())["too_short_to_compare"] == 61


def test_nothing_is_read_twice(lm: Path, rows: Rows, tmp_path: Path) -> None:
    """Another run, other cuts, a killed run and rows that came since read only what was never read."""
    records = list(rows.records(["prompt", "completion"]))
    with LossReader(options(lm), "{question}", tmp_path) as first:
        read = list(first.read(records))
    assert first.progress.found == 0
    assert first.progress.tokens > 1000
    with LossReader(options(lm, cut={"pairing_gain": {"k": 9}}), "{question}", tmp_path) as again:
        assert list(again.read(records)) == read
    assert (again.progress.found, again.progress.tokens, again._session) == (62, 0, None)
    with LossReader(options(lm, max_length=120), "{question}", tmp_path) as shorter:
        list(shorter.read(records))
    assert shorter.progress.found == 0


def test_engines_that_share_the_reading_leave_nothing_to_read(
    lm: Path, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (loss_stage, score_rows):
        monkeypatch.setattr(module, "WINDOW", 16)
    alone, together = (run_of(rows, tmp_path / folder / "loss") for folder in ("alone", "together"))
    decided_by(stage(lm), alone)
    assert shared(stage(lm), together) == [4]
    monkeypatch.setattr(TransformersScorer, "open", None)
    decided_by(stage(lm), together)
    assert left_by(together) == left_by(alone)


def test_what_was_read_before_a_failure_is_kept(
    lm: Path, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = list(rows.records(["prompt", "completion"]))
    score = TransformersSession.score

    def failing(self: TransformersSession, batch: list[Encoded]) -> Iterator[tuple[int, TokenScores]]:
        for count, one in enumerate(score(self, batch)):
            if count == 50:
                raise SamplingError("the machine is gone")
            yield one

    monkeypatch.setattr(TransformersSession, "score", failing)
    with pytest.raises(SamplingError, match="gone"), LossReader(options(lm), "{question}", tmp_path) as reader:
        list(reader.read(records))
    monkeypatch.setattr(TransformersSession, "score", score)
    with (
        LossReader(options(lm), "{question}", tmp_path) as rest,
        LossReader(options(lm), "{question}", tmp_path / "b") as whole,
    ):
        found = [one.nll for one, _ in rest.read(records)]
        assert found == pytest.approx([one.nll for one, _ in whole.read(records)], rel=1e-4)
    assert rest.progress.tokens < whole.progress.tokens


def test_a_dry_run_tells_tokens_and_time(lm: Path, rows: Rows, tmp_path: Path) -> None:
    context = run_of(rows, tmp_path / "stage")
    unknown = stage(lm).cost(context, None)
    assert not unknown.is_known
    assert unknown.line(None).startswith("62 rows, about ")
    known = stage(lm).cost(context, 20)
    assert known.is_known
    assert 0 < known.tokens_to_come < known.tokens == unknown.tokens
    decisions(stage(lm), rows, tmp_path / "stage")
    done = stage(lm).cost(context, None)
    assert (done.tokens_to_come, done.tokens) == (0, unknown.tokens)


def test_a_control_has_the_fates_of_the_build_and_reads_nothing(lm: Path, rows: Rows, tmp_path: Path) -> None:
    """Rows that the build had dropped before, first here, stay without scores."""
    cut = {"loss": {"kind": "quantile", "q": 0.9}, "pairing_gain": None}
    made = run_of(rows, tmp_path / "loss")
    for step in stage(lm, cut=cut).steps(made):
        list(step.run(None))
    found = decisions(stage(lm, cut=cut), rows, tmp_path / "again")
    wider = stored([[replace(row, source="other") for row in rows_of(3)], list(rows)], tmp_path / "others")
    known = KnownLoss(fingerprint="f", measured=rows.files, folder=made.folder)
    fates = decisions(known, wider, tmp_path / "known")
    assert [one.columns for one in fates[:3]] == [{}] * 3
    assert [one.action for one in fates[3:]] == [one.action for one in found]
    assert [one.columns.get("loss") for one in fates[3:]] == pytest.approx([one.columns.get("loss") for one in found])


def test_a_build_fills_the_columns_and_publishes_what_it_cut(lm: Path, write_manifest: Write, tmp_path: Path) -> None:
    puzzles = {"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": [1, 2], "count": 40}
    loss = {
        **options(lm, max_length=500).model_dump(mode="json"),
        "cut": {"loss": {"kind": "quantile", "q": 0.9}, "pairing_gain": {"kind": "mad", "k": 9}},
    }
    manifest = write_manifest({"seed": 5, "cold_start": {"sources": [puzzles], "loss": loss}})
    run(manifest, tmp_path / "out")
    (shard,) = (tmp_path / "out" / "data" / "cold_start").glob("*.parquet")
    table = pq.read_table(shard)
    assert all(
        table[name].null_count == 0 for name in ("loss", "rsr", "n_tokens", "prompt_loss", "early_loss", "pairing_gain")
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())["configs"]["cold_start"]
    lines = pq.read_table(tmp_path / "out" / "loss_quarantine.parquet").to_pylist()
    assert summary["loss"]["dropped"] == {"loss": len(lines), "pairing_gain": 0}
    assert len(lines) > 0
    assert summary["loss"]["rows"] == len(table) + len(lines)
    assert {line["config"] for line in lines} == {"cold_start"}
    assert json.loads((tmp_path / "out" / "loss.json").read_text()) == summary["loss"]
    assert (tmp_path / "out" / "loss.png").stat().st_size > 10_000
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["balanced"]
