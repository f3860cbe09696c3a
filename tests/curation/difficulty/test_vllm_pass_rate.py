"""Pass rates through real vLLM, once. Apart from `test_vllm`: a process holds one in-process vLLM at a time."""

from pathlib import Path

import pytest

from curation.core.errors import SamplingError
from curation.core.row import Row
from curation.difficulty.pass_rate import PassRate, measure
from curation.sampling.engines.base import Request, SamplingOptions
from curation.sampling.engines.vllm import Vllm

pytestmark = pytest.mark.slow


def test_pass_rates_through_vllm_are_measured_once(vlm: Path, tmp_path: Path, requests: list[Request]) -> None:
    rows = [
        Row(
            id=request.key,
            source="test",
            source_id=request.key,
            prompt=request.messages,
            images=request.images,
            answer="7",
        )
        for request in requests
    ]
    options = PassRate(
        sampler=Vllm(model=str(vlm), max_num_seqs=16),
        sampling=SamplingOptions(max_tokens=12),
        n=4,
        batch_prompts=3,
        truncated="wrong",
    )
    first = list(measure(rows, options, tmp_path, 0, "{question}"))
    again = options.model_copy(update={"sampler": options.sampler.model_copy(update={"dtype": "none"})})  # cannot start
    assert list(measure(rows, again, tmp_path, 0, "{question}")) == first
    assert {m.difficulty.sampler.model for m in first} == {"vlm"}
    assert all(m.difficulty.n_judged == 4 for m in first)


def test_a_model_that_does_not_load_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SamplingError, match=r"cannot load .*`vllm`.*`cpu`") as caught:
        Vllm(model=str(tmp_path)).open().__enter__()
    assert "\n" not in str(caught.value)
