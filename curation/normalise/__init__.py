r"""Rows made comparable: wrappers off, characters and LaTeX spacing in one form, options and language recorded, traces in one style.

    normalise:
      strip: ['Answer in one line\.']     # further instructions, as regular expressions for whole sentences
      languages: [en, zh]                 # what a question may be in

Every change is noted in the row's `provenance`. Where the question changed, the id is computed again: a wrapper hides a duplicate.
"""

import json
import re
import string
from collections.abc import Sequence

from pydantic import Field, field_validator

from curation.core.plugins import Options, Pattern
from curation.core.row import PLACE, Message, Row, RowFields, normalise_prompt, prompt_id
from curation.normalise.characters import clean_characters
from curation.normalise.chat import is_boilerplate
from curation.normalise.language import LANGUAGES, contradicts, identify
from curation.normalise.question import apply_rules, normalise_question
from curation.normalise.traces import drop_end_marks, drop_prompt, one_style
from curation.text.options import options_in, read_again
from curation.text.places import place_images
from rewards.kinds.choice import Choice

__all__ = ["Normalise", "normalise_question", "normalise_row"]

STAGE = "normalise"


class Normalise(Options):
    """How rows are made comparable: instructions off questions, characters and LaTeX in one form, languages identified, traces in one
    style. Only this much of it can be set."""

    strip: tuple[Pattern, ...] = ()
    """Instructions to take off beyond the known ones: regular expressions that match a whole sentence at the beginning or end of a
    question. A source's own `strip` removes text before."""
    languages: tuple[str, ...] = Field(default=LANGUAGES, min_length=1)
    """ISO 639-1 codes that a question may be in where its source states no language, or one that its script contradicts; the fewer, the
    surer. What has too few words is `und`."""

    @field_validator("strip")
    @classmethod
    def _match_something(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if empty := [pattern for pattern in patterns if re.match(pattern, "")]:
            raise ValueError(f"got {empty[0]!r}, which matches nothing at all; expected text to remove")
        return patterns

    @field_validator("languages")
    @classmethod
    def _are_known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(languages) - set(LANGUAGES)):
            raise ValueError(f"got {unknown[0]!r}; known: {', '.join(LANGUAGES)}")
        return languages


def normalise_row(row: Row, options: Normalise) -> Row:
    """The row with its turns, pictures' places, question, options, language and trace normalised. Its question may come out empty.

    Raises:
        BadRowError: `placeholder_count`, the text places more or fewer pictures than the row has.
    """
    for step in (_turns, _pictures, _question):
        row = step(row, options)
    if (placed := _pictures(row, options)) is not row:  # what a wrapper or an escape hid
        row = _question(placed, options)
    for step in (_options, _language):
        row = step(row, options)
    return normalise_trace(row)


def _turns(row: Row, options: Normalise) -> Row:
    """A system turn that says nothing but how to answer goes, as it does from the text of a question."""
    prompt = tuple(
        turn for turn in row.prompt if not (turn.role == "system" and is_boilerplate(turn.content, options.strip))
    )
    if prompt == row.prompt:
        return row
    return row.changed(STAGE, "system prompt removed", prompt=prompt, id=prompt_id(prompt, row.images))


def _pictures(row: Row, options: Normalise) -> Row:
    """Every place of a picture as `<image>`, and the pictures in the order of their places."""
    if not row.images:
        return row
    placed = place_images([turn.content for turn in row.prompt], len(row.images))
    prompt = tuple(Message(turn.role, text) for turn, text in zip(row.prompt, placed.texts, strict=True))
    images = tuple(row.images[number] for number in placed.order)
    if (prompt, images) == (row.prompt, row.images):
        return row
    note = "picture tokens made plain" if images == row.images else "pictures in the order of their places"
    return row.changed(STAGE, note, prompt=prompt, images=images, id=prompt_id(prompt, images))


def _question(row: Row, options: Normalise) -> Row:
    text, changes = normalise_question(row.question, options.strip, bool(row.images), not _has_turns(row.prompt))
    if text == row.question:
        return row
    last = max(number for number, message in enumerate(row.prompt) if message.role == "user")
    prompt = (*row.prompt[:last], Message("user", text), *row.prompt[last + 1 :])
    fields: RowFields = {"prompt": prompt}
    if normalise_prompt(text) != normalise_prompt(row.question):
        fields["id"] = prompt_id(prompt, row.images)
    if choices := read_again(json.loads(row.answer_options).get("choices"), row.question, text):
        changes.append("options re-read")
        fields["answer_options"] = json.dumps(json.loads(row.answer_options) | {"choices": choices}, ensure_ascii=False)
    return row.changed(STAGE, "; ".join(changes), **fields)


def _has_turns(prompt: Sequence[Message]) -> bool:
    """Whether images without places would not stand in front of the question, or another turn places some."""
    return any(turn.role == "user" or PLACE in turn.content for turn in prompt[:-1])


def _options(row: Row, options: Normalise) -> Row:
    """A gold that is a letter, or the text of one of the options that the question lists, belongs to kind `choice`."""
    if row.answer_kind not in ("choice", "math", "text") or json.loads(row.answer_options):
        return row
    if not (choices := options_in(row.question)):
        return row
    number = Choice(choices=tuple(choices)).index(row.answer) if row.answer else None
    if number is None or any(len(option) == 1 and option in string.ascii_letters for option in choices):
        return row
    letter = string.ascii_uppercase[number]
    options_json = json.dumps({"choices": choices}, ensure_ascii=False)
    fields: RowFields = {"answer": letter, "answer_kind": "choice", "format": "choice", "answer_options": options_json}
    note = "" if letter == row.answer else f", answer {row.answer[:80]!r} is {letter}"
    return row.changed(STAGE, f"options found in the question{note}", **fields)


def _language(row: Row, options: Normalise) -> Row:
    if not row.language:
        return row.changed(STAGE, "language identified", language=identify(row.question, options.languages))
    if not contradicts(row.language, row.question):
        return row
    found = identify(row.question, options.languages)
    return row.changed(STAGE, f"language {row.language} corrected", language=found)


def normalise_trace(row: Row) -> Row:
    """The row with its trace in one style, without what is no part of it."""
    if not row.completion.strip():
        return row
    rules = (
        ("trace characters cleaned", clean_characters),
        ("end marks removed", drop_end_marks),
        ("repeated prompt removed", lambda trace: drop_prompt(trace, row.question)),
        ("trace tags made <think>", one_style),
    )
    trace, changes = apply_rules(row.completion, rules)
    return row.changed(STAGE, "; ".join(changes), completion=trace) if trace != row.completion else row
