"""IconQA (Lu et al. 2021, arXiv 2110.13214) from its release: a folder a question, and images as options in a third of them.

    - kind: iconqa
      path: iconqa_data/iconqa/train/*/*/data.json
      license: CC-BY-NC-SA-4.0

Beside `data.json` (question, choices, answer, ques_type) lies `image.png`. Of `choose_img` the choices are names of images; such a row
has them behind the question's own image, and options that say which is which. `choose_txt` and `fill_in_blank` are as any `table`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from curation.sources.formats.fields import Fields
from curation.sources.formats.file_part import FilePart
from curation.sources.formats.gold import GoldOptions
from curation.sources.formats.record import BadRecord, Record
from curation.sources.table import Table

IMAGE = "image.png"


class IconQa(Table):
    """The questions of all three types; the answer of a choice is its number from 0."""

    kind: Literal["iconqa"] = "iconqa"  # type: ignore[assignment]
    language: str = "en"
    fields: Fields = Fields(question="question", answer="answer", options="options", images="pictures")
    gold: GoldOptions = GoldOptions(option_base=0)

    def inputs(self) -> dict[str, str]:
        """One digest of all: the release has a folder for each of 107,000 questions."""
        digests = super().inputs()
        lines = json.dumps(digests, sort_keys=True).encode()
        return {f"{self.name}, {len(digests)} files and folders": hashlib.sha256(lines).hexdigest()}

    def _records(self, part: FilePart | None = None) -> Iterator[Record | BadRecord]:
        for record in super()._records(part):
            if isinstance(record, Record) and isinstance(record.value, dict):
                record = replace(record, value=with_images(record.value))
            yield record


def with_images(question: dict[str, Any]) -> dict[str, Any]:
    """The record with its images in order; options that are images become their places in that order.

    >>> with_images({"ques_type": "choose_img", "choices": ["choice_0.png", "choice_1.png"]})["options"]
    ['picture 2', 'picture 3']
    """
    choices = question.get("choices") or []
    if question.get("ques_type") != "choose_img":
        return {**question, "options": choices, "pictures": [IMAGE]}
    places = [f"picture {place}" for place in range(2, len(choices) + 2)]
    return {**question, "options": places, "pictures": [IMAGE, *choices]}
