"""The vLLM engine, real and in-process, on a tiny Qwen2.5-VL: same prompts as training, reproducible samples."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.core.row import Message
from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.engines.supervised import SupervisedSession
from curation.sampling.engines.transformers import Transformers
from curation.sampling.engines.vllm import Vllm, VllmSession

pytestmark = pytest.mark.slow

OPTIONS = SamplingOptions(max_tokens=12)


def engine(model: Path) -> Vllm:
    return Vllm(model=str(model), max_num_seqs=16, max_images=2)


@pytest.fixture(scope="module")
def session(vlm: Path) -> Iterator[VllmSession]:
    with engine(vlm).load() as session:
        yield session


@pytest.fixture(scope="module")
def greedy() -> SamplingOptions:
    return SamplingOptions(temperature=0, max_tokens=12)


def token_prompts(session: VllmSession, requests: list[Request], monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """What vLLM really sampled from."""
    seen = []
    finish = session._finish

    def look() -> list[object]:
        outputs = finish()
        seen.extend([list(output.prompt_token_ids) for output in outputs])
        return outputs

    monkeypatch.setattr(session, "_finish", look)
    session.generate(requests, OPTIONS)
    return seen


def test_the_token_prompt_is_the_trainers(
    session: VllmSession, vlm: Path, requests: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`test_transformers` holds the transformers engine's prompts against TRL's own processing."""
    prompts = token_prompts(session, requests, monkeypatch)
    with Transformers(model=str(vlm)).load() as other:
        assert prompts == [other._encode(request)["input_ids"][0].tolist() for request in requests]


def test_greedy_responses_are_those_of_transformers(
    session: VllmSession, vlm: Path, requests: list[Request], greedy: SamplingOptions
) -> None:
    def facts(responses: list[Response]) -> list[tuple[int, str, str, int]]:
        """vLLM leaves out a character that the limit cut in two."""
        return [
            (response.prompt_tokens, sample.text.rstrip("\ufffd"), sample.finish_reason, sample.n_tokens)
            for response in responses
            for sample in response.samples
        ]

    with Transformers(model=str(vlm)).load() as other:
        assert facts(session.generate(requests, greedy)) == facts(other.generate(requests, greedy))


def test_a_sample_does_not_depend_on_n_or_on_the_batch(session: VllmSession, requests: list[Request]) -> None:
    together = session.generate(requests, OPTIONS)
    assert [response.key for response in together] == [request.key for request in requests]
    assert [[sample.number for sample in response.samples] for response in together] == [[0, 1, 2, 3]] * 4
    for request, response in zip(requests, together, strict=True):
        (alone,) = session.generate([replace(request, sample_numbers=(0, 2, 3))], OPTIONS)
        assert alone.samples == (response.samples[0], *response.samples[2:])
    assert len({sample.text for response in together for sample in response.samples}) > 12


def test_another_seed_gives_other_samples(session: VllmSession, requests: list[Request]) -> None:
    (first,) = session.generate(requests[:1], OPTIONS)
    (second,) = session.generate([replace(requests[0], seed=1)], OPTIONS)
    assert not {s.text for s in first.samples} & {s.text for s in second.samples}


def test_a_longer_limit_continues_the_same_draw(session: VllmSession, requests: list[Request]) -> None:
    short = session.generate(requests, OPTIONS)
    long = session.generate(requests, SamplingOptions(max_tokens=24))
    pairs = [(s, x) for a, b in zip(short, long, strict=True) for s, x in zip(a.samples, b.samples, strict=True)]
    assert all(x.n_tokens > 12 or s == x for s, x in pairs)
    assert all(s.finish_reason == "length" and s.n_tokens == 12 for s, x in pairs if x.n_tokens > 12)


def test_a_prompt_that_cannot_be_taken_is_refused_alone(session: VllmSession, requests: list[Request]) -> None:
    long = Request("long", (Message("user", "z" * 600),), (), (0, 1), 0)
    broken = replace(requests[2], key="broken", images=(b"no picture",))
    crowded = replace(requests[2], key="crowded", images=requests[2].images * 3)
    responses = session.generate([long, requests[0], broken, crowded], OPTIONS)
    assert [len(response.samples) for response in responses] == [0, 4, 0, 0]
    assert [bool(response.refused) for response in responses] == [True, False, True, True]
    assert responses[1] == session.generate(requests[:1], OPTIONS)[0]


def test_a_process_of_its_own_gives_the_same_samples_and_survives_a_kill(
    session: VllmSession, vlm: Path, requests: list[Request], capfd: pytest.CaptureFixture[str]
) -> None:
    with engine(vlm).open() as isolated:
        assert isinstance(isolated, SupervisedSession)
        assert isolated._process is not None
        isolated._process.kill()
        assert isolated.generate(requests, OPTIONS) == session.generate(requests, OPTIONS)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed(session: VllmSession, requests: list[Request], capfd: pytest.CaptureFixture[str]) -> None:
    session.generate(requests, OPTIONS)
    assert capfd.readouterr() == ("", "")
    assert "vllm" in sys.modules
