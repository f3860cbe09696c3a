"""Which samples in a store a measured row counts."""

from pathlib import Path
from typing import Any

import pytest

from curation.difficulty.counted import counted
from curation.sampling.engines.base import Sample
from curation.sampling.engines.vllm import Vllm
from curation.sampling.rollouts.rollout import Rollout, Setting, to_line


def by_engine(**options: Any) -> dict[str, Any]:
    return Vllm(**options).model_dump(mode="json")


@pytest.mark.parametrize(
    ("model", "samplers", "finish_reasons"),
    [
        ("owner/base", [{"model": "owner/base"}], ["stop", "stop"]),
        ("owner/base", [{"model": "owner/base", "max_model_len": 40}], ["stop", "length"]),
        ("base", [{"model": "/models/base", "max_model_len": 40}], ["stop", "length"]),
        ("base", [{"model": "link", "max_model_len": 40}], ["stop", "length"]),
        ("owner/base+tuned", [{"model": "owner/base", "lora": "runs/tuned", "max_model_len": 40}], ["stop", "length"]),
        ("base+tuned", [{"model": "/models/base", "lora": "runs/tuned/", "max_model_len": 40}], ["stop", "length"]),
        ("base+tuned", [{"model": "link", "lora": "runs/tuned", "max_model_len": 40}], ["stop", "length"]),
        (
            "owner/base+tuned",
            [{"model": "owner/base", "max_model_len": 40}, {"model": "owner/base", "lora": "runs/tuned"}],
            ["stop", "stop"],
        ),
        (
            "owner/base",
            [{"model": "owner/base", "lora": "runs/tuned"}, {"model": "owner/base", "max_model_len": 40}],
            ["stop", "length"],
        ),
        ("other", [{"model": "owner/base", "max_model_len": 40}], ["stop", "stop"]),
    ],
)
def test_a_response_beyond_the_context_of_its_sampler_counts_as_cut_off(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    samplers: list[dict[str, Any]],
    finish_reasons: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "link").symlink_to("base")
    setting = Setting(model, "revision", "template", 1.0, 1.0)
    lines = [
        to_line(Rollout("prompt", "row", setting, 64, Sample(number, "text", "stop", n_tokens, number), 10, 0.0))
        for number, n_tokens in enumerate((30, 31))
    ]
    sampler = {"model": model, "revision": "revision", "template_hash": "template", "temperature": 1.0, "top_p": 1.0}
    difficulty = {"sampler": {**sampler, "max_tokens": 64}, "n_judged": 2, "n_unjudged": 0, "n_truncated": 0}
    how = {"truncated": "unjudged", "samplers": [by_engine(**options) for options in samplers]}
    assert [one.sample.finish_reason for one in counted(lines, difficulty, how)] == finish_reasons
