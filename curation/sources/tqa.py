"""TQA (Kembhavi et al. 2017): lessons of school books, each with its questions in two dicts, some about a diagram.

    - kind: tqa
      path: tqa_train_val_test/train/tqa_v1_train.json
      license: CC-BY-NC-3.0

Its files are lists of lessons: `questions.diagramQuestions` and `questions.nonDiagramQuestions` hold a question by its id, with
`answerChoices` as dicts by letter and a letter as `correctAnswer`. The lesson's text is left out: most questions ask for what is known,
and a lesson has thousands of words. Otherwise a `table`; images lie below the folder of the file.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from curation.sources.formats.expression import MISSING, lookup
from curation.sources.formats.fields import Fields
from curation.sources.formats.file_part import FilePart
from curation.sources.formats.images import Images
from curation.sources.formats.record import BadRecord, Record
from curation.sources.table import Table


class Tqa(Table):
    """The questions of the lessons, with the image of those about a diagram."""

    kind: Literal["tqa"] = "tqa"  # type: ignore[assignment]
    domain: str = "science"
    language: str = "en"
    fields: Fields = Fields(question="question", answer="answer", options="options", images="image")
    images: Images = Images(required=False)
    """Only diagram questions have an image; an image that is named and missing drops its row all the same."""

    def _records(self, part: FilePart | None = None) -> Iterator[Record | BadRecord]:
        for lesson in super()._records(part):
            yield from questions(lesson) if isinstance(lesson, Record) else (lesson,)


def questions(lesson: Record) -> Iterator[Record | BadRecord]:
    """One record a question, its id as the key."""
    for group in ("diagramQuestions", "nonDiagramQuestions"):
        asked = lookup(lesson.value, f"questions.{group}")
        if not isinstance(asked, dict):
            got = "nothing" if asked is MISSING else type(asked).__name__
            yield BadRecord(lesson.file, lesson.number, "no_items", f"expected a dict at questions.{group}, got {got}")
            continue
        for key, question in asked.items():
            yield replace(lesson, key=str(key), value=flat(question))


def flat(question: Any) -> dict[str, Any]:
    """A question with plain texts; what it lacks is left out.

    >>> flat({"beingAsked": {"processedText": "Is it?"}, "answerChoices": {"b": {"processedText": "no"}, "a": {"processedText": "yes"}}})
    {'question': 'Is it?', 'options': ['yes', 'no'], 'image': None}
    """
    options = lookup(question, "answerChoices")
    lettered = options if isinstance(options, dict) else {}
    texts = [lookup(lettered[letter], "processedText") for letter in sorted(lettered)]
    columns = {
        "question": lookup(question, "beingAsked.processedText"),
        "options": [text for text in texts if text is not MISSING],
        "answer": lookup(question, "correctAnswer.processedText"),
    }
    image = lookup(question, "imagePath")
    known = {name: value for name, value in columns.items() if value is not MISSING}
    return {**known, "image": None if image is MISSING else image}
