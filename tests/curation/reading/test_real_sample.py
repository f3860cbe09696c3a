"""Faults that are planted into the public sample are found one by one, and the sample as it is raises only what its manifest accepts."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest

from curation.build.manifest import Manifest
from curation.core.row import BadRow, Row
from tests.curation.reading.faults import Fault, asks, blank, choices_of, raised, with_choices

LIMIT = 100
Read = Callable[[str], list[Row | BadRow]]


@pytest.fixture(scope="module")
def read(real_manifest: Manifest) -> Read:
    """The first rows of a source of the sample, read once."""
    assert real_manifest.rl is not None
    sources = {source.name: source for source in real_manifest.rl.sources}
    known: dict[str, list[Row | BadRow]] = {}

    def rows(name: str) -> list[Row | BadRow]:
        if name not in known:
            known[name] = list(islice(sources[name].read(real_manifest.seed), LIMIT))
        return known[name]

    return rows


@pytest.mark.slow
def test_the_sample_raises_what_its_manifest_accepts(real_manifest: Manifest) -> None:
    for section in real_manifest.sections.values():
        for source in section.sources:
            found = raised(list(islice(source.read(real_manifest.seed), LIMIT)))
            assert found <= {*source.accept}, source.name


PLANTED: list[tuple[str, str, Fault]] = [
    ("letter_golds_without_options", "gsm8k", lambda n, row: replace(row, answer="ABCD"[n % 4], answer_kind="text")),
    ("letter_golds_without_options", "puzzlevqa", lambda n, row: replace(row, answer_options="{}")),
    ("numbers_for_options", "scemqa",
     lambda n, row: replace(row, answer=str(ord(row.answer) - 65), answer_kind="math", answer_options="{}")),
    ("golds_outside_options", "tabmwp", lambda n, row: replace(row, answer="K") if row.answer_kind == "choice" else row),
    ("repeated_option_letters", "algopuzzlevqa",
     lambda n, row: with_choices(row, [f"{letter}. {text}" for letter, text in zip("ABCDEFGH", choices_of(row), strict=False)])),
    ("options_repeat", "puzzlevqa", lambda n, row: with_choices(row, [*choices_of(row)[:-1], choices_of(row)[0]])),
    ("one_gold", "math", lambda n, row: replace(row, answer="2")),
    ("worked_golds", "aime", lambda n, row: replace(row, answer=row.question[:400], answer_kind="text")),
    ("gold_in_question", "limr", lambda n, row: asks(row, f"{row.question}\n\nAnswer: {row.answer}")),
    ("code_in_question", "scienceqa", lambda n, row: asks(row, f"{row.question} {{'text': array({choices_of(row)!r}, dtype=object)}}")),
    ("html_in_question", "k12_mm_eureka", lambda n, row: asks(row, f'{row.question}<br/><img src="{n}.png"/>')),
    ("nan_text", "zeroeval", lambda n, row: asks(row, f"nan\n\n{row.question}")),
    ("mojibake", "one_shot_rlvr", lambda n, row: asks(row, row.question + " “why”".encode().decode("cp1252", "replace"))),
    ("constant_question", "qwen25_math", lambda n, row: asks(row, "Solve the problem.")),
    ("placeholder_count_differs", "chartqa", lambda n, row: asks(row, f"<image><image>{row.question}")),
    ("blank_images", "chartqa", lambda n, row: replace(row, images=(blank((0, 0, 0), size=(640, 480)),))),
    ("one_image", "tabmwp", lambda n, row: replace(row, images=(FIRST,))),
    ("missing_images", "thought_anchors_selected", lambda n, row: asks(row, f"In the diagram below, {row.question}")),
    ("short_questions", "limr_prompts", lambda n, row: asks(row, str(n))),
    ("bad_rows", "logic_rl", lambda n, row: BadRow(row.source, row.source_id, "gold_unreadable", "knave")),
]  # fmt: skip
FIRST = blank((200, 10, 10), format="JPEG")


@pytest.mark.slow
@pytest.mark.parametrize(("flag", "source", "fault"), PLANTED, ids=[f"{flag}-{source}" for flag, source, _ in PLANTED])
def test_a_fault_in_a_fifth_of_a_real_source_is_found(flag: str, source: str, fault: Fault, read: Read) -> None:
    every = 1 if flag in ("one_gold", "constant_question", "one_image") else 5
    rows = [fault(n, row) if n % every == 0 and isinstance(row, Row) else row for n, row in enumerate(read(source))]
    assert flag in raised(rows)
    assert flag not in raised(read(source))
