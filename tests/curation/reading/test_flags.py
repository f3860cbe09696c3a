"""Every flag finds its fault in some of a source's rows, and is not raised by rows that only look like it."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from curation.core.row import BadRow, Row
from curation.reading.flags import FLAGS, NAMES
from curation.reading.flags.images import SAMPLE, one_colour
from curation.reading.flags.text import wrongly_decoded
from tests.curation.reading.faults import (
    Fault,
    asks,
    blank,
    choice_row,
    choices_of,
    image_row,
    picture,
    planted,
    raised,
    report_on,
    text_row,
    with_choices,
)

N = 60


def ask(form: str) -> Fault:
    return lambda number, row: asks(row, form.format(question=row.question, gold=row.answer, number=number))


def gold(text: str, kind: str = "text") -> Fault:
    return lambda number, row: replace(row, answer=text.replace("{number}", str(number)), answer_kind=kind)


def options(change: Callable[[list[str]], list[str]]) -> Fault:
    return lambda number, row: with_choices(row, change(choices_of(row)))


def lettered(choices: list[str]) -> list[str]:
    return [f"{letter}) {text}" for letter, text in zip("ABCD", choices, strict=True)]


def bad(reason: str) -> Fault:
    return lambda number, row: BadRow("s", str(number), reason, "what was got")


def images(*data: bytes) -> Fault:
    return lambda number, row: replace(row, images=data)


SOLVED = "First we count the boards, of which there are many. Then we see how often each is cut. " * 3
LATIN = "Wie groß ist „die Fläche“ – in m² – für Zoë?".encode().decode("cp1252", errors="replace")

FAULTS: list[tuple[str, Callable[[int], Row], Fault, int]] = [
    ("letter_golds_without_options", text_row, gold("B"), 12),
    ("letter_golds_without_options", text_row, gold("(c)"), 12),
    ("letter_golds_without_options", text_row, gold("选D"), 12),
    ("letter_golds_without_options", text_row, gold("A、"), 12),
    ("letter_golds_without_options", text_row, gold("A, C", "math"), 12),
    ("letter_golds_without_options", text_row, gold(r"\text{(B)}", "math"), 12),
    ("letter_golds_without_options", text_row, gold("B", "choice"), 12),
    ("numbers_for_options", choice_row, lambda n, row: replace(row, answer="2", answer_kind="math", answer_options="{}"), 3),
    ("golds_outside_options", choice_row, gold("F", "choice"), 15),
    ("golds_outside_options", choice_row, gold("chartreuse", "choice"), 15),
    ("golds_outside_options", choice_row, bad("gold_not_in_options"), 15),
    ("repeated_option_letters", choice_row, options(lettered), 12),
    ("repeated_option_letters", choice_row, ask("{question}\nA. 1\nB. 2\nC. 3\nD. 4"), 12),
    ("repeated_option_letters", choice_row, ask("How long is the rope?\nA. A. 3 m\nB. B. 5 m\nC. C. 7 m"), 12),
    ("options_repeat", choice_row, options(lambda choices: [*choices[:3], choices[0]]), 12),
    ("one_gold", text_row, gold("7", "math"), 1),
    ("one_gold", choice_row, gold("A", "choice"), 1),
    ("worked_golds", text_row, gold(SOLVED + "{number}"), 4),
    ("code_in_gold", text_row, gold('["left", "Left", "to the left {number}"]'), 12),
    ("code_in_gold", text_row, lambda n, row: replace(row, answer=f"{{'text': '{n}'}}", answer_kind="math"), 12),
    ("gold_in_question", text_row, ask("{question}\nAnswer: {gold}"), 12),
    ("gold_in_question", text_row, ask("{question}\nThe correct answer is {gold}."), 12),
    ("gold_in_question", text_row, ask("{question}\n答案：{gold}"), 12),
    ("gold_in_question", choice_row, ask("{question}\nAns. {gold}"), 12),
    ("gold_in_question", text_row, ask("{gold}"), 12),
    ("code_in_question", text_row, ask("{question}\n{{'text': array(['12', '14'], dtype=object), 'label': 1}}"), 12),
    ("code_in_question", text_row, ask("{question} [{{'label': 'A', 'text': '12'}}, {{'label': 'B', 'text': '14'}}]"), 12),
    ("code_in_question", text_row, ask('{question}\n{{"text": ["12", "14"], "label": ["A", "B"]}}'), 12),
    ("code_in_question", text_row, ask("['Every board is cut.', 'No board is lost.']\n{question}"), 12),
    ("code_in_question", text_row, ask("Premises: ['Every board is cut.' 'No board is lost.']\n{question}"), 12),
    ("code_in_question", text_row, ask("{question} Choose from ['pine', 'oak'] only."), 12),
    ("code_in_question", text_row, ask("{question} Options: [12, 14, 16]"), 12),
    ("code_in_question", text_row, ask("{question} <PIL.PngImagePlugin.PngImageFile image mode=RGB size=96x64>"), 12),
    ("code_in_question", text_row, ask("data:image/png;base64," + base64.b64encode(picture(1)).decode() + " {question}"), 12),
    ("html_in_question", text_row, ask('{question}<img src="boards/{number}.png" width=200>'), 12),
    ("html_in_question", text_row, ask("{question}<br>Round to 10<sup>2</sup>."), 12),
    ("html_in_question", text_row, ask('<div class="q">{question}</div>'), 12),
    ("html_in_question", text_row, ask("<p>{question}&nbsp;</p>"), 12),
    ("html_in_question", text_row, ask("{question} Use <b>whole</b> numbers."), 12),
    ("nan_text", text_row, ask("nan\n\n{question}"), 15),
    ("nan_text", text_row, ask("{question}\nHint: None"), 15),
    ("nan_text", text_row, ask("Context: None Question: {question}"), 15),
    ("nan_text", text_row, ask("{question} nan"), 15),
    ("nan_text", text_row, ask("nan {question}"), 15),
    ("nan_text", text_row, ask("{question} [object Object]"), 15),
    ("nan_text", text_row, ask("{{{{context}}}} {question}"), 15),
    ("nan_text", text_row, gold("nan"), 15),
    ("nan_text", text_row, gold("None", "math"), 15),
    ("nan_text", choice_row, options(lambda choices: [*choices[:3], "nan"]), 15),
    ("mojibake", text_row, ask("{question} " + LATIN), 15),
    ("mojibake", text_row, ask("{question} It\u00e2\u20ac\u2122s cut."), 15),
    ("mojibake", text_row, ask("{question} \ufffd"), 15),
    ("mojibake", text_row, ask("{question} " + "每块木板".encode().decode("latin-1")), 15),
    ("mojibake", choice_row, options(lambda choices: [*choices[:3], "caf\u00c3\u00a9"]), 15),
    ("mojibake", text_row, ask("每块木板长多少米呢".encode().decode("gbk", errors="ignore") + "{number}"), 15),
    ("short_questions", text_row, ask("{number}"), 10),
    ("short_questions", text_row, ask(""), 10),
    ("cut_questions", text_row, lambda n, row: asks(row, (row.question[3:] * 9)[n : n + 512].rstrip(".?") .ljust(512, "x")), 6),
    ("conflicting_golds", text_row, lambda n, row: asks(row, f"How many are there in box {n // 3}?"), 1),
    ("constant_question", text_row, ask("Solve the task below."), 1),
    ("constant_question", text_row, ask("Solve the task below."), 3),
    ("constant_question", text_row, lambda n, row: asks(row, "Solve the task.") if n % 3 else row, 1),
    ("constant_question", text_row, lambda n, row: asks(row, f"Solve the task of part {n % 5}."), 1),
    ("placeholder_count_differs", image_row, ask("<image>\n{question}"), 20),
    ("placeholder_count_differs", image_row, images(), 20),
    ("placeholder_count_differs", image_row, images(picture(1), picture(2)), 20),
    ("placeholder_count_differs", image_row, ask("Compare <image 1> with <image 2>."), 20),
    ("missing_images", text_row, ask("As shown in the figure, {question}"), 6),
    ("missing_images", image_row, lambda n, row: replace(asks(row, f"In the figure below, how wide is strip {n}?"), images=()), 6),
    ("blank_images", image_row, images(blank((0, 0, 0))), 15),
    ("blank_images", image_row, images(blank((255, 255, 255), size=(900, 700), format="JPEG")), 15),
    ("blank_images", image_row, images(blank((0, 0, 0, 0), "RGBA")), 15),
    ("blank_images", image_row, images(blank(9000, "I;16")), 15),
    ("blank_images", image_row, images(blank((90, 10, 200), format="BMP")), 15),
    ("one_image", image_row, images(picture(7)), 1),
    ("bad_rows", text_row, bad("answer_missing"), 8),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "row", "fault", "every"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_fault_is_found(flag: str, row: Callable[[int], Row], fault: Fault, every: int) -> None:
    rows = [row(number) for number in range(N)]
    assert raised([*rows]) == set()
    found = raised(planted(rows, fault, every))
    assert flag in found
    follows = {
        "constant_question",
        "conflicting_golds",
        "one_gold",
        "nan_text",
        "short_questions",
        "code_in_question",
        "bad_rows",
    }
    assert found - {flag} <= follows, "another flag is raised that does not follow from this fault"


def test_every_flag_of_what_is_read_has_a_fault() -> None:
    assert {flag for flag, *_ in FAULTS} == {flag.name for flag in FLAGS} == set(NAMES) - {"little_left"}


RIGHT: list[tuple[str, Callable[[int], Row], Fault]] = [
    ("less than in mathematics", text_row, ask("If a<b>c and 0 < x < {number}, is a<b or b>c? {question}")),
    ("lists and sets of mathematics", text_row, ask("Let S = {{1, 2}}, [a, b] = [0, 1] and f'(x) = g: {question}")),
    ("a matrix", text_row, ask("Sort [3, 1, 2], ['x'] is no part of it. {question}")),
    ("words like none", text_row, ask("None of the {number} boards is null and void, said Nan: {question}")),
    ("no option is right", choice_row, options(lambda choices: [*choices[:2], "None", "undefined"])),
    ("a point or variable as gold", text_row, gold("x_A{number}", "math")),
    ("accents, quotes and Chinese", text_row, ask("„Wie groß“, fragt Zoë; ‘à’, “É”, 5 × 3°: 每块木板长多少米？{question}")),
    ("an answer that is asked for", text_row, ask("{question}\nAnswer with a number. The answer is a whole number.")),
    ("an empty place for the answer", choice_row, ask("{question}\nAnswer:")),
    ("one template, one length", text_row, lambda n, row: asks(row, f"Turn {'ab' * 60}{n:06d} round, letter by letter, and print it")),
    ("options of one letter", choice_row, options(lambda choices: ["A", "B", "C", "D"])),
    ("initials as options", choice_row, options(lambda choices: ["A. Smith", "J. Doe", "K. Ross", "L. Beck"])),
    ("numbered images, one named twice", image_row, ask("Is <image 1> wider than strip {number}? Look at <image 1> again.")),
    ("a question for all images", image_row, ask("<image>\nHow wide is the strip?")),
    ("a figure that is there", image_row, ask("<image>\nHow wide is strip {number} in the figure below?")),
    ("a figure in code", text_row, ask("As shown in the figure, [asy]draw((0,0)--(1,{number}));[/asy] {question}")),
    ("a line on white", image_row, lambda n, row: replace(row, images=(line_drawing(n),))),
    ("many traces of a question", text_row, lambda n, row: replace(text_row(n // 4), completion=f"trace {n}", answer=str(n // 4))),
]  # fmt: skip


def line_drawing(number: int) -> bytes:
    """A thin line on a large white sheet: few bytes for many pixels."""
    import io

    from PIL import Image, ImageDraw

    image, out = Image.new("RGB", (1200, 900), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(10, 10 + number), (1100, 800)], fill="black", width=2)
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(("row", "change"), [case[1:] for case in RIGHT], ids=[case[0] for case in RIGHT])
def test_what_is_right_raises_nothing(row: Callable[[int], Row], change: Fault) -> None:
    assert raised([change(number, row(number)) for number in range(N)]) == set()


def test_few_rows_are_chance() -> None:
    """Two rows of one gold, two that repeat: nothing is said of a source of a handful of rows unless the fault cannot be chance."""
    for row in (text_row, image_row, choice_row):
        assert raised([row(1), replace(row(1), source_id="2"), row(2)]) == set()
        assert raised([gold("7", "math")(n, text_row(n)) for n in range(12)]) == set()
    assert raised([ask("nan\n{question}")(n, text_row(n)) for n in range(3)]) == {"nan_text"}


def test_a_rare_fault_is_counted_and_not_raised() -> None:
    rows = [text_row(number) for number in range(400)]
    flags = report_on(planted(rows, ask("{question} nan"), 100))["flags"]
    assert (flags["nan_text"]["count"], flags["nan_text"]["of"], flags["nan_text"]["raised"]) == (4, 400, False)


def test_the_first_row_with_the_fault_is_quoted() -> None:
    rows = [text_row(0), *planted([text_row(number) for number in range(1, N)], ask("nan\n{question}"), 1)]
    finding = report_on(rows)["flags"]["nan_text"]
    assert finding["source_id"] == "1"
    assert finding["quote"].startswith("nan On day 1 ")
    assert len(finding["quote"]) <= 120


def test_blank_images_are_looked_for_in_a_sample_spread_over_the_source() -> None:
    n, late = 5 * SAMPLE, blank((0, 0, 0), size=(32, 32))
    drawn, good = picture(1, (32, 32)), image_row(1)
    rows = [replace(good, source_id=str(i), images=(late if i > 4 * SAMPLE else drawn,)) for i in range(n)]
    finding = report_on([*rows])["flags"]["blank_images"]
    assert finding["of"] == SAMPLE
    assert finding["count"] / finding["of"] == pytest.approx(0.2, abs=0.03)
    assert finding["quote"] == "image 1 is all black (32x32 PNG)"


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (blank((0, 0, 0), format="JPEG"), "black"),
        (blank((255, 255, 255), size=(3000, 2000), format="WEBP"), "white"),
        (blank((250, 1, 1), format="GIF"), "of the colour"),
        (blank(0, "1"), "black"),
        (blank((0, 0, 0, 0), "CMYK", format="JPEG"), "white"),
        (picture(3, format="JPEG"), ""),
        (picture(3, (4, 4)), ""),
        (b"no image", ""),
    ],
)
def test_one_colour_is_told_as_the_image_would_be_stored(data: bytes, colour: str) -> None:
    assert one_colour(data)[: len(colour) or None].startswith(colour)
    assert bool(one_colour(data)) == bool(colour)


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("\u00c3\u00a9t\u00c3\u00a9", True),
        ("5 \u00c2\u00b0C", True),
        ("\u00e2\u20ac\u0153yes\u00e2\u20ac\u009d", True),
        ("\u00cf\u20ac", True),
        ("锟斤拷", True),
        ("São Paulo, ÎLE, Ångström, 5 × 3°, “É”, naïve «à»", False),
        ("ДОБРЫЙ ДЕНЬ, ΑΘΗΝΑ, 東京の駅, 한국", False),
        ("求下列函数的导数，并说明其单调性。", False),
    ],
)
def test_a_wrong_encoding_is_told_from_accents(text: str, is_wrong: bool) -> None:
    assert (wrongly_decoded(text) is not None) == is_wrong


def test_the_page_has_every_flag_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs/reading.md").read_text()
    for flag in FLAGS:
        meaning = " ".join((flag.__doc__ or "").split())
        assert f"| `{flag.name}` | {flag.least}, {flag.share:.0%} | {meaning} | {flag.remedy} |" in page
    assert page.count("\n| `", page.index("## The flags"), page.index("## The report")) == len(NAMES)
