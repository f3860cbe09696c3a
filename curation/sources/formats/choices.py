"""The options of a record: out of one field, one column each, or the question itself."""

import re

from curation.core.errors import BadRowError
from curation.sources.formats.expression import MISSING, evaluate
from curation.sources.formats.fields import Fields
from curation.sources.formats.record import Record
from rewards.options import options_in
from rewards.stored import Stored, UnreadableOptionsError, read_stored


def options_of(fields: Fields, question: str, record: Record) -> Stored:
    """Texts and labels of the record's options; no texts where it has none.

    Raises:
        BadRowError: `options_unreadable`: a value that is there and cannot be read as options.
    """
    if fields.options == "$question":
        return Stored(options_in(question), [])
    if not fields.options:
        return Stored([], [])
    if isinstance(fields.options, str):
        value = evaluate(fields.options, record)
    else:
        value = [_present(evaluate(expression, record)) for expression in fields.options]
    labels = evaluate(fields.labels, record) if fields.labels else None
    try:
        return read_stored(_present(value), _present(labels))
    except UnreadableOptionsError as error:
        raise BadRowError("options_unreadable", f"fields.options: {error}"[:400]) from None


def _present(value: object) -> object:
    return None if value is MISSING else value


def lists_several(question: str) -> bool:
    """Whether a text lists options more than once: several questions about one passage.

    >>> lists_several("1. Who? A. x B. y 2. Why? A. v B. w"), lists_several("Who? A. x B. y")
    (True, False)
    """
    return all(len(re.findall(rf"(?:^|[\s）)])[(（]?{letter}\s?[.．)）、:：]\s*\S", question)) > 1 for letter in "AB")
