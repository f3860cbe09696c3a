"""Faults planted in a model's folder, in its weights and in the options: each is found, by its name, in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.training.preflight.conftest import subject
from training.preflight.command import fly
from training.preflight.flight import Flight

pytestmark = pytest.mark.slow

GENERATION = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def template(old: str, new: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = folder / "chat_template.jinja"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return plant


def remove(*names: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return plant


def set_json(name: str, **values: Any) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        held = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**held, **values}))

    return plant


def image_processor(**values: Any) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = folder / "processor_config.json"
        held = json.loads(path.read_text())
        held["image_processor"].update(values)
        path.write_text(json.dumps(held))

    return plant


def more_tokens_than_embeddings(folder: Path) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    processor.tokenizer.add_tokens(["<|extra_1|>", "<|extra_2|>"])
    processor.save_pretrained(folder)


def cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def missing_part(folder: Path) -> None:
    names = list(load_file(folder / "model.safetensors"))
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    index = {"weight_map": {name: f"model-0000{1 + at % 2}-of-00002.safetensors" for at, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def half_a_checkpoint(folder: Path) -> None:
    torch.save({}, folder / "optimizer.pt")


def weights(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        held = load_file(folder / "model.safetensors")
        change(held)
        save_file(held, folder / "model.safetensors", metadata={"format": "pt"})

    return plant


def not_a_number(held: dict[str, Any]) -> None:
    held["model.norm.weight"][3] = torch.nan


def another_name(held: dict[str, Any]) -> None:
    held["model.layers.0.mlp.another.weight"] = held.pop("model.layers.0.mlp.up_proj.weight")


def adapter_without_base(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder / "gone")}))
    save_file({"a": torch.zeros(2)}, folder / "adapter_model.safetensors")


FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "template without generation prompt": (template(GENERATION, ""), "template: row {0}: no generation prompt at the end of the prompt: it ends with"),
    "template that drops images": (template("<|vision_start|><|image_pad|><|vision_end|>", ""), "image tokens: row {1}: the template drops the images: 0 placeholders in the prompt, 1 images"),
    "template that drops thinking": (template("{{ part['text'] }}", "{{ part['text'].split('</think>')[-1] }}"), "template: row {0}: the template drops thinking: not found in what the model would see: '<think>"),
    "template that drops questions": (template("{{ part['text'] }}", "{{ part['text'] | upper }}"), "template: row {0}: the template changes or drops a user message: "),
    "template of another model": (template("<|im_start|>", "<|start|>"), "template: {model}: '<|start|>' is "),
    "template whose turns do not end": (template("<|im_end|>\n", "\n"), "template: row {0}: an assistant's turn does not end with a token that generation stops at: it ends with '}', stops are '<|im_end|>'"),
    "template that fails": (template("{% for", "{{ raise_exception('no system') }}{% for"), "image tokens: row {0}: the processor fails: "),
    "no chat template": (remove("chat_template.jinja"), "template: {model}: no chat template: expected chat_template.jinja"),
    "missing processor file": (remove("processor_config.json"), "processor: {model}: a model with a vision tower, but no preprocessor_config.json or processor_config.json"),
    "missing tokenizer": (remove("tokenizer.json"), "processor: {model}: no tokenizer: expected one of tokenizer.json"),
    "processor that is no JSON": (lambda folder: (folder / "processor_config.json").write_text("{"), "processor: {model}: processor_config.json is not JSON"),
    "wrong placeholder count": (image_processor(merge_size=2), "image tokens: row {1}: another number of placeholders than image features: 4 placeholders, the model makes 1 of grid [[1, 4, 4]]"),
    "patches of another size": (image_processor(temporal_patch_size=1), "image tokens: row {1}: patches of another size than the model's: 588 values each, expected 1176"),
    "another placeholder": (set_json("config.json", image_token_id=3), "image tokens: {model}: the processor's '<|image_pad|>' is token 5, the model's is 3"),
    "more tokens than embeddings": (more_tokens_than_embeddings, "tokenizer: {model}: "),
    "an end that generation passes over": (set_json("generation_config.json", eos_token_id=0), "tokenizer: {model}: generation_config.json stops at [0], not at the tokenizer's '<|im_end|>' (2)"),
    "no configuration": (remove("config.json"), "model: {model}: no config.json that can be read"),
    "cut weights": (cut_weights, "weights: {model}: model.safetensors has "),
    "a part is missing": (missing_part, "weights: {model}: model-00002-of-00002.safetensors, which the index names, is missing"),
    "half-written checkpoint": (half_a_checkpoint, "checkpoint: {model}: no trainer_state.json: the save was cut off in the middle"),
    "adapter without its base": (adapter_without_base, "model: {model}: the base model of {model}, {model}/gone, is not there"),
}  # fmt: skip
LOADED: dict[str, tuple[Callable[[Path], None], str]] = {
    "not a number": (weights(not_a_number), "weights: {model}: 1 tensors hold NaN or infinity, model.language_model.norm.weight first"),
    "a weight by another name": (weights(another_name), "weights: {model}: 1 of 33 weights are in no file, 'model.layers.0.mlp.up_proj.weight' first: they would be random; the files have "),
    "another architecture": (set_json("config.json", architectures=["NoSuchModel"]), "model: {model}: cannot be loaded: "),
}  # fmt: skip


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def expected(text: str, folder: Path) -> str:
    for at in range(2):
        text = text.replace(f"{{{at}}}", f"{at:032x}")
    return f"preflight: {text.replace('{model}', str(folder))}"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_fault_of_a_folder_is_one_line(name: str, folder: Path, shards: Path) -> None:
    plant, text = FOLDERS[name]
    plant(folder)
    flight = Flight(subject("grpo", shards, folder))
    lines = [str(problem) for problem in flight.check_data()]
    assert flight.failed
    assert [line for line in lines if line.startswith(expected(text, folder))], lines


@pytest.mark.parametrize("name", LOADED)
def test_a_fault_of_loaded_weights_is_one_line(name: str, folder: Path, shards: Path) -> None:
    plant, text = LOADED[name]
    plant(folder)
    flight = fly(subject("grpo", shards, folder))
    assert flight.failed
    assert str(flight.problems[0]).startswith(expected(text, folder)), flight.problems


def blind(model: Any) -> None:
    """What the tower says is nothing."""
    merger = model.model.visual.merger
    with torch.no_grad():
        for weight in merger.parameters():
            weight.zero_()


def leaking(model: Any) -> None:
    """A model that is taken for one whose documents are separated already."""
    model.get_decoder().separates_documents = True


def test_an_image_that_is_not_seen_is_found(tiny_model: Path, shards: Path) -> None:
    run = subject("grpo", shards, tiny_model)
    flight = fly(run, model=planted(blind, tiny_model))
    assert [problem.check for problem in flight.problems] == ["image is seen"]
    assert "inverting its image moves the logits by 0.0e+00" in str(flight.problems[0])


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_packing_leak_is_found(attention: str, tiny_model: Path, shards: Path) -> None:
    run = subject("sft", shards, tiny_model, packing=True)
    whole = fly(run, model=planted(lambda model: None, tiny_model, attention))
    assert not whole.problems
    assert "packing" in whole.subject.figures
    found = fly(run, model=planted(leaking, tiny_model, attention)).problems
    assert [problem.check for problem in found] == ["packing"]
    assert f"packed documents see each other with {attention} attention" in str(found[0])


@pytest.mark.parametrize(("rate", "is_warning"), [(1e-6, False), (1e-2, True)])
def test_rounded_weights_are_found(rate: float, is_warning: bool, tiny_model: Path, shards: Path) -> None:
    flight = fly(subject("sft", shards, tiny_model, dtype="bfloat16", learning_rate=rate))
    (problem,) = flight.problems
    assert problem.is_warning == is_warning == (not flight.failed)
    assert problem.check == "dtype"
    assert f"trained weights are bfloat16, expected float32: at a learning rate of {rate:g} an update changes" in str(
        problem
    )


def test_more_than_the_device_has_is_found(tiny_model: Path, shards: Path) -> None:
    flight = fly(subject("grpo", shards, tiny_model, per_device_train_batch_size=1 << 20, num_generations=1 << 20))
    (problem,) = flight.problems
    assert problem.is_warning
    assert problem.check == "memory"
    assert "a step need" in problem.message


def planted(plant: Callable[[Any], None], folder: Path, attention: str = "sdpa") -> Any:
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(folder, attn_implementation=attention)
    plant(model)
    return model
