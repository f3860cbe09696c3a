"""A trace as the tokens that a model reads: the prompt in the model's chat template, where it has one, and the response behind it.

The response is put behind the rendered prompt as it is. Chat templates of reasoning models would remove its reasoning (that of DeepSeek-R1
keeps what is behind `</think>`). A template whose prompt ends in `<think>` has that taken away where the response begins with its own.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from curation.cold_start.loss.scorers.base import Encoded
from curation.core.row import Message, question_of
from curation.sampling.template import apply_to_messages

PAIRING_TOKENS: Final = 64
"""Of the response, in which the question's help is measured: it shows in the beginning, and the rest need not be read twice."""
_OPENING = re.compile(r"\s*<think>\s*")


class Encoder:
    """Encodes traces for one model, cut at `max_length` tokens; `template` is put around the question, as a shard has it."""

    def __init__(self, tokenizer: Any, max_length: int, template: str) -> None:
        self._tokenizer, self._max_length, self._template = tokenizer, max_length, template
        self._has_template = bool(getattr(tokenizer, "chat_template", None))

    def encode(self, messages: Sequence[Message], response: str) -> Encoded | None:
        """The trace; None where the prompt leaves no room for a token of the response."""
        prompt, question = self._prompt(messages, response)
        tokens = self._tokens(response)
        room = self._max_length - len(prompt)
        if room < 1 or not tokens:
            return None
        opening = _OPENING.match(response)
        reasoning = min(len(self._tokens(opening[0])), len(tokens) - 1) if opening else 0
        return Encoded(prompt + tokens[:room], question, len(prompt), reasoning, len(tokens))

    def alone(self, whole: Encoded, messages: Sequence[Message], response: str) -> Encoded:
        """The beginning of the response behind the same prompt without its question."""
        prompt, _ = self._prompt(without_question(messages), response)
        tokens = whole.ids[whole.response :][: max(min(PAIRING_TOKENS, self._max_length - len(prompt)), 0)]
        return Encoded(prompt + tokens, (0, 0), len(prompt), 0, whole.n_tokens)

    def n_tokens(self, response: str) -> int:
        return len(self._tokens(response))

    def _prompt(self, messages: Sequence[Message], response: str) -> tuple[list[int], tuple[int, int]]:
        """The tokens in front of the response, at least one, and where those of the question are; (1, all) where that cannot be seen."""
        prompt = apply_to_messages(self._template, tuple(messages))
        if self._has_template:
            chat = [{"role": message.role, "content": message.content} for message in prompt]
            text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
            if _OPENING.match(response) and (end := re.search(r"<think>\s*$", text)):
                text = text[: end.start()]
        else:
            text = "\n\n".join(message.content for message in prompt) + "\n\n"
        question = question_of(messages).strip()
        start = text.rfind(question)
        is_fast = bool(getattr(self._tokenizer, "is_fast", False))
        encoded = self._tokenizer(text, add_special_tokens=not self._has_template, return_offsets_mapping=is_fast)
        ids = list(encoded["input_ids"])
        if (
            self._tokenizer.eos_token_id is not None
            and not self._has_template
            and ids[-1:] == [self._tokenizer.eos_token_id]
        ):
            ids.pop()  # some tokenizers end every text
        if not ids:
            first = self._tokenizer.bos_token_id
            ids = [first if first is not None else self._tokenizer.eos_token_id or 0]
        if start < 0 or not question or not is_fast:
            return ids, (1, len(ids)) if question else (0, 0)
        inside = [
            i
            for i, (a, b) in enumerate(encoded["offset_mapping"][: len(ids)])
            if b > start and a < start + len(question)
        ]
        return ids, (inside[0], inside[-1] + 1) if inside else (0, 0)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def without_question(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the last of the user's emptied."""
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=None)
    return tuple(replace(message, content="") if i == last else message for i, message in enumerate(messages))
