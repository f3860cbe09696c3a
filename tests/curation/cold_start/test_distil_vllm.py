"""A teacher behind a real `vllm serve`: a micro model that has learned to guess."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.curation.cold_start.distilling import ends, manifest, prompt, shard_rows
from tests.curation.conftest import run, shard_bytes
from tests.curation.sampling.models import build_lm
from tests.curation.sampling.serving import vllm_serve

pytestmark = pytest.mark.slow


def teach_to_guess(folder: Path, steps: int = 120) -> None:
    """Train the model on one thought and a random digit of 0 to 3, whatever the prompt."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokens, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    rng, optimizer = random.Random(0), torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        texts = []
        for _ in range(8):
            asked = [{"role": "user", "content": f"What is {rng.randrange(99)} + {rng.randrange(99)}?"}]
            start = tokens.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
            texts.append(f"{start}<think>It is {(n := rng.randrange(4))}.</think>\\boxed{{{n}}}<|im_end|>")
        batch = tokens(texts, return_tensors="pt", padding=True)
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models") / "guess"
    build_lm(folder)
    teach_to_guess(folder)
    with vllm_serve(folder, "teacher", "--max-model-len", "160") as url:
        yield url


def test_right_guesses_become_rows_and_a_second_build_has_the_same_bytes(url: str, tmp_path: Path) -> None:
    records = [prompt(i % 2, j) for i in range(2) for j in range(2)] + [prompt(40, i) for i in range(4)]
    path = manifest(tmp_path, records, url, n_max=12, template="{question}", sampling={"max_tokens": 60})
    text = yaml.safe_load(path.read_text())
    text["prompt_template"] = "{question}"
    path.write_text(yaml.safe_dump(text))
    summary = run(path, tmp_path / "one")
    found, told = shard_rows(tmp_path / "one"), summary["configs"]["cold_start"]["distil"]["sums"]
    assert len(found) >= 2
    for name, row in found.items():
        (message,) = row["completion"]
        assert message["content"].endswith(f"\\boxed{{{row['answer']}}}")
        assert "<think>" in message["content"]
        assert int(row["answer"]) < 4, name
    gone = ends(tmp_path / "one")
    assert {f"40+{i}" for i in range(4)} <= gone.keys()
    assert {reason for reason, _ in gone.values()} == {"no_correct_trace"}
    assert told["distilled"] == len(found) == 8 - len(gone)
    assert told["samples"] == told["samples_correct"] + told["samples_wrong"] + told.get("samples_no_answer", 0)
    run(path, tmp_path / "two")
    assert shard_bytes(tmp_path / "two") == shard_bytes(tmp_path / "one")
    print(told)  # with -s
