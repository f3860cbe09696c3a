"""Keep rows that fit the trainer's windows, counted by the model's own processor and chat template, images included.

    - {kind: token_budget, processor: Qwen/Qwen2.5-VL-7B-Instruct, max_total_tokens: 65536}

The paper trains the cold start with 64k tokens and RL with growing limits (4.1, appendix B). Characters say little: an image costs
from 4 to 16,384 tokens in Qwen2.5-VL. The counting is the sampler's (`sampling.conversation`): what passes here is what the engine takes.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from curation.core.errors import BuildError, first_line
from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.sampling.engines.base import Request
from curation.sampling.engines.conversation import conversation, text_conversation
from curation.sampling.template import Template, apply_to_messages


class TokenBudget(Filter):
    """Bounds on tokens. The processor is loaded by the first row, once per process."""

    kind: Literal["token_budget"] = "token_budget"
    remedies: ClassVar[dict[str, str]] = {
        "picture_unreadable": "",
        "not_countable": "",
        "too_many_prompt_tokens": "max_prompt_tokens",
        "too_many_tokens": "max_total_tokens",
        "too_few_tokens": "min_tokens",
    }
    processor: str
    """Folder or Hub name of the model whose processor (or tokenizer) counts."""
    revision: str | None = None
    """Commit, tag or branch of the processor on the Hub; null: the newest."""
    template: Template = "{question}"
    """The manifest's `prompt_template`, whose tokens count too."""
    max_prompt_tokens: int | None = Field(default=None, ge=1)
    """Most tokens of the prompt, those of its images included; null: any."""
    max_total_tokens: int | None = Field(default=None, ge=1)
    """Most tokens of prompt and completion together; null: any."""
    min_tokens: int = Field(default=0, ge=0)
    """Fewest tokens of the completion, or of the prompt where a row has none."""

    @model_validator(mode="after")
    def _bounds_something(self) -> "TokenBudget":
        if self.max_prompt_tokens is None and self.max_total_tokens is None and not self.min_tokens:
            raise ValueError("got no bound; expected max_prompt_tokens, max_total_tokens or min_tokens")
        return self

    def judge(self, row: Row) -> Judgement:
        processor = _processor(self.processor, self.revision)
        try:
            prompt = prompt_tokens(processor, row, self.template)
        except ValueError as error:
            return False, "picture_unreadable" if row.images else "not_countable", first_line(error)
        completion = completion_tokens(processor, row.completion)
        if self.max_prompt_tokens is not None and prompt > self.max_prompt_tokens:
            return False, "too_many_prompt_tokens"
        if self.max_total_tokens is not None and prompt + completion > self.max_total_tokens:
            return False, "too_many_tokens"
        return True if (completion or prompt) >= self.min_tokens else (False, "too_few_tokens")

    def judge_prompt(self, row: Row) -> Judgement:
        """Without `min_tokens`, which is of the trace."""
        return self.model_copy(update={"min_tokens": 0}).judge(row)


def prompt_tokens(processor: Any, row: Row, template: str = "{question}") -> int:
    """Tokens of the prompt as the engine sends it: template, chat template, generation prompt, an image's tokens each.

    Raises:
        ValueError: an image cannot be decoded, or the model takes none.
    """
    request = Request(row.id, apply_to_messages(template, row.prompt), row.images, (0,), seed=0)
    messages = conversation(request) if hasattr(processor, "tokenizer") else text_conversation(request)
    encoded = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
    ids = encoded["input_ids"]
    return len(ids[0]) if ids and isinstance(ids[0], list) else len(ids)


def completion_tokens(processor: Any, completion: str) -> int:
    """Tokens of the completion and of the end of its turn."""
    if not completion:
        return 0
    tokenizer = getattr(processor, "tokenizer", processor)
    return len(tokenizer(completion, add_special_tokens=False)["input_ids"]) + 1


@lru_cache(maxsize=2)
def _processor(name: str, revision: str | None) -> Any:
    """The processor of a vision-language model, the tokenizer of a language model."""
    try:
        from transformers import AutoProcessor
    except ImportError as error:
        raise BuildError(f"filter 'token_budget' needs the extra `train`: {first_line(error)}") from error
    try:
        return AutoProcessor.from_pretrained(name, revision=None if Path(name).is_dir() else revision)
    except Exception as error:  # theirs, the system's, the file formats'
        raise BuildError(f"filter 'token_budget' cannot load the processor {name!r}: {first_line(error)}") from error
