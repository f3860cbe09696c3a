"""The id of a row is the hash of its question and pixels, so it tells a prompt or an image that was changed or swapped.

The template comes off the last user message. Where normalisation changed an image's pixels, the id is still that of the image that came in,
and where a conversation has several turns, white space at their ends is a part of it: such rows cannot be told by their id alone, and the
checks `origin` and `sources` look at them.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.commands.check.base import Finding, RowCheck, Said, Skipped
from curation.commands.check.subject import Frame
from curation.core.row import PLACE, Message, prompt_id, question_of
from curation.release.shards import base_id
from curation.sampling.template import PLACEHOLDER

TODO = "the prompt or an image was changed, or is another row's; copy or build the file again"


class Identity(RowCheck):
    """Ids recomputed from what they are the hash of."""

    kind: Literal["identity"] = "identity"
    place: ClassVar[int] = 60
    needs: ClassVar[tuple[str, ...]] = ("id", "prompt", "provenance")

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        messages = bare(frame.template, record["prompt"])
        if messages is None:
            todo = "build the set again; the trainer and the sampler saw another prompt"
            yield Finding("", "its last user message is not the manifest's prompt_template with a question in it", todo)
            return
        if not question_of(messages).strip():
            yield Finding("", "its question is empty", TODO)
        if why := _cannot(frame, record):
            yield Skipped(f"rows {why}", 1)
            return
        images = [image["bytes"] for image in record.get("images") or ()]
        try:
            found = prompt_id(messages, images)
        except Exception:  # whatever a decoder raises: the check of images says it
            yield Skipped("rows with an image that does not decode", 1)
            return
        if found != base_id(record["id"]):
            if len(messages) > 1:
                yield Skipped("rows of several turns, whose white space counted", 1)
            else:
                yield Finding("", f"its content has the id {found}", TODO)


def bare(template: str, prompt: list[dict[str, Any]]) -> list[Message] | None:
    """The messages without the template around the last user message; None where it is not there."""
    before, _, after = template.partition(PLACEHOLDER)
    last = max((i for i, message in enumerate(prompt) if message["role"] == "user"), default=None)
    if last is None:
        return None
    text = prompt[last]["content"]
    if not (text.startswith(before) and text.endswith(after)) or len(text) < len(before) + len(after):
        return None
    question = text[len(before) : len(text) - len(after)]
    return [Message(m["role"], question if i == last else m["content"]) for i, m in enumerate(prompt)]


def _cannot(frame: Frame, record: dict[str, Any]) -> str:
    """Why an id cannot be recomputed; empty where it can."""
    if not {"prompt", "images"} <= frame.fixed:
        return "whose prompt or images a stage of the manifest's own sets"
    if "images" not in frame.columns:
        has_place = any(PLACE in message["content"] for message in record["prompt"])
        if has_place or record["source"] not in frame.text_sources:
            return "of sources with images, which this config does not release"
    if any(stage == "normalise" and _of_pixels(what) for stage, what in json.loads(record["provenance"])):
        return "whose images normalisation has changed"
    return ""


def _of_pixels(note: str) -> bool:
    """Whether a note of normalisation says that an image has other pixels than it came in with."""
    return note.startswith("picture ") and not note.endswith(": metadata dropped")
