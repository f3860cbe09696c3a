"""Engines as plugins: what a manifest may say, which model it is, which seed a sample gets."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from curation.core.errors import SamplingError
from curation.sampling.engines.base import AnyEngine, SamplingOptions, consecutive, sample_seed
from curation.sampling.engines.vllm import Vllm
from curation.sampling.engines.vllm_on_cpu import options_on_cpu
from curation.sampling.identity import model_identity


def test_importing_the_package_loads_no_engine() -> None:
    heavy = "{'torch', 'vllm', 'transformers', 'trl'}"
    code = f"import sys, curation.difficulty.pass_rate; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_typo_in_the_kind_names_the_known_kinds() -> None:
    with pytest.raises(ValidationError, match=r"'vlm'; known: .*transformers, .*vllm; did you mean 'vllm'"):
        TypeAdapter(AnyEngine).validate_python({"kind": "vlm", "model": "m"})


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ValidationError, match="tensor_paralel_size"):
        TypeAdapter(AnyEngine).validate_python({"kind": "vllm", "model": "m", "tensor_paralel_size": 2})


@pytest.mark.parametrize("options", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"max_tokens": 0}, {"n": 2}])
def test_impossible_sampling_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        SamplingOptions.model_validate(options)


def test_seeds_are_consecutive_within_a_prompt_and_far_apart_between_prompts() -> None:
    first = sample_seed(0, "a", 0)
    assert [sample_seed(0, "a", k) - first for k in range(4)] == [0, 1, 2, 3]
    others = [sample_seed(0, "b", 0), sample_seed(1, "a", 0)]
    assert all(abs(other - first) > 10**6 for other in others)
    assert 0 <= first < 2**63


@pytest.mark.parametrize(
    ("numbers", "longest", "runs"),
    [
        ((), None, []),
        ((0, 1, 2), None, [(0, 1, 2)]),
        ((0, 2, 3, 7), None, [(0,), (2, 3), (7,)]),
        ((0, 1, 2), 1, [(0,), (1,), (2,)]),
    ],
)
def test_sample_numbers_are_cut_into_runs(
    numbers: tuple[int, ...], longest: int | None, runs: list[tuple[int, ...]]
) -> None:
    assert consecutive(numbers, longest) == runs


@pytest.mark.slow
def test_a_folder_is_known_by_its_files_not_its_place(lm: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "lm"
    shutil.copytree(lm, moved)
    (moved / "trainer_state.json").write_text("{}")
    (moved / "ovr_run.json").write_text("{}")
    (moved / "optimizer.pt").write_bytes(b"state")
    (moved / "checkpoint-1").mkdir()
    assert model_identity(str(moved)) == model_identity(str(lm))
    assert model_identity(str(lm))[0] == "lm"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "chat_template.jinja"])
def test_another_file_is_another_revision(lm: Path, tmp_path: Path, name: str) -> None:
    changed = tmp_path / "lm"
    shutil.copytree(lm, changed)
    with (changed / name).open("ab") as file:
        file.write(b" ")
    assert model_identity(str(changed))[1] != model_identity(str(lm))[1]


def test_a_commit_needs_no_network() -> None:
    assert model_identity("owner/name", "0" * 40) == ("owner/name", "0" * 40)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("/no/such/folder", "neither a folder nor a name on the Hub"),
        ("out/sft/model", "neither a folder nor a name on the Hub"),
        ("owner/name", "cannot find out the commit of model 'owner/name', revision main"),
    ],
)
def test_an_unknown_model_is_one_clear_line(model: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SamplingError, match=message) as caught:
        model_identity(model)
    assert "\n" not in str(caught.value)


def test_an_error_that_says_nothing_is_named_by_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", fail)
    with pytest.raises(SamplingError, match="revision main: TimeoutError "):
        model_identity("owner/name")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SamplingError, match=r"has no config\.json"):
        model_identity(str(tmp_path))


@pytest.mark.slow
def test_missing_vllm_names_both_extras(lm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(SamplingError, match=r"`vllm` on a machine with a GPU, `cpu` on one without") as caught:
        Vllm(model=str(lm)).load().__enter__()
    assert "\n" not in str(caught.value)


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "7")
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "0-3")
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    assert options_on_cpu("bfloat16")["dtype"] == "bfloat16"
    assert os.environ["VLLM_CPU_KVCACHE_SPACE"] == "7"
    assert os.environ["VLLM_CPU_OMP_THREADS_BIND"] == "0-3"


def test_a_gpu_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.accelerator.is_available", lambda: True)
    assert options_on_cpu("auto") == {}


@pytest.mark.parametrize(
    ("visible", "tensor", "data", "expected"),
    [
        (None, 1, 1, [None]),
        (None, 1, 2, ["0", "1"]),
        (None, 2, 2, ["0,1", "2,3"]),
        ("4,5,6,7", 2, 2, ["4,5", "6,7"]),
        ("3,1,0", 1, 2, ["3", "1"]),
    ],
)
def test_copies_have_gpus_of_their_own(
    visible: str | None, tensor: int, data: int, expected: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    engine = Vllm(model="m", tensor_parallel_size=tensor, data_parallel_size=data)
    assert [env.get("CUDA_VISIBLE_DEVICES") for env in engine.environments()] == expected


def test_too_few_gpus_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    with pytest.raises(SamplingError, match="needs 4 GPUs, CUDA_VISIBLE_DEVICES names 3"):
        Vllm(model="m", tensor_parallel_size=2, data_parallel_size=2).environments()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data_parallel_size": 2, "isolate": False}, "data_parallel_size 2 needs processes of its own"),
        ({"engine_args": {"dtype": "float16"}}, "engine_args has 'dtype'"),
    ],
)
def test_options_that_contradict_each_other_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Vllm(model="m", **options)


@pytest.mark.slow
def test_what_changes_the_model_changes_its_revision(lm: Path) -> None:
    plain, cache, coarse = (
        Vllm(model=str(lm), engine_args=arguments).identity()
        for arguments in ({}, {"swap_space": 2}, {"quantization": "fp8"})
    )
    assert plain == cache
    assert coarse[1].startswith(f"{plain[1]}+")
