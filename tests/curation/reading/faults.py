"""Rows as they come out of a reader, and what goes wrong with them: each fault is what it makes of a good row."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PIL import Image

from curation.core.row import BadRow, Message, Row, make_row
from curation.reading.report import Described, ReadingReport
from curation.reading.state import loaded, state_of

Fault = Callable[[int, Row], Row | BadRow]
SUBJECTS = ("a carpenter", "my neighbour", "the baker", "a tram driver", "our teacher", "the gardener", "a nurse")


def picture(number: int, size: tuple[int, int] = (96, 64), format: str = "PNG") -> bytes:
    """A picture with something on it, another one for every number."""
    image = Image.linear_gradient("L").resize(size).rotate(number % 360, fillcolor=number % 200).convert("RGB")
    out = io.BytesIO()
    image.save(out, format)
    return out.getvalue()


def blank(colour: Any, mode: str = "RGB", size: tuple[int, int] = (96, 64), format: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, format)
    return out.getvalue()


def text_row(number: int) -> Row:
    question = f"On day {number} {SUBJECTS[number % 7]} cuts {number + 3} boards into {number % 9 + 2} parts. How many parts are there?"
    gold = str((number + 3) * (number % 9 + 2))
    return make_row(source="s", source_id=str(number), question=question, answer=gold, answer_kind="math")


def image_row(number: int) -> Row:
    question = f"<image>\nWhich width has the strip of {SUBJECTS[number % 7]}?"
    return make_row(
        source="s",
        source_id=str(number),
        question=question,
        images=[picture(number)],
        answer=str(number),
        answer_kind="number",
    )


def choice_row(number: int) -> Row:
    choices = [f"{number + 3} m", f"{number + 5} m", f"{number + 7} m", "None of these"]
    listed = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", choices, strict=True))
    return make_row(
        source="s", source_id=str(number), question=f"How long is the rope of {SUBJECTS[number % 7]}?\n{listed}", answer="ABCD"[number % 4],
        answer_kind="choice", answer_options={"choices": choices},
    )  # fmt: skip


def asks(row: Row, question: str) -> Row:
    """The row with another question, under the id that it would have."""
    return replace(
        row,
        prompt=(Message("user", question),),
        id=make_row(source="", source_id="", question=question, images=row.images).id,
    )


def with_choices(row: Row, choices: list[str]) -> Row:
    return replace(row, answer_options=json.dumps({"choices": choices}))


def choices_of(row: Row) -> list[str]:
    return list(json.loads(row.answer_options)["choices"])


def report_on(rows: list[Row | BadRow]) -> Described:
    """The report, which is the same where the rows are read in three parts."""
    whole, apart = gathered(rows), gathered(rows[: len(rows) // 3])
    for part in (rows[len(rows) // 3 : len(rows) // 2], rows[len(rows) // 2 :]):
        apart.extend(loaded(json.loads(json.dumps(state_of(gathered(part)))), ReadingReport("s")))
    read = [row for row in rows if isinstance(row, Row)]
    described = whole.described(read.__getitem__)
    assert apart.described(read.__getitem__) == described
    return described


def gathered(rows: list[Row | BadRow]) -> ReadingReport:
    report = ReadingReport("s")
    for row in rows:
        if isinstance(row, BadRow):
            report.bad(row)
        else:
            report.read(row)
    return report


def raised(rows: list[Row | BadRow]) -> set[str]:
    """The flags that a source of these rows raises."""
    flags = report_on(rows)["flags"]
    return {name for name, finding in flags.items() if finding["raised"]}


def planted(rows: list[Row], fault: Fault, every: int) -> list[Row | BadRow]:
    """The rows, one in `every` with the fault."""
    return [fault(number, row) if number % every == 0 else row for number, row in enumerate(rows)]
