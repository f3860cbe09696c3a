"""The transformers engine on real tiny models: same prompts as training, samples that depend on their seed alone."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Request, SamplingOptions
from curation.sampling.engines.transformers import Transformers, TransformersSession, seeded_sampling
from curation.sampling.rollouts.rollout import response_limit
from tests.curation.sampling.answers import answers
from tests.curation.sampling.models import trainers_prompt

pytestmark = pytest.mark.slow  # transformers takes its time to import

OPTIONS = SamplingOptions(max_tokens=12)


@pytest.fixture(scope="module")
def session(vlm: Path) -> Iterator[TransformersSession]:
    with Transformers(model=str(vlm), batch_size=5).load() as session:
        yield session


def test_the_token_prompt_is_the_trainers(
    session: TransformersSession, requests: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []
    generate = session.model.generate

    def look(input_ids: Any, **options: Any) -> Any:
        seen.extend(input_ids.tolist())
        return generate(input_ids=input_ids, **options)

    monkeypatch.setattr(session.model, "generate", look)
    for request in requests:  # alone, none is padded
        answers(session, [replace(request, sample_numbers=(0,))], OPTIONS)
    assert seen == [trainers_prompt(session.processor, request) for request in requests]


def test_a_sample_does_not_depend_on_the_batch(session: TransformersSession, requests: list[Request]) -> None:
    together = answers(session, requests, OPTIONS)
    assert [response.key for response in together] == [request.key for request in requests]
    assert [[sample.number for sample in response.samples] for response in together] == [[0, 1, 2, 3]] * 4
    for request, response in zip(requests, together, strict=True):
        (alone,) = answers(session, [replace(request, sample_numbers=(1, 3))], OPTIONS)
        assert alone.samples == (response.samples[1], response.samples[3])
        assert alone.prompt_tokens == response.prompt_tokens > 0
    assert len({sample.text for response in together for sample in response.samples}) == 16


def test_another_seed_gives_other_samples(session: TransformersSession, requests: list[Request]) -> None:
    (first,) = answers(session, requests[:1], OPTIONS)
    (second,) = answers(session, [replace(requests[0], seed=1)], OPTIONS)
    assert not {s.text for s in first.samples} & {s.text for s in second.samples}


def test_a_longer_limit_continues_the_same_draw(session: TransformersSession, requests: list[Request]) -> None:
    short = answers(session, requests, OPTIONS)
    long = answers(session, requests, SamplingOptions(max_tokens=24))
    pairs = [(s, x) for a, b in zip(short, long, strict=True) for s, x in zip(a.samples, b.samples, strict=True)]
    assert all(x.n_tokens > 12 or s == x for s, x in pairs)
    assert all(s.finish_reason == "length" and s.n_tokens == 12 for s, x in pairs if x.n_tokens > 12)
    assert {s.finish_reason for s, _ in pairs} <= {"stop", "length"}


def test_greedy_samples_are_all_the_same(session: TransformersSession, requests: list[Request]) -> None:
    for response in answers(session, requests, SamplingOptions(temperature=0, max_tokens=12)):
        assert len({sample.text for sample in response.samples}) == 1


def test_a_prompt_that_cannot_be_taken_is_refused_alone(session: TransformersSession, requests: list[Request]) -> None:
    long = Request("long", (Message("user", "z" * 600),), (), (0, 1), 0)
    broken = replace(requests[2], key="broken", images=(b"no picture",))
    responses = answers(session, [long, requests[0], broken], OPTIONS)
    assert [len(response.samples) for response in responses] == [0, 4, 0]
    assert "tokens, the model takes 512" in responses[0].refused
    assert "image of 10 bytes" in responses[2].refused
    assert responses[1] == answers(session, requests[:1], OPTIONS)[0]


def test_a_response_ends_at_the_models_length(session: TransformersSession) -> None:
    request = Request("near", (Message("user", "z" * 480),), (), (0, 1, 2), 0)
    (response,) = answers(session, [request], SamplingOptions(max_tokens=100))
    room = 512 - response.prompt_tokens
    assert all(sample.n_tokens <= room for sample in response.samples)
    assert any(sample.finish_reason == "length" and sample.n_tokens == room for sample in response.samples)


def test_a_shorter_context_cuts_where_the_store_says(lm: Path, requests: list[Request]) -> None:
    with Transformers(model=str(lm), max_model_len=40).load() as session:
        (response,) = answers(session, requests[:1], SamplingOptions(max_tokens=100))
    limit = response_limit(100, 40, response.prompt_tokens)
    assert {sample.n_tokens for sample in response.samples if sample.finish_reason == "length"} == {limit}


def test_the_models_own_sampling_options_do_not_count(vlm: Path, tmp_path: Path, requests: list[Request]) -> None:
    greedy = tmp_path / "vlm"
    shutil.copytree(vlm, greedy)
    config = json.loads((greedy / "generation_config.json").read_text())
    config.update(do_sample=True, temperature=1e-6, top_k=1, repetition_penalty=1.5)
    (greedy / "generation_config.json").write_text(json.dumps(config))
    with Transformers(model=str(vlm)).load() as plain, Transformers(model=str(greedy)).load() as changed:
        assert answers(plain, requests[:1], OPTIONS) == answers(changed, requests[:1], OPTIONS)


def test_a_model_without_vision_takes_text_alone(lm: Path, requests: list[Request]) -> None:
    with Transformers(model=str(lm)).load() as session:
        responses = answers(session, requests, OPTIONS)
    assert [len(response.samples) for response in responses] == [4, 4, 0, 0]
    assert "the model takes none" in responses[2].refused


def test_seeded_sampling_draws_from_the_softmax() -> None:
    import torch

    options = SamplingOptions(temperature=2.0, top_p=0.9)
    logits = torch.log(torch.tensor([0.64, 0.25, 0.09, 0.02])) * 1.0
    n = 4000
    warpers = seeded_sampling(range(n), options, "cpu")
    drawn = Counter(warpers(torch.zeros(n, 1, dtype=torch.long), logits.repeat(n, 1)).argmax(-1).tolist())
    kept = torch.tensor([0.8, 0.5, 0.3])  # square roots (temperature 2) of what top-p 0.9 keeps
    for token, expected in enumerate((kept / kept.sum()).tolist()):
        assert drawn[token] / n == pytest.approx(expected, abs=0.03)
    assert drawn[3] == 0


def test_a_folder_that_does_not_load_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(SamplingError, match="engine 'transformers' cannot load") as caught:
        Transformers(model=str(tmp_path)).load().__enter__()
    assert "\n" not in str(caught.value)
