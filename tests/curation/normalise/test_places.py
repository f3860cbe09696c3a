"""Where a row's images stand in its text: their places, their numbers, their count."""

import io
import json

import pytest
from PIL import Image

from curation.core.errors import BadRowError
from curation.core.row import Message, Row, make_row, row_id
from curation.normalise import Normalise, normalise_row
from curation.normalise.step import normalise_text
from curation.text.places import mark_named, place_images


def png(gray: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 30), (gray,) * 3).save(out, "PNG")
    return out.getvalue()


PICTURES = [png(60 * i) for i in range(5)]


def read(question: str, n_images: int, turns: tuple[Message, ...] = ()) -> Row:
    images = PICTURES[:n_images]
    row = make_row(source="s", source_id="1", question=question, turns=turns, images=images, answer="1")
    done = normalise_row(row, Normalise())
    assert normalise_row(done, Normalise()) is done
    return done


@pytest.mark.parametrize(
    ("question", "expected", "order"),
    [
        ("What is drawn?", "What is drawn?", [0]),
        ("<image>\nWhat is drawn?", "What is drawn?", [0]),
        ("<|vision_start|><|image_pad|><|image_pad|><|vision_end|>What is drawn?", "What is drawn?", [0]),
        ("Picture: <image>\nWhat is drawn?", "What is drawn?", [0]),
        ("<image><image>\n Which is darker?", "Which is darker?", [0, 1]),
        ("<image 1> <image 2>Which is darker?", "Which is darker?", [0, 1]),
        ("What is drawn?<image>", "What is drawn?<image>", [0]),
        ("Look at this:\n<image>\nWhat is it?", "Look at this:\n<image>\nWhat is it?", [0]),
        ("Picture 1: <image>\nPicture 2: <image>\nWhich is darker?", None, [0, 1]),
        ("<image>Is it darker than <image>?", "<image>Is it darker than <image>?", [0, 1]),
        ("Which is dark?\nA. <image>\nB. <image>", "Which is dark?\nA. <image>\nB. <image>", [0, 1]),
        ("Which fits [IMG]?\nA. [IMG]\nB. [IMG]", "Which fits <image>?\nA. <image>\nB. <image>", [0, 1, 2]),
        ("Is <image 2> darker than <image 1>?", "Is <image> darker than <image>?", [1, 0]),
        ("<image 2><image 1> Which is darker?", "Which is darker?", [1, 0]),
        ("Is <|image_2|> darker than <|image_1|>?", "Is <image> darker than <image>?", [1, 0]),
        ("Is <image_1> darker than <image_0>?", "Is <image> darker than <image>?", [1, 0]),
        ("Given <image 1>, how far is P in <image 1> from Q?", "Given <image>, how far is P in <image> from Q?", [0, 0]),
        ("<image><image>\nIs <image 2> darker than <image 1>?", "Is <image> darker than <image>?", [1, 0]),
        ("(picture 1: <Image><image></Image>) What is it?", "(picture 1: <image>) What is it?", [0]),
        ("<img><IMG_CONTEXT><IMG_CONTEXT></img>\nWhat is it?", "What is it?", [0]),
        ("Is <Image: 2> darker than <Image: 1>?", "Is <image> darker than <image>?", [1, 0]),
        ("Is [Image #2] darker than [IMG_1]?", "Is <image> darker than <image>?", [1, 0]),
        ("Is {image_1} darker than {image_2}?", "Is <image> darker than <image>?", [0, 1]),
        ('Is <img src="x.png" width=3> darker than ![b](y.png)?', "Is <image> darker than <image>?", [0, 1]),
        ("Which lens has $f_{image_1}$ in <image>?", "Which lens has $f_{image_1}$ in <image>?", [0]),
        ("The mark `<img>` of HTML, as in <image>, shows what?", "The mark `<img>` of HTML, as in <image>, shows what?", [0]),
    ],
)  # fmt: skip
def test_images_keep_their_places(question: str, expected: str | None, order: list[int]) -> None:
    done = read(question, max(order) + 1)
    assert done.question == (question if expected is None else expected)
    assert done.images == tuple(PICTURES[i] for i in order)
    assert done.question.count("<image>") in (0, len(done.images))
    assert done.id == row_id(done.question, done.images)


@pytest.mark.parametrize(
    ("question", "n_images", "detail"),
    [
        ("<image> or <image> or <image>?", 2, "3 placeholders for 2 images"),
        ("<image>What is drawn?", 2, "1 placeholders for 2 images"),
        ("What is in <image 3>?", 2, "1 placeholders (numbers 3) for 2 images"),
        ("What is in <image 1>?", 2, "1 placeholders (numbers 1) for 2 images"),
        ("What is in <image> and in <image 2>?", 2, "2 placeholders (numbers 2) for 2 images"),
        ("Compare ![](a.png) with ![](b.png)", 1, "2 placeholders for 1 images"),
    ],
)
def test_a_count_that_differs_is_a_drop_with_its_numbers(question: str, n_images: int, detail: str) -> None:
    row = make_row(source="s", source_id="1", question=question, images=PICTURES[:n_images])
    decision = normalise_text(Normalise(), row)
    assert not isinstance(decision, Row)
    assert (decision.reason, decision.detail) == ("placeholder_count", detail)


@pytest.mark.parametrize("question", ["<image>What is it?", "What is it? <img src='a.png'>", "What is ![](a.png)?"])
def test_a_text_row_keeps_what_stands_for_an_image_for_the_filter(question: str) -> None:
    row = make_row(source="s", source_id="1", question=question)
    assert normalise_row(row, Normalise()).question == question


def test_a_solved_example_stays_where_an_image_would_go_with_it() -> None:
    question = "Question: What is in <image>?\nAnswer: 3\nQuestion: What is in <image>?\nAnswer:"
    assert read(question, 2).question.count("<image>") == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See ![](img/b.png).", "See <image 2>."),
        ("See <img src='file/of/a b.png'/>.", "See <image 1>."),
        ("See <img>b.png</img>.", "See <image 2>."),
        ("See ![](b.png) and ![](c.png).", "See ![](b.png) and ![](c.png)."),
        ("See b.png.", "See b.png."),
    ],
)
def test_tags_that_name_the_images_are_their_places(text: str, expected: str) -> None:
    assert mark_named(text, ["a%20b.png", "img/b.png"]) == expected


def test_places_in_all_turns_count() -> None:
    turns = (Message("user", "This is <image>."), Message("assistant", "Fine."))
    done = read("<image>Is this the same?", 2, turns)
    assert [turn.content for turn in done.prompt] == ["This is <image>.", "Fine.", "<image>Is this the same?"]
    with pytest.raises(BadRowError, match="placeholder_count"):
        place_images([turn.content for turn in done.prompt], 3)


@pytest.mark.parametrize(
    ("system", "stays"),
    [
        ("You are a helpful assistant.", False),
        ("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.", False),
        (r"Please reason step by step, and put your final answer within \boxed{}.", False),
        ("All numbers are in base 7.", True),
        ("You are a helpful assistant. All numbers are in base 7.", True),
    ],
)
def test_a_system_turn_stays_where_it_says_more_than_how_to_answer(system: str, stays: bool) -> None:
    done = read("What is 3 + 6?", 0, (Message("system", system),))
    assert [turn.role for turn in done.prompt] == ["system", "user"][not stays :]
    assert (done.id == row_id("What is 3 + 6?")) is not stays


def test_the_identity_covers_all_turns_and_that_of_one_turn_is_as_ever() -> None:
    ask = "What is 2x?"
    alone, seven, eight = (
        make_row(source="s", source_id="1", question=ask, turns=turns).id
        for turns in ((), (Message("user", "x = 7"),), (Message("user", "x = 8"),))
    )
    assert alone == row_id(ask)
    assert len({alone, seven, eight}) == 3


def test_options_that_are_images_are_read_as_options() -> None:
    question = "Which is the darkest?\nA. <image 2>\nB. <image 1>"
    row = make_row(source="s", source_id="1", question=question, images=PICTURES[:2], answer="B", answer_kind="choice",
                   answer_options={"choices": ["<image 2>", "<image 1>"]})  # fmt: skip
    done = normalise_row(row, Normalise())
    assert (done.question, done.images) == ("Which is the darkest?\nA. <image>\nB. <image>", (PICTURES[1], PICTURES[0]))
    assert json.loads(done.answer_options)["choices"] == ["<image 2>", "<image 1>"]


@pytest.mark.parametrize(
    "piece", ["<img ", "<img src=", "![](", "![a](b ", "[image", "{image_", "<image>", "<|image_pad|>", "<img>a"]
)
def test_hostile_texts_take_no_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert mark_named(text, ["b.png"]) == text
    with pytest.raises(BadRowError, match="placeholder_count"):
        place_images([text, "<image> <image>"], 1)
