"""The `openai` engine against a real `vllm serve` on loopback: the samples are those of the engine `vllm`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.engines.openai import OpenAI
from curation.sampling.engines.vllm import VllmSession
from tests.curation.sampling.answers import answers
from tests.curation.sampling.serving import vllm_serve

pytestmark = pytest.mark.slow

OPTIONS = SamplingOptions(max_tokens=12)
LONGER_THAN_THE_MODEL = SamplingOptions(max_tokens=4000, temperature=0.7, top_p=0.9)
GREEDY = SamplingOptions(max_tokens=12, temperature=0)


@pytest.fixture(scope="module")
def server(peculiar: Path) -> Iterator[OpenAI]:
    """An engine of a running server, which ends with the module."""
    images = ("--limit-mm-per-prompt", '{"image": 2, "video": 0}')
    with vllm_serve(peculiar, "micro", "--max-model-len", "96", *images) as url:
        yield OpenAI(model="micro", base_url=url)


@pytest.fixture(scope="module")
def hard_requests() -> list[Request]:
    long = Message("user", "z" * 400)
    return [
        Request("gap", (Message("user", "What is 3 + 4?"),), (), (1, 2, 5), 3),
        Request("long", (long,), (), (0, 1), 3),
        Request("broken", (Message("user", "Look."),), (b"no picture",), (0,), 3),
    ]


def facts(responses: list[Response]) -> list[object]:
    """Refusals are worded differently."""
    return [bool(response.refused) or response for response in responses]


def test_samples_are_those_of_the_engine_in_our_own_process(
    server: OpenAI, vllm_session: VllmSession, requests: list[Request], hard_requests: list[Request]
) -> None:
    wanted = [*requests, *hard_requests]
    with server.open() as served:
        for options in (OPTIONS, LONGER_THAN_THE_MODEL, GREEDY):
            expected = answers(vllm_session, wanted, options)
            assert [bool(response.refused) for response in expected] == [False] * 5 + [True] * 2
            assert facts(answers(served, wanted, options)) == facts(expected)


def test_a_sample_does_not_depend_on_what_else_is_asked(server: OpenAI, requests: list[Request]) -> None:
    with server.open() as session:
        together = answers(session, requests, OPTIONS)
        for request, response in zip(requests, together, strict=True):
            (alone,) = answers(session, [replace(request, sample_numbers=(3,))], OPTIONS)
            assert alone.samples == response.samples[3:]


def test_the_server_says_which_model_it_is(server: OpenAI, peculiar: Path) -> None:
    assert server.identity() == ("micro", peculiar.name)


def test_a_model_it_does_not_have_is_one_clear_line(server: OpenAI) -> None:
    with pytest.raises(SamplingError, match="has no model 'macro'; known: 'micro'"):
        server.model_copy(update={"model": "macro"}).open().__enter__()
