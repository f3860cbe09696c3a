"""Tiny random models with real tokenizer, processor and chat template, and an engine that says what it is told."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Engine, Request, Response, Sample, SamplingOptions, sample_seed

os.environ.setdefault("HF_HUB_OFFLINE", "1")

SPECIAL_TOKENS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
TEXTS = [
    "How many red squares are in the picture? Answer: 1 2 3 4",
    "What is 3 + 4? The answer is \\boxed{7}.",
    "system user assistant",
]
CHAT_TEMPLATE = """{% for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] -%}
{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}
{%- endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@pytest.fixture(scope="session")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Qwen2.5-VL of about half a million parameters."""
    folder = tmp_path_factory.mktemp("models") / "vlm"
    build_vlm(folder)
    return folder


@pytest.fixture(scope="session")
def lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Qwen3 without vision."""
    folder = tmp_path_factory.mktemp("models") / "lm"
    build_lm(folder)
    return folder


def png(color: str, width: int = 60, height: int = 60, mode: str = "RGB") -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new(mode, (width, height), color).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def requests() -> list[Request]:
    """Prompts of every shape: text, system message, one picture, two pictures; four samples each."""
    user = Message("user", "How many red squares are in the picture?")
    prompts: list[tuple[tuple[Message, ...], tuple[bytes, ...]]] = [
        ((Message("user", "What is 3 + 4?"),), ()),
        ((Message("system", "Answer."), user), ()),
        ((user,), (png("red"),)),
        ((Message("system", "Answer."), user), (png("blue", 100), png("red", mode="RGBA"))),
    ]
    return [
        Request(f"row{i}", messages, images, tuple(range(4)), seed=0) for i, (messages, images) in enumerate(prompts)
    ]


def trainers_prompt(processor: Any, request: Request) -> list[int]:
    """The tokens that TRL makes of a prompt."""
    from trl.data_utils import prepare_multimodal_messages

    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    images = [Image.open(io.BytesIO(image)).convert("RGB") for image in request.images]
    tokens: list[int] = processor.apply_chat_template(
        conversation=[prepare_multimodal_messages(messages, images=images)],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
    )["input_ids"][0]
    return list(tokens)


PROMPT_TOKENS = 10
"""How long the scripted engine finds every prompt."""
Script = Callable[[str, int], tuple[str, str]]


class Scripted(Engine):
    """An engine whose sample `number` of request `key` is `script(key, number)`: text and finish reason.

    Its kind is no literal, so that no manifest knows it. `log` takes every batch as [(key, sample numbers), ...].
    """

    kind: str = "scripted"
    model: str = "scripted"
    script: Any
    log: Any

    def identity(self) -> tuple[str, str]:
        return self.model, self.revision or "1"

    @contextmanager
    def open(self) -> Iterator["ScriptedSession"]:
        yield ScriptedSession(self.script, self.log, self.max_model_len)


class ScriptedSession:
    """See `Scripted`. The script may raise SamplingError, or ValueError for a prompt it does not take."""

    def __init__(
        self, script: Script, log: list[list[tuple[str, tuple[int, ...]]]], max_model_len: int | None = None
    ) -> None:
        self.script = script
        self.log = log
        self.max_model_len = max_model_len

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> list[Response]:
        self.log.append([(request.key, request.sample_numbers) for request in requests])
        return [self._respond(request, options) for request in requests]

    def _respond(self, request: Request, options: SamplingOptions) -> Response:
        try:
            samples = tuple(self._sample(request, number, options) for number in request.sample_numbers)
        except SamplingError:
            raise
        except ValueError as error:
            return Response(request.key, (), 0, str(error))
        return Response(request.key, samples, PROMPT_TOKENS)

    def _sample(self, request: Request, number: int, options: SamplingOptions) -> Sample:
        text, finish_reason = self.script(request.key, number)
        limit = min(options.max_tokens, (self.max_model_len or 10**6) - PROMPT_TOKENS)
        n_tokens = limit if finish_reason == "length" else 5
        seed = sample_seed(request.seed, request.key, number)
        return Sample(number, text, finish_reason, n_tokens, seed)  # type: ignore[arg-type]


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    """Make a scripted engine: `scripted(script, revision="2")`."""

    def make(script: Script, **options: Any) -> Scripted:
        return Scripted(script=script, log=[], **options)

    return make


def build_vlm(folder: Path) -> None:
    """Save the model and its processor in `folder`."""
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    tokens = tokenizer()
    model = Qwen2_5_VLForConditionalGeneration(vlm_config(tokens))
    model.generation_config.eos_token_id = tokens.eos_token_id
    model.generation_config.pad_token_id = tokens.pad_token_id
    model.save_pretrained(folder)
    processor(tokens).save_pretrained(folder)


def build_lm(folder: Path) -> None:
    """Save a Qwen3 without vision and its tokenizer in `folder`."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    tokens = tokenizer()
    Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokens),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=32,
            initializer_range=0.2,
            max_position_embeddings=512,
            eos_token_id=tokens.eos_token_id,
            pad_token_id=tokens.pad_token_id,
        )
    ).save_pretrained(folder)
    tokens.save_pretrained(folder)


def tokenizer() -> Any:
    """A byte-level BPE trained on `TEXTS`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=SPECIAL_TOKENS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=SPECIAL_TOKENS[1:],
        extra_special_tokens={"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
        chat_template=CHAT_TEMPLATE,
        padding_side="left",
    )


def vlm_config(tokens: Any) -> Any:
    """Two layers of text and of vision. vLLM's CPU attention wants heads of 32 or 64."""
    from transformers import Qwen2_5_VLConfig

    ids = tokens.convert_tokens_to_ids
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokens),
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "tie_word_embeddings": True,
            "initializer_range": 0.2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
            "bos_token_id": ids("<|endoftext|>"),
            "eos_token_id": ids("<|im_end|>"),
            "pad_token_id": ids("<|endoftext|>"),
        },
        vision_config={
            "depth": 2,
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_heads": 4,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "fullatt_block_indexes": [1],
            "out_hidden_size": 128,
            "in_channels": 3,
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def processor(tokens: Any) -> Any:
    """The real processor, with pictures of 56 to 112 pixels a side."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLVideoProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    patches = {"patch_size": 14, "merge_size": 2, "temporal_patch_size": 2}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=112 * 112, **patches),
        tokenizer=tokens,
        video_processor=Qwen2VLVideoProcessor(**patches),
        chat_template=CHAT_TEMPLATE,
    )
