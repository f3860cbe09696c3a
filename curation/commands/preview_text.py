"""A record and the row that it became, as lines for the screen: long text cut, bytes counted, options with their letters."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from curation.core.row import Row
from curation.sampling.template import apply_template
from curation.sources.formats.record import BadRecord, Record
from curation.text.options import options_in

Lines = Iterator[tuple[str, str]]
"""(style, line); the styles are those of `preview.show`."""
MAX_CHARS, MAX_INNER_CHARS, MAX_ITEMS, MAX_DEPTH = 300, 100, 6, 4
"""Of one value of a record that is shown, and of the values inside it."""


def record_lines(record: Record | BadRecord | None) -> Lines:
    """The raw record, a line for every field."""
    if record is None:
        yield "dim", "record    none: the source draws its rows"
        return
    place = f"{record.file}, record {record.number}"
    if isinstance(record, BadRecord):
        yield "dim", f"record    {place}: cannot be read"
        return
    yield "dim", f"record    {place}" + (f", key {record.key!r}" if record.key else "")
    fields = record.value if isinstance(record.value, Mapping) else {"value": record.value}
    for name, value in fields.items():
        yield "dim", f"  {plain_text(str(name))}: {shortened(value)}"


def row_lines(read: Row, final: Row, images: list[str], template: str) -> Lines:
    """The row as it was read, and what normalisation changed; `template` is shown around the question where it is given."""
    for message in read.prompt[:-1]:
        yield from _labelled(message.role, message.content)
    yield from _labelled("question", apply_template(template, read.question) if template else read.question)
    options = json.loads(read.answer_options)
    if choices := options.get("choices"):
        yield from _options(choices, read.question)
    yield from _labelled("gold", f"{read.answer}  ({read.answer_kind})" if read.answer else "none")
    if rest := {name: value for name, value in options.items() if name != "choices"}:
        yield from _labelled("judged", json.dumps(rest, ensure_ascii=False))
    for line in images:
        yield from _labelled("image", line)
    if read.completion:
        yield from _labelled("trace", _cut(read.completion))
    stated = {name: getattr(read, name) for name in ("teacher", "domain", "language", "stratum", "license")}
    yield "dim", "states    " + ", ".join(f"{name} {value}" for name, value in stated.items() if value)
    for note in read.provenance:
        yield "dim", f"changed   {note[0]}: {plain_text(note[1])}"
    yield from _changes(read, final)


def _options(choices: list[str], question: str) -> Lines:
    """The options with the letters that they are judged by, and whether the question lists them for the model."""
    for number, choice in enumerate(choices):
        label = chr(ord("A") + number) if number < 26 else str(number + 1)
        yield from _labelled("options" if number == 0 else "", f"{label}. {choice}")
    if len(options_in(question)) < len(choices):
        yield "bad", "the question does not list these options: a model would not see them"


def _changes(read: Row, final: Row) -> Lines:
    for note in final.provenance[len(read.provenance) :]:
        yield "dim", f"changed   {note[0]}: {plain_text(note[1])}"
    if final.question != read.question:
        yield from _labelled("becomes", final.question)
    if (final.answer, final.answer_kind) != (read.answer, read.answer_kind):
        yield from _labelled("gold now", f"{final.answer}  ({final.answer_kind})")
    if final.completion != read.completion:
        yield from _labelled("trace now", _cut(final.completion))


def _labelled(label: str, text: str) -> Lines:
    """Lines of a text, the first behind its label."""
    for number, line in enumerate(plain_text(text).split("\n")):
        yield "", f"{label if number == 0 else '':<10}{line}"


def shortened(value: Any) -> str:
    """A value of a record on one line.

    >>> shortened({"a": [1, None], "b": b"12345"})
    "{'a': [1, None], 'b': <5 bytes>}"
    """
    return _short(value, 0)


def _short(value: Any, depth: int) -> str:
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        limit = MAX_INNER_CHARS if depth else MAX_CHARS
        more = f"... ({len(value)} characters)" if len(value) > limit else ""
        return plain_text(repr(value[:limit])) + more
    if isinstance(value, Mapping | list | tuple) and depth >= MAX_DEPTH:
        return f"<{type(value).__name__} of {len(value)}>"
    if isinstance(value, Mapping):
        parts = [f"{key!r}: {_short(item, depth + 1)}" for key, item in list(value.items())[:MAX_ITEMS]]
        return f"{{{', '.join(parts)}{_more(len(value))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_short(item, depth + 1) for item in value[:MAX_ITEMS])}{_more(len(value))}]"
    return plain_text(str(value))


def _more(n: int) -> str:
    return f", ... ({n} in all)" if n > MAX_ITEMS else ""


def _cut(text: str) -> str:
    return text if len(text) <= 2 * MAX_CHARS else f"{text[: 2 * MAX_CHARS]}... ({len(text)} characters)"


def plain_text(text: str) -> str:
    """The text without characters that would steer a terminal, which a data set may hold: they are shown as escapes."""
    return "".join(c if c in "\n\t" or c.isprintable() or c == "\u3000" else repr(c)[1:-1] for c in text)
