"""Which values of a record become which column: the `fields` of a table."""

from typing import Any

from curation.core.errors import BadRowError
from curation.core.plugins import Options
from curation.core.row import Message
from curation.sources.formats.conversation import (
    Conversation,
    as_list,
    check_turn,
    content_text,
    is_conversation,
    is_parts,
    read_conversation,
)
from curation.sources.formats.expression import MISSING, evaluate
from curation.sources.formats.limits import MAX_QUESTION
from curation.sources.formats.record import Record

PER_RECORD = ("domain", "language", "stratum", "license")
"""Columns that a source states as a whole and a record may override."""


class Fields(Options):
    """Column -> expression (see `formats.expression`). What is not named stays empty."""

    question: str
    """Text, or messages, {role, content} or {from, value}: the last turn of the user is the question, those before it stay in front of it,
    the assistant's behind it is the completion."""
    answer: str = ""
    """The gold, or several; `gold` says how it is read. Empty: no row has one, as with evaluation questions."""
    options: str | tuple[str, ...] = ""
    """The choices of a multiple-choice row, as a list, a mapping from letters, records of label and
    text, or a text that lists them; several expressions are the columns A, B, C, ... `$question`
    reads them off the question's own lines `A. ...`."""
    labels: str = ""
    """The options' labels, where they are in a field of their own."""
    aliases: str = ""
    """Further accepted answers beside `answer`: any of them is right."""
    images: str | tuple[str, ...] = ()
    """One expression or several; a value that is a list gives several images."""
    id: str = ""
    """Default: the dict key where there is one, else the record's number; the file's name in front when there are several."""
    completion: str = ""
    """A trace; `completion_pattern` takes it out of what is around it."""
    teacher: str = ""
    """Which model wrote the trace."""
    domain: str = ""
    """The row's domain, instead of the source's where the record has a value; `domains` may rename it."""
    language: str = ""
    """The row's language, in the same way."""
    stratum: str = ""
    """The row's stratum, in the same way; `levels` says which values mean which."""
    license: str = ""
    """The row's license, in the same way."""

    @property
    def image_expressions(self) -> tuple[str, ...]:
        return (self.images,) if isinstance(self.images, str) else self.images

    def text(self, name: str, record: Record) -> str:
        """The text of an optional column, '' where it is not mapped, missing or null. A list of short texts has commas between them.

        Raises:
            BadRowError: an object or a list, where a text is expected.
        """
        expression = getattr(self, name)
        value = content_text(evaluate(expression, record)) if expression else None
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else value
        if (
            isinstance(value, list)
            and name != "completion"
            and not any(isinstance(item, list | dict) for item in value)
        ):
            value = ", ".join(str(item) for item in value if item is not None)
        if isinstance(value, list | dict):
            raise BadRowError(f"{name}_not_text", f"fields.{name} gives {type(value).__name__}: {value!r}"[:200])
        return "" if value is None or value is MISSING else str(value).strip()

    def required(self, name: str, record: Record) -> Any:
        """The value of a mapped column.

        Raises:
            BadRowError: the record has no such field.
        """
        value = evaluate(getattr(self, name), record)
        if value is MISSING:
            has = ", ".join(map(str, record.value)) if isinstance(record.value, dict) else type(record.value).__name__
            detail = f"fields.{name}: no {getattr(self, name)!r} in the record, which has: {has}"
            raise BadRowError("field_missing", detail[:400])
        return value

    def conversation(self, record: Record) -> Conversation:
        """The question, with the turns before it, their pictures and the answer behind it where the field is a conversation.

        Raises:
            BadRowError: missing, empty, neither text nor messages, too long to be a question, or a turn that needs others.
        """
        value = as_list(self.required("question", record))
        check_turn(self.question, record, (self.answer, self.completion))
        if is_conversation(value) or is_parts(value):
            read = read_conversation(value)
        elif value is None or isinstance(value, str):
            read = Conversation((Message("user", (value or "").strip()),))
        else:
            raise BadRowError("question_not_text", f"fields.question gives {type(value).__name__}: {value!r}"[:200])
        if not read.turns[-1].content.strip():
            raise BadRowError("question_missing", repr(value)[:200])
        if (length := sum(len(turn.content) for turn in read.turns)) > MAX_QUESTION:
            raise BadRowError("question_too_long", f"{length} characters, limit {MAX_QUESTION}")
        return read
