r"""The prompt template: the text around a question, in a shard as in the sampler.

apply_template("{question} Put the final answer in \boxed{}.", "What is 1 + 1?")
"""

import hashlib
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator

from curation.core.row import Message

PLACEHOLDER = "{question}"


def check_template(template: str) -> str:
    """The template, which holds `{question}` once.

    Raises:
        ValueError: it does not.
    """
    if template.count(PLACEHOLDER) != 1:
        raise ValueError(f"got {template!r}, expected exactly one {PLACEHOLDER} in it")
    return template


Template = Annotated[str, AfterValidator(check_template)]
"""The type of an option."""


def apply_template(template: str, question: str) -> str:
    """`template` with `{question}` replaced; every other brace, LaTeX's above all, stays as it is."""
    return check_template(template).replace(PLACEHOLDER, question)


def apply_to_messages(template: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with the last user message put into the template."""
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=None)
    return tuple(
        replace(message, content=apply_template(template, message.content)) if i == last else message
        for i, message in enumerate(messages)
    )


def template_hash(template: str) -> str:
    """16 hex digits that identify the template in `difficulty.sampler` and in the shards' metadata."""
    return hashlib.blake2b(template.encode(), digest_size=8).hexdigest()
