"""The `openai` engine against a server that fails in every way: nothing lost, nothing doubled, and it ends or says why."""

import base64
import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, sample_seed, unanswered
from curation.sampling.engines.conversation import decode_image, image_url
from curation.sampling.engines.openai import OpenAI
from tests.curation.sampling.answers import answers

from .faulty_server import PROMPT_TOKENS, FaultyServer, faulty_server

OPTIONS = SamplingOptions(max_tokens=8)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with faulty_server() as server:
        yield server


def engine(server: FaultyServer, **options: Any) -> OpenAI:
    quick = {"request_timeout_s": 3.0, "max_retries": 3}
    return OpenAI(model="m", base_url=server.url, **(quick | options))


def ask(*prompts: str) -> list[Request]:
    return [Request(f"row{i}", (Message("user", prompt),), (), (0, 1, 5), 7) for i, prompt in enumerate(prompts)]


def whole(request: Request, prompt: str = "") -> Response:
    """What a sound server says."""
    text = prompt or request.messages[0].content
    seeds = [(number, sample_seed(request.seed, request.key, number)) for number in request.sample_numbers]
    return Response(request.key, tuple(Sample(k, f"{text} {seed}", "stop", 4, seed) for k, seed in seeds), 9)


FAULTS = ["drop", "limit", "date", "crash", "page", "truncated", "cut", "stall", "drip", "nothing", "fewer"]
FAULTS += ["uncounted", "null", "empty", "unspent", "abort"]


@pytest.mark.slow
def test_every_fault_that_passes_costs_a_retry_and_nothing_else(server: FaultyServer) -> None:
    requests = ask("fine", *(f"{fault} 1" for fault in FAULTS), "drop 3")
    with engine(server, concurrency=100).open() as session:
        responses = answers(session, requests, OPTIONS)
    assert responses == [whole(request) for request in requests]
    assert set(server.answered.values()) == {1}
    assert all(len(times) == 2 for (prompt, _), times in server.asked.items() if prompt.endswith(" 1"))


@pytest.mark.slow
def test_it_waits_as_long_as_the_server_asks(server: FaultyServer) -> None:
    with engine(server).open() as session:
        answers(session, ask("limit 1", "date 1"), OPTIONS)
    waits = {prompt: [b - a for a, b in itertools.pairwise(times)] for (prompt, _), times in server.asked.items()}
    assert waits["limit 1"][0] >= 1
    assert waits["date 1"][0] >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("drop", "2 x RemoteProtocolError: Server disconnected without sending a response."),
        ("crash", "2 x 500 out of memory"),
        ("tomorrow", "429 come back tomorrow, and the server asks to wait 86400 s"),
        ("stall", "2 x no answer in 1 s"),
        ("drip", "2 x no answer in 1 s"),
        ("truncated", "2 x incomplete response (Invalid JSON: EOF while parsing"),
        ("fewer", "2 x incomplete response (choices [], expected 1"),
        ("null", "2 x incomplete response (no text, 4 tokens)"),
        ("missing", "404 no such model"),
    ],
)
def test_a_fault_that_stays_is_told_and_costs_the_others_nothing(server: FaultyServer, fault: str, reason: str) -> None:
    requests = ask("fine", "fine as well", fault)
    with engine(server, max_retries=1, request_timeout_s=1, concurrency=20).open() as session:
        *others, failed = answers(session, requests, OPTIONS)
    assert others == [whole(request) for request in requests[:2]]
    assert failed.samples == ()
    assert not failed.refused
    assert failed.failed.startswith(f"engine 'openai' at {server.url}: {reason}")
    assert unanswered([*others, failed]).startswith("1 of 3 prompts stay unanswered, 'row2' first: engine 'openai'")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("long", "400 maximum context length is 512 tokens"),
        ("filtered", "the server's content filter"),
        ("tool", "tool_calls instead of an answer"),
    ],
)
def test_a_prompt_that_the_server_does_not_take_is_refused_alone(server: FaultyServer, fault: str, reason: str) -> None:
    requests = ask("fine", fault)
    with engine(server).open() as session:
        assert answers(session, requests, OPTIONS) == [whole(requests[0]), Response("row1", (), 0, refused=reason)]


@pytest.mark.parametrize("fault", ["spent", "unsaid"])
def test_a_response_that_hidden_reasoning_used_up_is_a_truncated_sample(server: FaultyServer, fault: str) -> None:
    (request,) = ask(fault)
    with engine(server).open() as session:
        (response,) = answers(session, [request], OPTIONS)
    assert response.samples == tuple(replace(one, text="", finish_reason="length") for one in whole(request).samples)
    assert [len(times) for times in server.asked.values()] == [1, 1, 1]


def test_a_picture_that_is_none_is_refused_alone(server: FaultyServer) -> None:
    fine, broken = ask("fine", "look")
    broken = Request(broken.key, broken.messages, (b"no picture",), broken.sample_numbers, 7)
    with engine(server).open() as session:
        first, second = answers(session, [fine, broken], OPTIONS)
    assert first == whole(fine)
    assert "cannot be decoded" in second.refused


@pytest.mark.parametrize(("fault", "reason"), [("unknown", "seed is not supported"), ("missing", "404 no such model")])
def test_what_no_prompt_is_to_blame_for_ends_the_batch_at_once(server: FaultyServer, fault: str, reason: str) -> None:
    with engine(server, concurrency=2).open() as session, pytest.raises(SamplingError, match=reason):
        answers(session, ask(*[fault] * 20), OPTIONS)
    assert sum(map(len, server.asked.values())) <= 4


def test_a_server_that_refuses_every_prompt_for_one_reason_is_an_error(server: FaultyServer) -> None:
    with engine(server).open() as session, pytest.raises(SamplingError, match=r"refuses every prompt: 400 maximum"):
        answers(session, ask("long", "long"), OPTIONS)


@pytest.mark.slow
def test_a_server_that_answers_nobody_is_not_asked_for_ever(server: FaultyServer) -> None:
    with engine(server, concurrency=2, max_retries=1).open() as session:
        with pytest.raises(SamplingError, match="2 x 500 out of memory"):
            answers(session, ask(*["crash"] * 20), OPTIONS)
        assert sum(map(len, server.asked.values())) <= 8
        requests = ask("fine")
        assert answers(session, requests, OPTIONS) == [whole(requests[0])]


@pytest.mark.slow
def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    with faulty_server() as server:
        away = engine(server, max_retries=1)
    with pytest.raises(SamplingError, match=rf"^engine 'openai' at {away.base_url}: 2 x ConnectError: ") as caught:
        away.open().__enter__()
    assert "\n" not in str(caught.value)


def test_the_key_comes_from_the_environment_and_stays_there(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "geheim"
    keyed = engine(server, api_key_env="MY_KEY")
    with pytest.raises(SamplingError, match="no key in the environment variable 'MY_KEY'"):
        keyed.open().__enter__()
    monkeypatch.setenv("MY_KEY", "wrong")
    with pytest.raises(SamplingError, match="401 wrong key"):
        keyed.open().__enter__()
    monkeypatch.setenv("MY_KEY", "geheim")
    with keyed.open() as session:
        assert answers(session, ask("fine"), OPTIONS) == [whole(ask("fine")[0])]
    assert "geheim" not in repr(keyed) + str(keyed.model_dump())


def test_no_key_of_another_server_is_sent(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "geheim")
    server.key = "none"
    with engine(server).open() as session:
        assert answers(session, ask("fine"), OPTIONS)[0].samples


def test_no_more_requests_are_under_way_than_allowed(server: FaultyServer) -> None:
    with engine(server, concurrency=3).open() as session:
        answers(session, ask(*["fine"] * 6), OPTIONS)
    assert server.most_under_way == 3


@pytest.mark.parametrize(("max_tokens", "n"), [(8, [1, 1, 2, 2]), (129, [1] * 6)])
def test_vllm_is_asked_for_short_samples_at_once_and_for_long_ones_one_by_one(
    server: FaultyServer, max_tokens: int, n: list[int]
) -> None:
    server.cards = [{"id": "m", "owned_by": "vllm", "root": "/models/micro"}]
    (request,) = ask("fewer 1")
    with engine(server).open() as session:
        (response,) = answers(session, [request], SamplingOptions(max_tokens=max_tokens))
    assert sorted(body["n"] for body in server.bodies) == n
    assert [sample.text for sample in response.samples] == [sample.text for sample in whole(request).samples]
    assert all(body["top_k"] == -1 and body["repetition_penalty"] == 1.0 for body in server.bodies)


def test_a_server_that_counts_all_choices_together_is_asked_one_by_one(server: FaultyServer) -> None:
    server.cards, server.gives_token_ids = [{"id": "m", "owned_by": "vllm"}], False
    requests = ask("fine", "fewer 1", "long", "fine as well")
    refused = Response("row2", (), 0, refused="400 maximum context length is 512 tokens")
    with engine(server, concurrency=1).open() as session:
        for n_of_several in (1, 0):
            server.bodies.clear()
            responses = answers(session, requests, OPTIONS)
            assert responses == [whole(requests[0]), whole(requests[1]), refused, whole(requests[3])]
            assert sum(body["n"] > 1 for body in server.bodies) == n_of_several


@pytest.mark.parametrize(("length", "expected"), [(6, 6), (100, 8), (None, 8)])
def test_no_more_tokens_are_asked_for_than_the_model_takes(
    server: FaultyServer, length: int | None, expected: int
) -> None:
    server.cards = [{"id": "m", "owned_by": "vllm", "max_model_len": length}]
    with engine(server).open() as session:
        answers(session, ask("fine"), OPTIONS)
    assert {body["max_tokens"] for body in server.bodies} == {expected}


@pytest.mark.parametrize(
    ("length", "asked"), [(PROMPT_TOKENS + 8, [8]), (PROMPT_TOKENS + 5, [8, 1, 5]), (PROMPT_TOKENS, [8, 1])]
)
def test_a_server_that_wants_room_for_the_whole_limit_is_asked_for_what_fits(
    server: FaultyServer, length: int, asked: list[int]
) -> None:
    server.cards = [{"id": "m", "owned_by": "vllm", "max_model_len": length}]
    request = replace(ask("reserve")[0], sample_numbers=(0,))
    with engine(server).open() as session:
        (response,) = answers(session, [request], OPTIONS)
    assert [body["max_tokens"] for body in server.bodies] == asked
    assert response == whole(request) if asked[-1] > 1 else "you requested 1 output tokens" in response.refused


def test_a_server_of_another_kind_gets_the_standard_fields_and_yours(server: FaultyServer) -> None:
    with engine(server, extra_body={"top_k": 0}).open() as session:
        answers(session, ask("fine")[:1], OPTIONS)
    assert set(server.bodies[0]) == {"model", "messages", "n", "seed", "temperature", "top_p", "max_tokens", "top_k"}


@pytest.mark.parametrize(
    ("cards", "revision", "expected"),
    [
        ([{"id": "m", "owned_by": "vllm", "root": "/models/micro"}], None, ("m", "micro")),
        ([{"id": "m", "owned_by": "x", "root": "owner/name"}], None, ("m", "owner/name")),
        ([], None, ("m", "unstated")),
        (None, None, ("m", "unstated")),
        (None, "v2", ("m", "v2")),
    ],
)
def test_the_model_is_what_the_server_or_the_manifest_says(
    server: FaultyServer, cards: list[dict[str, Any]] | None, revision: str | None, expected: tuple[str, str]
) -> None:
    server.cards = cards
    assert engine(server, revision=revision).identity() == expected


@pytest.mark.parametrize("revision", [None, "v2"])
def test_what_is_asked_beyond_the_standard_is_part_of_the_revision(server: FaultyServer, revision: str | None) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"top_k": 20, "min_p": 0.1},
        {"min_p": 0.1, "top_k": 20},
        {"top_k": 40, "min_p": 0.1},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ]
    plain, first, same, *others = (engine(server, revision=revision, extra_body=body).identity()[1] for body in bodies)
    assert plain == (revision or "unstated")
    assert first == same
    assert len({plain, first, *others}) == 4
    assert all(one.startswith(f"{plain}+") for one in (first, *others))


def test_a_model_that_vllm_does_not_have_names_those_it_has(server: FaultyServer) -> None:
    server.cards = [{"id": "b", "owned_by": "vllm"}, {"id": "a", "owned_by": "vllm"}]
    with pytest.raises(SamplingError, match="has no model 'm'; known: 'a', 'b'"):
        engine(server).open().__enter__()


def test_a_server_sees_the_picture_that_the_other_engines_see() -> None:
    def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        return file.getvalue()

    turned = Image.Exif()
    turned[0x0112] = 6
    plain = Image.linear_gradient("L").resize((20, 10))
    pictures = [
        saved(plain.convert("RGB"), "PNG"),
        saved(plain.convert("RGB"), "JPEG"),
        saved(plain.convert("RGB"), "JPEG", exif=turned),
        saved(plain.convert("RGBA"), "PNG"),
        saved(plain.convert("P"), "GIF"),
    ]
    for i, data in enumerate(pictures):
        head, _, payload = image_url(data).partition(";base64,")
        sent = base64.b64decode(payload)
        assert (sent == data) == (i < 2)
        with Image.open(io.BytesIO(sent)) as seen:
            assert head == f"data:image/{str(seen.format).lower()}"
            assert seen.mode == "RGB"
            assert seen.tobytes() == decode_image(data).tobytes()
