"""What the importance correction keeps: the figure that is logged, its forecast, and the mode that ovr-train takes."""

from pathlib import Path

import pytest

from training.rl.importance import expected_share, warning_of_mode

pytestmark = pytest.mark.slow


def test_the_share_of_a_sequence_is_its_mean_weight_cut_at_one() -> None:
    import torch

    from training.rl.importance import effective_share

    weights = torch.tensor([[1.0, 1.0, 9.0], [0.5, 3.0, 9.0], [0.0, 0.0, 0.0], [0.2, 0.2, 0.2]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]])
    assert effective_share(weights, mask).tolist() == pytest.approx([1.0, 0.75, 0.0, 1.0])
    of_sequences = torch.tensor([[2.0], [0.3], [0.0], [0.0]])
    assert effective_share(of_sequences, mask).tolist() == pytest.approx([1.0, 0.3, 0.0, 1.0])


def test_the_effective_sample_size_is_kishs() -> None:
    import torch

    from training.rl.importance import effective_sample_size, kish

    mask = torch.ones(1, 4, dtype=torch.long)
    assert kish(effective_sample_size(torch.tensor([[2.0, 2.0, 2.0, 2.0]]), mask)) == pytest.approx(1.0)
    assert kish(effective_sample_size(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), mask)) == pytest.approx(0.25)
    assert kish(effective_sample_size(torch.zeros(1, 4), mask)) == 0.0


@pytest.mark.parametrize("mode", ["sequence_mask", "sequence_truncate", "token_truncate", "token_mask"])
def test_the_forecast_is_what_a_simulation_gives(mode: str) -> None:
    from tests.benchmarks.importance import simulate

    for n_tokens, sd in ((512, 0.02), (2048, 0.05)):
        assert expected_share(n_tokens, sd, mode) == pytest.approx(simulate(mode, n_tokens, sd, 2000, 0), abs=0.03)


def test_the_recipe_keeps_long_responses_where_trls_default_masks_them() -> None:
    assert expected_share(24_576, 0.05, "token_truncate") > 0.95
    assert expected_share(24_576, 0.02, "sequence_mask") < 0.1
    assert warning_of_mode("token_truncate", 49_152, 3.0) is None
    assert warning_of_mode("sequence_mask", 48, 3.0) is None
    assert "token_truncate" in str(warning_of_mode("sequence_mask", 24_576, 3.0))


def test_by_token_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    from trl import GRPOConfig

    from training.arguments import parse

    argv = ["--output_dir", str(tmp_path), "--use_cpu", "true", "--bf16", "false"]
    assert parse("grpo", GRPOConfig, argv)[1].vllm_importance_sampling_mode == "token_truncate"
    argv += ["--vllm_importance_sampling_mode", "sequence_mask"]
    assert parse("grpo", GRPOConfig, argv)[1].vllm_importance_sampling_mode == "sequence_mask"
    file = tmp_path / "grpo.yaml"
    file.write_text("vllm_importance_sampling_mode: token_mask\n")
    assert (
        parse("grpo", GRPOConfig, [*argv[:6], "--config", str(file)])[1].vllm_importance_sampling_mode == "token_mask"
    )
