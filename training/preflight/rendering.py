"""Rows as the trainers hand them to processor and tokenizer: messages with image parts, the chat template, ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.arguments import model_kwargs
from training.data.places import placed
from training.data.table import ShardTable
from training.models.adapters import base_of, is_adapter
from training.models.processors import capped
from training.preflight.rows import SampledRow
from training.preflight.subject import Subject

ANSWER = {"role": "assistant", "content": "<think>\nOne and one.\n</think>\n\\boxed{2}"}
"""What stands for the response of a row that has none."""


def load_processor(subject: Subject) -> Any:
    """The processor or tokenizer that the trainer will take, with the options that change it."""
    from transformers import AutoProcessor

    name = _with_processor(subject)
    processor = AutoProcessor.from_pretrained(name, **_how(subject))
    if (max_pixels := subject.option("max_pixels")) is not None:
        rows, processor = capped(ShardTable([], []), name, subject.options, max_pixels)
        subject.cap = rows.cap
    template = subject.option("chat_template_path")
    if template and Path(template).suffix in (".jinja", ".j2"):
        processor.chat_template = Path(template).read_text(encoding="utf-8")
    return processor


def load_model_config(subject: Subject) -> Any:
    """The model's configuration."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(_base(subject.model), **_how(subject))


def load_model(subject: Subject) -> Any:
    """The model of the trainer, on its device; an adapter merged into its base, as a run begins with it."""
    from trl.trainer.utils import create_model_from_path

    kwargs = model_kwargs(subject.options, subject.model_options)
    model = create_model_from_path(_base(subject.model), **kwargs).to(subject.options.device)
    if not is_adapter(subject.model):
        return model
    from peft import PeftModel

    return PeftModel.from_pretrained(model, subject.model).merge_and_unload()


def _how(subject: Subject) -> dict[str, Any]:
    return {
        "revision": subject.option("model_revision"),
        "trust_remote_code": bool(subject.option("trust_remote_code", False)),
    }


def _base(model: str) -> str:
    return base_of(Path(model)) if is_adapter(model) else model


def _with_processor(subject: Subject) -> str:
    """An adapter's folder has the processor it was trained with, where its run saved it."""
    has_own = not is_adapter(subject.model) or (Path(subject.model) / "tokenizer_config.json").is_file()
    return subject.model if has_own else _base(subject.model)


def conversation(subject: Subject, messages: Sequence[Any], images: Sequence[Any]) -> list[Any]:
    """The messages in TRL's form: parts for a processor, text for a tokenizer."""
    from transformers import ProcessorMixin
    from trl.data_utils import prepare_multimodal_messages

    if not isinstance(subject.processor, ProcessorMixin):
        return [dict(message) for message in messages]
    return list(prepare_multimodal_messages(placed(list(messages), len(images)), list(images)))


def render(subject: Subject, row: SampledRow, *answers: Any, generation: bool = False) -> str:
    """The row's prompt, and what answers it, through the chat template."""
    messages = conversation(subject, [*row.prompt, *answers], row.opened)
    options = subject.option("chat_template_kwargs") or {}
    text = subject.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation, **options)
    return str(text)


def ids_of(subject: Subject, text: str) -> list[int]:
    """The ids of a rendered text, one placeholder for each image."""
    return list(subject.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def answers_of(row: SampledRow) -> list[Any]:
    """The row's completion, or something in its place."""
    return [dict(message) for message in row.completion] or [ANSWER]
