"""The vLLM engine, real and in-process, on a tiny Qwen2.5-VL: same prompts as training, reproducible samples."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from curation.cold_start.loss.encode import Encoder
from curation.cold_start.loss.scorers.transformers import TransformersSession
from curation.cold_start.loss.scorers.vllm import VllmScorerSession
from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.engines.supervised import SupervisedSession
from curation.sampling.engines.transformers import Transformers
from curation.sampling.engines.vllm import Vllm, VllmSession
from tests.curation.sampling.answers import answers
from tests.curation.sampling.conftest import Adapter
from tests.curation.sampling.models import trainers_prompt

pytestmark = pytest.mark.slow

OPTIONS = SamplingOptions(max_tokens=12)
GREEDY = SamplingOptions(temperature=0, max_tokens=12)


def test_the_token_prompt_is_the_trainers(
    vllm_session: VllmSession, vlm: Path, requests: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What vLLM really sampled from."""
    from transformers import AutoProcessor

    seen: dict[int, list[int]] = {}
    engine = vllm_session.llm.llm_engine
    step = engine.step

    def look() -> list[Any]:
        outputs: list[Any] = step()
        seen.update({int(output.request_id): list(output.prompt_token_ids) for output in outputs})
        return outputs

    monkeypatch.setattr(engine, "step", look)
    answers(vllm_session, requests, OPTIONS)
    processor = AutoProcessor.from_pretrained(vlm)
    assert [seen[number] for number in sorted(seen)] == [trainers_prompt(processor, request) for request in requests]


def greedy_texts(responses: list[Response]) -> list[tuple[int, str, str, int]]:
    """vLLM leaves out a character that the limit cut in two."""
    return [
        (response.prompt_tokens, sample.text.rstrip("\ufffd"), sample.finish_reason, sample.n_tokens)
        for response in responses
        for sample in response.samples
    ]


def greedily(model: Path, requests: list[Request]) -> list[tuple[int, str, str, int]]:
    """What transformers says."""
    with Transformers(model=str(model)).load() as session:
        return greedy_texts(answers(session, requests, GREEDY))


def test_greedy_responses_are_those_of_transformers(
    vllm_session: VllmSession, vlm: Path, requests: list[Request]
) -> None:
    assert greedy_texts(answers(vllm_session, requests, GREEDY)) == greedily(vlm, requests)


def test_an_adapter_works_as_if_it_were_merged(
    adapted_session: VllmSession, vllm_engine: Vllm, adapter: Adapter, vlm: Path, requests: list[Request]
) -> None:
    expected = greedily(adapter.merged, requests)
    assert greedy_texts(answers(adapted_session, requests, GREEDY)) == expected != greedily(vlm, requests)
    plain = vllm_engine.model_copy(update={"lora": None})
    assert vllm_engine.identity()[0] == f"{plain.identity()[0]}+{adapter.folder.name}"
    assert vllm_engine.identity()[1] != plain.identity()[1]


def test_a_sample_does_not_depend_on_n_or_on_the_batch(vllm_session: VllmSession, requests: list[Request]) -> None:
    together = answers(vllm_session, requests, OPTIONS)
    assert [response.key for response in together] == [request.key for request in requests]
    assert [[sample.number for sample in response.samples] for response in together] == [[0, 1, 2, 3]] * 4
    for request, response in zip(requests, together, strict=True):
        (alone,) = answers(vllm_session, [replace(request, sample_numbers=(0, 2, 3))], OPTIONS)
        assert alone.samples == (response.samples[0], *response.samples[2:])
    assert len({sample.text for response in together for sample in response.samples}) > 12


def test_another_seed_gives_other_samples(vllm_session: VllmSession, requests: list[Request]) -> None:
    (first,) = answers(vllm_session, requests[:1], OPTIONS)
    (second,) = answers(vllm_session, [replace(requests[0], seed=1)], OPTIONS)
    assert not {s.text for s in first.samples} & {s.text for s in second.samples}


def test_a_longer_limit_continues_the_same_draw(vllm_session: VllmSession, requests: list[Request]) -> None:
    short = answers(vllm_session, requests, OPTIONS)
    long = answers(vllm_session, requests, SamplingOptions(max_tokens=24))
    pairs = [(s, x) for a, b in zip(short, long, strict=True) for s, x in zip(a.samples, b.samples, strict=True)]
    assert all(x.n_tokens > 12 or s == x for s, x in pairs)
    assert all(s.finish_reason == "length" and s.n_tokens == 12 for s, x in pairs if x.n_tokens > 12)


def test_a_prompt_that_cannot_be_taken_is_refused_alone(vllm_session: VllmSession, requests: list[Request]) -> None:
    long = Request("long", (Message("user", "z" * 600),), (), (0, 1), 0)
    broken = replace(requests[2], key="broken", images=(b"no picture",))
    crowded = replace(requests[2], key="crowded", images=requests[2].images * 3)
    responses = answers(vllm_session, [long, requests[0], broken, crowded], OPTIONS)
    assert [len(response.samples) for response in responses] == [0, 4, 0, 0]
    assert [bool(response.refused) for response in responses] == [True, False, True, True]
    assert responses[1] == answers(vllm_session, requests[:1], OPTIONS)[0]


def test_a_process_of_its_own_gives_the_same_samples_and_survives_a_kill(
    vllm_session: VllmSession, vllm_engine: Vllm, requests: list[Request], capfd: pytest.CaptureFixture[str]
) -> None:
    """On texts: an engine's first image takes long."""
    texts = requests[:2]
    with vllm_engine.model_copy(update={"lora": None}).open() as isolated:
        assert isinstance(isolated, SupervisedSession)
        (process,) = (
            child
            for child in psutil.Process().children()
            if "curation.sampling.engines.process" in " ".join(child.cmdline())
        )
        process.kill()
        assert answers(isolated, texts, OPTIONS) == answers(vllm_session, texts, OPTIONS)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed(
    vllm_session: VllmSession, requests: list[Request], capfd: pytest.CaptureFixture[str]
) -> None:
    answers(vllm_session, requests, OPTIONS)
    assert capfd.readouterr() == ("", "")
    assert "vllm" in sys.modules


def test_a_model_that_does_not_load_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SamplingError, match=r"cannot load .*`vllm`.*`cpu`") as caught:
        Vllm(model=str(tmp_path)).load().__enter__()
    assert "\n" not in str(caught.value)


def test_scores_of_texts_are_those_of_transformers(vllm_session: VllmSession, vlm: Path) -> None:
    """Ranks of equally likely tokens may differ: vLLM counts those too."""
    from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(vlm)
    encoder = Encoder(tokenizer, 90, "{question}")
    questions = ["What is 3 + 4?", "How many red squares are in the picture?", "What is 3?"]
    texts = [encoder.encode((Message("user", one),), "<think>\nThe answer is 7.") for one in questions]
    batch = [text for text in texts if text is not None]
    theirs = TransformersSession(Qwen2_5_VLForConditionalGeneration.from_pretrained(vlm).eval(), tokenizer, 256)
    expected = dict(theirs.score(batch))
    found = dict(VllmScorerSession(vllm_session.llm, tokenizer).score(batch))
    for number in range(3):
        assert found[number].nll == pytest.approx(expected[number].nll, abs=1e-3)
        assert (found[number].rank != expected[number].rank).mean() < 0.05
