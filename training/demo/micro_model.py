r"""ovr-train micro-model --data build/micro_model_data [--out build/micro_model]

A Qwen2.5-VL of 0.8 million parameters, built from nothing and pretrained by the project's own SFT trainer in about a minute on
one core. It is the embedded default sampler: a real model for tests, for the quickstart and for vLLM, with no network.

What differs from a Qwen2.5-VL that somebody downloads, besides size: an image is 56 x 56 pixels and becomes a single token (the
merger joins 4 x 4 patches instead of 2 x 2), for with so little training only the merger's matrix learns *where* things are. Digits
are tokens of their own; the initial weights are three times wider than the default, which suits a hidden size of 128.

Pretraining rows are `rl` shards of easy image puzzles and short text. The completion is the bare answer, boxed in every second
row and stated in a sentence in the others, chosen by the row's id: like a pretrained model it knows some answers and some
formats, and it has never reasoned. Both come from the later stages.
"""

import argparse
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from training.data.shards import check_shards, read_shards

_NAMES = ("endoftext", "im_start", "im_end", "vision_start", "vision_end", "image_pad", "video_pad")
SPECIAL = [f"<|{name}|>" for name in _NAMES]
MARKS = ("<think>", "</think>", "\\boxed{")
"""One token each, as reasoning models have them; plain text to a decoder, so that the reward sees them."""

TRACE_WORDS = r"""system user assistant The answer is 3. \boxed{3} <think> I see red, blue, green. Count the shapes: 1, 2, 3. Left has 1.
Right has 2. 2 is more than 1. 1 is the same as 1. That is A. B. C. D. The red bar ends at 3. The blue circle is at the top left. The
green square is at the bottom right. Width 3, height 2. 3 * 2 = 6. 3 + 2 = 5. 1 - 2 = -1. Row 1: red circle, blue triangle. nothing.
A bar chart. A rectangle made of unit squares. Column A is 1. The short hand points to 6. There are more dots. So it is Let me look at the
picture again. Let me picture it. Let me check: Left </think> Red Blue Green dots"""
"""The tokenizer knows the words of the traces that the cold start will bring."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Qwen2.5-VL's, without the default system message."""


@dataclass(frozen=True)
class Recipe:
    """Shape and pretraining of the model. Head sizes are 32: vLLM's attention on CPU refuses 16."""

    hidden_size: int = 128
    n_layers: int = 2
    vision_hidden_size: int = 32
    n_vision_layers: int = 2
    patch_size: int = 14
    merge_size: int = 4
    initializer_range: float = 0.06
    vocab_size: int = 1024
    n_steps: int = 260
    batch_size: int = 32
    learning_rate: float = 1e-3
    seed: int = 0


def main(argv: Sequence[str]) -> int:
    """Build the model, or find it in the cache, and print its folder."""
    parser = argparse.ArgumentParser(prog="ovr-train micro-model", description="Build and pretrain the micro model.")
    parser.add_argument(
        "--data", required=True, type=Path, help="rl shards made by ovr-curate from manifests/micro_model.yaml"
    )
    parser.add_argument("--out", type=Path, help="where the model goes; default: the cache")
    args = parser.parse_args(argv)
    built = micro_model(args.data)
    if args.out is not None:
        shutil.copytree(built, args.out, dirs_exist_ok=True)
    print(args.out or built)
    return 0


def micro_model(data: Path, recipe: Recipe = Recipe(), cache: Path | None = None) -> Path:
    """The pretrained model's folder under `cache` (default $OVR_CACHE, else build/micro_model), built if it is not there.

    The folder's name is the hash of the recipe, of this file, of the rows and of the libraries that train.
    """
    cache = cache or Path(os.environ.get("OVR_CACHE", "build/micro_model"))
    folder = cache / recipe_hash(data, recipe)
    if (folder / "config.json").is_file():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".building-") as building:
        _pretrain(data, recipe, Path(building))
        (Path(building) / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n")
        os.chmod(building, 0o755)
        try:
            os.rename(building, folder)
        except OSError:
            if not (folder / "config.json").is_file():  # otherwise another process was faster, with the same bytes
                raise
        else:
            os.mkdir(building)  # what the context manager will remove
    return folder


def recipe_hash(data: Path, recipe: Recipe) -> str:
    """Sixteen hex digits that change with anything the weights depend on."""
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    digest.update(Path(__file__).read_bytes())
    digest.update(" ".join(version(name) for name in ("torch", "transformers", "trl")).encode())
    for path in check_shards(data, "rl", "train"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def short_completion(row_id: str, answer: str) -> str:
    r"""The bare answer, boxed or in a sentence, chosen by the row's id.

    >>> short_completion("2", "7"), short_completion("3", "7")
    ('The answer is 7.', '\\boxed{7}')
    """
    in_a_sentence = int(hashlib.sha256(row_id.encode()).hexdigest(), 16) % 2
    return f"The answer is {answer}." if in_a_sentence else f"\\boxed{{{answer}}}"


def _pretrain(data: Path, recipe: Recipe, out: Path) -> None:
    import torch
    from trl import SFTConfig

    from training.sft import sft_trainer

    rows = read_shards(data, "rl", "train").dataset(_examples)
    processor = new_processor(_texts(rows), recipe)
    torch.manual_seed(recipe.seed)
    model = new_model(processor.tokenizer, recipe)
    config = SFTConfig(
        output_dir=str(out),
        max_steps=recipe.n_steps,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        adam_beta2=0.98,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=20,
        max_length=None,
        seed=recipe.seed,
        logging_steps=20,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
    )
    trainer = sft_trainer(model, config, rows, language_only=False, processor=processor)
    trainer.train()
    trainer.save_model(str(out))


def _examples(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The rows with short completions, as TRL's SFT takes them."""
    answers = map(short_completion, rows["id"], rows["answer"])
    completions = [[{"role": "assistant", "content": answer}] for answer in answers]
    return {"prompt": rows["prompt"], "images": rows["images"], "completion": completions}


def _texts(rows: Any) -> Iterator[str]:
    yield from TRACE_WORDS.splitlines()
    for row in rows:
        prompt, completion = row["prompt"], row["completion"]
        yield from (message["content"] for message in (*prompt, *completion))


def new_processor(texts: Iterable[str], recipe: Recipe) -> Any:
    """A Qwen2.5-VL processor whose tokenizer is trained on `texts`; images are scaled to about one merged patch."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2_5_VLProcessor, Qwen2VLVideoProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocab_size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.add_tokens(list(MARKS))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=SPECIAL[1:],
        extra_special_tokens={"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
        padding_side="left",
        model_max_length=4096,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    patches = {"patch_size": recipe.patch_size, "merge_size": recipe.merge_size, "temporal_patch_size": 2}
    side = recipe.patch_size * recipe.merge_size
    image_processor = Qwen2VLImageProcessorPil(min_pixels=side**2, max_pixels=side**2, **patches)
    return Qwen2_5_VLProcessor(
        image_processor=image_processor,
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**patches),
        chat_template=CHAT_TEMPLATE,
    )


def new_model(tokenizer: Any, recipe: Recipe) -> Any:
    """The untrained model for a tokenizer, weights drawn from torch's current random state."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    token = tokenizer.convert_tokens_to_ids
    turns = 32 // 2  # rotary frequencies of a head, shared by time, height and width
    sides = 3 * turns // 8
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [turns - 2 * sides, sides, sides]}
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": recipe.hidden_size,
        "intermediate_size": 3 * recipe.hidden_size,
        "num_hidden_layers": recipe.n_layers,
        "num_attention_heads": recipe.hidden_size // 32,
        "num_key_value_heads": recipe.hidden_size // 64,
        "max_position_embeddings": 4096,
        "initializer_range": recipe.initializer_range,
        "rope_parameters": rope,
        "bos_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": recipe.n_vision_layers,
        "hidden_size": recipe.vision_hidden_size,
        "intermediate_size": 2 * recipe.vision_hidden_size,
        "num_heads": recipe.vision_hidden_size // 32,
        "patch_size": recipe.patch_size,
        "spatial_merge_size": recipe.merge_size,
        "temporal_patch_size": 2,
        "window_size": 2 * recipe.patch_size * recipe.merge_size,
        "fullatt_block_indexes": list(range(recipe.n_vision_layers)),
        "out_hidden_size": recipe.hidden_size,
        "initializer_range": recipe.initializer_range,
    }
    model = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config=text,
            vision_config=vision,
            image_token_id=token("<|image_pad|>"),
            video_token_id=token("<|video_pad|>"),
            vision_start_token_id=token("<|vision_start|>"),
            vision_end_token_id=token("<|vision_end|>"),
            tie_word_embeddings=True,
        )
    )
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model
