"""What only GPUs can show: copies of the vLLM engine on GPUs of their own give the samples of one."""

from pathlib import Path

import pytest
import torch

from curation.sampling.engines.base import Request, SamplingOptions
from curation.sampling.engines.vllm import Vllm
from tests.curation.sampling.answers import answers

pytestmark = [pytest.mark.slow, pytest.mark.gpu]


def test_two_copies_on_two_gpus_give_the_samples_of_one(vlm: Path, requests: list[Request]) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip(f"needs 2 GPUs, found {torch.cuda.device_count()}")
    options = SamplingOptions(max_tokens=12)
    responses = []
    for copies in (1, 2):
        engine = Vllm(model=str(vlm), dtype="float32", max_num_seqs=16, max_images=2, data_parallel_size=copies)
        with engine.open() as session:
            responses.append(answers(session, requests, options))
    assert responses[0] == responses[1]
