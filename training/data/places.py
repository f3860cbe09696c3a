"""Prompts whose text places images, as TRL takes them: content parts with an image part at each `<image>`.

TRL (`trl.data_utils.prepare_multimodal_messages`) puts the images of a text before its first user message, and leaves parts as they
are. Prompts that place no image, and those whose places are not as many as the images, are given to it as they are.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

from curation.core.row import PLACE
from curation.sampling.engines.conversation import split_at_places


def placed(prompt: Sequence[Mapping[str, str]], n_images: int) -> list[dict[str, Any]]:
    """The messages, with parts for all of them where the text places the images.

    >>> placed([{"role": "user", "content": "Is <image> red?"}], 1)
    [{'role': 'user', 'content': [{'type': 'text', 'text': 'Is '}, {'type': 'image'}, {'type': 'text', 'text': ' red?'}]}]
    """
    if not n_images or sum(message["content"].count(PLACE) for message in prompt) != n_images:
        return [dict(message) for message in prompt]
    image = {"type": "image"}
    return [
        {"role": one["role"], "content": split_at_places(one["content"], map(dict, repeat(image)))} for one in prompt
    ]


def with_places(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A batch of rl rows, their prompts turned into parts."""
    prompts = [
        placed(prompt, len(images or ())) for prompt, images in zip(batch["prompt"], batch["images"], strict=True)
    ]
    return {**batch, "prompt": prompts}
